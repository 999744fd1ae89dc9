//! `llbgen doctor`: each planted fault is found, with its true reason and a next step, and a sound set-up has none.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use llbgen_tests::{
    bed::Bed,
    certificates,
    command::{Outcome, Running, clean},
    daemon::{Daemon, Garbage},
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

/// A registry that answers every request with `date`, and lets everybody do everything.
fn registry_at(date: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            // A client that hangs up breaks only its own request.
            let _ = answer(&connection, date);
        }
    });
    address
}

fn answer(mut connection: &TcpStream, date: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
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
    assert!(
        !text.contains("registry") || !text.contains("output"),
        "{text}"
    );
    assert!(outcome.stderr.contains("check(s): "), "{}", outcome.stderr);
}

#[test]
fn a_daemon_that_cannot_be_reached_is_told_with_its_reason() {
    let Some(bed) = Bed::shared() else { return };
    let (home, bed) = (tempfile::tempdir().unwrap(), bed.description());
    let connection = |arguments: &[&str], words: &[&str]| {
        doctor(home.path(), arguments).has_problem("daemon", "connection", words);
    };
    connection(
        &["--addr", "unix:///nobody"],
        &["the socket does not exist", "start buildkitd there"],
    );
    let closed = format!("tcp://{}", closed_port());
    connection(
        &["--addr", &closed],
        &["was refused", "start buildkitd there"],
    );
    let silent = format!("tcp://{}", silent_server());
    connection(
        &["--addr", &silent],
        &["gave no answer within 5 s", "firewall"],
    );

    let tls = format!("tcp://{}", bed.tls);
    let path = |name: &str| bed.certificates.join(name).display().to_string();
    let [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map(path);
    let (strangers, mixed) = (home.path().join("strangers"), home.path().join("mixed"));
    certificates::write(&strangers);
    certificates::write(&mixed);
    fs::copy(&ca, mixed.join("ca.pem")).unwrap();
    let strangers = strangers.display().to_string();
    let mixed = mixed.display().to_string();
    connection(&["--addr", &tls], &["speaks TLS", "`--tlsdir`"]);
    connection(
        &["--addr", &tls, "--tlsdir", &strangers],
        &[
            "is not signed by the CA in",
            "strangers/ca.pem",
            "`--tlscacert`",
        ],
    );
    let named = ["--addr", &tls, "--tlsservername", "other.example"];
    let files = ["--tlscacert", &ca, "--tlscert", &cert, "--tlskey", &key];
    connection(
        &[&named[..], &files[..]].concat(),
        &[
            "not valid for the name `other.example`",
            "localhost",
            "`--tlsservername`",
        ],
    );
    connection(
        &["--addr", &tls, "--tlscacert", &ca],
        &["wants a client certificate", "`--tlscert` and `--tlskey`"],
    );
    connection(
        &["--addr", &tls, "--tlsdir", &mixed],
        &[
            "refuses the client certificate",
            "mixed/cert.pem",
            "that the daemon's CA signed",
        ],
    );
    let right = [&["--addr", tls.as_str()][..], &files[..]].concat();
    let found = doctor(home.path(), &right);
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.has(
        "daemon",
        "connection",
        "ok",
        &["its certificate is for `127.0.0.1`", "cert.pem"],
    );
}

#[test]
fn a_certificate_that_has_expired_is_told() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let certificates = dir.path().join("certificates");
    certificates::write_expired(&certificates);
    let registry = &bed.description().registry;
    let daemon = Daemon::start(
        "buildkitd",
        dir.path(),
        dir.path(),
        &certificates,
        registry,
        Garbage::Nothing,
    );
    let address = format!("tcp://{}", daemon.tls());
    let certificates = certificates.display().to_string();
    let home = tempfile::tempdir().unwrap();
    doctor(
        home.path(),
        &["--addr", &address, "--tlsdir", &certificates],
    )
    .has_problem(
        "daemon",
        "connection",
        &[
            "has expired",
            "certificate expired",
            "issue a new certificate",
        ],
    );
    let socket = format!("unix://{}", daemon.socket());
    doctor(home.path(), &["--addr", &socket]).has(
        "daemon",
        "storage",
        "warning",
        &["no garbage collection", "`gc = true`"],
    );
}

