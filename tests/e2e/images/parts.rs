//! Images whose platforms are pushed one by one: a part never replaces the whole.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    machine,
};

use super::{BOTH, inspect, manifests, tags};

const CATALOG: &str = r#"
[artifact.app]
kind = "image"
base = "scratch"
repository = "ghcr.io/example/app"
tags = ["1", "latest"]
platform-tags = ["1-{arch}"]
steps = [{ copy = "file", to = "/" }]
"#;

/// Nobody listens there: who gets along with it has asked no daemon.
const NOBODY: &str = "unix:///nobody";

struct Fixture {
    home: tempfile::TempDir,
    prefix: String,
}

impl Fixture {
    fn new(bed: &Bed, name: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
        fs::write(home.path().join("file"), format!("{name}\n")).unwrap();
        let prefix = format!("{}/{name}", bed.description().registry);
        Self { home, prefix }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn repository(&self) -> String {
        format!("{}/app", self.prefix)
    }

    fn call(&self, address: &str, command: &str, more: &[&str]) -> Outcome {
        let mut llbgen = clean(machine::llbgen(), self.home());
        llbgen.args(["--addr", address, command, "app", "--push"]);
        run(llbgen.args(["--registry", &self.prefix]).args(more))
    }

    fn push(&self, bed: &Bed, more: &[&str]) -> Outcome {
        self.call(&bed.address(), "build", more).success()
    }

    /// What `plan` says of the platforms in `more`.
    fn planned(&self, more: &[&str], expected: &str) {
        let said = self.call(NOBODY, "plan", more).success();
        let mut lines = said.text().lines().skip(1);
        assert!(lines.all(|line| line.contains(expected)), "{}", said.text());
    }

    fn content_tag(&self) -> String {
        let mut id = clean(machine::llbgen(), self.home());
        let id = run(id.args(["id", "app", "--format", "json"])).success();
        let id: serde_json::Value = serde_json::from_slice(&id.stdout).unwrap();
        id[0]["content_tag"].as_str().unwrap().to_owned()
    }

    /// The tags that are there, the content tag being `ID` in them.
    fn tags(&self) -> Vec<String> {
        let (registry, repository) = self.prefix.split_once('/').unwrap();
        let content = self.content_tag();
        let mut tags: Vec<String> = tags(registry, &format!("{repository}/app"))
            .into_iter()
            .map(|tag| tag.replace(&content, "ID"))
            .collect();
        tags.sort();
        tags
    }
}

const AMD64: [&str; 2] = ["--platform", "linux/amd64"];
const ARM64: [&str; 2] = ["--platform", "linux/arm64"];

#[test]
fn the_last_platform_makes_the_index_and_moves_the_tags() {
    let Some(bed) = Bed::shared() else { return };
    let parts = Fixture::new(bed, "parts");
    let repository = parts.repository();
    let content = parts.content_tag();
    parts.planned(&AMD64, &format!("app:{content}-linux-amd64"));
    let first = parts.push(bed, &AMD64);
    let told =
        "no tag of the whole image is moved: that is done by the build that finds `linux/arm64`";
    assert!(first.stderr.contains(told), "{}", first.stderr);
    let lines: Vec<&str> = first.text().lines().collect();
    assert!(
        lines[0].starts_with(&format!("{repository}:{content}-linux-amd64@sha256:"))
            && lines[1].starts_with(&format!("{repository}:1-amd64@sha256:")),
        "{lines:?}"
    );
    assert_eq!(parts.tags(), ["1-amd64", "ID-linux-amd64"]);
    // It is there, and by itself it is an image.
    parts.planned(&AMD64, "published");
    parts.planned(&ARM64, "not in ");
    parts.planned(&[], "not in ");
    let again = parts.call(NOBODY, "build", &AMD64).success();
    assert_eq!(again.text(), first.text());
    manifests(
        parts.home(),
        &repository,
        &format!(":{content}-linux-amd64"),
        &BOTH[..1],
    );

    let last = parts.push(bed, &ARM64);
    assert!(
        last.stderr.contains("all are one image now"),
        "{}",
        last.stderr
    );
    let (index, _) = manifests(parts.home(), &repository, ":1", &BOTH);
    assert!(index["annotations"]["dev.llbgen.id"].is_string());
    assert_eq!(
        parts.tags(),
        [
            "1",
            "1-amd64",
            "1-arm64",
            "ID",
            "ID-linux-amd64",
            "ID-linux-arm64",
            "latest"
        ]
    );
    parts.planned(&[], "published");
    parts.planned(&AMD64, "published");
    let nothing = parts.call(NOBODY, "build", &[]).success();
    let digest = nothing.text().lines().next().unwrap();
    assert_eq!(last.text().lines().next().unwrap(), digest);

    // Put together it is what it is when it is pushed at once.
    let whole = Fixture {
        home: parts.home,
        prefix: format!("{}/at-once", bed.description().registry),
    };
    let at_once = whole.push(bed, &["--no-skip"]);
    let digest_of = |line: &str| line.split_once('@').unwrap().1.to_owned();
    assert_eq!(
        digest_of(at_once.text().lines().next().unwrap()),
        digest_of(digest)
    );
}

/// The image that is under the tags stays whole, whatever a call for one platform finds.
#[test]
fn a_part_never_replaces_the_whole() {
    let Some(bed) = Bed::shared() else { return };
    let parts = Fixture::new(bed, "stays");
    let repository = parts.repository();
    parts.push(bed, &[]);
    let old = inspect(
        parts.home(),
        &["--raw"],
        &format!("docker://{repository}:1"),
    );
    fs::write(parts.home().join("file"), "another\n").unwrap();
    parts.push(bed, &ARM64);
    parts.push(bed, &[&ARM64[..], &["--tag", "2"]].concat());
    let now = inspect(
        parts.home(),
        &["--raw"],
        &format!("docker://{repository}:1"),
    );
    assert_eq!(now, old);
    assert!(!parts.tags().contains(&"2".to_owned()));

    // Tags that were not moved yet, for one reason or another, need no daemon.
    parts.push(bed, &[&AMD64[..], &["--tag", "2"]].concat());
    manifests(parts.home(), &repository, ":2", &BOTH);
    parts.planned(
        &[],
        "its platforms are there, one by one; its tags are to be moved",
    );
    let joined = parts.call(NOBODY, "build", &[]).success();
    assert!(
        joined.stderr.contains("are one image now"),
        "{}",
        joined.stderr
    );
    let (index, _) = manifests(parts.home(), &repository, ":latest", &BOTH);
    assert_ne!(index, old);
    parts.planned(&[], "published");
}
