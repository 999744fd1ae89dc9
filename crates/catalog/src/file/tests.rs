//! The content of a catalog file, its errors, and its artifacts beside those of a program.

mod merge;
mod schema;
mod wrong;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Apk, Apt, ArtifactName, Attest, Base, Catalog, Cmd, Copy, Directory, Dnf, Download, Entrypoint,
    Env, Expose, File, Git, Healthcheck, Label, Network, ProvenanceMode, Remove, Repository, Run,
    Secret, Sharing, Step, StopSignal, Symlink, Tar, User, Volume, When, Whiteouts, Workdir,
};

const EXAMPLE: &str = r#"# Ours.
default = ["my-tools"]

[artifact.my-tools]
kind = "layer"
base = "debian:12"
output = "{arch}-tools-{l10n}.tar"
whiteouts = "overlay"
axes.l10n = ["en_US", "zh_CN"]
steps = [
    { apt = ["git", "zsh"] },
    { run = "./install.sh", files = ["install.sh", "requirements.txt"], cache = ["pip"] },
    { copy = "etc/{l10n}/", to = "/etc/" },
]

[artifact.a]
kind = "rootfs"
base = { from = "dockerfiles/a.dockerfile" }
[[artifact.a.finally]]
env.LANG = "C"
"#;

fn parse(text: &str) -> Result<CatalogFile, FileError> {
    CatalogFile::parse(CATALOG_FILE, text)
}

/// An artifact as `show` prints it.
fn shown(artifact: &Artifact) -> Value {
    serde_json::to_value(artifact).unwrap()
}

#[test]
fn a_file_says_what_a_program_in_rust_does() {
    let file = parse(EXAMPLE).unwrap();
    let expected = [
        Artifact::layer("my-tools", "debian:12")
            .axis("l10n", ["en_US", "zh_CN"])
            .step(Apt::install(["git", "zsh"]))
            .step(
                Run::command("./install.sh")
                    .files(["install.sh", "requirements.txt"])
                    .cache(crate::Cache::Pip),
            )
            .step(Copy::new("etc/{l10n}/", "/etc/"))
            .output("{arch}-tools-{l10n}.tar")
            .whiteouts(Whiteouts::Overlay),
        Artifact::rootfs("a", Base::from_line("dockerfiles/a.dockerfile"))
            .finally(Env::new("LANG", "C")),
    ];
    let found: Vec<Value> = file.artifacts().iter().map(shown).collect();
    assert_eq!(found, expected.iter().map(shown).collect::<Vec<_>>());
    let catalog = Catalog::new().with_file(file).unwrap();
    assert_eq!(catalog.check().unwrap().defaults()[0].as_str(), "my-tools");
}

#[test]
fn everything_knows_where_it_stands() {
    let file = parse(EXAMPLE).unwrap();
    let check = |place: Option<&Place>, expected: (usize, usize)| {
        let place = place.unwrap();
        assert_eq!((place.first_line, place.last_line), expected);
        assert_eq!(place.file.text, EXAMPLE);
    };
    let [tools, a] = file.artifacts() else {
        panic!("two artifacts");
    };
    check(tools.place(), (4, 14));
    check(tools.step_place(1), (11, 11));
    check(tools.step_place(3), (13, 13));
    assert_eq!(tools.step_place(4), None);
    check(a.place(), (16, 20));
    check(a.step_place(1), (19, 20));
    assert_eq!(a.step_place(1).unwrap().to_string(), "llbgen.toml:19");
}

/// An artifact as a file that says the same.
fn as_file(artifact: &Artifact) -> String {
    let mut table = toml::Table::try_from(artifact).unwrap();
    let name = table.remove("name").unwrap();
    let artifacts = toml::Table::from_iter([(name.as_str().unwrap().to_owned(), table.into())]);
    toml::to_string(&toml::Table::from_iter([(
        "artifact".to_owned(),
        artifacts.into(),
    )]))
    .unwrap()
}

/// Compares an artifact with what is read of a file that says the same.
fn check_read_again(artifact: &Artifact) {
    let text = as_file(artifact);
    let file = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(shown(&file.artifacts()[0]), shown(artifact), "{text}");
}

