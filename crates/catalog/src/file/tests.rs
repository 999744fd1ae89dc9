//! What a catalog file says, what is wrong with it, and how it goes with the artifacts that are built in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Apt, ArtifactName, Base, Catalog, Cmd, ContextPath, Copy, Download, Entrypoint, Env, Expose,
    Git, Label, Network, Run, Step, Tar, User, When, Workdir,
};

const EXAMPLE: &str = r#"# Ours.
default = ["my-tools"]

[artifact.my-tools]
kind = "layer"
base = "debian:12"
output = "{arch}-tools-{l10n}.tar"
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
            .output("{arch}-tools-{l10n}.tar"),
        Artifact::rootfs("a", Base::from_line("dockerfiles/a.dockerfile"))
            .finally(Env::new("LANG", "C")),
    ];
    let found: Vec<Value> = file.artifacts().iter().map(shown).collect();
    assert_eq!(found, expected.iter().map(shown).collect::<Vec<_>>());
    let catalog = Catalog::new().with_file(file, &|_| false).unwrap();
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
    check(tools.place(), (4, 13));
    check(tools.step_place(1), (10, 10));
    check(tools.step_place(3), (12, 12));
    assert_eq!(tools.step_place(4), None);
    check(a.place(), (15, 19));
    check(a.step_place(1), (18, 19));
    assert_eq!(a.step_place(1).unwrap().to_string(), "llbgen.toml:18");
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

#[test]
fn what_is_written_is_read_again() {
    let check = |artifact: Artifact| {
        let text = as_file(&artifact);
        let file = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(shown(&file.artifacts()[0]), shown(&artifact), "{text}");
    };
    check(Artifact::rootfs("a", Base::scratch()));
    check(Artifact::layer("a/b.c", Base::from_line("x.dockerfile")));
    check(
        Artifact::image("a", "debian")
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
            .file_tag("Dockerfile")
            .release_tag("a*"),
    );
    let steps: [Step; 20] = [
        Apt::install(["git"]).into(),
        Run::command("true").into(),
        Run::script("install.sh")
            .files(["etc/"])
            .cache(crate::Cache::Npm)
            .cache(crate::Cache::Directory("/cache".to_owned()))
            .env("A", "{arch}")
            .secret("token")
            .ssh("default")
            .network(Network::None)
            .into(),
        Copy::new("a", "/a").into(),
        Copy::new("a", "/a").context("given").into(),
        Copy::new("/a", "/a").from("debian:12").into(),
        Download::new("https://example.com/{arch}", "/a").into(),
        Download::new("https://example.com", "/a")
            .checksum("sha256:0")
            .mode(0o755)
            .into(),
        Download::new("https://example.com/a.tar", "/a")
            .unpack()
            .into(),
        Git::new("https://example.com/x.git#v1", "/x").into(),
        Tar::of("other", "/x.tar").into(),
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
        check(Artifact::rootfs("a", "debian").step(step.clone()));
        check(Artifact::rootfs("a", "debian").step(When::equals("arch", "amd64").step(step)));
    }
    check(Artifact::rootfs("a", "debian").step(Expose::new(["80/tcp"])));
}

#[test]
fn a_condition_may_have_several_values() {
    let text = r#"
        [artifact.a]
        kind = "rootfs"
        base = "debian"
        steps = [{ when = { arch = ["amd64", "arm64"] }, steps = [{ user = "1" }] }]
    "#;
    let file = parse(text).unwrap();
    let steps = json!([{"when": {"arch": ["amd64", "arm64"]}, "steps": [{"user": "1"}]}]);
    assert_eq!(shown(&file.artifacts()[0])["steps"], steps);
}

