//! Several calls at once, in one directory: nothing of one is lost to the other.
//!
//! The second tier, `scripts/dev/test --all`, has every test try 200 pairs, instead of a few.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Command, Stdio},
};

use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, clean, run},
    machine,
    web::WebServer,
};
use rustix::process::Signal;
use serde_json::Value;

const CATALOG: &str = r#"
[artifact.flavoured]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "x.tar"
options.flavour = { default = "sweet", values = ["sweet", "sour"] }
steps = [
    { when = { flavour = "sweet" }, steps = [{ copy = "sweet", to = "/flavour" }] },
    { when = { flavour = "sour" }, steps = [{ copy = "sour", to = "/flavour" }] },
]
"#;

/// How many pairs of calls are tried.
fn pairs() -> usize {
    if machine::tests_all() { 200 } else { 5 }
}

fn home(catalog: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("llbgen.toml"), catalog).unwrap();
    fs::write(home.path().join("sweet"), "sweet\n").unwrap();
    fs::write(home.path().join("sour"), "sour, and longer\n").unwrap();
    home
}

fn llbgen(bed: &Bed, home: &Path, arguments: &[&str]) -> Command {
    let mut command = clean(machine::llbgen(), home);
    command.args(["--addr", &bed.address()]).args(arguments);
    command
}

fn at_once(one: &mut Command, other: &mut Command) -> [Outcome; 2] {
    let running = [Running::start(one), Running::start(other)];
    running.map(|running| running.wait().success())
}