#[test]
fn what_is_written_is_read_again() {
    let check = |artifact: Artifact| check_read_again(&artifact);
    check(Artifact::rootfs("a", Base::scratch()));
    check(Artifact::layer("a/b.c", Base::from_line("x.dockerfile")));
    check(Artifact::layer("a", "debian:12").whiteouts(Whiteouts::Oci));
    check(
        Artifact::image("a", "debian:12")
            .description("What it is for")
            .platforms(["linux/arm/v7"])
            .axis("l10n", ["en", "zh"])
            .option("mirror", "none", ["none", "near"])
            .option("version", "1", [])
            .finally(User::new("1000"))
            .output("{arch}.tar")
            .repository("ghcr.io/example/{artifact}")
            .tag("1-{l10n|slug}")
            .platform_tag("1-{arch}")
            .annotation("org.example.title", "{arch} {{x}}")
            .annotation("index:org.example.commit", "{git.commit}")
            .compression("estargz:3")
            .attest(Attest::provenance(ProvenanceMode::Max).builder_id("https://{arch}"))
            .attest(Attest::sbom().generator("scan:1"))
            .file_tag("Dockerfile")
            .release_tag("a*"),
    );
    let steps: [Step; 31] = [
        Apt::install(["git"]).into(),
        Apt::install(["git zsh", "{arch}"])
            .repository(
                Repository::new("https://example.com/debian")
                    .suite("bookworm")
                    .components(["main", "contrib"])
                    .key("https://example.com/key.asc"),
            )
            .into(),
        Apk::install(["git"])
            .repository(Repository::new("https://example.com/alpine"))
            .into(),
        Dnf::install(["git"])
            .repository(Repository::new("https://example.com/rpm").key("keys/rpm"))
            .into(),
        Run::command("true").into(),
        Run::command("true")
            .workdir("/src")
            .user("app:{arch}")
            .shell(["/bin/bash", "-c"])
            .cache(crate::Cache::directory("/a").id("x"))
            .cache(crate::Cache::directory("/b").sharing(Sharing::Private))
            .mount(crate::Mount::new("src", "/src").readwrite())
            .mount(crate::Mount::of("debian:12", "/debian").source("/usr"))
            .tmpfs("/tmp")
            .secret(Secret::new("a").env("A"))
            .secret(Secret::new("b").target("/b").optional())
            .into(),
        Run::script("install.sh")
            .files(["etc/"])
            .cache(crate::Cache::Npm)
            .cache(crate::Cache::directory("/cache"))
            .env("A", "{arch}")
            .secret("token")
            .ssh("default")
            .network(Network::None)
            .into(),
        Copy::new("a", "/a").into(),
        Copy::new("a", "/a").context("given").into(),
        Copy::several(["a", "b/*"], "/a/")
            .exclude(["*.o", "!x.o"])
            .mode("keep")
            .owner("app:$GROUP")
            .into(),
        File::new(["/a", "$HOME/b"], "${{ arch }}\n").into(),
        File::new(["/a"], "").mode(0o4755).owner("{arch}:1").into(),
        Directory::new(["/a", "/b"]).into(),
        Directory::new(["/a"]).mode("g+w").owner("1").into(),
        Symlink::new(["/a"], "../{arch}").into(),
        Remove::new(["/a/*", "/b"]).into(),
        Copy::new("/a", "/a").from("debian:12").into(),
        Download::new("https://example.com/{arch}", "/a").into(),
        Download::new("https://example.com", "/a")
            .checksum("sha256:0")
            .mode(0o755)
            .owner("app")
            .into(),
        Download::new("https://example.com/a.tar", "/a")
            .unpack()
            .into(),
        Git::new("https://example.com/x.git#v1", "/x")
            .owner("app")
            .into(),
        Tar::of("other", "/x.tar").owner("app:app").into(),
        Env::new("A", "1").into(),
        Workdir::new("/app").into(),
        User::new("app:app").into(),
        Entrypoint::new(["sh", "-c"]).into(),
        Cmd::new(["true"]).into(),
        Label::new("a", "{arch}").into(),
        Label::json("a", "package.json", "version").into(),
        Label::context_json("a", "given", "package.json", "version").into(),
        Label::tag_of("a", "Dockerfile").into(),
    ];
    for step in steps {
        check(Artifact::rootfs("a", "debian:12").step(step.clone()));
        check(Artifact::rootfs("a", "debian:12").step(When::equals("arch", "amd64").step(step)));
    }
}

#[test]
fn what_is_written_of_images_is_read_again() {
    let check_image = |step: Step| check_read_again(&Artifact::image("a", "debian:12").step(step));
    check_image(Expose::new(["80/tcp"]).into());
    check_image(Volume::new(["/data"]).into());
    check_image(StopSignal::new("SIGQUIT").into());
    check_image(Healthcheck::none().into());
    check_image(Healthcheck::program(["true"]).into());
    let check_often = Healthcheck::command("curl -f localhost")
        .interval("30s")
        .timeout("5s")
        .start_period("1m")
        .start_interval("1s")
        .retries(3);
    check_image(check_often.into());
}

/// The first step of an artifact with this one step.
fn shown_step(step: &str) -> Value {
    let text = format!("[artifact.a]\nkind = \"rootfs\"\nbase = \"debian:12\"\nsteps = [{step}]");
    let file = parse(&text).unwrap_or_else(|error| panic!("{error}"));
    shown(&file.artifacts()[0])["steps"][0].clone()
}

