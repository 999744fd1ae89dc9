//! Tags of pushed images: each names what it should, and none moves before everything is in its place.

use std::{collections::BTreeSet, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    immutable::ImmutableTags,
    machine,
};
use serde_json::Value;

const CATALOG: &str = r#"[artifact.tagged]
kind = "image"
base = "scratch"
repository = "ghcr.io/example/tagged"
tags = ["1", "latest"]
platform-tags = ["1-{arch}"]
steps = [{ copy = "file", to = "/" }]
"#;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("file"), "file\n").unwrap();
    home
}

/// `llbgen build --push` to `prefixes`.
fn push(home: &Path, address: &str, prefixes: &[&str], more: &[&str]) -> Outcome {
    let mut command = clean(machine::llbgen(), home);
    command.args(["--addr", address, "build", "tagged", "--push"]);
    for prefix in prefixes {
        command.args(["--registry", prefix]);
    }
    run(command.args(more))
}

/// The digest of what a tag names, and the manifest itself.
fn named(home: &Path, reference: &str) -> (String, Value) {
    let mut raw = clean("skopeo", home);
    raw.args(["inspect", "--raw", "--tls-verify=false"])
        .arg(format!("docker://{reference}"));
    let raw = run(&mut raw).success().stdout;
    let digest = archive::Digest::of(&raw).to_string();
    (digest, serde_json::from_slice(&raw).unwrap())
}

fn has_tags(home: &Path, repository: &str) -> bool {
    let mut list = clean("skopeo", home);
    list.args(["list-tags", "--tls-verify=false"])
        .arg(format!("docker://{repository}"));
    let listed = run(&mut list);
    listed.code() == Some(0) && !listed.text().contains("\"Tags\": []")
}

/// Nobody listens there: who gets along with it has asked no daemon.
const NOBODY: &str = "unix:///nobody";

#[test]
fn platforms_have_tags_of_their_own() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/platforms", bed.description().registry);
    let said = push(home, &bed.address(), &[&prefix], &[]).success();
    let (index, manifest) = named(home, &format!("{prefix}/tagged:1"));
    let mut expected = vec![
        format!("{prefix}/tagged:1@{index}"),
        format!("{prefix}/tagged:latest@{index}"),
    ];
    for entry in manifest["manifests"].as_array().unwrap() {
        let arch = entry["platform"]["architecture"].as_str().unwrap();
        let name = format!("{prefix}/tagged:1-{arch}");
        let (digest, of_platform) = named(home, &name);
        assert_eq!(entry["digest"], *digest);
        assert!(of_platform["layers"].is_array());
        expected.push(format!("{name}@{digest}"));
    }
    assert_eq!(said.text().lines().collect::<Vec<_>>(), expected);
    let again = push(home, NOBODY, &[&prefix], &[]).success();
    assert_eq!(again.text(), said.text());

    // A tag that was moved is moved back.
    let mut copy = clean("skopeo", home);
    copy.args([
        "copy",
        "-q",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
    ])
    .arg(format!("docker://{prefix}/tagged:1-arm64"))
    .arg(format!("docker://{prefix}/tagged:1-amd64"));
    run(&mut copy).success();
    push(home, NOBODY, &[&prefix], &[]).fails(4, &["/nobody"]);
    let restored = push(home, &bed.address(), &[&prefix], &[]).success();
    assert_eq!(restored.text(), said.text());
    let (digest, _) = named(home, &format!("{prefix}/tagged:1-amd64"));
    assert!(said.text().contains(&format!("tagged:1-amd64@{digest}")));

    // Tags that are given go before all of the catalog's.
    let other = format!("{}/given", bed.description().registry);
    let given = push(home, &bed.address(), &[&other], &["--tag", "2"]).success();
    assert_eq!(given.text().lines().count(), 1);
}

/// With two registries, of which one takes nothing, no tag is anywhere.
#[test]
fn no_tag_is_moved_before_every_registry_has_the_image() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/first", bed.description().registry);
    let nowhere = "127.0.0.1:9/second";
    let said = push(home, &bed.address(), &[&prefix, nowhere], &[]);
    let other = format!("not in `{}` either", bed.description().registry);
    said.fails(
        1,
        &[
            "`127.0.0.1:9/second/tagged` cannot be pushed to",
            "buildkitd.toml",
            &other,
        ],
    );
    assert!(!has_tags(home, &format!("{prefix}/tagged")));
    push(home, &bed.address(), &[&prefix], &[]).success();
    assert!(has_tags(home, &format!("{prefix}/tagged")));
}