/// What is wrong with an artifact of these lines, the first of which is line 2.
fn check_artifact(lines: &str, expected: &str) {
    let text = format!("[artifact.a]\n{lines}\n");
    let shown = parse(&text).map_or_else(|error| error.to_string(), |_| "sound".to_owned());
    let expected = format!("`llbgen.toml` line {expected}");
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn what_is_wrong_with_an_artifact_is_told_with_its_place() {
    check_artifact(
        "kynd = \"layer\"",
        "2, column 1: `kynd` is not a key of `a`; did you mean `kind`? it can be `kind`, `base`, `description`, `platforms`, \
         `axes`, `options`, `steps`, `finally`, `output`, `repository`, `tags`, `platform-tags`, `file-tags`, `release-tags`\n\
         \x20 2 | kynd = \"layer\"\n    | ^^^^",
    );
    check_artifact(
        "kind = \"lyaer\"",
        "2, column 8: `lyaer` is not a value of `kind`; did you mean `layer`? it can be `rootfs`, `layer`, `image`\n\
         \x20 2 | kind = \"lyaer\"\n    |        ^^^^^^^",
    );
    check_artifact(
        "kind = 1",
        "2, column 8: `kind` must be `rootfs`, `layer` or `image`, not the number `1`\n  2 | kind = 1\n    |        ^",
    );
    check_artifact(
        "kind = \"layer\"",
        "1, column 1: `a` has no `base`\n  1 | [artifact.a]\n    | ^^^^^^^^^^^^",
    );
    check_artifact(
        "base = [1]",
        "2, column 8: `base` must be the name of an image or artifact, or `{ from = DOCKERFILE }`, not a list\n\
         \x20 2 | base = [1]\n    |        ^^^",
    );
    check_artifact(
        "base = { form = \"x\" }",
        "2, column 10: `form` is not a key of `base`; did you mean `from`? it can only be `from`\n\
         \x20 2 | base = { form = \"x\" }\n    |          ^^^^",
    );
    check_artifact(
        "platforms = [\"linux/amd64\", \"linux/amr64\"]",
        "2, column 29: `linux/amr64` is not a value of `platforms`; did you mean `linux/arm64`? it can be `linux/amd64`, \
         `linux/arm64`, `linux/arm/v7`, `linux/arm/v6`, `linux/386`, `linux/ppc64le`, `linux/riscv64`, `linux/s390x`, \
         `linux/loong64`, `linux/mips64le`\n\
         \x20 2 | platforms = [\"linux/amd64\", \"linux/amr64\"]\n    |                             ^^^^^^^^^^^^^",
    );
    check_artifact(
        "output = \"{arch.tar\"",
        "2, column 10: `{arch.tar` has an unbalanced `{`; write `{{` for a literal one\n\
         \x20 2 | output = \"{arch.tar\"\n    |          ^^^^^^^^^^^",
    );
    check_artifact(
        "axes.\"a b\" = [\"1\"]",
        "2, column 6: `a b` is not a valid axis or option name: it must start with a letter or digit and hold only letters, \
         digits, `.`, `_`, `-`\n  2 | axes.\"a b\" = [\"1\"]\n    |      ^^^^^",
    );
    check_artifact(
        "options.a = \"1\"",
        "2, column 13: `a` must be a table, as `{ default = VALUE, values = [VALUE, …] }`, not the text `1`\n\
         \x20 2 | options.a = \"1\"\n    |             ^^^",
    );
    check_artifact(
        "file-tags = [\"/a\"]",
        "2, column 14: `/a` is absolute; inputs are named relative to the context directory\n\
         \x20 2 | file-tags = [\"/a\"]\n    |              ^^^^",
    );
}

/// What is wrong with a step, at a column of the line for so many characters.
fn check_step(step: &str, column: usize, width: usize, expected: &str) {
    let lines = format!("kind = \"rootfs\"\nbase = \"debian\"\nsteps = [{step}]");
    let (indent, carets) = (" ".repeat(column - 1), "^".repeat(width));
    let place = format!("  4 | steps = [{step}]\n    | {indent}{carets}");
    check_artifact(&lines, &format!("4, column {column}: {expected}\n{place}"));
}

const KINDS: &str = "it can be `apt`, `run`, `copy`, `download`, `git`, `tar`, `env`, `workdir`, `user`, `entrypoint`, \
                     `cmd`, `label`, `expose`, `when`";

#[test]
fn a_step_is_of_one_kind() {
    let check = check_step;
    check(
        "{ atp = [\"git\"] }",
        12,
        3,
        &format!("a step needs a key that says what it does; did you mean `apt`? {KINDS}"),
    );
    check(
        "{}",
        10,
        2,
        &format!("a step needs a key that says what it does; {KINDS}"),
    );
    check(
        "{ apt = [\"git\"], run = \"true\" }",
        27,
        3,
        "a step does one thing, and this has `apt` and `run`; make it two",
    );
    check(
        "{ env.A = \"1\", label.a = \"1\" }",
        25,
        5,
        "a step does one thing, and this has `env` and `label`; make it two",
    );
}

#[test]
fn what_is_wrong_with_a_step_is_told_with_its_place() {
    let check = check_step;
    check(
        "{ run = \"true\", env = { A = \"1\" }, fiels = [\"a\"] }",
        45,
        5,
        "`fiels` is not a key of a `run` step; did you mean `files`? it can be `run`, `files`, `cache`, `env`, `secrets`, \
         `ssh`, `network`",
    );
    check("{ copy = \"a\" }", 10, 14, "a `copy` step has no `to`");
    check(
        "{ apt = \"git\" }",
        18,
        5,
        "`apt` must be a list, not the text `git`",
    );
    check(
        "{ apt = [1] }",
        19,
        1,
        "`apt` must be text, not the number `1`",
    );
    check(
        "{ run = \"a\", cache = [\"pips\"] }",
        32,
        6,
        "`pips` is not a cache: write `npm`, `pip`, or an absolute path",
    );
    check(
        "{ run = \"a\", network = \"nnoe\" }",
        33,
        6,
        "`nnoe` is not a value of `network`; did you mean `none`? it can be `default`, `none`",
    );
    check(
        "{ run = { scirpt = \"a\" } }",
        20,
        6,
        "`scirpt` is not a key of `run`; did you mean `script`? it can only be `script`",
    );
    check(
        "{ label.a = { json = \"a\" } }",
        22,
        14,
        "the value of a label is text, or `{ json = FILE, key = KEY }`, with `context = NAME` if need be, or \
         `{ tag-of = DOCKERFILE }`",
    );
    check(
        "{ when.arch = \"amd64\", steps = [{ usr = \"1\" }] }",
        44,
        3,
        &format!("a step needs a key that says what it does; did you mean `user`? {KINDS}"),
    );
    check(
        "{ when.arch = 1, steps = [] }",
        24,
        1,
        "`arch` must be a value or a list of values, not the number `1`",
    );
    check(
        "\"apt\"",
        10,
        5,
        "`steps` must be a table, as `{ apt = … }`, not the text `apt`",
    );
    check(
        "1979-05-27",
        10,
        10,
        "`steps` must be a table with the key that says what the step does, not a date or time",
    );
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}:\n{error}");
    };
    check(
        "artefact = 1",
        "`llbgen.toml` line 1, column 1: `artefact` is not a key of `llbgen.toml`; did you mean `artifact`? it can be \
         `default`, `builtin`, `artifact`\n",
    );
    check(
        "builtin = \"no\"",
        "`llbgen.toml` line 1, column 11: `builtin` must be `true` or `false`, not the text `no`",
    );
    check(
        "a = 1\na = 2",
        "`llbgen.toml` line 2, column 1: duplicate key",
    );
    check(
        "[artifact.\"a b\"]",
        "`llbgen.toml` line 1, column 11: `a b` is not a valid artifact name",
    );
    check(
        "artifact = 1",
        "`llbgen.toml` line 1, column 12: `artifact` must be a table, not the number `1`",
    );
    check(
        "[artifact.a]",
        "`llbgen.toml` line 1, column 1: `a` has no `kind`",
    );
}

