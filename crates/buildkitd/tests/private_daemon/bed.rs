//! A home directory for one test, processes that use its daemon, and what must not be left afterwards.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use buildkitd::{ConfigFile, Privilege, Settings};
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{self, Process};

/// Whether a daemon can be tested here as root.
pub(crate) fn ready() -> bool {
    let root = rustix::process::geteuid().is_root();
    programs(&["buildkitd", "buildctl", "runc"])
        && (root || skip("this test runs as root", &["CI", "LLBGEN_TEST_ENGINE"]))
}

/// Whether the programs are there.
pub(crate) fn programs(names: &[&str]) -> bool {
    let missing: Vec<_> = names
        .iter()
        .copied()
        .filter(|name| on_path(name).is_none())
        .collect();
    let reason = format!("missing: {}", missing.join(", "));
    missing.is_empty() || skip(&reason, &["CI", "LLBGEN_TEST_ENGINE"])
}

/// Says that this test is skipped, and returns false; fails where one of the variables says that it must run:
/// `CI`, or `LLBGEN_TEST_ENGINE`, which `scripts/dev/test` sets.
pub(crate) fn skip(reason: &str, required: &[&str]) -> bool {
    let required = required.iter().any(|name| env::var_os(name).is_some());
    assert!(!required, "{reason}; run scripts/dev/test");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Past the test runner's capture, and on a line of its own: a skipped test must not look like a passed one.
    let mut errors = std::io::stderr();
    writeln!(errors, "\nSKIPPED {test}: {reason}; run scripts/dev/test").unwrap();
    false
}

pub(crate) fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .collect()
}

pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    search_path()
        .into_iter()
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}

/// The example program that holds the daemon while a command runs.
pub(crate) fn with_daemon() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let arguments = [
            "build",
            "--quiet",
            "--package",
            "buildkitd",
            "--example",
            "with_daemon",
        ];
        let mut cargo = Command::new(cargo);
        // Build scripts that read variables of this name, as that of `ring` does, would run again.
        let of_package = env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        of_package.for_each(|name| _ = cargo.env_remove(name));
        let built = cargo
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success(), "the example does not build");
        let test = env::current_exe().unwrap();
        test.parent()
            .and_then(Path::parent)
            .unwrap()
            .join("examples/with_daemon")
    });
    &PROGRAM
}

/// A cache directory of its own, so a daemon of its own.
#[derive(Debug)]
pub(crate) struct Home {
    dir: TempDir,
    below: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::below("")
    }

    /// With the cache directory further down, to make its path long.
    pub(crate) fn below(path: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("llbgen-daemon-")
            .tempdir()
            .unwrap();
        Self {
            dir,
            below: path.into(),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.dir.path().join(&self.below)
    }

    /// A place for files of the test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.cache().join("llbgen/daemon")
    }

    /// Those that a process with this cache directory has.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            search_path: search_path(),
            sockets: vec![self.path("no.sock")],
            state_dir: Some(self.state()),
            config: ConfigFile::Usual("/etc/buildkit/buildkitd.toml".into()),
            privilege: Privilege::Root,
            start_deadline: Duration::from_mins(1),
            stop_grace: Duration::from_secs(5),
        }
    }

    /// The daemons that run on this state.
    pub(crate) fn daemons(&self) -> Vec<Process> {
        let root = format!("--root={}", self.state().join("root").display());
        let found = process::with_argument(&root);
        found
            .into_iter()
            .map(|(pid, _)| Process::hold(pid))
            .collect()
    }

    pub(crate) fn daemon(&self) -> Process {
        let mut daemons = self.daemons();
        assert_eq!(daemons.len(), 1, "{daemons:?}");
        daemons.remove(0)
    }

    /// No process, no mount and no socket.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        let text = self.dir.path().to_str().unwrap();
        assert_eq!(process::with_argument(text), [], "processes are left");
        assert_eq!(
            process::mounts_of(self.dir.path()),
            Vec::<String>::new(),
            "mounts are left"
        );
        for name in [
            "buildkitd.sock",
            "otel.sock",
            "notify.sock",
            "tmp",
            "runtime",
        ] {
            assert!(!self.state().join(name).exists(), "`{name}` is left");
        }
    }

    /// Starts a process that uses the daemon and runs `script` meanwhile.
    pub(crate) fn spawn(&self, script: &str) -> User {
        self.spawn_with(script, &[])
    }

    pub(crate) fn spawn_with(&self, script: &str, env: &[(&str, OsString)]) -> User {
        let mut command = Command::new(with_daemon());
        command
            .args(["sh", "-c", script])
            .env_clear()
            .env("PATH", env::join_paths(search_path()).unwrap())
            .env("HOME", self.dir.path())
            .env("XDG_CACHE_HOME", self.cache())
            .envs(env.iter().cloned());
        User::spawn(command)
    }

    /// Starts a process that uses the daemon until it is told to end.
    pub(crate) fn user(&self) -> User {
        let mut user = self.spawn(HOLD);
        user.address = user.line();
        user
    }
}

/// Says where the daemon is, and waits for its stdin to close.
pub(crate) const HOLD: &str = "echo $BUILDKIT_HOST; exec cat";

impl Drop for Home {
    fn drop(&mut self) {
        // A test that fails must not leave a daemon either.
        for daemon in self.daemons() {
            daemon.signal(Signal::KILL);
            daemon.ended_within(5);
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        for point in mounts
            .lines()
            .rev()
            .filter_map(|line| line.split(' ').nth(4))
        {
            if Path::new(point).starts_with(self.dir.path()) {
                // What stays makes the directory's deletion fail.
                let _ = unmount(point, UnmountFlags::DETACH);
            }
        }
    }
}

/// A process that uses the daemon, in a process group of its own as a shell would start it.
#[derive(Debug)]
pub(crate) struct User {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl User {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().unwrap();
        let process = Process::hold(i32::try_from(child.id()).unwrap());
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdin,
            stdout,
            process,
            address: String::new(),
        }
    }

    /// The next line of its output.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        if line.is_empty() {
            self.stdin = None;
            panic!("it ended:\n{}", self.errors());
        }
        line.trim_end().to_owned()
    }

    /// All of its output, until it ends.
    pub(crate) fn output(&mut self) -> String {
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        text
    }

    /// All of its stderr, once it has ended.
    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// Ends it the usual way.
    #[track_caller]
    pub(crate) fn end(mut self) {
        self.stdin = None;
        let status = self.wait();
        assert!(status.success(), "{status}: {}", self.errors());
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> ExitStatus {
        self.process.signal(signal);
        self.wait()
    }

    /// Kills it so that it can do nothing about its daemon.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}
