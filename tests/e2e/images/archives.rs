//! Archives of images, written by llbgen and by buildctl.

use std::fs;

use llbgen_tests::{
    bed::Bed,
    command::{as_emitted, clean, fixture, run},
};
use serde_json::Value;

use super::{build, home, inspect};

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

/// What `emit` prints, as printed, makes an image with the same config.
#[test]
fn buildctl_makes_an_image_with_the_same_config() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    build(bed, home.path(), &["app"]).success();
    let mut emit = fixture("images", home.path());
    let emitted = run(emit.args(["emit", "app", "--platform", "linux/arm64"])).success();
    run(&mut as_emitted(&emitted, &bed.address(), home.path())).success();
    let flags = ["--config", "--override-arch", "arm64"];
    let theirs = inspect(home.path(), &flags, "oci-archive:app.oci.tar");
    let ours = inspect(home.path(), &flags, "oci-archive:out/app.oci.tar");
    assert_eq!(theirs, ours);
}