/// The record of the output, which must be that of the very file that is there.
fn record(out: &Path) -> Value {
    let tar = out.join("x.tar");
    let record = fs::read_to_string(out.join(".llbgen/x.tar.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let found = fs::metadata(&tar).unwrap();
    assert_eq!(record["inode"], found.ino(), "{record}");
    assert_eq!(record["size"], found.len(), "{record}");
    let digest = archive::Digest::of(&fs::read(&tar).unwrap()).to_string();
    assert_eq!(record["digest"], digest, "{record}");
    record
}

#[test]
fn a_record_is_that_of_the_file_whoever_wrote_it() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(CATALOG);
    let home = home.path();
    let build = |flavour: &str| {
        let set = format!("flavour={flavour}");
        llbgen(
            bed,
            home,
            &["build", "flavoured", "--set", &set, "--no-skip"],
        )
    };
    for _ in 0..pairs() {
        at_once(&mut build("sweet"), &mut build("sour"));
        let last = record(&home.join("out"))["values"]["flavour"].clone();
        let said = |flavour| {
            let set = format!("flavour={flavour}");
            let said = run(&mut llbgen(
                bed,
                home,
                &["plan", "flavoured", "--set", &set],
            ));
            said.success().text().contains("up to date")
        };
        assert_eq!(
            [said("sweet"), said("sour")],
            [last == "sweet", last == "sour"]
        );
    }
}

#[test]
fn who_waits_for_the_same_output_finds_it_there() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(CATALOG);
    let build = || {
        llbgen(
            bed,
            home.path(),
            &["build", "flavoured", "--metadata-file", "/dev/stdout"],
        )
    };
    for _ in 0..pairs() {
        let _ = fs::remove_dir_all(home.path().join("out"));
        let said = at_once(&mut build(), &mut build());
        let were_there: BTreeSet<bool> = said
            .iter()
            .map(|said| said.text().contains(r#""up_to_date": true"#))
            .collect();
        assert_eq!(
            were_there,
            [false, true].into(),
            "one built, the other found it"
        );
        record(&home.path().join("out"));
    }
}

#[test]
fn no_pin_is_lost() {
    let Some(bed) = Bed::shared() else { return };
    let site = tempfile::tempdir().unwrap();
    let files = ["one", "two"];
    for file in files {
        fs::write(site.path().join(file), file).unwrap();
    }
    let server = WebServer::start(site.path());
    let artifact = |file: &str| {
        format!(
            "[artifact.{file}]\nkind = \"rootfs\"\nbase = \"scratch\"\nplatforms = [\"linux/amd64\"]\n\
             output = \"{file}.tar\"\nsteps = [{{ download = \"{}\", to = \"/\" }}]\n",
            server.url(file)
        )
    };
    let home = home(&["one", "two"].map(artifact).concat());
    let lock = home.path().join("llbgen.lock");
    for _ in 0..pairs() {
        let _ = fs::remove_file(&lock);
        let build = |file| llbgen(bed, home.path(), &["build", file]);
        at_once(&mut build("one"), &mut build("two"));
        let written = fs::read_to_string(&lock).unwrap();
        for file in files {
            assert!(
                written.contains(&server.url(file)),
                "{file} is lost:\n{written}"
            );
        }
        run(&mut llbgen(bed, home.path(), &["lock", "--check"])).success();
    }
}

#[test]
fn devices_pipes_and_links_stay_what_they_are() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(CATALOG);
    let home = home.path();
    let null = "type=tar,dest=/dev/null";
    let metadata = ["--metadata-file", "/dev/stdout", "--quiet"];
    let built =
        run(llbgen(bed, home, &["build", "flavoured", "-o", null]).args(metadata)).success();
    let device = fs::metadata("/dev/null").unwrap();
    assert!(std::os::unix::fs::FileTypeExt::is_char_device(
        &device.file_type()
    ));
    assert!(
        built.text().contains("\"artifact\": \"flavoured\""),
        "{}",
        built.text()
    );
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());

    let mkfifo = clean("mkfifo", home).arg("pipe").status().unwrap();
    assert!(mkfifo.success());
    let reader = clean("sha256sum", home)
        .arg("pipe")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    run(&mut llbgen(
        bed,
        home,
        &["build", "flavoured", "-o", "type=tar,dest=pipe"],
    ))
    .success();
    let read = String::from_utf8(reader.wait_with_output().unwrap().stdout).unwrap();
    run(&mut llbgen(bed, home, &["build", "flavoured"])).success();
    let digest = record(&home.join("out"))["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(digest, format!("sha256:{}", &read[..64]));

    fs::remove_file(home.join("out/x.tar")).unwrap();
    fs::write(home.join("precious"), "precious").unwrap();
    std::os::unix::fs::symlink("../precious", home.join("out/x.tar")).unwrap();
    run(&mut llbgen(bed, home, &["build", "flavoured"])).fails(1, &["x.tar", "link"]);
    assert_eq!(fs::read(home.join("precious")).unwrap(), b"precious");
}

#[test]
fn a_tar_without_a_record_is_complete() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(CATALOG);
    let home = home.path();
    // The record's place is taken by a directory, which root cannot write to as a file either.
    fs::create_dir_all(home.join("out/.llbgen/x.tar.json/taken")).unwrap();
    let built = run(&mut llbgen(bed, home, &["build", "flavoured"])).success();
    assert!(
        built.stderr.contains("warning: `out/x.tar` is complete"),
        "{}",
        built.stderr
    );
    assert!(home.join("out/x.tar").is_file());
}

#[test]
fn a_killed_build_to_stdout_leaves_nothing_that_the_next_one_does_not_sweep() {
    let Some(bed) = Bed::shared() else { return };
    let home = home(&format!(
        "{CATALOG}\n[artifact.slow]\nkind = \"rootfs\"\nbase = \"debian:bookworm\"\nplatforms = [\"linux/amd64\"]\n\
         output = \"slow.tar\"\nsteps = [{{ run = \"echo it runs; sleep 600\", network = \"none\" }}]\n"
    ));
    let home = home.path();
    fs::create_dir(home.join("tmp")).unwrap();
    let to_stdout = |artifact| {
        let mut command = llbgen(
            bed,
            home,
            &["--progress", "plain", "build", artifact, "-o", "-"],
        );
        command.env("TMPDIR", home.join("tmp"));
        command
    };
    let left = || fs::read_dir(home.join("tmp")).unwrap().count();
    let slow = Running::start(&mut to_stdout("slow"));
    slow.until_it_says("it runs");
    slow.signal(Signal::KILL);
    assert!(!slow.wait().status.success());
    assert_eq!(left(), 1);
    let tar = run(&mut to_stdout("flavoured")).success().stdout;
    assert!(!tar.is_empty());
    assert_eq!(left(), 0);
}