#[test]
fn steps_are_shown_as_they_are_written() {
    let check = |step: &str, expected: Value| assert_eq!(shown_step(step), expected, "{step}");
    check(
        "{ run = \"a\", files = \"b\", cache = \"pip\", tmpfs = \"/t\", secrets = \"c\", ssh = \"default\" }",
        json!({
            "run": "a", "files": ["b"], "cache": ["pip"], "tmpfs": ["/t"], "secrets": ["c"], "ssh": ["default"],
        }),
    );
    check(
        "{ run = { script = \"a.sh\" }, env.A = \"$PATH\", user = \"1\", shell = [\"bash\", \"-c\"], network = \"none\" }",
        json!({
            "run": { "script": "a.sh" }, "env": { "A": "$PATH" }, "user": "1", "shell": ["bash", "-c"], "network": "none",
        }),
    );
    check(
        "{ run = \"a\", workdir = \"/w\", cache = [\"npm\", { target = \"/b\" }, { target = \"/c\", id = \"i\", sharing = \"locked\" }] }",
        json!({
            "run": "a", "workdir": "/w", "cache": ["npm", "/b", { "target": "/c", "id": "i", "sharing": "locked" }],
        }),
    );
    check(
        "{ run = \"a\", mounts = [{ source = \"s\", target = \"/s\" }, { from = \"f\", target = \"/f\", readwrite = true }] }",
        json!({
            "run": "a",
            "mounts": [{ "source": "s", "target": "/s" }, { "from": "f", "target": "/f", "readwrite": true }],
        }),
    );
    check(
        "{ run = \"a\", secrets = [\"b\", { id = \"c\" }, { id = \"d\", env = \"D\" }, { id = \"e\", target = \"/e\", optional = true }] }",
        json!({
            "run": "a",
            "secrets": ["b", "c", { "id": "d", "env": "D" }, { "id": "e", "target": "/e", "optional": true }],
        }),
    );
    check(
        "{ apk = \"git zsh\", repositories = [{ url = \"https://a\", suite = \"v3\", components = \"main\", key = \"a.rsa.pub\" }] }",
        json!({
            "apk": "git zsh",
            "repositories": [{ "url": "https://a", "suite": "v3", "components": ["main"], "key": "a.rsa.pub" }],
        }),
    );
    check("{ dnf = [\"git\"] }", json!({ "dnf": ["git"] }));
}

#[test]
fn one_text_may_stand_for_a_list() {
    let check = |step: &str, expected: Value| {
        let text =
            format!("[artifact.a]\nkind = \"rootfs\"\nbase = \"debian:12\"\nsteps = [{step}]\n");
        let file = parse(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shown(&file.artifacts()[0])["steps"], json!([expected]));
    };
    check(
        r#"{ file = "/a", content = '''
a $A
''' }"#,
        json!({"file": "/a", "content": "a $A\n"}),
    );
    check(
        r#"{ directory = ["/a"], mode = "1777" }"#,
        json!({"directory": ["/a"], "mode": "1777"}),
    );
    check(
        r#"{ directory = "/a", if-missing = true }"#,
        json!({"directory": "/a", "if-missing": true}),
    );
    check(
        r#"{ symlink = "/a", target = "b" }"#,
        json!({"symlink": "/a", "target": "b"}),
    );
    check(r#"{ remove = "/a/*" }"#, json!({"remove": "/a/*"}));
    check(
        r#"{ copy = ["a", "b"], to = "/c/", exclude = "*.o", owner = "1" }"#,
        json!({"copy": ["a", "b"], "to": "/c/", "exclude": "*.o", "owner": "1"}),
    );
}

#[test]
fn a_condition_may_have_several_values() {
    let text = r#"
        [artifact.a]
        kind = "rootfs"
        base = "debian:12"
        steps = [{ when = { arch = ["amd64", "arm64"] }, steps = [{ user = "1" }] }]
    "#;
    let file = parse(text).unwrap();
    let steps = json!([{"when": {"arch": ["amd64", "arm64"]}, "steps": [{"user": "1"}]}]);
    assert_eq!(shown(&file.artifacts()[0])["steps"], steps);
}

const KINDS: &str = "it can be `use`, `apt`, `apk`, `dnf`, `run`, `copy`, `download`, `git`, `tar`, `file`, `directory`, \
                     `symlink`, `remove`, `env`, `workdir`, `user`, `entrypoint`, `cmd`, `label`, `expose`, `volume`, \
                     `stop-signal`, `healthcheck`, `steps`";

proptest! {
    #[test]
    fn a_slip_is_told_on_a_line_of_the_file(at in 0..EXAMPLE.len(), removed in 0_usize..20, added in "[\\[\\]{}=\"a.,#1 \n]{0,3}") {
        let end = (at + removed).min(EXAMPLE.len());
        let text = format!("{}{added}{}", &EXAMPLE[..at], &EXAMPLE[end..]);
        match parse(&text) {
            Ok(file) => {
                for place in file.artifacts().iter().filter_map(Artifact::place) {
                    prop_assert!(place.first_line <= place.last_line);
                    prop_assert!(place.last_line <= text.lines().count());
                }
            }
            Err(error) => {
                let line = text.lines().nth(error.excerpt.line - 1).unwrap_or_default();
                prop_assert_eq!(line, error.excerpt.text);
            }
        }
    }
}
