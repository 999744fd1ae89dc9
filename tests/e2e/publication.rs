//! What an artifact says of its publication, and what a call says instead: annotations, labels, tags, compression,
//! attestations.

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, run},
    estargz::TOC_DIGEST,
    frontend::buildx,
    machine,
    oci_archive::OciArchive,
};
use serde_json::Value;

use crate::{
    doors::on_each,
    images::{BOTH, inspect, manifests, tags},
};

const CATALOG: &str = r#"[artifact.plain]
kind = "image"
base = "scratch"
repository = "ghcr.io/example/{artifact}"
tags = ["1"]
steps = [{ copy = "file", to = "/" }]

[artifact.lazy]
kind = "image"
base = "plain"
repository = "ghcr.io/example/{artifact}"
tags = ["1"]
compression = "estargz"
annotations = { "index:org.example.what" = "{artifact} of {git.commit}", "org.example.arch" = "{arch}", "org.example.by" = "catalog" }
steps = [{ copy = "other", to = "/" }]

[artifact.attested]
kind = "image"
base = "plain"
repository = "ghcr.io/example/{artifact}"
tags = ["1"]
attest = [{ type = "provenance", mode = "max" }]
steps = [{ copy = "other", to = "/" }]

[artifact.tree]
kind = "rootfs"
base = "plain"
platforms = ["linux/amd64"]
compression = "zstd"
steps = [{ copy = "other", to = "/" }]
"#;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), CATALOG).unwrap();
    fs::write(home.path().join("file"), "file\n").unwrap();
    fs::write(home.path().join("other"), "other\n").unwrap();
    home
}

fn llbgen(home: &Path, address: &str, words: &[&str]) -> Outcome {
    let mut command = clean(machine::llbgen(), home);
    run(command.args(["--addr", address]).args(words))
}

/// Nobody listens there: who gets along with it has asked no daemon.
const NOBODY: &str = "unix:///nobody";

fn config(home: &Path, image: &str) -> Value {
    inspect(home, &["--config", "--raw"], &format!("docker://{image}"))
}

/// The digest of every platform's manifest in an index.
fn digests(index: &Value) -> Vec<String> {
    let manifests = index["manifests"].as_array().unwrap().iter();
    let digests = manifests.map(|one| one["digest"].as_str().unwrap().to_owned());
    digests.collect()
}

#[test]
fn an_image_is_published_with_the_annotations_of_its_artifact_and_of_the_call() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/published", bed.description().registry);
    let push = |address: &str, commit: &str, more: &[&str]| {
        let commit = format!("git.commit={commit}");
        let words = ["build", "lazy", "--push", "--registry", &prefix];
        llbgen(
            home,
            address,
            &[&words[..], &["--set", &commit], more].concat(),
        )
    };
    let first = push(&bed.address(), "c1", &[]).success();
    let repository = format!("{prefix}/lazy");
    let (index, of_platforms) = manifests(home, &repository, ":1", &BOTH);
    assert_eq!(index["annotations"]["org.example.what"], "lazy of c1");
    let id = index["annotations"]["dev.llbgen.id"].clone();
    for (manifest, arch) in of_platforms.iter().zip(["amd64", "arm64"]) {
        assert_eq!(manifest["annotations"]["org.example.arch"], arch);
        assert_eq!(manifest["annotations"]["org.example.by"], "catalog");
        assert!(manifest["annotations"]["org.example.what"].is_null());
    }
    let again = push(NOBODY, "c1", &[]).success();
    assert_eq!(again.text(), first.text());

    // Another commit is another publication of the same image: it is not up to date, and no step runs again.
    push(NOBODY, "c2", &[]).fails(4, &["/nobody"]);
    let plan = ["plan", "lazy", "--push", "--registry", &prefix];
    let plan = |set: &str| llbgen(home, NOBODY, &[&plan[..], &["--set", set]].concat()).success();
    assert!(plan("git.commit=c1").text().contains("published"));
    assert!(plan("git.commit=c2").text().contains("not in"));
    push(&bed.address(), "c2", &[]).success();
    let (index, _) = manifests(home, &repository, ":1", &BOTH);
    assert_eq!(index["annotations"]["org.example.what"], "lazy of c2");
    assert_eq!(index["annotations"]["dev.llbgen.id"], id);

    // The call goes before the catalog, key by key and part by part.
    let of_call = [
        "--annotation",
        "org.example.by=call",
        "--annotation",
        "index:org.example.what=said",
        "--annotation",
        "manifest-descriptor[linux/arm64],index:org.example.more=m",
        "--label",
        "org.example.run=7",
    ];
    push(&bed.address(), "c2", &of_call).success();
    push(NOBODY, "c2", &of_call).success();
    push(NOBODY, "c2", &of_call[..6]).fails(4, &["/nobody"]);
    let (index, of_platforms) = manifests(home, &repository, ":1", &BOTH);
    assert_eq!(index["annotations"]["org.example.what"], "said");
    assert_eq!(index["annotations"]["org.example.more"], "m");
    assert_eq!(index["annotations"]["dev.llbgen.id"], id);
    let descriptors = &index["manifests"];
    assert!(descriptors[0]["annotations"]["org.example.more"].is_null());
    assert_eq!(descriptors[1]["annotations"]["org.example.more"], "m");
    for (manifest, digest) in of_platforms.iter().zip(digests(&index)) {
        assert_eq!(manifest["annotations"]["org.example.by"], "call");
        let config = config(home, &format!("{repository}@{digest}"));
        assert_eq!(config["config"]["Labels"]["org.example.run"], "7");
    }
    let nobody = ["--annotation", "manifest[linux/386]:a=b"];
    push(NOBODY, "c2", &nobody).fails(2, &["no selected image is for `linux/386`"]);
}

