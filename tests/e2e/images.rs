//! Images: every platform in one index, configs that say everything, and nothing that was not asked for.

use std::{fs, path::Path, process::Command};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, fixture, run},
    estargz,
};
use serde_json::Value;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("declared"), "declared\n").unwrap();
    home
}

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    run(fixture("images", home)
        .args(["--addr", &bed.address(), "build"])
        .args(arguments))
}

/// What skopeo says of an image.
fn inspect(home: &Path, flags: &[&str], image: &str) -> Value {
    let said = run(clean("skopeo", home)
        .args(["inspect", "--tls-verify=false"])
        .args(flags)
        .arg(image))
    .success();
    serde_json::from_slice(&said.stdout).unwrap()
}

fn tags(registry: &str, repository: &str) -> Vec<String> {
    let listed = Command::new("skopeo")
        .args(["list-tags", "--tls-verify=false"])
        .arg(format!("docker://{registry}/{repository}"))
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
    let tags = listed["Tags"].as_array().cloned().unwrap_or_default();
    let mut tags: Vec<String> = tags
        .iter()
        .map(|tag| tag.as_str().unwrap().to_owned())
        .collect();
    tags.sort();
    tags
}

#[test]
fn an_archive_has_every_platform_and_its_config() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let built = build(bed, home.path(), &["app", "--metadata-file", "m.json"]).success();
    assert_eq!(built.text(), "out/app.oci.tar\n");
    let archive = "oci-archive:out/app.oci.tar";
    let index = inspect(home.path(), &["--raw"], archive);
    let platforms: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|manifest| manifest["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    let metadata = fs::read_to_string(home.path().join("m.json")).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let output = &metadata["outputs"][0];
    assert_eq!(index["annotations"]["dev.llbgen.id"], output["id"]);
    assert_eq!(output["platform"], "linux/amd64,linux/arm64");
    for (arch, machine) in [("amd64", "x86_64"), ("arm64", "aarch64")] {
        let flags = ["--config", "--override-arch", arch];
        let config = inspect(home.path(), &flags, archive);
        assert_eq!(config["architecture"], arch);
        let run_with = &config["config"];
        assert_eq!(run_with["Labels"]["architecture"], arch);
        assert_eq!(run_with["Entrypoint"][0], "cat");
        assert_eq!(run_with["Cmd"][0], "/machine");
        assert_eq!(run_with["WorkingDir"], "/app");
        let env: Vec<&str> = run_with["Env"]
            .as_array()
            .unwrap()
            .iter()
            .map(|variable| variable.as_str().unwrap())
            .collect();
        // The base's, and what the steps add.
        assert!(env[0].starts_with("PATH=/usr/local/sbin") && env[1] == "LANG=C.UTF-8");
        let history = config["history"].as_array().unwrap();
        let layers = config["rootfs"]["diff_ids"].as_array().unwrap();
        assert_eq!((history.len(), layers.len()), (4, 4));
        assert_eq!(history[0]["created_by"], "mmdebstrap");
        assert_eq!(history[2]["created_by"], "copy declared to /declared");
        let unpacked = home.path().join(arch);
        let from = format!("oci-archive:{}/out/app.oci.tar", home.path().display());
        let to = format!("oci:{}:image", unpacked.display());
        run(clean("skopeo", home.path()).args(["copy", "-q", "--override-arch", arch, &from, &to]))
            .success();
        let bundle = unpacked.with_extension("bundle");
        run(clean("umoci", home.path())
            .args(["unpack", "--image"])
            .arg(format!("{}:image", unpacked.display()))
            .arg(&bundle))
        .success();
        let file = |name: &str| fs::read_to_string(bundle.join("rootfs").join(name)).ok();
        assert_eq!(file("machine").as_deref(), Some(&*format!("{machine}\n")));
        assert_eq!(file("declared").as_deref(), Some("declared\n"));
        assert_eq!(file("etc/debian_version"), None);
    }
}

