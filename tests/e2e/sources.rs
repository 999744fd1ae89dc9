//! Downloads and git repositories whose server says no, and what logs in there.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    frontend, machine,
    web::WebServer,
};

/// A checksum that nothing has.
const CHECKSUM: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

fn home(catalog: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    home
}

fn artifact(name: &str, step: &str) -> String {
    format!(
        "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\nsteps = [{{ {step} }}]\n"
    )
}

fn llbgen(home: &Path, address: Option<&str>, arguments: &[&str]) -> Command {
    let mut command = clean(machine::llbgen(), home);
    if let Some(address) = address {
        command.args(["--addr", address]);
    }
    command.args(arguments);
    command
}

/// BuildKit hashes the body of an error, so that every outage reads as another file.
#[test]
fn an_error_of_a_server_is_no_other_file() {
    let Some(bed) = Bed::shared() else { return };
    let files = tempfile::tempdir().unwrap();
    let server = WebServer::start(files.path());
    let (gone, busy) = (server.url("gone.tar.gz"), server.url("busy?status=503"));
    let download = |url: &str| format!("download = \"{url}\", to = \"/f\"");
    let pinned = |url: &str| format!("{}, checksum = \"{CHECKSUM}\"", download(url));
    let catalog = [
        artifact("gone", &pinned(&gone)),
        artifact("busy", &pinned(&busy)),
        artifact("unpinned", &download(&gone)),
    ];
    let home = home(&catalog.concat());
    let build = |artifact: &str| {
        let address = bed.address();
        run(&mut llbgen(
            home.path(),
            Some(&address),
            &["build", artifact],
        ))
    };
    let answered = |url: &str, status: u16| format!("{url}: the server answered {status}");
    let said = build("gone").fails(1, &[&answered(&gone, 404), "typing error"]);
    let (_progress, error) = said.stderr.split_once("error: ").unwrap();
    assert!(
        !error.contains("mismatch") && !error.contains("docker login"),
        "{error}"
    );
    build("busy").fails(75, &[&answered(&busy, 503), "run it again"]);
    for (artifact, url, status) in [("gone", &gone, "404"), ("busy", &busy, "503")] {
        let mut buildx = frontend::buildx(bed, bed, home.path());
        let said = run(buildx.args(["--target", artifact, "."])).fails(1, &[url, status]);
        let (_progress, error) = said.stderr.rsplit_once("ERROR: ").unwrap();
        assert!(!error.contains("mismatch"), "{error}");
    }
    let said = build("unpinned").fails(1, &[&gone, "the server answered 404"]);
    assert!(!said.stderr.contains("docker login"), "{}", said.stderr);
}

#[test]
fn a_file_that_changed_is_told_with_both_digests() {
    let Some(bed) = Bed::shared() else { return };
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("f"), "one\n").unwrap();
    let server = WebServer::start(files.path());
    let url = server.url("f");
    let download = format!("download = \"{url}\", to = \"/f\"");
    let catalog = [
        artifact("locked", &download),
        artifact("checked", &format!("{download}, checksum = \"{CHECKSUM}\"")),
    ];
    let home = home(&catalog.concat());
    run(&mut llbgen(home.path(), None, &["lock"])).success();
    let (one, two) = (sha256("one\n"), sha256("two\n"));
    fs::write(files.path().join("f"), "two\n").unwrap();
    let address = bed.address();
    let build = |artifact: &str| {
        run(&mut llbgen(
            home.path(),
            Some(&address),
            &["build", artifact],
        ))
    };
    build("locked").fails(
        1,
        &[
            &format!("`llbgen.lock` expects `{one}`, and `{two}` came"),
            &format!("`llbgen update {url}`"),
        ],
    );
    build("checked").fails(
        1,
        &[
            &format!("the step expects `{CHECKSUM}`, and `{two}` came"),
            &format!("`checksum = \"{two}\"`"),
        ],
    );
    run(&mut llbgen(home.path(), Some(&address), &["update", &url])).success();
    build("locked").success();
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    format!(
        "sha256:{}",
        llbgen_tests::image::hex(&sha2::Sha256::digest(text))
    )
}

