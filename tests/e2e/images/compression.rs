//! How the layers of images are compressed, and how much.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, run},
    estargz::TOC_DIGEST,
    machine,
};
use serde_json::Value;

use super::manifests;

/// An image of two layers, one of them from a base in a registry.
struct Fixture<'a> {
    bed: &'a Bed,
    home: tempfile::TempDir,
    repository: String,
}

/// Text of a few words in no order: the more work a compressor puts into it, the smaller it is. The first line makes it
/// another text.
fn text(first: &str) -> String {
    const WORDS: [&str; 8] = [
        "graph", "layer", "image", "vertex", "digest", "export", "tarball", "lock",
    ];
    let mut state: u32 = 1;
    let words = (0..200_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (state >> 20) as usize;
        format!("{}{} ", WORDS[number % WORDS.len()], number / 64)
    });
    format!("{first}\n{}", words.collect::<String>())
}

impl<'a> Fixture<'a> {
    /// The daemon keeps one blob of a layer for each compression, whatever its level; so everything has `name` in it.
    fn new(bed: &'a Bed, name: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let repository = format!("{}/compressed/{name}", bed.description().registry);
        let catalog = format!(
            r#"
[artifact.base]
kind = "image"
base = "scratch"
platforms = ["linux/amd64"]
steps = [{{ copy = "base.txt", to = "/base.txt" }}]

[artifact.app]
kind = "image"
base = "{repository}/base:1"
platforms = ["linux/amd64"]
steps = [{{ copy = "app.txt", to = "/app.txt" }}]
"#
        );
        fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
        for file in ["base", "app"] {
            let text = text(&format!("{file} {name}"));
            fs::write(home.path().join(file).with_extension("txt"), text).unwrap();
        }
        let fixture = Self {
            bed,
            home,
            repository,
        };
        fixture.push("base", "uncompressed");
        fixture
    }

    fn build(&self, artifact: &str, compression: &str) -> Command {
        let mut command = clean(machine::llbgen(), self.home.path());
        command
            .args(["--addr", &self.bed.address(), "build", artifact])
            .args(["--image-compression", compression, "--force-compression"]);
        command
    }

    /// The layers of the image in the registry.
    fn push(&self, artifact: &str, compression: &str) -> Vec<Value> {
        let push = ["--push", "--registry", &self.repository, "--tag", "1"];
        run(self.build(artifact, compression).args(push)).success();
        let repository = format!("{}/{artifact}", self.repository);
        let (_, manifests) = manifests(self.home.path(), &repository, ":1", &["linux/amd64"]);
        manifests[0]["layers"].as_array().unwrap().clone()
    }
}

/// Every layer, that of the base too, is of this media type, and has a table of contents or none.
fn assert_compressed(layers: &[Value], compression: &str) {
    let (suffix, is_lazy) = match compression.split(':').next().unwrap() {
        "uncompressed" => ("", false),
        "gzip" => ("+gzip", false),
        "estargz" => ("+gzip", true),
        "zstd" => ("+zstd", false),
        other => panic!("no compression: {other}"),
    };
    assert_eq!(layers.len(), 2);
    for layer in layers {
        let media_type = format!("application/vnd.oci.image.layer.v1.tar{suffix}");
        assert_eq!(layer["mediaType"], media_type, "{compression}");
        let toc = &layer["annotations"][TOC_DIGEST];
        assert_eq!(toc.is_string(), is_lazy, "{compression}: {layer}");
    }
}

#[test]
fn every_layer_is_compressed_as_much_as_was_asked_for() {
    let Some(bed) = Bed::shared() else { return };
    let sizes = |compression: &str| -> Vec<u64> {
        let name = compression.replace(':', "-");
        let layers = Fixture::new(bed, &name).push("app", compression);
        assert_compressed(&layers, compression);
        let sizes = layers.iter().map(|layer| layer["size"].as_u64().unwrap());
        sizes.collect()
    };
    let uncompressed = sizes("uncompressed");
    for (name, low, high) in [("gzip", 1, 9), ("zstd", 1, 19), ("estargz", 1, 9)] {
        let low = sizes(&format!("{name}:{low}"));
        let high = sizes(&format!("{name}:{high}"));
        for layer in 0..2 {
            // By more than what the first line of the text is about.
            let is_smaller = |one: u64, other: u64| one + one / 100 < other;
            assert!(
                is_smaller(high[layer], low[layer]) && is_smaller(low[layer], uncompressed[layer]),
                "{name}: {high:?} {low:?} {uncompressed:?}"
            );
        }
    }
}

#[test]
fn an_archive_is_compressed_as_was_asked_for() {
    let Some(bed) = Bed::shared() else { return };
    let fixture = Fixture::new(bed, "archive");
    let output = ["-o", "type=oci,dest=app.tar"];
    run(fixture.build("app", "zstd:19").args(output)).success();
    let layout = fixture.home.path().join("layout");
    let archive = File::open(fixture.home.path().join("app.tar")).unwrap();
    tar::Archive::new(archive).unpack(&layout).unwrap();
    let manifest = only_manifest(&layout);
    let layers = manifest["layers"].as_array().unwrap();
    assert_compressed(layers, "zstd");
    // As it says, so it is.
    for layer in layers {
        let begin = [0x28, 0xb5, 0x2f, 0xfd];
        assert!(fs::read(blob(&layout, layer)).unwrap().starts_with(&begin));
    }
}

/// A daemon keeps the compression that it has, pushed or in an archive.
#[test]
fn a_compression_that_the_daemon_ignores_is_told() {
    let Some(bed) = Bed::shared() else { return };
    let fixture = Fixture::new(bed, "ignored");
    fixture.push("app", "gzip");
    let said = |more: &[&str]| {
        let mut command = clean(machine::llbgen(), fixture.home.path());
        command.args(["--addr", &fixture.bed.address(), "build", "app"]);
        run(command.args(more)).success().stderr
    };
    let push = ["--push", "--registry", &fixture.repository, "--tag", "2"];
    for output in [&["-o", "type=oci,dest=app.tar"][..], &push] {
        let zstd = [&["--no-skip", "--image-compression", "zstd"], output].concat();
        let ignored = said(&zstd);
        assert!(
            ignored.contains("2 of 2 layers are not `zstd`")
                && ignored.contains("`--force-compression` compresses them again"),
            "{ignored}"
        );
        let forced = said(&[&zstd[..], &["--force-compression"]].concat());
        assert!(!forced.contains("warning"), "{forced}");
    }
}

/// The one manifest of an OCI layout, whatever indexes lead to it.
fn only_manifest(layout: &Path) -> Value {
    let read = |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let mut value = read(&layout.join("index.json"));
    while let Some(manifests) = value["manifests"].as_array() {
        assert_eq!(manifests.len(), 1, "{value}");
        value = read(&blob(layout, &manifests[0]));
    }
    value
}

fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().unwrap();
    layout.join("blobs").join(digest.replace(':', "/"))
}
