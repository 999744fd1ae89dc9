//! What another client of the daemon sends never enters an artifact of mine.

mod packages;
mod sending;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use buildkit_llb::{
    BindMount, Constraints, Definition, Exec, Image, Local, OpContent, Platform, SourceContent,
};
use llbgen_tests::{
    bed::Bed,
    command::{Outcome, Running, as_emitted, clean, run},
    frontend, machine,
    tree::Tree,
};
use rustix::process::Signal;

use crate::doors::on_each;

/// A victim: a directory with a large file and one that looks like a whiteout, a glob, and so many files that they travel as
/// bundles.
const CATALOG: &str = r#"
[artifact.app]
kind = "rootfs"
base = "scratch"
platforms = ["linux/amd64"]
output = "app.tar"
steps = [
  { copy = "data", to = "/data" },
  { copy = "*.bin", to = "/globbed/" },
  { copy = "many", to = "/many" },
]
"#;

/// How many files are in `many`.
const MANY: usize = 300;

/// The size of what a graph cannot hold, as text.
const LARGE: usize = 1 << 20;

/// The sizes that attacks are tried with. The second tier has one more, of 300 MB.
fn sizes() -> Vec<usize> {
    let large = machine::tests_all().then_some(300 << 20);
    [1 << 10, LARGE].into_iter().chain(large).collect()
}

/// The content of a file, which is no text: the graph cannot hold it, however short it is.
fn content(letter: &str, size: usize) -> Vec<u8> {
    let mut content = letter.repeat(size).into_bytes();
    content[0] = 0;
    content
}

/// A directory with the files of the victim, filled with `letter`. Every test has sizes of its own, so that the daemon has
/// seen none of them.
fn home(letter: &str, size: usize) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("llbgen.toml", CATALOG.as_bytes());
    for (path, size) in files(size) {
        write(&path, &content(letter, size));
    }
    home
}

/// The files, each with its size; one of them is large at most.
fn files(size: usize) -> Vec<(String, usize)> {
    let other = if size < 16 * LARGE { size } else { size / 64 };
    let few = [
        ("data/large", size),
        ("data/.wh.large", 10),
        ("one.bin", other + 1),
    ];
    let few = few.map(|(path, size)| (path.to_owned(), size));
    let many = (0..MANY).map(|number| (format!("many/{}/{number}", number % 7), 100 + number));
    let many = many.chain([("many/large".to_owned(), other)]);
    few.into_iter().chain(many).collect()
}

fn llbgen(home: &Path) -> Command {
    clean(machine::llbgen(), home)
}

/// What reads the same local sources as the victim and stays, so that the daemon has them from the attacker.
fn attack(victim: &Definition) -> Vec<u8> {
    let sources = victim
        .vertices()
        .filter_map(|vertex| match vertex.content() {
            OpContent::Source(source) if source.identifier.starts_with("local://") => Some(source),
            _ => None,
        });
    let script = "find /in -type f | sort; echo the trap is set; sleep 600";
    let exec = Exec::new(["/bin/sh", "-c", script]);
    let held = sources.enumerate().fold(exec, |exec, (number, source)| {
        let files = same(&source).state();
        exec.mount(BindMount::new(format!("/in/{number}"), &files).readonly())
    });
    let debian = Image::new("docker.io/library/debian:bookworm".parse().unwrap());
    let graph = debian.state().exec(held).root();
    let constraints = Constraints::new(Platform::new("linux", "amd64"));
    graph.marshal(&constraints).unwrap().to_bytes()
}

/// The same local source, for whoever sends it.
fn same(source: &SourceContent) -> Local {
    let attr = |name: &str| source.attrs.get(name).cloned().unwrap_or_default();
    let patterns: Vec<String> = serde_json::from_str(&attr("local.includepattern")).unwrap();
    Local::new(source.identifier.trim_start_matches("local://"))
        .unique(attr("local.unique"))
        .differ_none()
        .include(patterns)
}

/// An attacker whose files the daemon has now, under the names of the victim's.
fn trap(bed: &Bed, victim: &Outcome, size: usize) -> (Running, tempfile::TempDir) {
    let evil = home("E", size);
    let graph = attack(&Definition::from_bytes(&victim.stdout).unwrap());
    let file = evil.path().join("attack.pb");
    fs::write(&file, graph).unwrap();
    let mut shell = clean("sh", evil.path());
    let script = "exec buildctl build --progress plain --local context=. < attack.pb";
    shell
        .env("BUILDKIT_HOST", bed.address())
        .args(["-c", script]);
    let running = Running::start(&mut shell);
    running.until_it_says("the trap is set");
    (running, evil)
}

/// Whether the tree has the victim's bytes and nothing else.
fn is_the_victims(tar: &Path, letter: &str, size: usize) {
    let tree = Tree::open(tar).unwrap();
    for (path, size) in files(size) {
        let path = path.replace("one.bin", "globbed/one.bin");
        let node = tree
            .get(&path)
            .unwrap_or_else(|| panic!("{path}: {tree:?}"));
        assert!(node.has_content(&content(letter, size)), "{path}");
    }
}