#[test]
fn an_old_daemon_is_told_with_what_it_lacks() {
    let Some(bed) = Bed::shared() else { return };
    let (oldest, home) = (bed.oldest(), tempfile::tempdir().unwrap());
    let found = doctor(home.path(), &["--addr", &oldest.address()]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    found
        .has(
            "daemon",
            "version",
            "warning",
            &["BuildKit v0.17", "CVE-2026-15792", "v0.31.2"],
        )
        .has("daemon", "caches", "warning", &["may lack links", "v0.31"])
        .has("daemon", "operations", "ok", &["merge"])
        .has("daemon", "trial", "ok", &[])
        .has("daemon", "clock", "ok", &[]);
}

#[test]
fn a_platform_that_nobody_has_is_told_where_a_command_needs_it() {
    let Some(bed) = Bed::shared() else { return };
    let artifact = |name: &str, platform: &str, step: &str| {
        format!(
            "[artifact.{name}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"{platform}\"]\n\
             output = \"{name}.tar\"\nsteps = [{step}]\n"
        )
    };
    let runs = "{ run = \"true\" }";
    let file = "{ file = \"/x\", content = \"x\" }";
    let home = home(
        &[
            artifact("runs", "linux/riscv64", runs),
            artifact("emulated", "linux/arm64", runs),
            artifact("files", "linux/s390x", file),
        ]
        .concat(),
    );
    let found = doctor(home.path(), &["--addr", &bed.address()]);
    found
        .has_problem(
            "daemon",
            "platform",
            &[
                "no worker runs `linux/riscv64`",
                "commands of `runs`",
                "install an emulator",
            ],
        )
        .has("daemon", "platform", "ok", &["`linux/arm64` is emulated"])
        .has(
            "daemon",
            "platform",
            "ok",
            &["no worker runs `linux/s390x`", "no command needs it"],
        );
    assert_eq!(found.count("problem"), 1, "{found:#?}");
}

#[test]
fn what_is_wrong_with_registries_is_told() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start_read_only(dir.path(), "user:hunter2");
    let readable = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let readable = readable.address();
    let plain = format!("0.0.0.0:{}", port(&bed.description().registry));
    let unknown_ca = format!("0.0.0.0:{}", port(&bed.description().tls));
    let (down, silent) = (closed_port(), silent_server());
    let behind = registry_at("Thu, 01 Jan 2026 00:00:00 GMT");
    let helpless = closed_port();
    let hosts = [
        readable,
        &plain,
        &unknown_ca,
        &down,
        &silent,
        &behind,
        &helpless,
    ];
    let catalog = hosts.iter().enumerate().map(|(number, host)| {
        let image = image(&format!("{host}/team/app"));
        let image = image.replace("artifact.app", &format!("artifact.app{number}"));
        image.replace("app.oci.tar", &format!("app{number}.oci.tar"))
    });
    let home = home(&catalog.collect::<String>());
    let auth = STANDARD.encode("user:hunter2");
    let config = format!(
        r#"{{"auths":{{"{readable}":{{"auth":"{auth}"}}}},"credHelpers":{{"{helpless}":"llbgen-none"}}}}"#
    );
    docker_config(home.path(), &config);
    let start = Instant::now();
    let found = doctor(home.path(), &["--addr", &bed.address()]);
    // Side by side: the two that wait for a deadline do not add up.
    assert!(
        start.elapsed() < Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
    let host = |found: &Found, host: &str| Found {
        code: found.code,
        findings: found
            .findings
            .iter()
            .filter(|finding| finding["host"] == host)
            .cloned()
            .collect(),
    };
    host(&found, readable)
        .has(
            "registry",
            "read",
            "ok",
            &["nothing is there yet in", "team/app`"],
        )
        .has_problem(
            "registry",
            "push",
            &[
                "may be read, and not pushed to",
                "answered 401",
                "have the right given",
            ],
        );
    host(&found, &plain).has_problem(
        "registry",
        "connection",
        &["cannot be reached", "plain HTTP", "--registry-insecure"],
    );
    host(&found, &unknown_ca).has_problem(
        "registry",
        "connection",
        &[
            "cannot be reached",
            "UnknownIssuer",
            "update-ca-certificates",
        ],
    );
    host(&found, &down)
        .has_problem(
            "registry",
            "connection",
            &["cannot be reached", "refused", "start the registry"],
        )
        .has("registry", "push", "skipped", &["cannot be reached"]);
    host(&found, &silent).has_problem("registry", "connection", &["gave no answer within 10 s"]);
    host(&found, &behind).has(
        "registry",
        "clock",
        "warning",
        &[" d ", "behind this machine's", "NTP"],
    );
    host(&found, &helpless).has_problem(
        "registry",
        "login",
        &[
            "cannot run credential helper `docker-credential-llbgen-none`",
            "install",
        ],
    );
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

#[test]
fn a_wrong_password_and_a_helper_that_hangs_are_told() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start(dir.path(), "user:hunter2");
    let registry = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let host = registry.address();
    let home = home(&image(&format!("{host}/team/app")));
    docker_config(home.path(), &login(host, "user:other"));
    let arguments = ["--addr", &bed.address()];
    let found = doctor(home.path(), &arguments);
    for (right, verb) in [("read", "read"), ("push", "pushed to")] {
        let refused = format!("cannot be {verb}: the login is refused");
        found.has_problem("registry", right, &[&refused, "401", "docker login"]);
    }
    assert!(!format!("{found:?}").contains("other\""), "{found:?}");

    let config = home.path().join(".docker/config.json");
    fs::write(&config, "{}").unwrap();
    doctor(home.path(), &arguments)
        .has("registry", "login", "ok", &["there is no login"])
        .has_problem(
            "registry",
            "push",
            &["cannot be pushed to without a login", "docker login"],
        );

    fs::write(&config, r#"{"credsStore":"hangs"}"#).unwrap();
    let programs = home.path().join("programs");
    fs::create_dir(&programs).unwrap();
    fs::write(
        programs.join("docker-credential-hangs"),
        "#!/bin/sh\nexec sleep 600\n",
    )
    .unwrap();
    let program = programs.join("docker-credential-hangs");
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = clean(machine::llbgen(), home.path());
    command
        .env("PATH", path)
        .args(arguments)
        .args(["doctor", "--format", "json"]);
    of_json(&Running::start(&mut command).wait_for(BOUND)).has_problem(
        "registry",
        "login",
        &["credential helper `docker-credential-hangs` gave no answer within 10 s"],
    );
}

#[test]
fn the_catalog_the_lock_and_the_output_directory_are_checked() {
    let Some(bed) = Bed::shared() else { return };
    let arguments = ["--addr", &bed.address()];
    let unpinned = home(
        "[artifact.tools]\nkind = \"rootfs\"\nbase = \"debian:12\"\nplatforms = [\"linux/amd64\"]\n\
         output = \"tools.tar\"\nsteps = [{ run = \"true\" }]\n",
    );
    fs::write(unpinned.path().join("out"), "a file").unwrap();
    doctor(unpinned.path(), &arguments)
        .has(
            "catalog",
            "lock",
            "warning",
            &["`debian:12` is not pinned", "`llbgen lock`"],
        )
        .has_problem(
            "output",
            "directory",
            &[
                "`out` cannot be written to",
                "Not a directory",
                "--output DIR",
            ],
        );
    fs::remove_file(unpinned.path().join("out")).unwrap();
    let found = doctor(unpinned.path(), &arguments);
    assert_eq!(
        (found.code, found.count("warning")),
        (Some(0), 1),
        "{found:#?}"
    );

    fs::write(unpinned.path().join("llbgen.lock"), "nonsense").unwrap();
    doctor(unpinned.path(), &arguments)
        .has_problem("catalog", "catalog", &["llbgen.lock"])
        .has("daemon", "trial", "ok", &[]);
    let broken = home("[artifact.tools]\nkid = \"rootfs\"\n");
    doctor(broken.path(), &arguments)
        .has_problem("catalog", "catalog", &["kid"])
        .has("daemon", "trial", "ok", &[]);
}