#[test]
fn pushed_images_have_the_names_that_were_asked_for() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/asked");
    let pushed = build(
        bed,
        home.path(),
        &[
            "app",
            "--push",
            "--registry",
            &prefix,
            "--tag",
            "1.0",
            "--tag",
            "latest",
        ],
    )
    .success();
    let lines: Vec<&str> = pushed.text().lines().collect();
    assert_eq!(lines.len(), 2);
    let (name, digest) = lines[0].split_once('@').unwrap();
    assert_eq!(name, format!("{prefix}/app:1.0"));
    let index = inspect(
        home.path(),
        &["--raw"],
        &format!("docker://{prefix}/app@{digest}"),
    );
    // No attestations: nobody asked for them.
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(tags(registry, "asked/app"), ["1.0", "latest"]);
    assert!(!home.path().join("out").exists());

    // Without a tag, the content tag.
    let content = build(bed, home.path(), &["app", "--push", "--registry", &prefix]).success();
    let id = run(fixture("images", home.path()).args(["id", "app"])).success();
    let tag = id
        .text()
        .lines()
        .nth(1)
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap();
    assert!(
        content
            .text()
            .starts_with(&format!("{prefix}/app:{tag}@sha256:"))
    );
    let one = [
        "app",
        "--push",
        "--registry",
        &prefix,
        "--platform",
        "linux/amd64",
    ];
    build(bed, home.path(), &one).fails(2, &["content tag", "--tag"]);
    build(bed, home.path(), &["app", "--push"]).fails(2, &["`app`", "--registry"]);
    let reference = ["app", "--push", "--registry", &prefix, "--tag", "x/y:1"];
    build(bed, home.path(), &reference).fails(2, &["`x/y:1`", "--registry"]);
}

/// OCI media types and exactly the platforms that were asked for, in the index and in every manifest that skopeo reads.
fn manifests(home: &Path, repository: &str, reference: &str) -> (Value, Vec<Value>) {
    let index = inspect(
        home,
        &["--raw"],
        &format!("docker://{repository}{reference}"),
    );
    assert_eq!(
        index["mediaType"],
        "application/vnd.oci.image.index.v1+json"
    );
    let descriptors = index["manifests"].as_array().unwrap();
    let platforms: Vec<String> = descriptors
        .iter()
        .map(|one| {
            format!(
                "{}/{}",
                one["platform"]["os"], one["platform"]["architecture"]
            )
        })
        .collect();
    assert_eq!(platforms, [r#""linux"/"amd64""#, r#""linux"/"arm64""#]);
    let manifests = descriptors.iter().map(|one| {
        let digest = one["digest"].as_str().unwrap();
        let manifest = inspect(home, &["--raw"], &format!("docker://{repository}@{digest}"));
        assert_eq!(
            manifest["mediaType"],
            "application/vnd.oci.image.manifest.v1+json"
        );
        for layer in manifest["layers"].as_array().unwrap() {
            let media_type = layer["mediaType"].as_str().unwrap();
            assert!(
                media_type.starts_with("application/vnd.oci.image.layer."),
                "{layer}"
            );
        }
        manifest
    });
    let manifests = manifests.collect();
    (index, manifests)
}

#[test]
fn annotations_are_on_the_index_or_on_every_manifest() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let repository = format!("{}/annotated/copies", bed.description().registry);
    let prefix = repository.trim_end_matches("/copies");
    build(
        bed,
        home.path(),
        &[
            "copies",
            "--push",
            "--registry",
            prefix,
            "--tag",
            "1",
            "--annotation",
            "org.example.plain=a=b, c",
            "--annotation",
            "manifest:org.example.manifest=m",
            "--annotation",
            "index:org.example.index=i",
        ],
    )
    .success();
    let (index, manifests) = manifests(home.path(), &repository, ":1");
    let on_index = &index["annotations"];
    assert_eq!(on_index["org.example.index"], "i");
    assert!(on_index["dev.llbgen.id"].is_string(), "{index}");
    assert!(on_index["org.example.plain"].is_null(), "{index}");
    for manifest in &manifests {
        let on_manifest = &manifest["annotations"];
        assert_eq!(on_manifest["org.example.plain"], "a=b, c");
        assert_eq!(on_manifest["org.example.manifest"], "m");
        assert!(on_manifest["org.example.index"].is_null(), "{manifest}");
    }
    let unknown = ["copies", "--annotation", "layer:a=b"];
    build(bed, home.path(), &unknown).fails(2, &["`layer`", "`index` and `manifest`"]);
}

#[test]
fn a_platform_that_fails_is_named_and_nothing_is_pushed() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/failing");
    build(
        bed,
        home.path(),
        &["fails", "--push", "--registry", &prefix, "--tag", "1"],
    )
    .fails(
        1,
        &["`fails` for `linux/arm64`", "test $(uname -m) != aarch64"],
    );
    assert_eq!(tags(registry, "failing/fails"), Vec::<String>::new());
}

