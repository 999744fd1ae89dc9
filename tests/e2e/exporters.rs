//! `--output` as buildctl has it, stdout, `--load`, and attestations.

mod attested;
mod load;

use std::{fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, clean, fixture, run},
};
use serde_json::Value;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("declared"), "1\n").unwrap();
    home
}

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    run(fixture("images", home)
        .args(["--addr", &bed.address(), "build"])
        .args(arguments))
}

fn inspect(home: &Path, flags: &[&str], image: &str) -> Value {
    let said = run(clean("skopeo", home).arg("inspect").args(flags).arg(image)).success();
    serde_json::from_slice(&said.stdout).unwrap()
}

fn names(home: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".tar"))
        .collect();
    names.sort();
    names
}

#[test]
fn an_archive_for_every_platform_where_the_name_has_it() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let dest = "type=oci,dest={arch}-{artifact}.tar";
    let built = build(bed, home.path(), &["copies", "-o", dest]).success();
    assert_eq!(built.text(), "amd64-copies.tar\narm64-copies.tar\n");
    assert_eq!(names(home.path()), ["amd64-copies.tar", "arm64-copies.tar"]);
    for arch in ["amd64", "arm64"] {
        let archive = format!("oci-archive:{arch}-copies.tar");
        let index = inspect(home.path(), &["--raw"], &archive);
        let platforms = index["manifests"].as_array().unwrap();
        assert_eq!(platforms.len(), 1, "{index}");
        assert_eq!(platforms[0]["platform"]["architecture"], arch);
    }
    // All platforms are in one archive where the name has none, and what is there is written again.
    for _ in 0..2 {
        let built = build(bed, home.path(), &["copies", "-o", "type=oci,dest=all.tar"]).success();
        assert_eq!(built.text(), "all.tar\n");
        let index = inspect(home.path(), &["--raw"], "oci-archive:all.tar");
        assert_eq!(index["manifests"].as_array().unwrap().len(), 2, "{index}");
        fs::remove_file(home.path().join("all.tar")).unwrap();
    }
    assert!(!home.path().join(".llbgen").exists());
}

#[test]
fn an_archive_for_docker_has_one_platform() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    let output = ["-o", "type=docker,dest=app.tar"];
    build(bed, home.path(), &["app", output[0], output[1]]).fails(
        2,
        &[
            "one platform",
            "`app` is built for 2",
            "--platform linux/amd64",
        ],
    );
    assert_eq!(names(home.path()), Vec::<String>::new());
    for arch in ["amd64", "arm64"] {
        let platform = format!("linux/{arch}");
        let arguments = ["app", "--platform", &platform, output[0], output[1]];
        build(bed, home.path(), &arguments).success();
        // Docker's archives have no index, so that there is nothing to choose from.
        let config = inspect(home.path(), &["--config"], "docker-archive:app.tar");
        assert_eq!(config["architecture"], arch);
        assert_eq!(config["config"]["Labels"]["architecture"], arch);
        assert_eq!(config["config"]["WorkingDir"], "/app");
    }
}

#[test]
fn stdout_gets_the_bytes_of_the_file_and_nothing_else() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    build(bed, home.path(), &["dated"]).success();
    let file = fs::read(home.path().join("out/dated.tar")).unwrap();
    for output in ["-", "type=tar", "type=tar,dest=-"] {
        let arguments = ["dated", "-o", output, "--metadata-file", "m.json"];
        let built = build(bed, home.path(), &arguments).success();
        assert!(built.stdout == file, "{output}");
        let metadata = fs::read(home.path().join("m.json")).unwrap();
        let metadata: Value = serde_json::from_slice(&metadata).unwrap();
        assert_eq!(metadata["outputs"][0]["path"], "-");
    }
    let image = build(bed, home.path(), &["copies", "-o", "-"]).success();
    fs::write(home.path().join("copies.tar"), &image.stdout).unwrap();
    let index = inspect(home.path(), &["--raw"], "oci-archive:copies.tar");
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2, "{index}");
    build(bed, home.path(), &["copies", "dated", "-o", "-"])
        .fails(2, &["stdout takes one output", "`copies linux/amd64`"]);
}

#[test]
fn what_fails_leaves_neither_a_file_nor_a_byte() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    for output in ["-", "type=oci,dest=fails.tar", "type=oci,dest={arch}/x.tar"] {
        let failed = build(bed, home.path(), &["fails", "-o", output, "--keep-going"]);
        let stdout = failed.text().to_owned();
        failed.fails(1, &["artifact `fails` for `linux/arm64` failed"]);
        let is_apart = output.contains("{arch}");
        // Of two outputs, the one that did not fail is complete.
        assert_eq!(stdout, if is_apart { "amd64/x.tar\n" } else { "" });
        assert_eq!(names(home.path()), Vec::<String>::new());
        assert!(!home.path().join("arm64/x.tar").exists());
    }
}
