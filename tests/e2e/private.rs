//! Without a daemon given: a private one, shared by concurrent calls, gone at the end.

use std::{fs, path::Path, process::Command, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Running, fixture},
    process::{ends_within, with_command_line},
};
use rustix::process::{Pid, Signal};

/// `llbgen` without an address, with its cache in `home` and the bed's registry as a mirror.
fn without_address(bed: &Bed, home: &Path) -> Command {
    let registry = &bed.description().registry;
    let config = home.join("buildkitd.toml");
    let text = format!(
        "[registry.\"docker.io\"]\nmirrors = [{registry:?}]\n[registry.{registry:?}]\nhttp = true\n"
    );
    fs::write(&config, text).unwrap();
    let mut command = fixture("steps", home);
    command
        .env("LLBGEN_BUILDKITD_CONFIG", config)
        .env("XDG_CACHE_HOME", home.join("cache"));
    command.args(["--progress", "plain", "build"]);
    command
}

/// The private daemons with their state in `home`.
fn daemons(home: &Path) -> Vec<Pid> {
    let all = with_command_line(&home.join("cache").display().to_string());
    let is_daemon = |pid: &Pid| {
        let program =
            fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).unwrap_or_default();
        program.ends_with("buildkitd")
    };
    all.into_iter().filter(is_daemon).collect()
}

#[test]
fn concurrent_calls_share_one_that_ends_with_the_last() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for name in ["small", "large"] {
        fs::write(home.path().join(name), "content").unwrap();
    }
    let start = |output: &str| {
        Running::start(without_address(bed, home.path()).args(["slow", "-o", output]))
    };
    let builds = [start("one"), start("other")];
    for build in &builds {
        build.until_it_says("sleep 5");
    }
    let daemons = daemons(home.path());
    assert_eq!(daemons.len(), 1, "{daemons:?}");
    for build in builds {
        build.wait().success();
    }
    assert!(ends_within(daemons[0], Duration::from_secs(10)));
    for output in ["one", "other"] {
        assert!(home.path().join(output).join("slow.tar").exists());
    }
}

#[test]
fn every_end_takes_it_along() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    Running::start(without_address(bed, home.path()).arg("fails"))
        .wait()
        .fails(1, &["exit 7"]);
    assert_eq!(daemons(home.path()), []);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let build = Running::start(without_address(bed, home.path()).arg("hangs"));
        build.until_it_says("it hangs");
        assert_eq!(daemons(home.path()).len(), 1);
        build.signal(signal);
        build.wait_for(Duration::from_secs(20)).fails(code, &[]);
        assert_eq!(daemons(home.path()), []);
    }
    // A kill leaves it; the next call adopts or ends it, and takes it along.
    let build = Running::start(without_address(bed, home.path()).arg("hangs"));
    build.until_it_says("it hangs");
    build.signal(Signal::KILL);
    build.wait();
    Running::start(without_address(bed, home.path()).arg("fails"))
        .wait()
        .fails(1, &["exit 7"]);
    assert_eq!(daemons(home.path()), []);
}

#[test]
fn without_buildkitd_the_way_to_one_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut command = fixture("steps", home.path());
    let outcome = Running::start(command.env("PATH", "").args(["build", "plain"])).wait();
    outcome.fails(4, &["buildkitd", "docker run", "--addr"]);
}