/// A mirror's bytes are checked as the server's own are, and enter no id; both doors know it.
#[test]
fn a_mirror_sends_the_same_file_or_fails_the_build() {
    let Some(bed) = Bed::shared() else { return };
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("f"), "one\n").unwrap();
    let server = WebServer::start(files.path());
    // No server has this name.
    let own = "https://downloads.invalid/v1/";
    let near = format!("{own}={}", server.url(""));
    let download = format!("download = \"{own}f\", to = \"/f\"");
    let checksum = sha256("one\n");
    let catalog = [
        artifact("locked", &download),
        artifact("checked", &format!("{download}, checksum = \"{checksum}\"")),
    ];
    let home = home(&catalog.concat());
    let address = bed.address();
    let call = |arguments: &[&str]| run(&mut llbgen(home.path(), Some(&address), arguments));
    call(&["build", "checked", "--no-skip"]).fails(4, &[&format!("{own}f")]);
    call(&["build", "all", "--mirror", &near]).success();
    for name in ["locked", "checked"] {
        let tar = home.path().join(format!("out/{name}/amd64.tar"));
        let tree = llbgen_tests::tree::Tree::open(&tar).unwrap();
        assert!(tree.get("f").unwrap().has_content(b"one\n"), "{name}");
    }
    // What is there is known by the id, with the mirror and without it.
    let plan = call(&["plan", "all"]).success();
    assert_eq!(
        plan.text().matches("up to date").count(),
        2,
        "{}",
        plan.text()
    );

    fs::write(files.path().join("f"), "two\n").unwrap();
    let two = sha256("two\n");
    let (url, from) = (
        format!("{own}f is not"),
        format!(" came from {}", server.url("f")),
    );
    let again = ["--no-cache", "--mirror", &near];
    for (name, expected_by) in [("locked", "`llbgen.lock`"), ("checked", "the step")] {
        let told = format!("{expected_by} expects `{checksum}`, and `{two}`{from}");
        call(&[&["build", name], &again[..]].concat()).fails(1, &[&url, &told]);
        let mut buildx = frontend::buildx(bed, bed, home.path());
        let argument = format!("llbgen.mirror={near}");
        let flags = ["--target", name, "--no-cache", "--build-arg", &argument];
        run(buildx.args(flags).arg(".")).fails(1, &[&url, &told]);
    }
    fs::write(files.path().join("f"), "one\n").unwrap();
    let mut buildx = frontend::buildx(bed, bed, home.path());
    let argument = format!("llbgen.mirror={near} https://other.invalid/=http://far.invalid/");
    let flags = [
        "--target",
        "checked",
        "--no-cache",
        "--build-arg",
        &argument,
    ];
    let said = run(buildx.args(flags).args(["--output", "from-buildx", "."])).success();
    let unused = "no download uses the mirror of `https://other.invalid/`";
    assert!(said.stderr.contains(unused), "{}", said.stderr);
    let file = fs::read_to_string(home.path().join("from-buildx/f")).unwrap();
    assert_eq!(file, "one\n");
}

/// The token is used by whoever asks: the daemon, or git itself.
#[test]
fn a_private_repository_takes_a_token() {
    let Some(bed) = Bed::shared() else { return };
    let files = tempfile::tempdir().unwrap();
    crate::locking::sources(files.path());
    let login = format!("basic {}", STANDARD.encode("x-access-token:tok-12345"));
    let server = WebServer::start_private(files.path(), &login);
    let url = format!("{}#v1", server.url("repository.git"));
    let catalog = artifact("src", &format!("git = \"{url}\", to = \"/src\""));
    let address = bed.address();
    let host = server.url("").replace("http://", "");
    let exact = format!("id=GIT_AUTH_TOKEN.{},src=token", host.trim_end_matches('/'));
    for (address, secret) in [
        (Some(address.as_str()), "id=GIT_AUTH_TOKEN,src=token"),
        (Some(address.as_str()), exact.as_str()),
        (None, "id=GIT_AUTH_TOKEN,src=token"),
        (None, exact.as_str()),
    ] {
        let home = home(&catalog);
        fs::write(home.path().join("token"), "tok-12345").unwrap();
        let said = run(&mut llbgen(home.path(), address, &["lock"]))
            .fails(1, &[&url, "--secret id=GIT_AUTH_TOKEN,"]);
        assert!(!said.stderr.contains("docker login"), "{}", said.stderr);
        for command in ["lock", "update"] {
            let command = [command, "--secret", secret];
            run(&mut llbgen(home.path(), address, &command)).success();
        }
    }
    // What pins on the way has it, too.
    let home = home(&catalog);
    fs::write(home.path().join("token"), "tok-12345").unwrap();
    let build = ["build", "src", "--secret", "id=GIT_AUTH_TOKEN,src=token"];
    run(&mut llbgen(home.path(), Some(&address), &build)).success();
    let tree = llbgen_tests::tree::Tree::open(&home.path().join("out/src/amd64.tar")).unwrap();
    assert!(tree.get("src/hello").unwrap().has_content(b"hello\n"));
}