#[test]
fn what_the_check_finds_is_told_with_its_place() {
    let text = r#"
        [artifact.a]
        kind = "rootfs"
        base = "debian"
        steps = [
            { user = "1" },
            { apt = [] },
        ]
        options.a = { default = "1", values = ["2"] }
    "#;
    let file = parse(text).unwrap();
    let catalog = Catalog::new().with_file(file, &|_| false).unwrap();
    let error = catalog.check().unwrap_err().to_string();
    assert_eq!(
        error,
        "the catalog has 2 problem(s)\n  \
         a (llbgen.toml:2): option `a`: the default `1` is not one of `2`\n  \
         a (llbgen.toml:7): step 2: `apt` names no package"
    );
}

/// A catalog that is built in: `below` needs a Dockerfile, `on-top`, `copies` and `carries` are made from it.
fn builtin() -> Catalog {
    Catalog::new()
        .artifact(Artifact::rootfs("below", Base::from_line("x.dockerfile")))
        .artifact(Artifact::layer("on-top", "below"))
        .artifact(Artifact::rootfs("copies", "debian").step(Copy::new("/a", "/a").from("below")))
        .artifact(Artifact::image("carries", "debian").step(Tar::of("on-top", "/a.tar")))
        .artifact(Artifact::rootfs("alone", "debian"))
        .defaults(["below", "alone"])
}

