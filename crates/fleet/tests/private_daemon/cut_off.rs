//! What a SIGKILL leaves: the next call uses it or clears it away, and touches nothing else.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use fleet::daemon::private::{AcquireError, acquire};
use rustix::process::Signal;

use crate::bed::{Home, ready};
use crate::process::Process;
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
    let mut next = home.spawn_with(
        crate::bed::HOLD,
        &[("LLBGEN_BUILDKITD_CONFIG", config.into())],
    );
    next.line();
    assert!(!daemon.is_running());
    assert_ne!(home.daemon().pid, daemon.pid);
    next.end();
    home.assert_clean();
}

/// It accepts connections and says nothing, and does not heed SIGTERM.
#[tokio::test]
async fn a_daemon_that_hangs_is_replaced() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let daemon = home.daemon();
    user.kill();
    daemon.signal(Signal::STOP);
    let mut settings = home.settings();
    settings.config = fleet::daemon::ConfigFile::Usual("/etc/buildkit/buildkitd.toml".into());
    settings.stop_grace = Duration::from_millis(200);
    let next = acquire(&settings).await.unwrap();
    assert!(!daemon.is_running());
    assert_ne!(home.daemon().pid, daemon.pid);
    next.release().await.unwrap();
    home.assert_clean();
}

#[tokio::test]
async fn a_daemon_that_hangs_under_another_user_is_left_to_him() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let daemon = home.daemon();
    daemon.signal(Signal::STOP);
    let mut settings = home.settings();
    settings.config = fleet::daemon::ConfigFile::Usual("/etc/buildkit/buildkitd.toml".into());
    let error = acquire(&settings).await.unwrap_err();
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
#[test]
fn the_step_of_a_killed_daemon_is_cleared_away() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let step = Step::new(home.dir());
    let mut user = home.spawn(&step.script());
    let running = step.running(&mut user);
    let daemon = home.daemon();
    user.kill();
    daemon.signal(Signal::KILL);
    assert!(daemon.ended_within(5));
    let containers = containers(&home);
    assert_eq!(containers.len(), 1);
    assert!(running.is_running(), "nothing is left to clear away");

    home.user().end();
    assert!(!running.is_running());
    home.assert_clean();
    assert_eq!(self::containers(&home), Vec::<String>::new());
    let known = Command::new("runc")
        .args(["list", "--quiet"])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&known.stdout).contains(&containers[0]));
}

/// The bundles of running steps.
fn containers(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.state().join("root/runc-overlayfs/executor")).unwrap();
    entries
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("config.json").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Only the name is missing for it to be the daemon's process.
#[test]
fn an_innocent_process_is_left_alone() {
    if !ready() {
        return;
    }
    let home = Home::new();
    home.user().end();
    let state = home.state();
    let config = fs::read_dir(&state)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "toml"))
        .unwrap();
    let root = format!("--root={}", state.join("root").display());
    let config = format!("--config={}", config.display());
    let other_root = format!("--root={}", home.path("other").display());
    let innocents = [
        ("sh", vec!["-c", "read never", "buildkitd", &root, &config]),
        (
            "/opt/buildkitd",
            vec!["-c", "read never", "x", &other_root, &config],
        ),
        (
            "/opt/buildkitd",
            vec![
                "-c",
                "read never",
                "x",
                &root,
                "--config=/etc/buildkit/buildkitd.toml",
            ],
        ),
    ];
    let mut children: Vec<_> = innocents
        .iter()
        .map(|(name, arguments)| {
            Command::new("sh")
                .arg0(name)
                .args(arguments)
                .stdin(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    // A stale socket and a stale lock too, as after a crash of the machine.
    drop(std::os::unix::net::UnixListener::bind(state.join("buildkitd.sock")).unwrap());
    fs::write(
        state.join("root/buildkitd.lock"),
        children[0].id().to_string(),
    )
    .unwrap();

    home.user().end();
    for child in &mut children {
        let process = Process::hold(i32::try_from(child.id()).unwrap());
        assert!(process.is_running(), "an innocent process was ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    home.assert_clean();
}
