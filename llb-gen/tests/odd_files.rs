//! Outputs, locks, catalogs and bases that are links, pipes or devices, or stand where something else does.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod transcript;

use std::{fs, process::Command};

use tempfile::TempDir;
use transcript::{directory, transcript_in};

const OUTPUT: &str = "[artifact.x]\nkind = \"rootfs\"\nbase = \"scratch\"\n\
    platforms = [\"linux/amd64\"]\noutput = \"OUTPUT\"\nsteps = [{ copy = \"file\", to = \"/\" }]\n";

/// A context whose one artifact is written under this name.
fn with_output(name: &str) -> TempDir {
    directory(&[
        ("llbgen.toml", &OUTPUT.replace("OUTPUT", name)),
        ("file", "x"),
    ])
}

#[test]
fn outputs_have_names_of_their_own() {
    for name in [".llbgen/x.tar", ".llbgen", "a\\nb.tar", "a\\u001bb"] {
        insta::assert_snapshot!(transcript_in(with_output(name).path(), &["plan"]));
    }
}

#[test]
fn the_catalog_and_its_lock_are_no_outputs() {
    for (name, output) in [
        ("llbgen.toml", "."),
        ("llbgen.lock", "./"),
        ("llbgen.lock", "type=tar,dest=llbgen.lock"),
    ] {
        let context = with_output(name);
        let said = transcript_in(context.path(), &["build", "x", "-o", output]);
        insta::assert_snapshot!(said);
        assert!(
            fs::read_to_string(context.path().join("llbgen.toml"))
                .unwrap()
                .contains("scratch")
        );
    }
}

#[test]
fn a_link_in_the_place_of_out_is_not_followed_out_of_here() {
    let (context, elsewhere) = (with_output("x.tar"), directory(&[]));
    std::os::unix::fs::symlink(elsewhere.path(), context.path().join("out")).unwrap();
    let said = transcript_in(context.path(), &["build", "x"]);
    let target = elsewhere.path().canonicalize().unwrap();
    insta::assert_snapshot!(said.replace(target.to_str().unwrap(), "ELSEWHERE"));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_lock_and_a_catalog_that_are_no_files_of_the_context_are_refused() {
    for name in ["llbgen.lock", "llbgen.toml"] {
        let elsewhere = directory(&[("private", "a secret line\n")]);
        for target in [elsewhere.path().join("private"), "/dev/zero".into()] {
            let context = with_output("x.tar");
            let path = context.path().join(name);
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(target, path).unwrap();
            let said = transcript_in(context.path(), &["plan"]);
            assert!(said.contains("exit code: 3"), "{said}");
            assert!(said.contains("link out of the context"), "{said}");
            assert!(!said.contains("secret line"), "{said}");
        }
        let context = with_output("x.tar");
        let path = context.path().join(name);
        let _ = fs::remove_file(&path);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let said = transcript_in(context.path(), &["plan"]);
        assert!(said.contains("exit code: 3"), "{said}");
        assert!(said.contains("not a regular file"), "{said}");
    }
}

#[test]
fn a_base_that_is_no_file_is_not_waited_for() {
    let context = with_output("x.tar");
    let base = "base = { from = \"base.dockerfile\" }";
    let catalog = OUTPUT
        .replace("OUTPUT", "x.tar")
        .replace("base = \"scratch\"", base);
    fs::write(context.path().join("llbgen.toml"), catalog).unwrap();
    let fifo = context.path().join("base.dockerfile");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let said = transcript_in(context.path(), &["plan"]);
    assert!(said.contains("exit code: 3"), "{said}");
    for odd in ["/dev/zero", fifo.to_str().unwrap()] {
        let given = format!("debian:bookworm={odd}");
        fs::write(
            context.path().join("llbgen.toml"),
            OUTPUT
                .replace("OUTPUT", "x.tar")
                .replace("\"scratch\"", "\"debian:bookworm\""),
        )
        .unwrap();
        let said = transcript_in(context.path(), &["plan", "--build-context", &given]);
        assert!(!said.contains("exit code: 0"), "{said}");
        assert!(said.contains("not a regular file"), "{said}");
    }
}
