//! `llbgen doctor`: each planted fault is found, with its true reason and a next step, and a sound set-up has none.

mod daemons;
mod here;
mod registries;

use std::{fs, net::TcpListener, path::Path, thread, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean},
    machine,
    registry::Registry,
    tokens::TokenServer,
};
use serde_json::Value;
use tempfile::TempDir;

/// The bound of a call with silent servers: the longest deadline of one check, and what comes before and after it.
const BOUND: Duration = Duration::from_secs(40);

/// A home with this catalog.
fn home(catalog: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    home
}

/// An image of files alone, in this repository.
fn image(repository: &str) -> String {
    format!(
        r#"
[artifact.app]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
repository = "{repository}"
output = "app.oci.tar"
steps = [{{ file = "/hello", content = "hello\n" }}]
"#
    )
}

/// Docker's configuration in a home.
fn docker_config(home: &Path, json: &str) {
    fs::create_dir(home.join(".docker")).unwrap();
    fs::write(home.join(".docker/config.json"), json).unwrap();
}

fn login(host: &str, login: &str) -> String {
    let auth = STANDARD.encode(login);
    format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)
}

/// The findings of a call.
#[derive(Debug)]
struct Found {
    code: Option<i32>,
    findings: Vec<Value>,
}

fn doctor(home: &Path, arguments: &[&str]) -> Found {
    let mut command = clean(machine::llbgen(), home);
    of_json(
        &Running::start(command.args(arguments).args(["doctor", "--format", "json"]))
            .wait_for(BOUND),
    )
}

fn of_json(outcome: &Outcome) -> Found {
    let listing: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.text(), outcome.stderr));
    assert_eq!(listing["version"], 1);
    Found {
        code: outcome.code(),
        findings: listing["findings"].as_array().unwrap().clone(),
    }
}

impl Found {
    /// Checks that there is a finding about `check` in this state, whose text, causes and next step have all `words`.
    #[track_caller]
    fn has(&self, subject: &str, check: &str, state: &str, words: &[&str]) -> &Self {
        let is_it = |found: &&Value| {
            found["subject"] == subject && found["check"] == check && found["state"] == state
        };
        let has_all = |found: &Value| {
            let text = found.to_string();
            words.iter().all(|word| text.contains(word))
        };
        let mut candidates = self.findings.iter().filter(is_it);
        assert!(
            candidates.any(has_all),
            "no {state} of {subject} {check} with {words:?} in {:#?}",
            self.findings
        );
        self
    }

    /// The same for a problem, which has a next step and the exit code 1.
    #[track_caller]
    fn has_problem(&self, subject: &str, check: &str, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(1), "{:#?}", self.findings);
        let problems = self.findings.iter();
        for problem in problems.filter(|found| found["state"] == "problem") {
            assert!(problem["next"].is_string(), "{problem}");
        }
        self.has(subject, check, "problem", words)
    }

    fn count(&self, state: &str) -> usize {
        let states = self.findings.iter().map(|found| &found["state"]);
        states.filter(|found| *found == state).count()
    }
}

/// A port on which nobody listens.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A server that takes connections and never says anything.
fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for connection in listener.incoming() {
            kept.push(connection);
        }
    });
    address
}

/// Whether there is a blob or a tag below a registry's directory. The registry of the test bed leaves the state of the
/// hash of an upload that is cancelled.
fn has_blob_or_tag(dir: &Path) -> bool {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let is_one = |path: &Path| path.ends_with("data") || path.ends_with("link");
    entries
        .map(|entry| entry.path())
        .any(|path| is_one(&path) || path.is_dir() && has_blob_or_tag(&path))
}

#[test]
fn a_sound_set_up_has_neither_problems_nor_warnings() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start(dir.path(), "user:hunter2");
    let registry = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let host = registry.address();
    let home = home(&image(&format!("{host}/team/app")));
    docker_config(home.path(), &login(host, "user:hunter2"));
    let found = doctor(home.path(), &["--addr", &bed.address()]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(
        (found.count("problem"), found.count("warning")),
        (0, 0),
        "{found:#?}"
    );
    found
        .has("daemon", "address", "ok", &["from `--addr`"])
        .has("daemon", "version", "ok", &["BuildKit v0."])
        .has("daemon", "platform", "ok", &["`linux/amd64` is native"])
        .has("daemon", "trial", "ok", &[])
        .has("daemon", "caches", "ok", &["is complete"])
        .has("daemon", "caches", "ok", &["`gha`", "`s3`", "`azblob`"])
        .has("daemon", "clock", "ok", &[])
        .has("daemon", "storage", "ok", &["records"])
        .has("registry", "connection", "ok", &[host])
        .has("registry", "login", "ok", &[".docker/config.json"])
        .has("registry", "read", "ok", &["/team/app`"])
        .has("registry", "push", "ok", &["/team/app` may be pushed to"])
        .has("registry", "clock", "ok", &[])
        .has("catalog", "lock", "ok", &[])
        .has("output", "directory", "ok", &["`out`"])
        .has("output", "space", "ok", &["free"]);
    // The upload that was begun to ask is gone, and neither a blob nor a tag was written.
    assert!(!has_blob_or_tag(&dir.path().join("blobs")));
    assert!(!format!("{found:?}").contains("until it forgets it"));
    assert!(!home.path().join("out").exists());
}

#[test]
fn the_text_has_a_line_for_each_check() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let mut command = clean(machine::llbgen(), home.path());
    command.env("BUILDKIT_HOST", bed.address()).arg("doctor");
    let outcome = Running::start(&mut command).wait_for(BOUND).success();
    let text = outcome.text();
    for line in [
        "skipped  catalog: there is no `llbgen.toml` in the current directory: the daemon alone is checked",
        "from `BUILDKIT_HOST`",
        "ok       daemon version: BuildKit v0.",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
    for other in [" registry ", " output "] {
        assert!(!text.contains(other), "{other} in:\n{text}");
    }
    assert!(outcome.stderr.contains("check(s): "), "{}", outcome.stderr);
}
