//! The places of vertices, and that no digest and no id depends on them.

use buildkit_llb::Entry;

use super::*;
use crate::{CATALOG_FILE, CatalogFile, Lock, MAX_INLINE_FILE};

/// A file with every kind of vertex that a step makes.
const FILE: &str = r#"[artifact.tree]
kind = "rootfs"
base = "debian:12"
steps = [
  { workdir = "/app" },
  { run = "./install.sh", files = ["install.sh"] },
  { copy = "big", to = "/big" },
  { download = "https://example.com/x", to = "/x" },
  { git = "https://example.com/x.git#v1", to = "/y" },
  { copy = "/bin", from = "busybox:latest", to = "/z" },
  { run = """
npm ci
""", files = ["package.json"] },
]
finally = [{ copy = "install.sh", to = "/" }]

[artifact.layer]
kind = "layer"
base = "tree"
steps = [{ apt = ["zsh"] }]
"#;

fn declared(text: &str) -> CheckedCatalog {
    let file = CatalogFile::parse(CATALOG_FILE, text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    catalog.check().unwrap()
}

fn given() -> Inputs {
    let long = "true\n".repeat(11);
    inputs(&[
        ("install.sh", set(&[("install.sh", script(&long))])),
        (
            "package.json",
            set(&[("package.json", text_file("{\n}\n"))]),
        ),
        ("big", set(&[("big", large_file(1))])),
    ])
}

fn what(vertex: &Entry) -> String {
    let name = vertex.metadata().custom_name().map(str::to_owned);
    name.or_else(|| vertex.source_identifier())
        .unwrap_or_else(|| vertex.kind().to_string())
}

/// Every vertex with a place, as `what: file:first-last, …`.
fn located(plan: &Plan) -> Vec<String> {
    let files = plan.definition.source_files();
    let shown = |vertex: &Entry| {
        let places = vertex.locations().iter().map(|location| {
            let [range] = location.ranges() else {
                panic!("one range a location");
            };
            let file = files[location.source_index()].filename();
            format!("{file}:{}-{}", range.start.line, range.end.line)
        });
        let places: Vec<String> = places.collect();
        (!places.is_empty()).then(|| format!("{}: {}", what(vertex), places.join(", ")))
    };
    // A step comes after what it reads, in no order among these.
    let mut shown: Vec<String> = plan.definition.vertices().filter_map(shown).collect();
    shown.sort();
    shown
}

#[test]
fn a_step_of_a_file_comes_from_its_lines() {
    let plan = plan(&declared(FILE), "layer", &given());
    assert_eq!(
        located(&plan),
        [
            "[layer linux/arm64] apt install zsh: llbgen.toml:20-20",
            "[layer linux/arm64] pack layer: llbgen.toml:17-17",
            "[tree linux/arm64] copy /bin from busybox:latest to /z: llbgen.toml:10-10",
            "[tree linux/arm64] copy big to /big: llbgen.toml:7-7",
            "[tree linux/arm64] copy install.sh to /: llbgen.toml:15-15",
            "[tree linux/arm64] copy install.sh to /: llbgen.toml:15-15",
            "[tree linux/arm64] download https://example.com/x to /x: llbgen.toml:8-8",
            "[tree linux/arm64] git https://example.com/x.git#v1 to /y: llbgen.toml:9-9",
            "[tree linux/arm64] run ./install.sh: llbgen.toml:6-6, install.sh:1-1",
            "[tree linux/arm64] run npm ci: llbgen.toml:11-13, package.json:1-2",
            "[tree linux/arm64] workdir /app: llbgen.toml:5-5",
            "docker-image://docker.io/library/busybox:latest: llbgen.toml:10-10",
            "docker-image://docker.io/library/debian:12: llbgen.toml:3-3",
            "file: llbgen.toml:11-13",
            "file: llbgen.toml:6-6, llbgen.toml:15-15",
            "git://example.com/x.git#v1: llbgen.toml:9-9",
            "https://example.com/x: llbgen.toml:8-8",
            "local://context: llbgen.toml:7-7",
        ]
    );
    let files: Vec<&str> = plan
        .definition
        .source_files()
        .iter()
        .map(buildkit_llb::SourceFile::filename)
        .collect();
    assert_eq!(files, ["llbgen.toml", "install.sh", "package.json"]);
}

#[test]
fn a_step_in_a_condition_comes_from_its_own_lines() {
    let text = r#"[artifact.x]
kind = "rootfs"
base = "scratch"

[[artifact.x.steps]]
when.arch = "arm64"
steps = [
  { workdir = "/a" },
  { when = { l10n = "en" }, steps = [
    { workdir = "/b" },
  ] },
]

[[artifact.x.steps]]
workdir = "/c"

[artifact.x.axes]
l10n = ["en"]
"#;
    assert_eq!(
        located(&plan(&declared(text), "x", &given())),
        [
            "[x linux/arm64 l10n=en] workdir /a: llbgen.toml:8-8",
            "[x linux/arm64 l10n=en] workdir /b: llbgen.toml:10-10",
            "[x linux/arm64 l10n=en] workdir /c: llbgen.toml:14-15",
        ]
    );
}

#[test]
fn a_step_in_a_part_comes_from_its_lines_and_from_those_that_use_the_part() {
    let text = r#"[artifact.x]
kind = "rootfs"
base = "scratch"
steps = [
  { use = "outer" },
  { when = { arch = "arm64" }, steps = [
    { use = "inner" },
  ] },
]

[part.outer]
steps = [
  { workdir = "/a" },
  { use = "inner" },
]

[part.inner]
steps = [{ workdir = "/b" }]
"#;
    assert_eq!(
        located(&plan(&declared(text), "x", &given())),
        [
            "[x linux/arm64] workdir /a: llbgen.toml:13-13, llbgen.toml:5-5",
            "[x linux/arm64] workdir /b: llbgen.toml:18-18, llbgen.toml:14-14, llbgen.toml:5-5",
            "[x linux/arm64] workdir /b: llbgen.toml:18-18, llbgen.toml:7-7",
        ]
    );
}

#[test]
fn a_program_of_its_own_has_from_lines_and_scripts() {
    let installs = Run::script("install.sh").files(["package.json"]);
    let catalog = checked([
        rootfs().step(Apt::install(["zsh"])).step(installs),
        Artifact::layer("layer", "base").step(Run::command("true")),
        Artifact::rootfs("named", "debian:12"),
    ]);
    let check = |name: &str, expected: &[&str]| {
        assert_eq!(located(&plan(&catalog, name, &given())), expected, "{name}");
    };
    let base = "docker-image://docker.io/library/ubuntu:24.04: base.dockerfile:1-1";
    let run = "[base linux/arm64] run ./install.sh: install.sh:1-1";
    check("base", &[run, base]);
    check("layer", &[run, base]);
    check("named", &[]);
    // The context that replaces the base is not named in the Dockerfile.
    let contexts = [("builder".to_owned(), image("debian:12"))].into();
    let replaced = Inputs {
        contexts,
        ..given()
    };
    assert_eq!(located(&plan(&catalog, "base", &replaced)), [run]);
}

fn image(reference: &str) -> NamedContext {
    NamedContext::Image(reference.parse().unwrap())
}

#[test]
fn digests_and_ids_do_not_depend_on_where_steps_stand() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let steps = r#"steps = [{ run = "./install.sh", files = ["install.sh"] }]"#;
    let text = format!("[artifact.x]\nkind = \"rootfs\"\nbase = \"debian@{digest}\"\n{steps}\n");
    let lock = format!(
        "version = 1\n[image.\"debian@{digest}\"]\ndigest = \"{digest}\"\nplatform.\"linux/arm64\" = {{}}\n"
    );
    let inputs = Inputs {
        lock: Lock::from_bytes(lock.as_bytes()).unwrap(),
        ..given()
    };
    let planned = |text: &str| plan(&declared(text), "x", &inputs);
    let first = planned(&text);
    let digests = |plan: &Plan| -> Vec<_> {
        let entries = plan.definition.entries().iter();
        entries.map(Entry::digest).collect()
    };
    assert!(first.id.is_some(), "{:?}", first.unpinned);
    let elsewhere = planned(&format!("# A comment.\n\n{text}"));
    assert_eq!(digests(&elsewhere), digests(&first));
    assert_eq!(elsewhere.id, first.id);
    assert_ne!(located(&elsewhere), located(&first));
    // And as a program declares it, in no file.
    let step = Run::command("./install.sh").files(["install.sh"]);
    let own = Artifact::rootfs("x", &*format!("debian@{digest}")).step(step);
    let own = plan(&checked([own]), "x", &inputs);
    assert_eq!((digests(&own), own.id), (digests(&first), first.id));
    // A file that is too long to be shown is not in the graph.
    let padding = "#".repeat(usize::try_from(MAX_INLINE_FILE).unwrap());
    let long = planned(&format!("{text}{padding}\n"));
    assert_eq!(digests(&long), digests(&first));
    assert_eq!(
        located(&long),
        ["[x linux/arm64] run ./install.sh: install.sh:1-1"]
    );
}
