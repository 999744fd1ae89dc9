//! Registries and connections that have a bad minute: each fault has a bound in time, and what was moved is told.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, run},
    cut::Way,
    faults::{Fault, FaultyRegistry, Rule},
    machine,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::images::tags;

const CATALOG: &str = r#"[artifact.tagged]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
repository = "ghcr.io/example/tagged"
tags = ["1", "2"]
steps = [{ copy = "file", to = "/" }]
"#;

/// A build of one file, and the pauses of three tries, on a busy machine.
const BOUND: Duration = Duration::from_mins(1);

fn home(content: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("file"), content).unwrap();
    home
}

fn push(home: &Path, address: &str, prefixes: &[&str], more: &[&str]) -> Command {
    let mut command = clean(machine::llbgen(), home);
    command.args(["--addr", address, "--progress", "plain", "build", "tagged"]);
    command.args(["--push", "--metadata-file", "metadata.json"]);
    for prefix in prefixes {
        command.args(["--registry", prefix]);
    }
    command.args(more);
    command
}

fn metadata(home: &Path) -> Value {
    let text = fs::read_to_string(home.join("metadata.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn puts(registry: &FaultyRegistry) -> Vec<String> {
    let puts = registry.requests("PUT ").into_iter();
    let tag = |line: String| {
        let path = line.split(' ').nth(1)?.to_owned();
        let (_, tag) = path.rsplit_once("/manifests/")?;
        (!tag.contains(':')).then(|| tag.to_owned())
    };
    puts.filter_map(tag).collect()
}

#[test]
fn a_fault_on_a_tag_that_goes_away_costs_a_moment() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let faults = [
        Fault::Status("500 Internal Server Error"),
        Fault::Status("503 Service Unavailable"),
        Fault::Status("429 Too Many Requests\r\nRetry-After: 2"),
        Fault::Reset,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let home = home(&format!("{number}\n"));
        let prefix = format!("{}/once-{number}", registry.address());
        registry.set([Rule::on_tag("2", 1, fault.clone())]);
        registry.requests("");
        let began = Instant::now();
        let build = Running::start(&mut push(home.path(), &bed.address(), &[&prefix], &[]));
        let said = build.wait_for(BOUND).success();
        let again = format!("`{}` is asked again", registry.address());
        assert!(said.stderr.contains(&again), "{fault:?}: {}", said.stderr);
        if said.stderr.contains("in 2 s") {
            assert!(began.elapsed() >= Duration::from_secs(2));
        } else {
            assert!(!matches!(fault, Fault::Status(status) if status.contains("Retry")));
        }
        assert_eq!(puts(&registry), ["1", "2", "2"], "{fault:?}");
        let repository = format!("once-{number}/tagged");
        assert_eq!(tags(&bed.description().registry, &repository), ["1", "2"]);
        assert!(metadata(home.path())["unfinished"].is_null());
    }
}

#[test]
fn tries_that_are_used_up_end_with_75() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let home = home("used up\n");
    let home = home.path();
    let prefix = format!("{}/used-up", registry.address());
    let busy = Fault::Status("503 Service Unavailable");
    let check = |retries: &str, tries: &[&str]| -> Outcome {
        registry.set([Rule::on_tag("1", 9, busy.clone())]);
        registry.requests("");
        let more = ["--retries", retries, "--no-skip"];
        let build = Running::start(&mut push(home, &bed.address(), &[&prefix], &more));
        let said = build.wait_for(BOUND);
        assert_eq!(puts(&registry), tries);
        said.fails(75, &["the registry answered 503", "tagged:1", "tagged:2"])
    };
    check("0", &["1"]);
    check("2", &["1", "1", "1"]);
    registry.set([]);
    run(&mut push(home, &bed.address(), &[&prefix], &[])).success();
}

#[test]
fn a_refused_second_tag_leaves_the_first_and_says_so() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let home = home("refused\n");
    let home = home.path();
    let prefix = format!("{}/refused", registry.address());
    registry.set([Rule::on_tag("2", 9, Fault::Status("409 Conflict"))]);
    let mut refused = push(home, &bed.address(), &[&prefix], &[]);
    let refused = Running::start(&mut refused).wait_for(BOUND);
    assert_eq!(puts(&registry), ["1", "2"]);
    let metadata = metadata(home);
    assert_eq!(metadata["outputs"], json!([]));
    let unfinished = &metadata["unfinished"][0];
    let digest = unfinished["digest"].as_str().unwrap();
    assert_eq!(unfinished["artifact"], "tagged");
    let first = format!("{prefix}/tagged:1@{digest}");
    assert_eq!(unfinished["moved"], json!([first]));
    assert_eq!(unfinished["left"], json!([format!("{prefix}/tagged:2")]));
    assert_eq!(unfinished["unknown"], json!([]));
    let moved = format!("moved: `{first}`; not moved: `{prefix}/tagged:2`");
    refused.fails(1, &["409", &moved, "the same call moves the rest"]);
    assert_eq!(tags(&bed.description().registry, "refused/tagged"), ["1"]);

    registry.set([]);
    run(&mut push(home, &bed.address(), &[&prefix], &[])).success();
    assert_eq!(puts(&registry), ["2"]);
}

