//! What a user gets wrong: the exit code, what is named, and that nothing was built.

use std::{fs, os::unix::fs::symlink, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{fixture, llbgen, run},
};

fn nothing_was_written(home: &Path) {
    assert!(
        !home.join("out").exists(),
        "{:?}",
        fs::read_dir(home.join("out")).unwrap().collect::<Vec<_>>()
    );
}

/// Runs `llbgen build` with the fleet and an address that nobody listens at: it must not get that far.
fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    run(llbgen(home.path())
        .args(["--addr", "unix:///nowhere", "build"])
        .args(arguments))
    .fails(code, words);
    nothing_was_written(home.path());
}

/// The file stands beside the artifacts of a program in Rust; a name that both have is told with both places.
#[test]
fn a_file_takes_no_name_of_the_program() {
    let home = tempfile::tempdir().unwrap();
    let list = |name: &str| {
        let text = format!("[artifact.{name}]\nkind = \"layer\"\nbase = \"debian:12\"\n");
        fs::write(home.path().join("llbgen.toml"), text).unwrap();
        run(fixture("secrets", home.path()).arg("list"))
    };
    let listed = list("mine").success();
    let names = listed.text().lines().skip(1).map(|line| &line[..5]);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["tree ", "layer", "image", "mine "]
    );
    let words = [
        "`llbgen.toml` line 1, column 1: artifact `tree` is declared at ",
        "src/fixtures.rs:",
        ", too; call one of them something else",
        "1 | [artifact.tree]",
    ];
    list("tree").fails(3, &words);
}

#[test]
fn unknown_names_are_refused_with_the_valid_ones() {
    refused(
        &["base-rootf"],
        2,
        &["`base-rootf`", "`base-rootfs`", "`server-base`"],
    );
    refused(&["nothing*"], 2, &["nothing*", "`base-rootfs`"]);
    refused(
        &["base-rootfs", "--platform", "linux/riscv64"],
        2,
        &["linux/riscv64", "linux/amd64", "linux/arm64"],
    );
    refused(&["base-rootfs", "--platform", "amd46"], 2, &["amd46"]);
    refused(&["base-rootfs", "--set", "language=en"], 2, &["language"]);
    refused(
        &["base-rootfs", "--build-arg", "language=en"],
        2,
        &["language"],
    );
    refused(
        &[
            "base-rootfs",
            "--build-context",
            "ubunto:latest=docker-image://debian",
        ],
        2,
        &["ubunto:latest", "ubuntu"],
    );
    refused(&[], 2, &["base-rootfs", "server-base"]);
}

#[test]
fn a_file_that_is_no_root_filesystem_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("base.tar");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(5000);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, "bin/sh", [0_u8; 5000].as_slice())
        .unwrap();
    let whole = tar.into_inner().unwrap();
    let context = format!("debian:bookworm={}", path.display());
    for (what, bytes) in [
        ("text", b"this is no tar".to_vec()),
        ("a cut tar", whole[..3000].to_vec()),
        ("nothing", vec![]),
    ] {
        fs::write(&path, bytes).unwrap();
        for command in ["build", "emit"] {
            let outcome = run(fixture("steps", home.path()).args([
                "--addr",
                "unix:///nowhere",
                command,
                "plain",
                "--build-context",
                &context,
            ]));
            assert_eq!(outcome.code(), Some(3), "{what}: {}", outcome.stderr);
            outcome.fails(3, &["base.tar"]);
        }
    }
    nothing_was_written(home.path());
}

#[test]
fn a_dockerfile_without_from_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("lost.dockerfile"),
        "# nothing to start from\nRUN true\n",
    )
    .unwrap();
    run(fixture("no-from", home.path()).args(["build", "lost"]))
        .fails(3, &["lost.dockerfile", "FROM"]);
    nothing_was_written(home.path());
    fs::remove_file(home.path().join("lost.dockerfile")).unwrap();
    run(fixture("no-from", home.path()).args(["build", "lost"])).fails(3, &["lost.dockerfile"]);
}

#[test]
fn artifacts_that_would_write_one_file_are_refused() {
    let home = tempfile::tempdir().unwrap();
    run(fixture("clash", home.path()).args(["build", "one"]))
        .fails(3, &["`one", "`other", "amd64.tar"]);
    nothing_was_written(home.path());
}

#[test]
fn what_leads_out_of_the_context_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "not for the daemon").unwrap();
    let home = outside.path().join("context");
    fs::create_dir_all(home.join("linked")).unwrap();
    run(fixture("outside", &home).args(["build", "climbs"])).fails(3, &["../secret"]);
    fs::remove_dir_all(home.join("linked")).unwrap();
    symlink("..", home.join("linked")).unwrap();
    run(fixture("steps", &home).args(["--addr", "unix:///nowhere", "build", "copies"]))
        .fails(3, &["linked"]);
    nothing_was_written(&home);
}

#[test]
fn a_symlink_in_a_directory_is_copied_as_one() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("linked")).unwrap();
    fs::write(home.path().join("linked/file"), "content").unwrap();
    symlink("file", home.path().join("linked/link")).unwrap();
    symlink("/etc/passwd", home.path().join("linked/out")).unwrap();
    run(fixture("steps", home.path()).args(["--addr", &bed.address(), "build", "copies"]))
        .success();
    let tree = llbgen_tests::tree::Tree::open(&home.path().join("out/copies.tar")).unwrap();
    assert!(tree.get("linked/file").unwrap().has_content(b"content"));
    assert_eq!(
        format!("{:?}", tree.get("linked/link").unwrap()),
        "l0777 0:0 file"
    );
    // It is never followed, so it may point anywhere.
    assert_eq!(
        format!("{:?}", tree.get("linked/out").unwrap()),
        "l0777 0:0 /etc/passwd"
    );
}
