//! Registries that take tokens: the daemon gets those, and never the password behind them.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    machine,
    registry::Registry,
    tokens::{TokenRequest, TokenServer},
};

const LOGIN: &str = "user:hunter2";

/// An image, and a tree on top of what is pushed of it.
fn catalog(address: &str) -> String {
    format!(
        r#"
[artifact.app]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
output = "app.oci.tar"
steps = [{{ copy = "file", to = "/" }}]

[artifact.tree]
kind = "rootfs"
base = "{address}/private/app:1"
platforms = ["linux/amd64"]
output = "tree.tar"
steps = [{{ copy = "file", to = "/again/" }}]
"#
    )
}

/// A home with a login at the registry, and a file that no other test has.
fn home(address: &str, content: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(home.path().join(path), text).unwrap();
    let auth = STANDARD.encode(LOGIN);
    fs::create_dir(home.path().join(".docker")).unwrap();
    write(
        ".docker/config.json",
        &format!(r#"{{"auths":{{"{address}":{{"auth":"{auth}"}}}}}}"#),
    );
    write("llbgen.toml", &catalog(address));
    write("file", content);
    home
}

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    let mut llbgen = clean(machine::llbgen(), home);
    run(llbgen
        .args(["--addr", &bed.address(), "build"])
        .args(arguments))
}

/// Every request was ours: a daemon that has the password asks by itself, under another name or under none.
fn assert_are_ours(requests: &[TokenRequest], scope: &str) {
    assert!(!requests.is_empty());
    for request in requests {
        assert!(
            request.is_logged_in && request.client == "llbgen",
            "{request:?}"
        );
    }
    let mut scopes = requests.iter().flat_map(|request| &request.scopes);
    assert!(scopes.any(|found| found == scope), "{requests:?}");
}

#[test]
fn a_daemon_pushes_and_pulls_without_the_password() {
    let Some(bed) = Bed::shared() else { return };
    let oldest = bed.oldest();
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start(dir.path(), LOGIN);
    let registry = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let address = registry.address();
    let prefix = format!("{address}/private");
    // What one has pushed, the other one has to pull.
    for (pushes, pulls) in [(bed, &oldest), (&oldest, bed)] {
        let home = home(address, &format!("pushed by {}\n", pushes.address()));
        let push = ["app", "--push", "--registry", &prefix, "--tag", "1"];
        build(pushes, home.path(), &push).success();
        assert_are_ours(&tokens.requests(), "repository:private/app:pull,push");
        build(pulls, home.path(), &["tree"]).success();
        assert_are_ours(&tokens.requests(), "repository:private/app:pull");
        assert!(home.path().join("out/tree.tar").exists());
    }
}
