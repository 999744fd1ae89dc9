//! What needs neither daemon nor network: the same answers without either, for every user, anywhere.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use llbgen_tests::{
    command::{clean, locked, run},
    context::made_up_lock,
    machine,
};

const QUESTIONS: [&[&str]; 4] = [
    &["id"],
    &["emit", "base-rootfs", "--platform", "linux/arm64"],
    &["plan", "all", "--format", "json"],
    &["why", "server-base"],
];

/// The answers of a command line that `wrapped` makes.
fn answers(wrapped: impl Fn(&[&str]) -> Command) -> Vec<Vec<u8>> {
    QUESTIONS
        .iter()
        .map(|question| run(&mut wrapped(question)).success().stdout)
        .collect()
}

/// Whether this machine lets the test do that; where everything must be tested, it has to.
fn can(command: &[&str]) -> bool {
    let status = Command::new(command[0]).args(&command[1..]).status();
    let can = status.is_ok_and(|status| status.success());
    let must = std::env::var_os("CI").is_some() || std::env::var_os("LLBGEN_TEST_ENGINE").is_some();
    assert!(can || !must, "`{}` is not allowed here", command.join(" "));
    can
}

/// `llbgen` in the context in `home`, behind other programs.
fn behind(programs: &[&str], home: &Path, question: &[&str]) -> Command {
    let mut command = clean(programs[0], home);
    command
        .args(&programs[1..])
        .arg(machine::llbgen())
        .args(["-C", "context"])
        .args(question);
    command
}

#[test]
fn nothing_but_loopback_is_needed() {
    let home = tempfile::tempdir().unwrap();
    let expected = answers(|question| {
        let mut command = locked(home.path(), &made_up_lock());
        command.args(question);
        command
    });
    assert!(expected.iter().all(|answer| !answer.is_empty()));
    if can(&["unshare", "--net", "true"]) {
        let without_network =
            answers(|question| behind(&["unshare", "--net"], home.path(), question));
        assert_eq!(without_network, expected);
    }
}

#[test]
fn another_user_directory_and_time_zone_give_the_same() {
    let home = tempfile::tempdir().unwrap();
    let expected = answers(|question| {
        let mut command = locked(home.path(), &made_up_lock());
        command.args(question);
        command
    });
    let elsewhere = tempfile::tempdir().unwrap();
    locked(elsewhere.path(), &made_up_lock());
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(elsewhere.path(), open.clone()).unwrap();
    fs::set_permissions(elsewhere.path().join("context"), open).unwrap();
    let there = answers(|question| {
        let mut command = locked(elsewhere.path(), &made_up_lock());
        command.env("TZ", "Asia/Kathmandu").args(question);
        command
    });
    assert_eq!(there, expected);
    // Only root can be somebody else; the program must lie where that user can reach it.
    let program = elsewhere.path().join("llbgen");
    fs::copy(machine::llbgen(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    if can(&[&nobody[..], &["true"]].concat()) {
        let other = answers(|question| {
            let mut command = clean(nobody[0], elsewhere.path());
            command
                .args(&nobody[1..])
                .arg(&program)
                .args(["-C", "context"])
                .args(question);
            command
        });
        assert_eq!(other, expected);
    }
}
