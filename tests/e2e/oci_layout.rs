//! `--build-context NAME=oci-layout://…`: an image on the user's disk in the place of a base.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, as_emitted, clean, fixture, run},
    progress,
    tree::Tree,
};
use serde_json::Value;

/// A base that nobody can fetch.
const NOWHERE: &str = "example.invalid/nothing/here:1";

/// A home whose catalog starts from [`NOWHERE`], with a layout `layout` in it that has the image of the bed's registry,
/// for both platforms, under the tag `bookworm`.
fn home(bed: &Bed) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let dockerfile = format!("FROM {NOWHERE}\n");
    fs::write(home.path().join("base.dockerfile"), dockerfile).unwrap();
    fs::write(home.path().join("declared"), "one\n").unwrap();
    let mut copy = clean("skopeo", home.path());
    copy.args(["copy", "--quiet", "--all", "--src-tls-verify=false"])
        .arg(format!("docker://{}", image(bed)))
        .arg("oci:layout:bookworm");
    run(&mut copy).success();
    home
}

/// Its image in the registry.
fn image(bed: &Bed) -> String {
    format!("{}/library/debian:bookworm", bed.description().registry)
}

fn json(bytes: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(bytes.as_ref()).unwrap()
}

/// The digest of the image in a layout.
fn digest(layout: &Path) -> String {
    let index = json(fs::read(layout.join("index.json")).unwrap());
    index["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

/// The digest of the layer for one architecture.
fn layer(layout: &Path, arch: &str) -> String {
    let index = json(fs::read(blob(layout, &digest(layout))).unwrap());
    let entries = index["manifests"].as_array().unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["platform"]["architecture"] == arch);
    let manifest = entry.unwrap()["digest"].as_str().unwrap();
    let manifest = json(fs::read(blob(layout, manifest)).unwrap());
    manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
}

/// `llbgen` with the catalog `pins`, and the base replaced by `source`.
fn replaced(home: &Path, source: &str, arguments: &[&str]) -> Outcome {
    let context = format!("{NOWHERE}={source}");
    run(fixture("pins", home)
        .args(["--progress", "rawjson"])
        .args(arguments)
        .args(["--build-context", &context]))
}

/// The daemon has never seen the image, and nobody else has it: what it builds on came from the layout.
#[test]
fn a_layout_is_the_only_source() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let private = bed.private();
    let address = private.address();
    let build = ["--addr", &address, "build", "based"];
    let outcome = replaced(home.path(), "oci-layout://layout", &build).success();
    assert_eq!(outcome.text(), "out/based-amd64.tar\nout/based-arm64.tar\n");
    assert!(
        !home.path().join("llbgen.lock").exists(),
        "there is nothing to pin"
    );
    let vertices = progress::vertices(&outcome.stderr).unwrap();
    let sources = vertices
        .values()
        .map(|vertex| &vertex.name)
        .filter(|name| name.contains("://"));
    let expected = format!(
        "oci-layout://llbgen/layout@{}",
        digest(&home.path().join("layout"))
    );
    let sources: Vec<&String> = sources.collect();
    assert!(
        !sources.is_empty() && sources.iter().all(|name| name.contains(&expected)),
        "{sources:?}"
    );
    // Nothing has changed.
    let again = replaced(home.path(), "oci-layout://layout:bookworm", &build).success();
    assert_eq!(again.text(), outcome.text());
    let vertices = progress::vertices(&again.stderr).unwrap();
    assert!(vertices.is_empty(), "{vertices:?}");

    // The same image from the registry, on another daemon.
    let from_registry = format!("docker-image://{}", image(bed));
    let other = ["--addr", &bed.address(), "build", "based", "-o", "other"];
    replaced(home.path(), &from_registry, &other).success();
    for arch in ["amd64", "arm64"] {
        let tree = |directory: &str| {
            let tar = home
                .path()
                .join(directory)
                .join(format!("based-{arch}.tar"));
            Tree::open(&tar).unwrap()
        };
        assert!(tree("out").get("copied").is_some() && tree("out").get("usr/bin/dpkg").is_some());
        assert_eq!(tree("out").differences(&tree("other")), BTreeMap::new());
    }
}

