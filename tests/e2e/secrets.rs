//! A secret is used by the step that asks for it, and is nowhere afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use llbgen_tests::{
    bed::Bed,
    command::{clean, fixture, run},
};

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

fn sha256(home: &Path) -> String {
    let sum = run(clean("sha256sum", home).arg("given")).success();
    sum.text()[..64].to_owned()
}

#[test]
fn a_secret_is_in_no_output_no_graph_and_no_log() {
    let Some(bed) = Bed::shared() else { return };
    for progress in ["plain", "rawjson"] {
        let home = home();
        let built = run(&mut llbgen(
            bed,
            home.path(),
            &[
                "build",
                "all",
                "--no-cache",
                "--secret",
                "id=token,src=given",
                "--provenance=mode=max",
                "--metadata-file",
                "metadata.json",
                "--progress",
                progress,
            ],
        ))
        .success();
        assert!(!has(&built.stdout, TOKEN) && !built.stderr.contains(TOKEN));
        // The steps have said it: a log that is left out would prove nothing. In rawjson, logs are base64.
        let (blotted, said) = match progress {
            "plain" => ("***", TOKEN),
            _ => ("Kioq", "dG9rZW4taHVudGVyMi03ZjFjOWE"),
        };
        assert!(built.stderr.contains(blotted), "{}", built.stderr);
        assert!(!built.stderr.contains(said));
        if progress == "rawjson" {
            continue;
        }
        let from = "oci-archive:out/image.oci.tar";
        run(clean("skopeo", home.path()).args(["copy", "-q", "--all", from, "dir:unpacked"]))
            .success();
        let digest = sha256(home.path());
        let mut with_digest = 0;
        for path in files(home.path()) {
            if path.ends_with("given") {
                continue;
            }
            assert!(!file_has(&path, TOKEN), "{}", path.display());
            with_digest += usize::from(file_has(&path, &digest));
        }
        // Both tars, and the layer of the image: the step had the secret.
        assert_eq!(with_digest, 3);
    }
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
}
