//! A secret is used by the step that asks for it, and is nowhere afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
    image::hex,
};
use sha2::{Digest, Sha256};

/// No other text in the test bed has it.
const TOKEN: &str = "token-hunter2-7f1c9a";

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("given"), TOKEN).unwrap();
    home
}

fn llbgen(bed: &Bed, home: &Path, arguments: &[&str]) -> Command {
    let mut command = fixture("secrets", home);
    command.args(["--addr", &bed.address()]).args(arguments);
    command
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Whether a file has the text, or what is in it when it is compressed.
fn file_has(path: &Path, text: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "zcat -f \"$1\" | grep -aqF \"$2\"", "sh"])
        .arg(path)
        .arg(text)
        .status();
    found.unwrap().success()
}

fn sha256() -> String {
    hex(&Sha256::digest(TOKEN))
}

#[test]
fn a_secret_is_in_no_output_no_graph_and_no_log() {
    let Some(bed) = Bed::shared() else { return };
    // In rawjson, logs are base64.
    let (plain, rawjson) = (("***", TOKEN), ("Kioq", "dG9rZW4taHVudGVyMi03ZjFjOWE"));
    for (spec, progress, (blotted, said)) in [
        ("id=token,src=given", "plain", plain),
        ("id=token,env=GIVEN_TOKEN", "plain", plain),
        ("id=token,src=given", "rawjson", rawjson),
    ] {
        let home = home();
        let mut command = llbgen(bed, home.path(), &["build", "all", "--no-cache"]);
        command
            .args(["--secret", spec, "--provenance=mode=max"])
            .args(["--metadata-file", "metadata.json", "--progress", progress]);
        // Without the file, the step can only have it from the environment.
        if spec.contains("env=") {
            fs::remove_file(home.path().join("given")).unwrap();
            command.env("GIVEN_TOKEN", TOKEN);
        }
        let built = run(&mut command).success();
        assert!(!has(&built.stdout, TOKEN) && !built.stderr.contains(TOKEN));
        // The steps have said it: a log that is left out would prove nothing.
        assert!(built.stderr.contains(blotted), "{}", built.stderr);
        assert!(!built.stderr.contains(said));
        if progress == "plain" {
            only_its_digest_is_kept(home.path());
        }
    }
}

/// No file has the secret, in an archive neither; the outputs of the steps that had it have its digest.
fn only_its_digest_is_kept(home: &Path) {
    let from = "oci-archive:out/image.oci.tar";
    run(clean("skopeo", home).args(["copy", "-q", "--all", from, "dir:unpacked"])).success();
    let digest = sha256();
    let mut with_digest = 0;
    for path in files(home) {
        if path.ends_with("given") {
            continue;
        }
        assert!(!file_has(&path, TOKEN), "{}", path.display());
        with_digest += usize::from(file_has(&path, &digest));
    }
    // Both tars, and the layer of the image.
    assert_eq!(with_digest, 3);
}

#[test]
fn a_graph_names_a_secret_and_does_not_have_it() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    run(&mut llbgen(bed, home.path(), &["lock"])).success();
    for artifact in ["tree", "layer", "image"] {
        let emitted = run(&mut llbgen(bed, home.path(), &["emit", artifact])).success();
        assert!(has(&emitted.stdout, "/run/secrets/token"), "{artifact}");
        assert!(!has(&emitted.stdout, TOKEN) && !emitted.stderr.contains(TOKEN));
        assert!(emitted.stderr.contains("--secret"), "{}", emitted.stderr);
    }
    let ids = |token: &str| {
        fs::write(home.path().join("given"), token).unwrap();
        run(&mut llbgen(bed, home.path(), &["id"]))
            .success()
            .text()
            .to_owned()
    };
    assert_eq!(ids(TOKEN), ids("another"));
    run(&mut llbgen(bed, home.path(), &["build", "tree"])).fails(
        2,
        &["needs the secret(s) `token`", "--secret id=token,src=FILE"],
    );
    let unset = ["build", "tree", "--secret", "id=token,env=GIVEN_TOKEN"];
    run(&mut llbgen(bed, home.path(), &unset)).fails(2, &["`token`", "`GIVEN_TOKEN`"]);
}