#[test]
fn platforms_that_are_pushed_one_by_one_are_one_image_with_the_same_annotations_alone() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/parts-published", bed.description().registry);
    let push = |platform: &str, commit: &str| {
        let commit = format!("git.commit={commit}");
        let words = ["build", "lazy", "--push", "--registry", &prefix];
        let of_platform = ["--platform", platform, "--set", &commit];
        llbgen(home, &bed.address(), &[&words[..], &of_platform].concat()).success()
    };
    let repository = format!("{prefix}/lazy");
    push("linux/amd64", "c1");
    push("linux/arm64", "c2");
    assert!(!tags(&bed.description().registry, "parts-published/lazy").contains(&"1".to_owned()));
    push("linux/amd64", "c2");
    let (index, _) = manifests(home, &repository, ":1", &BOTH);
    assert_eq!(index["annotations"]["org.example.what"], "lazy of c2");
}

#[test]
fn a_declared_compression_is_that_of_all_layers() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/declared-compression", bed.description().registry);
    let words = ["build", "plain", "lazy", "--push", "--registry", &prefix];
    let words = [&words[..], &["--set", "git.commit=c1"]].concat();
    let pushed = llbgen(home, &bed.address(), &words).success();
    assert!(!pushed.stderr.contains("warning"), "{}", pushed.stderr);
    let tables = |name: &str, reference: &str| -> Vec<bool> {
        let (_, manifests) = manifests(home, &format!("{prefix}/{name}"), reference, &BOTH);
        let layers = manifests
            .iter()
            .flat_map(|it| it["layers"].as_array().unwrap());
        let has_table = |layer: &Value| layer["annotations"][TOC_DIGEST].is_string();
        layers.map(has_table).collect()
    };
    assert_eq!(tables("plain", ":1"), [false; 2]);
    assert_eq!(tables("lazy", ":1"), [true; 4]);
    let other = [
        "--image-compression",
        "gzip",
        "--force-compression",
        "--tag",
        "gzip",
    ];
    llbgen(home, &bed.address(), &[&words[..], &other].concat()).success();
    assert_eq!(tables("lazy", ":gzip"), [false; 4]);

    let magic = |name: &str| fs::read(home.join("out/tree").join(name)).unwrap()[..4].to_vec();
    llbgen(home, &bed.address(), &["build", "tree"]).success();
    assert_eq!(magic("amd64.tar.zst"), [0x28, 0xb5, 0x2f, 0xfd]);
    let plain = ["build", "tree", "--tar-compression", "uncompressed"];
    llbgen(home, &bed.address(), &plain).success();
    assert_eq!(magic("amd64.tar"), *b"file");
}