#[test]
fn the_graph_says_neither_where_the_layout_is_nor_how_it_was_named() {
    let Some(bed) = Bed::shared() else { return };
    let (one, other) = (home(bed), home(bed));
    fs::rename(other.path().join("layout"), other.path().join("moved")).unwrap();
    let digest = digest(&one.path().join("layout"));
    let emitted = |home: &Path, source: &str| {
        let emit = ["emit", "based", "--platform", "linux/arm64"];
        let said = replaced(home, source, &emit).success();
        let id = replaced(home, source, &["id", "based"]).success();
        (said.stdout, id.stdout)
    };
    let first = emitted(one.path(), "oci-layout://layout");
    for source in [
        "oci-layout://moved:bookworm".to_owned(),
        format!("oci-layout://moved@{digest}"),
        format!(
            "oci-layout://{}:bookworm@{digest}",
            other.path().join("moved").display()
        ),
    ] {
        assert!(emitted(other.path(), &source) == first, "{source}");
    }
}

#[test]
fn buildctl_builds_what_emit_says() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let private = bed.private();
    let emit = ["emit", "based", "--platform", "linux/amd64"];
    let emitted = replaced(home.path(), "oci-layout://layout", &emit).success();
    let line = emitted.buildctl_line();
    assert!(line.contains("--oci-layout 'layout-"), "{line}");
    run(&mut as_emitted(&emitted, &private.address(), home.path())).success();
    let tree = Tree::open(&home.path().join("based-amd64.tar")).unwrap();
    assert!(tree.get("copied").is_some());
    // Of both doors the vertices are the same: nothing is left to do.
    let address = private.address();
    let build = [
        "--addr",
        &address,
        "build",
        "based",
        "--platform",
        "linux/amd64",
    ];
    let outcome = replaced(home.path(), "oci-layout://layout", &build).success();
    let vertices = progress::vertices(&outcome.stderr).unwrap();
    let mut commands = vertices
        .values()
        .filter(|vertex| vertex.name.contains("cp "));
    assert!(commands.all(|vertex| vertex.cached));
}

/// Two images at once, whose layers the daemon takes from the layout when it exports them.
#[test]
fn images_have_the_config_and_the_layers_of_the_layout() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let private = bed.private();
    let build = |address: &str, source: &str, directory: &str| {
        let context = format!("debian:bookworm={source}");
        let arguments = ["build", "app", "copies", "--build-context", &context];
        run(fixture("images", home.path())
            .args(["--addr", address])
            .args(arguments)
            .args(["-o", directory]))
        .success();
    };
    // It writes the lock, and so the moment that both are made as of.
    let from_registry = format!("docker-image://{}", image(bed));
    build(&bed.address(), &from_registry, "registry");
    build(&private.address(), "oci-layout://layout", "layouts");
    let config = |directory: &str, name: &str, arch: &str| {
        let mut inspect = clean("skopeo", home.path());
        inspect.args(["--override-arch", arch, "inspect", "--config"]);
        inspect.arg(format!("oci-archive:{directory}/{name}.oci.tar"));
        json(run(&mut inspect).success().stdout)
    };
    for arch in ["amd64", "arm64"] {
        for name in ["app", "copies"] {
            let (mut ours, mut theirs) = (
                config("layouts", name, arch),
                config("registry", name, arch),
            );
            let base = |config: &Value| config["rootfs"]["diff_ids"][0].clone();
            assert_eq!(base(&ours), base(&theirs));
            assert!(!ours["config"]["Env"].as_array().unwrap().is_empty());
            if name == "app" {
                // A command leaves other times each time that it runs.
                for config in [&mut ours, &mut theirs] {
                    config["rootfs"].take();
                }
            }
            assert_eq!(ours, theirs, "{name} {arch}");
        }
    }
}

