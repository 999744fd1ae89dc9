//! Without root: as the user of the tests, or, when they run as root, as the user that `LLBGEN_TEST_USER` names. That
//! user needs rootlesskit, newuidmap and ranges in /etc/subuid and /etc/subgid.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::bed::{HOLD, User, on_path, programs, ready, skip, with_daemon};
use crate::process::{self, Process};
use crate::step::Step;

/// A home of a user other than root, and copies of the programs that this user can reach.
#[derive(Debug)]
struct Home {
    dir: TempDir,
    user: Option<Account>,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Home {
    fn new() -> Option<Self> {
        if !programs(&["buildkitd", "buildctl", "runc"]) {
            return None;
        }
        let tools = ["rootlesskit", "newuidmap"];
        if let Some(missing) = tools.into_iter().find(|name| on_path(name).is_none()) {
            skip(&format!("missing: {missing}"), &["CI"]);
            return None;
        }
        let user = match (geteuid().is_root(), env::var("LLBGEN_TEST_USER")) {
            (false, _) => None,
            (true, Ok(name)) => Some(account(&name)),
            (true, Err(_)) => {
                skip("LLBGEN_TEST_USER names no user", &["CI"]);
                return None;
            }
        };
        let home = Self {
            dir: tempfile::Builder::new()
                .prefix("llbgen-rootless-")
                .tempdir()
                .unwrap(),
            user,
        };
        let bin = home.path("bin");
        fs::create_dir(&bin).unwrap();
        for program in [
            &on_path("buildkitd").unwrap(),
            &on_path("buildctl").unwrap(),
            with_daemon(),
        ] {
            fs::copy(program, bin.join(program.file_name().unwrap())).unwrap();
        }
        fs::set_permissions(home.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if let Some(Account { uid, gid }) = home.user {
            chown(home.dir.path(), Some(uid), Some(gid)).unwrap();
        }
        Some(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn state(&self) -> PathBuf {
        self.path(".cache/llbgen/daemon-rootless")
    }

    fn spawn(&self, script: &str) -> User {
        let mut command = Command::new(self.path("bin/with_daemon"));
        let path = [self.path("bin"), "/usr/bin".into(), "/bin".into()];
        command.args(["sh", "-c", script]);
        command
            .env_clear()
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.dir.path());
        if let Some(Account { uid, gid }) = self.user {
            command.uid(uid).gid(gid);
        }
        User::spawn(command)
    }

    /// rootlesskit, its child, buildkitd.
    fn daemons(&self) -> Vec<Process> {
        let root = format!("--root={}", self.state().join("root").display());
        process::with_argument(&root)
            .into_iter()
            .map(|(pid, _)| Process::hold(pid))
            .collect()
    }

    #[track_caller]
    fn assert_clean(&self) {
        let text = self.dir.path().to_str().unwrap();
        assert_eq!(process::with_argument(text), [], "processes are left");
        for name in [
            "buildkitd.sock",
            "otel.sock",
            "notify.sock",
            "tmp",
            "runtime",
            "rootlesskit",
        ] {
            assert!(!self.state().join(name).exists(), "`{name}` is left");
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for daemon in self.daemons() {
            daemon.signal(Signal::KILL);
            daemon.ended_within(5);
        }
    }
}

fn account(name: &str) -> Account {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name));
    let mut fields = line
        .unwrap_or_else(|| panic!("there is no user `{name}`"))
        .split(':')
        .skip(2);
    let mut number = || fields.next().unwrap().parse().unwrap();
    Account {
        uid: number(),
        gid: number(),
    }
}

#[test]
fn it_starts_serves_and_stops() {
    let Some(home) = Home::new() else { return };
    let mut user = home.spawn(&format!("buildctl debug workers --verbose; {HOLD}"));
    let mut found = false;
    loop {
        let line = user.line();
        found |= line.contains("oci.process-mode") && line.contains("no-sandbox");
        if line.starts_with("unix://") {
            break;
        }
    }
    assert!(found, "the worker does not run without root");
    assert_eq!(home.daemons().len(), 3);
    user.end();
    home.assert_clean();
}

#[test]
fn a_daemon_without_users_is_adopted() {
    let Some(home) = Home::new() else { return };
    let mut first = home.spawn(HOLD);
    let address = first.line();
    let before: Vec<_> = home.daemons().iter().map(|daemon| daemon.pid).collect();
    first.kill();
    let mut next = home.spawn(HOLD);
    assert_eq!(next.line(), address);
    let after: Vec<_> = home.daemons().iter().map(|daemon| daemon.pid).collect();
    assert_eq!(after, before);
    next.end();
    home.assert_clean();
}

/// Steps have no process namespace here, and their processes belong to other user ids.
fn check_cut_off_step(snapshotter: &str) {
    let Some(home) = Home::new() else { return };
    let settings = home.path(".config/buildkit");
    fs::create_dir_all(&settings).unwrap();
    let text = format!("[worker.oci]\nsnapshotter = \"{snapshotter}\"\n");
    fs::write(settings.join("buildkitd.toml"), text).unwrap();
    let step = Step::new(home.dir.path());
    let mut user = home.spawn(&step.script());
    let running = step.running(&mut user);
    user.kill();
    for daemon in home.daemons() {
        daemon.signal(Signal::KILL);
        assert!(daemon.ended_within(5));
    }
    assert!(running.is_running(), "nothing is left to clear away");
    home.spawn("true").end();
    assert!(!running.is_running());
    home.assert_clean();
    let executor = home
        .state()
        .join(format!("root/runc-{snapshotter}/executor"));
    assert_eq!(bundles(&executor), 0);
}

#[test]
fn the_step_of_a_killed_daemon_is_cleared_away() {
    check_cut_off_step("overlayfs");
}

#[test]
fn the_step_of_a_killed_daemon_with_native_snapshots_is_cleared_away() {
    check_cut_off_step("native");
}

fn bundles(executor: &Path) -> usize {
    let entries = fs::read_dir(executor).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().path().join("config.json").exists())
        .count()
}

#[test]
fn a_user_without_ids_is_told_what_is_missing() {
    if !ready() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = dir.path().join("with_daemon");
    fs::copy(with_daemon(), &program).unwrap();
    fs::copy(on_path("buildkitd").unwrap(), dir.path().join("buildkitd")).unwrap();
    let mut command = Command::new(program);
    // A number that no machine gives to a user.
    command.arg("true").uid(3_999_999_999).gid(3_999_999_999);
    command
        .env_clear()
        .env("PATH", dir.path())
        .env("HOME", dir.path());
    let mut user = User::spawn(command);
    assert_eq!(user.wait().code(), Some(4));
    let errors = user.errors();
    for part in [
        "`rootlesskit`",
        "`newuidmap`",
        "a range in `/etc/subuid`",
        "apt-get install rootlesskit uidmap",
    ] {
        assert!(errors.contains(part), "no {part} in:\n{errors}");
    }
}