#[test]
fn built_in_artifacts_stay_where_their_dockerfiles_are() {
    let check = |text: &str, is_there: bool, artifacts: &[&str], defaults: &[&str]| {
        let exists = |path: &ContextPath| is_there && path.as_str() == "x.dockerfile";
        let catalog = builtin().with_file(parse(text).unwrap(), &exists).unwrap();
        let catalog = catalog.check().unwrap();
        let names = catalog.artifacts().map(|artifact| artifact.name().as_str());
        assert_eq!(names.collect::<Vec<_>>(), artifacts, "{text}");
        let names = catalog.defaults().iter().map(ArtifactName::as_str);
        assert_eq!(names.collect::<Vec<_>>(), defaults, "{text}");
    };
    let mine = "[artifact.mine]\nkind = \"rootfs\"\nbase = \"debian\"\n";
    let all = ["below", "on-top", "copies", "carries", "alone", "mine"];
    check(mine, true, &all, &["below", "alone"]);
    check(mine, false, &["alone", "mine"], &["alone"]);
    check(&format!("builtin = false\n{mine}"), true, &["mine"], &[]);
    check(
        &format!("default = [\"mine\"]\n{mine}"),
        true,
        &all,
        &["mine"],
    );
    check(&format!("default = []\n{mine}"), true, &all, &[]);
    let below = "[artifact.below]\nkind = \"rootfs\"\nbase = \"debian\"\n";
    check(below, false, &["alone", "below"], &["alone"]);
    let on_top = "[artifact.mine]\nkind = \"layer\"\nbase = \"below\"\n";
    check(on_top, true, &all, &["below", "alone"]);
    check(
        &format!("{below}{on_top}"),
        false,
        &["alone", "below", "mine"],
        &["alone"],
    );
}

#[test]
fn names_and_bases_that_would_be_something_else_are_refused() {
    let check = |text: &str, is_there: bool, expected: &str| {
        let error = builtin()
            .with_file(parse(text).unwrap(), &|_| is_there)
            .unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    };
    check(
        "\n[artifact.below]\nkind = \"rootfs\"\nbase = \"debian\"\n",
        true,
        "`llbgen.toml` line 2, column 1: artifact `below` is built in already; call this one something else, or write \
         `builtin = false` at the top\n  2 | [artifact.below]\n    | ^^^^^^^^^^^^^^^^",
    );
    check(
        "[artifact.mine]\nkind = \"layer\"\nbase = \"on-top\"\n",
        false,
        "`llbgen.toml` line 1, column 1: the built-in artifact `on-top` is left out, because `x.dockerfile`, whose FROM \
         line it needs, is not in the context directory\n  1 | [artifact.mine]\n    | ^^^^^^^^^^^^^^^",
    );
}

#[test]
fn the_schema_has_every_key() {
    let schema = schema();
    let check = |definition: &str, expected: &[&str]| {
        let definition = match definition {
            "" => &schema,
            name => &schema["definitions"][name],
        };
        let properties = definition["properties"].as_object().unwrap();
        let keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(keys, expected, "{definition}");
        assert_eq!(definition["additionalProperties"], false, "{definition}");
    };
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    check("", &["artifact", "builtin", "default"]);
    let keys = [
        "axes",
        "base",
        "description",
        "file-tags",
        "finally",
        "kind",
        "options",
        "output",
        "platform-tags",
        "platforms",
        "release-tags",
        "repository",
        "steps",
        "tags",
    ];
    check("Artifact", &keys);
    let keys = ["cache", "env", "files", "network", "run", "secrets", "ssh"];
    check("Run", &keys);
    check("When", &["steps", "when"]);
    let steps = schema["definitions"]["Step"]["anyOf"].as_array().unwrap();
    assert_eq!(steps.len(), 14, "one for each kind, and none for code");
    let text = schema.to_string();
    assert!(!text.contains("null"), "TOML has no null: {text}");
}

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