/// Where only the daemon reaches the registry, it moves the tags: here, the command has a proxy that is not there.
#[test]
fn the_daemon_moves_tags_where_the_command_cannot() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/proxied", bed.description().registry);
    let proxied = |more: &[&str]| {
        let mut command = clean(machine::llbgen(), home);
        command.env("http_proxy", "http://127.0.0.1:9");
        command.args(["--addr", &bed.address(), "build", "tagged", "--push"]);
        run(command.args(["--registry", &prefix]).args(more))
    };
    proxied(&[]).fails(4, &["tagged:1-amd64", "tcp connect error", "proxies"]);
    let said = proxied(&["--tag", "3", "--tag", "4"]).success();
    let (digest, _) = named(home, &format!("{prefix}/tagged:3"));
    let expected = format!("{prefix}/tagged:3@{digest}\n{prefix}/tagged:4@{digest}\n");
    assert_eq!(said.text(), expected);
}

/// A run that broke between its two tags can be run again where no tag ever moves.
#[test]
fn a_tag_that_names_the_digest_already_is_left_alone() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let registry = ImmutableTags::start(&bed.description().registry);
    let prefix = format!("{}/immutable", registry.address());
    let both = ["--tag", "1.0", "--tag", "latest", "--no-skip"];
    let push = |more: &[&str]| push(home, &bed.address(), &[&prefix], more);
    push(&["--tag", "1.0"]).success();
    assert_eq!(registry.puts(), ["1.0"]);
    let said = push(&both).success();
    assert_eq!(registry.puts(), ["latest"]);
    let again = push(&both).success();
    assert_eq!(registry.puts(), Vec::<String>::new());
    assert_eq!(again.text(), said.text());

    fs::write(home.join("file"), "another\n").unwrap();
    let refused = push(&both).fails(1, &["400: TAG_INVALID: The tag '1.0' is immutable."]);
    assert!(
        !refused.stderr.contains("docker login"),
        "{}",
        refused.stderr
    );
}

/// One image that builds, and one that cannot: there is no shell.
const TWO: &str = r#"[artifact.good]
kind = "image"
base = "scratch"
tags = ["1"]
repository = "ghcr.io/example/good"
steps = [{ copy = "file", to = "/" }]

[artifact.wrong]
kind = "image"
base = "scratch"
tags = ["1"]
repository = "ghcr.io/example/wrong"
platforms = ["linux/amd64"]
steps = [{ run = "true" }]
"#;

/// The tags of one call are of one state of the catalog: while something fails, none moves, unless the user wants what there is.
#[test]
fn tags_of_a_call_move_when_all_of_it_is_there() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    fs::write(home.join("llbgen.toml"), TWO).unwrap();
    let prefix = format!("{}/together", bed.description().registry);
    let push = |more: &[&str]| {
        let mut command = clean(machine::llbgen(), home);
        command.args(["--addr", &bed.address(), "build", "good", "wrong"]);
        run(command
            .args(["--jobs", "1", "--push", "--registry", &prefix])
            .args(more))
    };
    let told = "`good` is in its repositories as `sha256:";
    push(&[]).fails(1, &["`wrong`", told, "no tag is moved"]);
    let repository = format!("{prefix}/good");
    assert!(!has_tags(home, &repository));
    let kept = push(&["--keep-going"]);
    assert_eq!(kept.code(), Some(1));
    assert!(
        kept.text().contains("together/good:1@sha256:"),
        "{}",
        kept.text()
    );
    assert!(has_tags(home, &repository));
}

const SEVERAL: &str = r#"[artifact.tagged]
kind = "image"
base = "scratch"
axes.l10n = ["en", "zh"]
platforms = ["linux/amd64"]
repository = ["REGISTRY/several/one", { repository = "REGISTRY/several/other", unless = { l10n = "zh" } }]
tags = ["{l10n}", { tags = "{git.tag}-{l10n}", when = { git.tag = "v*" } }]
steps = [{ copy = "file", to = "/" }]
"#;

#[test]
fn conditions_choose_repositories_and_tags() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let registry = bed.description().registry.clone();
    let catalog = SEVERAL.replace("REGISTRY", &registry);
    fs::write(home.join("llbgen.toml"), catalog).unwrap();
    let names = |said: &Outcome| {
        let text = said.text();
        let names = text.lines().map(|line| {
            let (name, digest) = line.rsplit_once('@').unwrap();
            assert_eq!(named(home, name).0, digest, "{name}");
            name.strip_prefix(&registry).unwrap().to_owned()
        });
        names.collect::<BTreeSet<String>>()
    };
    let expected = |tags: &[&str]| tags.iter().map(|tag| format!("/several/{tag}")).collect();
    let said = push(home, &bed.address(), &[], &[]).success();
    let plain: BTreeSet<String> = expected(&["one:en", "one:zh", "other:en"]);
    assert_eq!(names(&said), plain);
    let said = push(home, &bed.address(), &[], &["--set", "git.tag=v1"]).success();
    let released = expected(&["one:v1-en", "one:v1-zh", "other:v1-en"]);
    assert_eq!(names(&said), plain.union(&released).cloned().collect());
    // All of it is there: no daemon is asked.
    push(home, NOBODY, &[], &["--set", "git.tag=v1"]).success();
}
