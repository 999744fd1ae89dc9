//! `why` names what changed, and nothing else.

#![expect(clippy::unwrap_used, reason = "all of this program is tests")]
#![expect(
    clippy::disallowed_types,
    reason = "a test may look at the clock that the pure crate may not"
)]

mod generated;

use std::{collections::BTreeMap, time::Instant};

use catalog::{
    Apk, Apt, Artifact, Base, Cache, Caching, Catalog, Cause, Copy, Difference, Dnf, Download, Env,
    FileSet, InputFile, Inputs, Lock, Plan, Repository, Request, Run, Secret, Sharing, Side, Step,
};
use generated::{Fleet, Leaf, Part, changed, fleets, leaves};
use proptest::prelude::*;

/// What differs between two plans.
fn causes(old: &Plan, new: &Plan) -> Vec<Cause> {
    let files = BTreeMap::new();
    let side = |plan| Side {
        definition: plan,
        files: &files,
    };
    catalog::why(side(&old.definition), side(&new.definition))
}

fn is_expected(fleet: &Fleet, leaf: Leaf, difference: &Difference) -> bool {
    match (leaf, difference) {
        (Leaf::Pin, Difference::Pin { name, .. }) => name == "debian:12",
        (Leaf::Epoch, Difference::Epoch { .. }) => true,
        (Leaf::FileByte(file), Difference::FileLine { path, .. })
        | (Leaf::FileMode(file), Difference::Mode { path, .. }) => {
            *path == format!("file{file}.txt")
        }
        (Leaf::Step(number, index), difference) => {
            match (&fleet.artifacts[number][index], difference) {
                (Part::Apt(_), Difference::Packages { added, removed }) => {
                    added == &["another"] && removed.is_empty()
                }
                (Part::Run(command, _), Difference::Command { line: 1, from, .. }) => {
                    from.as_ref() == Some(command)
                }
                (Part::Env(value), Difference::Env { name, from, .. }) => {
                    *name == format!("V{number}_{index}") && from.as_ref() == Some(value)
                }
                (Part::Workdir(_), Difference::Setting { name, .. }) => {
                    ["directory", "working directory"].contains(&&**name)
                }
                (Part::User(user), Difference::Setting { name, from, .. }) => {
                    name == "user" && from == user
                }
                _ => false,
            }
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn one_changed_leaf_is_named_and_no_other(
        (fleet, leaf) in fleets().prop_flat_map(|fleet| {
            let leaves = leaves(&fleet);
            (Just(fleet), proptest::sample::select(leaves))
        })
    ) {
        let found = causes(&fleet.plan(), &changed(&fleet, leaf).plan());
        let differences: Vec<&Difference> =
            found.iter().flat_map(|cause| &cause.differences).collect();
        // Without a step that reaches the network, the epoch is nobody's; every fleet has one.
        prop_assert_eq!(differences.len(), 1, "{:?}: {:#?}", leaf, found);
        prop_assert!(is_expected(&fleet, leaf, differences[0]), "{:?}: {:#?}", leaf, found);
        // The last step of the artifact on top is where all ends.
        let last = format!("{}: run last", fleet.top());
        let cause = &found[0];
        prop_assert!(cause.chain.last() == Some(&last) || cause.step == last, "{:#?}", found);
    }

    #[test]
    fn equal_graphs_have_no_causes(fleet in fleets()) {
        prop_assert!(causes(&fleet.plan(), &fleet.plan()).is_empty());
    }
}

fn plan(artifacts: Vec<Artifact>, text: &str) -> Plan {
    let name = artifacts.last().unwrap().name().to_string();
    let catalog = artifacts
        .into_iter()
        .fold(Catalog::new(), Catalog::artifact)
        .check()
        .unwrap();
    let path: catalog::ContextPath = "install.sh".parse().unwrap();
    let file = InputFile::from_bytes(true, text.as_bytes().to_vec());
    let inputs = Inputs {
        files: [(path.clone().into(), FileSet::from([(path, file)]))].into(),
        lock: Lock::default(),
        ..Inputs::default()
    };
    let request = Request {
        artifacts: vec![name],
        platforms: vec!["linux/amd64".parse().unwrap()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    catalog.plan(&variants[0], &inputs, Caching::Use).unwrap()
}

fn rootfs(name: &str, base: impl Into<Base>, steps: &[Step]) -> Artifact {
    let artifact = Artifact::rootfs(name, base);
    steps.iter().cloned().fold(artifact, Artifact::step)
}

fn told(old: &Plan, new: &Plan) -> Vec<String> {
    let line = |cause: catalog::Cause| {
        let differences: Vec<String> = cause.differences.iter().map(ToString::to_string).collect();
        format!(
            "{} | {} | {}",
            cause.step,
            differences.join("; "),
            cause.chain.join(" → ")
        )
    };
    causes(old, new).into_iter().map(line).collect()
}

#[test]
fn steps_that_come_and_go_are_one_step_each() {
    let apt = |name: &str| Step::from(Apt::install([name]));
    let run = |command: &str| Step::from(Run::command(command));
    let check = |old: &[Step], new: &[Step], expected: &[&str]| {
        let of = |steps: &[Step]| plan(vec![rootfs("a", "debian:12", steps)], "");
        assert_eq!(told(&of(old), &of(new)), expected);
    };
    check(
        &[apt("zsh"), run("make")],
        &[apt("zsh"), run("configure"), run("make")],
        &["a: run configure | new step | a: run make"],
    );
    check(
        &[apt("zsh"), run("configure"), run("make")],
        &[apt("zsh"), run("make")],
        &["a: run configure | step removed | a: run make"],
    );
    check(
        &[apt("zsh"), run("one"), run("two")],
        &[apt("git"), run("one"), run("two three")],
        &[
            "a: apt install git | packages: +git -zsh | a: run one → a: run two three",
            "a: run two three | command, line 1: `two` → `two three` | ",
        ],
    );
    check(
        &[
            run("one"),
            Env::new("A", "1").into(),
            run("two"),
            run("three"),
        ],
        &[
            run("one"),
            Env::new("A", "2").into(),
            run("two"),
            run("three"),
        ],
        &["a: run two | variable A: `1` → `2` | a: run three"],
    );
}

#[test]
fn what_differs_between_two_steps_of_a_kind_is_told() {
    let check = |old: Step, new: Step, expected: &str| {
        let of = |step: Step| plan(vec![rootfs("a", "debian:12", &[step])], "");
        let told = told(&of(old), &of(new));
        let [told] = &told[..] else {
            panic!("one cause: {told:?}")
        };
        assert_eq!(told.split(" | ").nth(1), Some(expected), "{told}");
    };
    check(
        Apk::install(["zsh"]).into(),
        Apk::install(["git"]).into(),
        "packages: +git -zsh",
    );
    check(
        Dnf::install(["zsh"]).into(),
        Dnf::install(["zsh git"]).into(),
        "packages: +git",
    );
    let apk = |url: &str| {
        Apk::install(["zsh"])
            .repository(Repository::new(url))
            .into()
    };
    check(
        apk("https://a"),
        apk("https://b"),
        "command, line 2: `grep -qxF 'https://a' /etc/apk/repositories || echo 'https://a' >> /etc/apk/repositories` → \
         `grep -qxF 'https://b' /etc/apk/repositories || echo 'https://b' >> /etc/apk/repositories`",
    );
    let run = || Run::command("one\ntwo");
    let bash = |run: Run| run.shell(["bash", "-c"]).into();
    check(
        run().into(),
        bash(run()),
        "shell: `/bin/sh -ec` → `bash -c`",
    );
    check(
        bash(run()),
        bash(Run::command("one\nthree")),
        "command, line 2: `two` → `three`",
    );
    let python = |script: &str| Run::command(script).shell(["python3", "-c"]).into();
    check(
        python("one\ntwo"),
        python("one\nthree"),
        "command, line 2: `two` → `three`",
    );
    let cache = |sharing| run().cache(Cache::directory("/c").sharing(sharing)).into();
    check(
        cache(Sharing::Shared),
        cache(Sharing::Locked),
        "mounted at /c: `cache debian:12 linux/amd64 /c /cache` → `cache debian:12 linux/amd64 /c /cache, locked`",
    );
    check(
        run().secret(Secret::new("a").env("A")).into(),
        run().secret(Secret::new("a").env("B").optional()).into(),
        "secrets: `a in $A` → `a in $B, optional`",
    );
}

#[test]
fn a_change_far_below_is_followed_through_the_artifacts() {
    let of = |base: &str, text: &str| {
        let install = Run::script("install.sh");
        plan(
            vec![
                rootfs("base", base, &[install.into()]),
                rootfs("tools", "base", &[Copy::new("install.sh", "/x").into()]),
                rootfs(
                    "app",
                    "tools",
                    &[Run::command("one").into(), Run::command("two").into()],
                ),
            ],
            text,
        )
    };
    let all = "tools: copy install.sh to /x → app: run one → app: run two";
    assert_eq!(
        told(&of("debian:12", "a\nb\n"), &of("debian:12", "a\nc\n")),
        [format!(
            "declared files | install.sh:2: `b` → `c` | base: run ./install.sh → {all}"
        )]
    );
    assert_eq!(
        told(&of("debian:12", ""), &of("debian:13", "")),
        [format!(
            "base image | source: `debian:12` → `debian:13` | base: run ./install.sh → {all}"
        )]
    );
}

#[test]
fn long_graphs_are_compared_at_once() {
    let of = |first: &str| {
        let steps = std::iter::once(Run::command(first).into())
            .chain((0..10_000).map(|number| Run::command(&format!("echo {number}")).into()));
        let steps: Vec<Step> = steps.collect();
        plan(vec![rootfs("a", "debian:12", &steps)], "")
    };
    let start = Instant::now();
    let (old, new) = (of("old"), of("new"));
    let made = start.elapsed();
    let start = Instant::now();
    let found = causes(&old, &new);
    let compared = start.elapsed();
    // A comparison of each step with each would take a hundred times as long as to make the graphs.
    assert!(compared < made * 5, "{compared:?} against {made:?}");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].chain.len(), 10_000);
}

#[test]
fn what_is_put_into_a_tree_is_told_in_the_words_of_its_step() {
    let check = |old: Step, new: Step, expected: &[&str]| {
        let of = |step: Step| plan(vec![rootfs("a", "debian:12", &[step])], "");
        assert_eq!(told(&of(old), &of(new)), expected);
    };
    let copy = |path: &str, to: &str| Copy::new(path, to).from("busybox:1").into();
    check(
        copy("/v1/etc", "/etc"),
        copy("/v2/etc", "/etc"),
        &["a: copy /v2/etc from busybox:1 to /etc | copied: `/v1/etc` → `/v2/etc` | "],
    );
    check(
        copy("/etc/*.d", "/etc"),
        copy("/etc/*.d", "/opt"),
        &["a: copy /etc/*.d from busybox:1 to /opt | copied to: `/etc` → `/opt` | "],
    );
    let get = |url: &str, mode: u32| Download::new(url, "/x").mode(mode).into();
    check(
        get("https://example.com/1/x.tgz", 0o644),
        get("https://example.com/2/x.tgz", 0o644),
        &[
            "download | source: `https://example.com/1/x.tgz` → `https://example.com/2/x.tgz` | a: download https://example.com/2/x.tgz to /x",
        ],
    );
    check(
        get("https://example.com/x-1.tgz", 0o644),
        get("https://example.com/x-2.tgz", 0o644),
        &[
            "download | source: `https://example.com/x-1.tgz` → `https://example.com/x-2.tgz` | a: download https://example.com/x-2.tgz to /x",
            "a: download https://example.com/x-2.tgz to /x | copied: `/x-1.tgz` → `/x-2.tgz` | ",
        ],
    );
    check(
        get("https://example.com/x", 0o644),
        get("https://example.com/x", 0o755),
        &["a: download https://example.com/x to /x | mode: `0644` → `0755` | "],
    );
}
