//! What goes wrong without the user's doing: a step, the disk, the daemon.

use std::{fs, path::Path, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Running, fixture, run},
};
use rustix::{
    mount::{MountFlags, UnmountFlags, mount, unmount},
    process::{Pid, Signal, kill_process},
};

/// Nothing that fails may take longer to say so.
const SECONDS: Duration = Duration::from_secs(15);

fn no_tar(dir: &Path) {
    let left: Vec<_> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_step_that_fails_is_named_and_its_log_shown() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for progress in ["plain", "quiet"] {
        run(fixture("steps", home.path()).args([
            "--addr",
            &bed.address(),
            "--progress",
            progress,
            "build",
            "fails",
        ]))
        .fails(
            1,
            &[
                "`fails`",
                "linux/amd64",
                "exit 7",
                "exit code: 7",
                "before the end",
            ],
        );
        no_tar(&home.path().join("out"));
    }
}

/// The others may have an hour to go.
#[test]
fn a_failure_is_told_while_the_others_go_on() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let build = Running::start(fixture("steps", home.path()).args([
        "--addr",
        &bed.address(),
        "--progress",
        "quiet",
        "build",
        "fails",
        "hangs",
        "--keep-going",
    ]));
    let said = build.until_it_says("error: artifact `fails`");
    assert!(said.contains("before the end"), "{said}");
    build.signal(Signal::INT);
    build.wait_for(SECONDS).fails(130, &["interrupted"]);
}

#[test]
fn an_address_where_nobody_listens() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("none.sock");
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for address in [
        format!("unix://{}", socket.display()),
        format!("tcp://{port}"),
    ] {
        let build = Running::start(
            fixture("steps", home.path()).args(["--addr", &address, "build", "plain"]),
        );
        build.wait_for(SECONDS).fails(4, &[&address]);
    }
    run(fixture("steps", home.path()).args(["--addr", "nonsense://x", "build", "plain"]))
        .fails(2, &["nonsense"]);
    no_tar(&home.path().join("out"));
}

#[test]
fn a_daemon_that_is_killed_ends_the_build() {
    let Some(bed) = Bed::shared() else { return };
    let bed = bed.private();
    let home = tempfile::tempdir().unwrap();
    let build = Running::start(fixture("steps", home.path()).args([
        "--addr",
        &bed.address(),
        "--progress",
        "plain",
        "build",
        "hangs",
    ]));
    build.until_it_says("it hangs");
    kill_process(
        Pid::from_raw(bed.description().pid.cast_signed()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
    build
        .wait_for(SECONDS)
        .fails(75, &["hangs", "daemon", "run it again"]);
    no_tar(&home.path().join("out"));
}

#[test]
fn an_output_directory_that_cannot_be_made() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    run(fixture("steps", home.path()).args([
        "--addr",
        &bed.address(),
        "build",
        "plain",
        "-o",
        "file/out",
    ]))
    .fails(1, &["file/out"]);
}

/// A file system of its own over a directory, taken away at the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn tmpfs(dir: &'a Path, flags: MountFlags, options: &std::ffi::CStr) -> Self {
        fs::create_dir(dir).unwrap();
        mount("tmpfs", dir, "tmpfs", flags, options).expect("tests with a daemon run as root");
        Self(dir)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        unmount(self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn a_full_and_a_read_only_disk() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for (name, flags, reason) in [
        ("full", MountFlags::empty(), "No space left on device"),
        ("read-only", MountFlags::RDONLY, "Read-only file system"),
    ] {
        let dir = home.path().join(name);
        let _mounted = Mounted::tmpfs(&dir, flags, c"size=8m");
        let build = Running::start(fixture("steps", home.path()).args([
            "--addr",
            &bed.address(),
            "build",
            "plain",
            "-o",
            name,
        ]));
        build
            .wait_for(Duration::from_mins(1))
            .fails(1, &[name, reason]);
        no_tar(&dir);
    }
}
