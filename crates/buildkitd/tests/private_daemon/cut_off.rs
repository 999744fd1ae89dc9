//! What a SIGKILL leaves: the next call uses it or clears it away, and touches nothing else.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use buildkitd::private::{AcquireError, acquire};
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;

use crate::bed::{HOLD, Home, on_path, ready, search_path};
use crate::process::{Process, mounts_of};
use crate::step::Step;

#[test]
fn a_daemon_without_users_is_adopted() {
    if !ready() {
        return;
    }
    let home = Home::new();
    home.user().kill();
    let daemon = home.daemon();
    let next = home.user();
    assert_eq!(home.daemon().pid, daemon.pid);
    next.end();
    assert!(!daemon.is_running());
    home.assert_clean();
}

#[test]
fn a_daemon_with_other_settings_is_replaced() {
    if !ready() {
        return;
    }
    let home = Home::new();
    home.user().kill();
    let daemon = home.daemon();
    let config = home.path("other.toml");
    fs::write(&config, "[worker.oci]\nmax-parallelism = 3\n").unwrap();
    let mut next = home.spawn_with(HOLD, &[("LLBGEN_BUILDKITD_CONFIG", config.into())]);
    next.line();
    assert!(!daemon.is_running());
    assert_ne!(home.daemon().pid, daemon.pid);
    next.end();
    home.assert_clean();
}

/// It accepts connections and says nothing, and does not heed SIGTERM.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_hangs_is_replaced() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let daemon = home.daemon();
    user.kill();
    daemon.stop();
    let mut settings = home.settings();
    settings.stop_grace = Duration::from_millis(200);
    let next = acquire(&settings).await.unwrap();
    assert!(!daemon.is_running());
    assert_ne!(home.daemon().pid, daemon.pid);
    next.release().await.unwrap();
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_hangs_under_another_user_is_left_to_him() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let daemon = home.daemon();
    daemon.stop();
    let error = acquire(&home.settings()).await.unwrap_err();
    assert!(
        matches!(&error, AcquireError::Hangs { pid, .. } if *pid == daemon.pid),
        "{error:?}"
    );
    daemon.signal(Signal::CONT);
    assert!(daemon.is_running());
    user.end();
    home.assert_clean();
}

/// Daemon and user are killed in the middle of a step: its process, its mounts and runc's notes stay behind.
fn check_cut_off_step(snapshotter: &str) {
    let home = Home::new();
    let config = home.path("buildkitd.toml");
    let settings = format!("[worker.oci]\nsnapshotter = \"{snapshotter}\"\n");
    fs::write(&config, settings).unwrap();
    let env = [("LLBGEN_BUILDKITD_CONFIG", config.into())];
    let executor = home
        .state()
        .join(format!("root/runc-{snapshotter}/executor"));

    let step = Step::new(home.dir());
    let mut user = home.spawn_with(&step.script(), &env);
    let running = step.running(&mut user);
    let daemon = home.daemon();
    user.kill();
    daemon.signal(Signal::KILL);
    assert!(daemon.ended_within(5));
    let containers = containers(&executor);
    assert_eq!(containers.len(), 1);
    // Where runc keeps its notes; `runc list` fails when another test's container goes while it looks.
    let notes = Path::new("/run/runc").join(&containers[0]);
    assert!(notes.exists(), "nothing is left to forget");
    assert!(running.is_running(), "nothing is left to clear away");
    assert_ne!(
        mounts_of(home.dir()),
        Vec::<String>::new(),
        "nothing is left to unmount"
    );

    let next = home.spawn_with(HOLD, &env);
    next.end();
    assert!(!running.is_running());
    home.assert_clean();
    assert_eq!(self::containers(&executor), Vec::<String>::new());
    assert!(!notes.exists());
}

#[test]
fn the_step_of_a_killed_daemon_is_cleared_away() {
    if ready() {
        check_cut_off_step("overlayfs");
    }
}

/// Its root directory is a part of the state directory, and not an overlay.
#[test]
fn the_step_of_a_killed_daemon_with_native_snapshots_is_cleared_away() {
    if ready() {
        check_cut_off_step("native");
    }
}

/// The bundles of running steps.
fn containers(executor: &Path) -> Vec<String> {
    fs::read_dir(executor)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("config.json").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// It has the daemon's name and arguments, and a mark, but of another state directory.
#[test]
fn an_innocent_process_is_left_alone() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let argv = fs::read(format!("/proc/{}/cmdline", home.daemon().pid)).unwrap();
    let argv = String::from_utf8(argv).unwrap();
    let argv: Vec<_> = argv.trim_end_matches('\0').split('\0').collect();
    user.end();
    let root = home.state().join("root");
    let mut innocents: Vec<_> = [None, Some(home.path("other"))]
        .into_iter()
        .map(|mark| {
            let mut command = Command::new("sh");
            command
                .arg0(argv[0])
                .args(["-c", "read never"])
                .args(&argv)
                .stdin(Stdio::piped());
            command.envs(mark.map(|mark| ("LLBGEN_PRIVATE_DAEMON", mark)));
            command.spawn().unwrap()
        })
        .collect();
    // What a crash of the machine leaves: a socket, buildkitd's lock file.
    drop(UnixListener::bind(home.state().join("buildkitd.sock")).unwrap());
    fs::write(root.join("buildkitd.lock"), innocents[0].id().to_string()).unwrap();

    let user = home.spawn(HOLD);
    user.end();
    for child in &mut innocents {
        let process = Process::hold(i32::try_from(child.id()).unwrap());
        assert!(process.is_running(), "an innocent process was ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    home.assert_clean();
}

/// The user was killed while the daemon was starting, so that it serves nobody and never will.
#[test]
fn a_daemon_that_is_half_started_is_replaced() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let (bin, flag, started) = (home.path("bin"), home.path("flag"), home.path("started"));
    let never = home.path("never");
    fs::create_dir(&bin).unwrap();
    mkfifoat(CWD, &started, Mode::RWXU).unwrap();
    mkfifoat(CWD, &never, Mode::RWXU).unwrap();
    // It waits without a child, which would look like a second daemon until it is another program.
    let script = format!(
        "#!/bin/sh\n[ -e {flag} ] && exec {real} \"$@\"\n: >{flag}; echo >{started}; read word <{never}\n",
        flag = flag.display(),
        started = started.display(),
        never = never.display(),
        real = on_path("buildkitd").unwrap().display(),
    );
    fs::write(bin.join("buildkitd"), script).unwrap();
    fs::set_permissions(bin.join("buildkitd"), Permissions::from_mode(0o755)).unwrap();
    let path = env::join_paths([bin].into_iter().chain(search_path())).unwrap();
    let env = [("PATH", path)];

    let first = home.spawn_with(HOLD, &env);
    // Opening a fifo waits for its other end.
    fs::read(&started).unwrap();
    first.kill();
    let half = home.daemon();
    let mut next = home.spawn_with(HOLD, &env);
    next.line();
    assert!(!half.is_running());
    next.end();
    home.assert_clean();
}