#[test]
fn one_registry_of_two_that_refuses_is_named_with_the_state_of_the_other() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let home = home("of two\n");
    let home = home.path();
    let first = format!("{}/of-two", bed.description().registry);
    let second = format!("{}/of-two-too", registry.address());
    registry.set([Rule::on_tag("1", 9, Fault::Status("401 Unauthorized"))]);
    let mut refused = push(home, &bed.address(), &[&first, &second], &[]);
    let refused = Running::start(&mut refused).wait_for(BOUND);
    let unfinished = &metadata(home)["unfinished"][0];
    let digest = unfinished["digest"].as_str().unwrap();
    let tags = |prefix: &str, tag: &str| format!("{prefix}/tagged:{tag}");
    let moved = ["1", "2"].map(|tag| format!("{}@{digest}", tags(&first, tag)));
    assert_eq!(unfinished["moved"], json!(moved));
    let left = ["1", "2"].map(|tag| tags(&second, tag));
    assert_eq!(unfinished["left"], json!(left));
    let told = format!("not moved: `{}`, `{}`", left[0], left[1]);
    refused.fails(1, &["401", &moved[0], &told]);
    // Transient trouble of one of two is a failure, too: the other one is as it should be.
    registry.set([Rule::on_tag(
        "1",
        9,
        Fault::Status("503 Service Unavailable"),
    )]);
    let mut busy = push(
        home,
        &bed.address(),
        &[&first, &second],
        &["--retries", "0"],
    );
    run(&mut busy).fails(1, &["503"]);
    registry.set([]);
    run(&mut push(home, &bed.address(), &[&first, &second], &[])).success();
}

#[test]
fn a_silent_registry_is_named_and_waited_for_so_long() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let home = home("silent\n");
    let home = home.path();
    let prefix = format!("{}/silent", registry.address());
    registry.set([Rule::on_tag("2", 9, Fault::Silence)]);
    let more = ["--timeout", "6s", "--retries", "1"];
    let mut silent = push(home, &bed.address(), &[&prefix], &more);
    let said = Running::start(&mut silent).wait_for(BOUND);
    let host = registry.address();
    let silent = format!("`{host}` gave no answer within 6 s");
    let waiting = format!("waiting for `{host}`");
    said.fails(75, &[&silent, &waiting, "try 1 of 1"]);
    // Nobody knows whether a request without an answer was carried out.
    let unfinished = &metadata(home)["unfinished"][0];
    assert_eq!(unfinished["unknown"], json!([format!("{prefix}/tagged:2")]));
    assert_eq!(unfinished["moved"].as_array().unwrap().len(), 1);

    // Nor does a plan wait for longer.
    let all = Rule {
        beginning: String::new(),
        end: String::new(),
        times: usize::MAX,
        fault: Fault::Silence,
    };
    registry.set([all]);
    let mut plan = clean(machine::llbgen(), home);
    plan.args(["plan", "tagged", "--push", "--registry", &prefix]);
    plan.args(["--timeout", "2", "--retries", "1"]);
    let said = Running::start(&mut plan).wait_for(BOUND).success();
    assert!(
        said.text()
            .contains(&format!("`{host}` gave no answer within 2 s")),
        "{}",
        said.text()
    );
}

#[test]
fn an_interrupt_while_tags_move_says_which() {
    let Some(bed) = Bed::shared() else { return };
    let registry = FaultyRegistry::start(&bed.description().registry);
    let home = home("interrupted\n");
    let home = home.path();
    let prefix = format!("{}/interrupted", registry.address());
    registry.set([Rule::on_tag("2", 9, Fault::Silence)]);
    let build = Running::start(&mut push(home, &bed.address(), &[&prefix], &[]));
    build.until_it_says("waiting for `");
    build.signal(Signal::INT);
    let said = build.wait_for(Duration::from_secs(30));
    assert!(
        !said.stderr.contains("nothing half-done"),
        "{}",
        said.stderr
    );
    let first = format!("moved: `{prefix}/tagged:1@sha256:");
    let second = format!("it is not known of: `{prefix}/tagged:2`");
    said.fails(130, &["interrupted while tags moved", &first, &second]);
    let unfinished = &metadata(home)["unfinished"][0];
    assert_eq!(unfinished["unknown"], json!([format!("{prefix}/tagged:2")]));
    registry.set([]);
    run(&mut push(home, &bed.address(), &[&prefix], &[])).success();
    assert_eq!(
        tags(&bed.description().registry, "interrupted/tagged"),
        ["1", "2"]
    );
}

const SLEEPING: &str = r#"[artifact.sleeps]
kind = "rootfs"
base = "debian:bookworm"
platforms = ["linux/amd64"]
output = "sleeps.tar"
steps = [{ run = "echo it' 'sleeps; sleep 8; echo it > /slept" }]

[artifact.other]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "other.tar"
steps = [{ copy = "llbgen.toml", to = "/" }]
"#;

#[test]
fn a_connection_that_is_lost_costs_one_try_of_what_was_not_there() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("llbgen.toml"), SLEEPING).unwrap();
    let socket = home.join("way.sock");
    let way = Way::to(&bed.description().socket, &socket);
    let start = |more: &[&str]| {
        let mut build = clean(machine::llbgen(), home);
        build.args(["--addr", &way.address(), "--progress", "plain"]);
        // One after the other: `other` is complete when the connection is cut.
        build.args(["build", "other", "sleeps", "--no-cache", "--jobs", "1"]);
        Running::start(build.args(more))
    };
    let build = start(&[]);
    build.until_it_says("it sleeps");
    way.cut();
    let said = build.wait_for(Duration::from_mins(3)).success();
    let lines = said.stderr.lines();
    let told: Vec<&str> = lines
        .filter(|line| line.contains("try 1 of 3 follows"))
        .collect();
    assert!(
        told.len() == 1 && told[0].contains("`sleeps`") && told[0].contains("was lost"),
        "{}",
        said.stderr
    );
    let mut outputs: Vec<&str> = said.text().lines().collect();
    outputs.sort_unstable();
    assert_eq!(outputs, ["out/other.tar", "out/sleeps.tar"]);

    let build = start(&["--retries", "0"]);
    build.until_it_says("it sleeps");
    way.cut();
    build.wait_for(BOUND).fails(75, &["`sleeps`", "was lost"]);
}