#[test]
fn a_declared_attestation_is_made_unless_the_call_says_otherwise() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/declared-attestation", bed.description().registry);
    let push = |tag: &str, more: &[&str]| {
        let words = [
            "build",
            "attested",
            "--push",
            "--registry",
            &prefix,
            "--tag",
            tag,
        ];
        llbgen(home, &bed.address(), &[&words[..], more].concat()).success();
        let image = format!("docker://{prefix}/attested:{tag}");
        inspect(home, &["--raw"], &image)["manifests"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(push("1", &[]), 4);
    assert_eq!(push("2", &["--provenance=false"]), 2);
    let docker = ["build", "attested", "-o", "type=docker,dest=x.tar"];
    let docker = [&docker[..], &["--platform", "linux/amd64"]].concat();
    let said = llbgen(home, &bed.address(), &docker).success();
    assert!(
        said.stderr.contains("`provenance` is left out"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_tag_of_the_call_has_placeholders() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let prefix = format!("{}/tag-templates", bed.description().registry);
    let push = |address: &str, more: &[&str]| {
        let words = ["build", "plain", "--push", "--registry", &prefix];
        llbgen(home, address, &[&words[..], more].concat())
    };
    let given = ["--tag", "{artifact}-{git.tag}", "--tag", "x-{arch}"];
    let given = [&given[..], &["--set", "git.tag=v1"]].concat();
    let pushed = push(&bed.address(), &given).success();
    let registry = &bed.description().registry;
    assert_eq!(
        tags(registry, "tag-templates/plain"),
        ["plain-v1", "x-amd64", "x-arm64"]
    );
    let repository = format!("{prefix}/plain");
    let (index, _) = manifests(home, &repository, ":plain-v1", &BOTH);
    for (digest, arch) in digests(&index).iter().zip(["amd64", "arm64"]) {
        let name = format!("{repository}:x-{arch}@{digest}");
        assert!(pushed.text().contains(&name), "{name}\n{}", pushed.text());
    }
    let again = push(NOBODY, &given).success();
    assert_eq!(again.text(), pushed.text());
    push(NOBODY, &["--tag", "x-{arhc}"]).fails(2, &["`--tag x-{arhc}`", "did you mean `arch`?"]);
    push(NOBODY, &["--tag", "{git.tag}"]).fails(2, &["`--set git.tag=…` gives one"]);
    let archive = ["build", "plain", "--tag", "x-{arch}"];
    llbgen(home, NOBODY, &archive).fails(2, &["`--tag x-{arch}` names one platform"]);
}

#[test]
fn an_archive_with_other_annotations_is_not_up_to_date() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let home = home.path();
    let words = ["build", "lazy", "--set", "git.commit=c1"];
    llbgen(home, &bed.address(), &words).success();
    let index = OciArchive::open(&home.join("out/lazy.oci.tar")).index();
    assert_eq!(index["annotations"]["org.example.what"], "lazy of c1");
    let levels = [
        "manifest-descriptor:k=all",
        "manifest-descriptor[linux/amd64]:k=one",
        "manifest[linux/amd64]:k=one",
        "index-descriptor:k=top",
    ];
    let mut words = words.to_vec();
    words.extend(["-o", "type=oci,dest=levels.tar"]);
    words.extend(levels.iter().flat_map(|level| ["--annotation", level]));
    llbgen(home, &bed.address(), &words).success();
    let archive = OciArchive::open(&home.join("levels.tar"));
    let descriptors = archive.index()["manifests"].clone();
    assert_eq!(descriptors[0]["annotations"]["k"], "one");
    assert_eq!(descriptors[1]["annotations"]["k"], "all");
    assert_eq!(archive.manifest("amd64")["annotations"]["k"], "one");
    assert!(archive.manifest("arm64")["annotations"]["k"].is_null());
    assert_eq!(archive.descriptor()["annotations"]["k"], "top");

    let plan = |set: &str, more: &[&str]| {
        let words = ["plan", "lazy", "--set", set];
        let plan = llbgen(home, NOBODY, &[&words[..], more].concat()).success();
        plan.text().to_owned()
    };
    assert!(plan("git.commit=c1", &[]).contains("up to date"));
    let other = "its archive has other annotations or labels";
    assert!(plan("git.commit=c2", &[]).contains(other));
    assert!(plan("git.commit=c1", &["--label", "a=b"]).contains(other));
}

/// buildx's own `--annotation` is not the frontend's to see; what the artifact says is in the image, and what a frontend
/// cannot do is told.
#[test]
fn a_frontend_annotates_and_tells_the_rest() {
    on_each(|shared, bed| {
        let home = home();
        let home = home.path();
        let build = |more: &[&str]| {
            let mut command = buildx(shared, bed, home);
            command
                .args(["--target", "lazy", "--platform", "linux/amd64,linux/arm64"])
                .args(["--output", "type=oci,dest=lazy.tar"])
                .args(more)
                .arg(".");
            run(&mut command)
        };
        build(&[]).fails(1, &["the annotations of `lazy`", "git.commit"]);
        let said = build(&["--build-arg", "git.commit=c1"]).success();
        assert!(
            said.stderr
                .contains("compression=estargz,force-compression=true"),
            "{}",
            said.stderr
        );
        let archive = OciArchive::open(&home.join("lazy.tar"));
        let index = archive.index();
        assert_eq!(index["annotations"]["org.example.what"], "lazy of c1");
        for arch in ["amd64", "arm64"] {
            let manifest = archive.manifest(arch);
            assert_eq!(manifest["annotations"]["org.example.arch"], arch);
        }
    });
}