#[test]
fn without_commands_two_daemons_make_the_same_image() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let other = bed.private();
    let prefix = format!("{}/same", bed.description().registry);
    let digest = |bed: &Bed| {
        let mut command = fixture("images", home.path());
        command
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args(["--addr", &bed.address(), "build", "copies"])
            .args(["--push", "--registry", &prefix, "--tag", "1"])
            .args([
                "--image-compression",
                "gzip",
                "--force-compression",
                "--no-skip",
            ]);
        let pushed = run(&mut command).success();
        pushed.text().split_once('@').unwrap().1.to_owned()
    };
    assert_eq!(digest(bed), digest(&other));
}

#[test]
fn every_layer_of_an_estargz_image_has_a_table_of_contents() {
    let Some(bed) = Bed::shared() else { return };
    let (home, registry) = (home(), &bed.description().registry);
    let prefix = format!("{registry}/lazy");
    let push = [
        "app",
        "--push",
        "--registry",
        &prefix,
        "--tag",
        "1",
        "--image-compression",
        "estargz",
    ];
    let said = build(bed, home.path(), &push).success();
    assert!(
        said.stderr.contains("--force-compression"),
        "{}",
        said.stderr
    );
    build(
        bed,
        home.path(),
        &[&push[..], &["--force-compression"]].concat(),
    )
    .success();
    for arch in ["amd64", "arm64"] {
        let flags = ["--raw"];
        let index = inspect(home.path(), &flags, &format!("docker://{prefix}/app:1"));
        let manifests = index["manifests"].as_array().unwrap();
        let of_arch = manifests
            .iter()
            .find(|one| one["platform"]["architecture"] == arch);
        let digest = of_arch.unwrap()["digest"].as_str().unwrap();
        let manifest = inspect(
            home.path(),
            &flags,
            &format!("docker://{prefix}/app@{digest}"),
        );
        let layers = manifest["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 4);
        let dir = home.path().join(arch);
        let from = format!("docker://{prefix}/app@{digest}");
        let copy = ["copy", "-q", "--src-tls-verify=false"];
        run(clean("skopeo", home.path())
            .args(copy)
            .arg(from)
            .arg(format!("dir:{}", dir.display())))
        .success();
        for layer in layers {
            let toc = &layer["annotations"]["containerd.io/snapshot/stargz/toc.digest"];
            assert!(toc.is_string(), "{layer}");
            let digest = layer["digest"].as_str().unwrap();
            let blob = fs::read(dir.join(digest.trim_start_matches("sha256:"))).unwrap();
            let (table, tar) = estargz::open(&blob).unwrap();
            assert!(
                !tar.is_empty() && table == tar,
                "{layer}: {}",
                differing(&table, &tar)
            );
        }
    }
}

fn differing<T: PartialEq + std::fmt::Debug>(
    one: &std::collections::BTreeMap<String, T>,
    other: &std::collections::BTreeMap<String, T>,
) -> String {
    let paths = one.keys().chain(other.keys());
    let found = paths.filter(|path| one.get(*path) != other.get(*path));
    let found = found.map(|path| format!("{path}: {:?} {:?}", one.get(path), other.get(path)));
    found.take(5).collect::<Vec<_>>().join("\n")
}

/// What `emit` prints, as printed, makes an image with the same config.
#[test]
fn buildctl_makes_an_image_with_the_same_config() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    build(bed, home.path(), &["app"]).success();
    let mut emit = fixture("images", home.path());
    let emitted = run(emit.args(["emit", "app", "--platform", "linux/arm64"])).success();
    let line = emitted
        .stderr
        .lines()
        .find_map(|line| line.split_once("buildctl build"))
        .unwrap()
        .1;
    fs::write(home.path().join("graph.pb"), &emitted.stdout).unwrap();
    run(clean("sh", home.path())
        .env("BUILDKIT_HOST", bed.address())
        .args(["-c", &format!("buildctl build {line} < graph.pb")]))
    .success();
    let flags = ["--config", "--override-arch", "arm64"];
    let theirs = inspect(home.path(), &flags, "oci-archive:app.oci.tar");
    let ours = inspect(home.path(), &flags, "oci-archive:out/app.oci.tar");
    assert_eq!(theirs, ours);
}