fn emitted(home: &Path) -> Outcome {
    run(llbgen(home).args(["emit", "app"])).success()
}

/// A door, as what builds the artifact into the file that is given.
type Door = fn(&Bed, &Bed, &Path) -> (Outcome, PathBuf);

fn build(_: &Bed, bed: &Bed, home: &Path) -> (Outcome, PathBuf) {
    let mut command = llbgen(home);
    command.args(["--addr", &bed.address(), "build", "--no-skip", "app"]);
    (run(&mut command), home.join("out/app.tar"))
}

fn emit(_: &Bed, bed: &Bed, home: &Path) -> (Outcome, PathBuf) {
    let outcome = run(&mut as_emitted(&emitted(home), &bed.address(), home));
    (outcome, home.join("app.tar"))
}

fn buildx(shared: &Bed, bed: &Bed, home: &Path) -> (Outcome, PathBuf) {
    let mut command = frontend::buildx(shared, bed, home);
    command.args(["--target", "app", "--platform", "linux/amd64"]);
    command.args(["--output", "type=tar,dest=buildx.tar", "."]);
    (run(&mut command), home.join("buildx.tar"))
}

#[test]
fn what_another_client_sends_stays_its_own() {
    on_each(|shared, bed| {
        let doors = [build as Door, build, buildx, buildx];
        for (number, door) in doors.into_iter().enumerate() {
            for size in sizes() {
                let size = size + number;
                let victim = home("v", size);
                let is_right = || {
                    let (outcome, tar) = door(shared, bed, victim.path());
                    outcome.success();
                    is_the_victims(&tar, "v", size);
                    fs::remove_file(tar).unwrap();
                };
                // The attacker comes between two builds of the victim; every other time, or before the first.
                if number % 2 == 0 {
                    is_right();
                }
                let (attacker, evil) = trap(bed, &emitted(victim.path()), size);
                is_right();
                attacker.signal(Signal::KILL);
                attacker.wait();
                drop(evil);
            }
        }
    });
}

/// What `emit` writes is for whoever sends the files: with those of another it fails, until he is gone.
#[test]
fn a_graph_with_the_files_of_another_client_fails() {
    on_each(|shared, bed| {
        for size in sizes().into_iter().map(|size| size + 10) {
            let victim = home("v", size);
            let (attacker, _evil) = trap(bed, &emitted(victim.path()), size);
            let (outcome, _) = emit(shared, bed, victim.path());
            outcome.fails(1, &["another client of the daemon sent its own"]);
            attacker.signal(Signal::KILL);
            attacker.wait();
            // The daemon takes a moment to notice that he is gone.
            let begin = Instant::now();
            let tar = loop {
                let (outcome, tar) = emit(shared, bed, victim.path());
                if outcome.code() == Some(0) {
                    break tar;
                }
                let waited = begin.elapsed();
                assert!(waited < Duration::from_secs(20), "{}", outcome.stderr);
            };
            is_the_victims(&tar, "v", size);
        }
    });
}

/// Whoever is killed or frozen while it sends holds up nobody else, not even with the same files and the same key.
#[test]
fn a_client_that_stops_in_the_middle_holds_up_nobody() {
    on_each(|_, bed| {
        for (number, signal) in [Signal::STOP, Signal::KILL].into_iter().enumerate() {
            let size = 64 * LARGE + number;
            let home = home("s", size);
            let build = || {
                let mut command = llbgen(home.path());
                command.args([
                    "--addr",
                    &bed.address(),
                    "build",
                    "app",
                    "--progress",
                    "rawjson",
                ]);
                command
            };
            let frozen = Running::start(build().args(["-o", "frozen"]));
            // The daemon has begun to take what is sent.
            frozen.until_it_says("transferring");
            frozen.signal(signal);
            let begin = Instant::now();
            run(&mut build()).success();
            let took = begin.elapsed();
            is_the_victims(&home.path().join("out/app.tar"), "s", size);
            let most = if machine::tests_all() { 10 } else { 20 };
            assert!(took < Duration::from_secs(most), "{took:?}");
            if signal == Signal::STOP {
                frozen.signal(Signal::KILL);
            }
            frozen.wait();
        }
    });
}

/// Files that changed after `emit` are no files of its graph.
#[test]
fn a_graph_with_other_files_fails() {
    let Some(bed) = Bed::shared() else { return };
    let size = LARGE + 20;
    let victim = home("v", size);
    let graph = emitted(victim.path());
    fs::write(victim.path().join("data/large"), content("w", size)).unwrap();
    run(&mut as_emitted(&graph, &bed.address(), victim.path()))
        .fails(1, &["they changed meanwhile"]);
}
