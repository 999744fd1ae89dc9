//! Faults of daemons, of the way to them, and of their platforms.

use std::fs;

use llbgen_tests::{
    bed::Bed,
    certificates,
    daemon::{Daemon, Garbage},
};

use super::{closed_port, doctor, home, silent_server};

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
