//! What is there already is not built again, and what is not is told with its reason.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, fixture, locked, run},
};

use crate::built::built;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("base.dockerfile"),
        "FROM debian:bookworm\n",
    )
    .unwrap();
    fs::write(home.path().join("declared"), "one\n").unwrap();
    home
}

fn pins(home: &Path, arguments: &[&str]) -> Outcome {
    run(fixture("pins", home).args(arguments))
}

fn build(bed: &Bed, home: &Path, arguments: &[&str]) -> Outcome {
    let always = ["--addr", &bed.address(), "build", "based"];
    run(fixture("pins", home)
        .args(always)
        .args(["--platform", "linux/amd64"])
        .args(arguments))
}

fn plan(home: &Path, arguments: &[&str]) -> String {
    let always = ["plan", "based", "--platform", "linux/amd64"];
    let planned = run(fixture("pins", home).args(always).args(arguments)).success();
    planned.text().lines().nth(1).unwrap().to_owned()
}

#[test]
fn the_artifacts_of_the_fleet_are_not_built_twice() {
    let Some(bed) = Bed::shared() else { return };
    let home = built(bed).dir.parent().unwrap();
    let again = || {
        let start = Instant::now();
        let built = run(locked(home, "")
            .args(["--addr", "unix:///nobody", "build"])
            .args([
                "base-rootfs",
                "server-base",
                "--metadata-file",
                "again.json",
            ]));
        (built.success(), start.elapsed())
    };
    let outcomes = [again(), again(), again()];
    let fastest = outcomes.iter().map(|(_, time)| *time).min().unwrap();
    // A release build takes a tenth of it.
    assert!(fastest < Duration::from_millis(250), "{fastest:?}");
    assert_eq!(outcomes[0].0.text(), built(bed).stdout);
    let metadata = fs::read_to_string(home.join("again.json")).unwrap();
    assert_eq!(
        metadata.matches("\"up_to_date\": true").count(),
        4,
        "{metadata}"
    );
}

#[test]
fn damage_is_found_and_named() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    assert!(plan(home.path(), &[]).contains("not pinned yet: debian:bookworm"));
    build(bed, home.path(), &[]).success();
    assert!(plan(home.path(), &[]).ends_with("up to date"));
    pins(
        home.path(),
        &["plan", "based", "--platform", "linux/amd64", "--exit-code"],
    )
    .success();
    let tar = home.path().join("out/based-amd64.tar");
    let nobody = [
        "--addr",
        "unix:///nobody",
        "build",
        "based",
        "--platform",
        "linux/amd64",
    ];
    pins(home.path(), &nobody).success();

    // One byte, with size and time as they were.
    let modified = fs::metadata(&tar).unwrap().modified().unwrap();
    let mut file = File::options().read(true).write(true).open(&tar).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(700)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(700)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    assert!(plan(home.path(), &[]).ends_with("up to date"));
    assert!(plan(home.path(), &["--verify"]).contains("its content changed"));
    pins(home.path(), &[&nobody[..], &["--verify"]].concat()).fails(4, &["unix:///nobody"]);
    build(bed, home.path(), &["--verify"]).success();
    assert!(plan(home.path(), &["--verify"]).ends_with("up to date"));

    // Another time, and the same bytes.
    let file = File::options().write(true).open(&tar).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(plan(home.path(), &[]).ends_with("up to date"));

    file.set_len(512).unwrap();
    drop(file);
    assert!(plan(home.path(), &[]).contains("based-amd64.tar` has 512 bytes"));
    pins(home.path(), &nobody).fails(4, &["unix:///nobody"]);
    fs::remove_file(&tar).unwrap();
    assert!(plan(home.path(), &[]).contains("based-amd64.tar` is gone"));
    let work = ["plan", "based", "--platform", "linux/amd64", "--exit-code"];
    assert_eq!(pins(home.path(), &work).code(), Some(1));
    pins(home.path(), &nobody).fails(4, &["unix:///nobody"]);
    build(bed, home.path(), &[]).success();
    fs::remove_dir_all(home.path().join("out/.llbgen")).unwrap();
    assert!(plan(home.path(), &[]).contains("nothing says how it was built"));
    // Another compression is another output, of another id.
    let uncompressed = fs::read(&tar).unwrap();
    for (how, name, program) in [("gzip", "gz", "gzip"), ("zstd:9", "zst", "zstd")] {
        assert!(plan(home.path(), &["--tar-compression", how]).contains("not built yet"));
        build(bed, home.path(), &["--tar-compression", how]).success();
        assert!(plan(home.path(), &["--tar-compression", how]).ends_with("up to date"));
        let path = home.path().join(format!("out/based-amd64.tar.{name}"));
        let unpacked = std::process::Command::new(program)
            .arg("-dc")
            .arg(path)
            .output()
            .unwrap();
        assert!(unpacked.stdout == uncompressed, "{how}");
    }
    pins(home.path(), &["plan", "based", "--tar-compression", "xz"]).fails(2, &["`xz`", "zstd"]);
    // What is there is made again when that is asked for.
    build(bed, home.path(), &[]).success();
    let before = fs::metadata(&tar).unwrap().modified().unwrap();
    build(bed, home.path(), &["--no-skip"]).success();
    assert_ne!(fs::metadata(&tar).unwrap().modified().unwrap(), before);
}

#[test]
fn a_change_is_named_down_the_chain() {
    let Some(bed) = Bed::shared() else { return };
    let home = home();
    build(bed, home.path(), &[]).success();
    let why = || {
        let why = ["why", "based", "--platform", "linux/amd64"];
        pins(home.path(), &why).success().text().to_owned()
    };
    assert_eq!(why(), "based linux/amd64: nothing changed\n");
    fs::write(home.path().join("declared"), "two\n").unwrap();
    assert!(plan(home.path(), &[]).contains("declared:1: `one` → `two`"));
    assert_eq!(
        why(),
        "based linux/amd64: it changed since the last build\n  declared files\n    declared:1: `one` → `two`\n    \
         → based: run cp declared /declared\n    → based: run cp /declared /copied\n"
    );
    // Against a graph that was kept.
    let emit = ["emit", "based", "--platform", "linux/amd64"];
    fs::write(
        home.path().join("two.llb"),
        pins(home.path(), &emit).success().stdout,
    )
    .unwrap();
    fs::write(home.path().join("declared"), "three\n").unwrap();
    let against = [
        "why",
        "based",
        "--platform",
        "linux/amd64",
        "--against",
        "two.llb",
    ];
    let told = pins(home.path(), &against).success();
    assert!(told.text().contains("`two` → `three`"), "{}", told.text());
    fs::write(home.path().join("no.llb"), "no graph").unwrap();
    let no = [
        "why",
        "based",
        "--platform",
        "linux/amd64",
        "--against",
        "no.llb",
    ];
    pins(home.path(), &no).fails(2, &["no.llb"]);

    // The pin of the base.
    fs::write(home.path().join("declared"), "one\n").unwrap();
    let path = home.path().join("llbgen.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let digest = lock
        .lines()
        .find(|line| line.starts_with("digest"))
        .unwrap();
    let other = format!("digest = \"sha256:{}\"", "e".repeat(64));
    fs::write(&path, lock.replace(digest, &other)).unwrap();
    assert!(plan(home.path(), &[]).contains("pin of debian:bookworm: `sha256:"));
    let told = why();
    assert!(told.contains("`sha256:eeeeeeeeeeee`") && told.contains("→ based: run cp declared"));
}