/// Solves of one build that begin together and end one after the other, each with a session of its own, and a layer,
/// which is packed on the tree of the layout.
#[test]
fn artifacts_of_one_build_share_the_image() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let private = bed.private();
    let build = |address: &str, source: &str, directory: &str| {
        let context = format!("debian:bookworm={source}");
        run(fixture("layers", home.path())
            .args(["--addr", address, "build", "all", "-o", directory])
            .args(["--platform", "linux/amd64", "--build-context", &context]))
        .success();
    };
    build(&private.address(), "oci-layout://layout", "layouts");
    let from_registry = format!("docker-image://{}", image(bed));
    build(&bed.address(), &from_registry, "registry");
    for tar in ["amd64-below.tar", "amd64-whole.tar", "amd64-edits.tar"] {
        let tree = |directory: &str| Tree::open(&home.path().join(directory).join(tar)).unwrap();
        let differences = tree("layouts").differences(&tree("registry"));
        assert_eq!(differences, BTreeMap::new(), "{tar}");
    }
}

#[test]
fn what_the_layout_does_not_have_is_refused() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let layout = home.path().join("layout");
    let refused = |source: &str, code: i32, words: &[&str]| {
        let emit = ["emit", "based", "--platform", "linux/arm64"];
        replaced(home.path(), source, &emit).fails(code, words);
    };
    refused(
        "oci-layout://layout:v1",
        2,
        &["`v1`", "`bookworm`", "`layout`"],
    );
    let nothing = format!("sha256:{}", "0".repeat(64));
    let nowhere = format!("oci-layout://layout@{nothing}");
    refused(&nowhere, 2, &[&nothing, &digest(&layout)]);
    refused("oci-layout://layout@sha256:abc", 2, &["`sha256:abc`"]);
    refused("oci-layout://missing", 3, &["`missing`", "No such file"]);
    refused("oci-layout://.", 3, &["not an OCI layout", "`oci-layout`"]);

    // One platform alone, without an index.
    let mut copy = clean("skopeo", home.path());
    copy.args(["--override-arch", "amd64", "copy", "--quiet"])
        .args(["oci:layout:bookworm", "oci:amd64:bookworm"]);
    run(&mut copy).success();
    refused("oci-layout://amd64", 2, &["`linux/arm64`", "`linux/amd64`"]);
    let emit = ["emit", "based", "--platform", "linux/amd64"];
    replaced(home.path(), "oci-layout://amd64", &emit).success();

    let layer = blob(&layout, &layer(&layout, "arm64"));
    let length = fs::metadata(&layer).unwrap().len();
    let file = fs::File::options().write(true).open(&layer).unwrap();
    file.set_len(length - 1).unwrap();
    refused(
        "oci-layout://layout",
        3,
        &["broken OCI layout", &length.to_string()],
    );
    fs::remove_file(&layer).unwrap();
    refused(
        "oci-layout://layout",
        3,
        &["broken OCI layout", "No such file"],
    );
    std::os::unix::fs::symlink("/etc/passwd", &layer).unwrap();
    refused("oci-layout://layout", 3, &["symbolic link", "cp -rL"]);
}

/// Of layers only sizes are compared before the build; the daemon compares what is in them.
#[test]
fn a_layer_of_other_bytes_fails_the_build() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(bed);
    let private = bed.private();
    let layout = home.path().join("layout");
    let layer = blob(&layout, &layer(&layout, "amd64"));
    let mut bytes = fs::read(&layer).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&layer, bytes).unwrap();
    let address = private.address();
    let build = [
        "--addr",
        &address,
        "build",
        "based",
        "--platform",
        "linux/amd64",
    ];
    replaced(home.path(), "oci-layout://layout", &build).fails(
        1,
        &[
            "artifact `based` for `linux/amd64` failed",
            "unexpected commit digest",
        ],
    );
    assert!(!home.path().join("out/based-amd64.tar").exists());
}
