//! Running the programs under test: a clean environment, a time limit, all output kept.

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{context::context, machine};

/// After that a command hangs: the longest build here is apt for arm64 under emulation.
const LIMIT: Duration = Duration::from_mins(15);

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Outcome {
    /// The exit code; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Stdout as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is text")
    }

    /// What stands behind `buildctl build` in the line that `emit` prints.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn buildctl_line(&self) -> &str {
        let mut lines = self.stderr.lines();
        let line = lines.find_map(|line| line.split_once("buildctl build"));
        line.expect("emit says how to build it").1
    }

    /// Returns the outcome of a command that must not fail.
    ///
    /// # Panics
    /// When it has.
    #[track_caller]
    pub fn success(self) -> Self {
        assert!(self.status.success(), "{}\n{}", self.status, self.stderr);
        self
    }

    /// Checks the exit code and that stderr has all of `words`.
    ///
    /// # Panics
    /// When it is otherwise.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code(), Some(code), "{}\n{}", self.status, self.stderr);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "no `{word}` in:\n{}",
                self.stderr
            );
        }
        self
    }
}

/// `buildctl build` on the daemon at `address` with what `emit` has written, as the line that it has printed says, in
/// `directory`.
///
/// # Panics
/// When the directory cannot be written to.
pub fn as_emitted(emitted: &Outcome, address: &str, directory: &Path) -> Command {
    let graph = directory.join("graph.pb");
    fs::create_dir_all(directory).expect("a directory can be made");
    fs::write(graph, &emitted.stdout).expect("a graph can be written");
    let script = format!("buildctl build {} < graph.pb", emitted.buildctl_line());
    let mut shell = clean("sh", directory);
    shell.env("BUILDKIT_HOST", address).args(["-c", &script]);
    shell
}

/// A program with nothing of the caller's environment but PATH, all signals as they are by default, and `home` as its
/// home.
pub fn clean(program: impl AsRef<OsStr>, home: &Path) -> Command {
    // A run of the tests that a shell put into the background, or that nohup started, has signals ignored, and llbgen
    // leaves ignored signals alone.
    let mut command = Command::new("/usr/bin/env");
    command
        .arg("--default-signal=HUP,INT,TERM")
        .arg(program)
        .env_clear()
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(home)
        .stdin(Stdio::null());
    command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TMPDIR"));
    command
}

/// `llbgen` with the fleet at the root of the repository, run in `home`, with a context of its own there.
pub fn llbgen(home: &Path) -> Command {
    let mut command = clean(machine::llbgen(), home);
    command.arg("-C").arg(context(home));
    command
}

/// As [`llbgen()`], with this lock in the context, unless one is there.
///
/// # Panics
/// When the lock cannot be written.
pub fn locked(home: &Path, lock: &str) -> Command {
    let path = context(home).join("llbgen.lock");
    if !path.exists() {
        std::fs::write(path, lock).expect("the context can be written to");
    }
    llbgen(home)
}

/// `llbgen` with the test catalog of that name, run in `home`, which is its context too.
pub fn fixture(catalog: &str, home: &Path) -> Command {
    let mut command = clean(machine::beside_tests("fixture-llbgen"), home);
    command.env("LLBGEN_FIXTURE", catalog);
    command
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started, or hangs.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    Running::start(command).wait()
}

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    status: Receiver<std::io::Result<ExitStatus>>,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    lines: Receiver<Vec<u8>>,
}

impl Running {
    /// Starts a command.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (seen, lines) = channel();
        let mut stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let stdout = thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).expect("stdout can be read");
            bytes
        });
        let stderr = thread::spawn(move || collect(stderr, |text| drop(seen.send(text.to_vec()))));
        let pid = Pid::from_child(&child);
        Self {
            pid,
            status: reap(child),
            stdout,
            stderr,
            lines,
        }
    }

    /// Waits until stderr has said `text`; returns all that it said.
    ///
    /// # Panics
    /// When the command ends before, or does not say it in time.
    #[track_caller]
    pub fn until_it_says(&self, text: &str) -> String {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(more) => said.extend(more),
                Err(error) => panic!(
                    "it does not say `{text}` ({error}):\n{}",
                    String::from_utf8_lossy(&said)
                ),
            }
            if String::from_utf8_lossy(&said).contains(text) {
                return String::from_utf8_lossy(&said).into_owned();
            }
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the command still runs");
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it hangs.
    #[track_caller]
    pub fn wait(self) -> Outcome {
        self.wait_for(LIMIT)
    }

    /// Waits for its end, which must come within `limit`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn wait_for(self, limit: Duration) -> Outcome {
        let status = match self.status.recv_timeout(limit) {
            Ok(status) => status.expect("a child can be waited for"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let _ = kill_process(self.pid, Signal::KILL);
                let stderr = self.stderr.join().expect("stderr was read");
                panic!(
                    "it has not ended after {limit:?}:\n{}",
                    String::from_utf8_lossy(&stderr)
                );
            }
        };
        let stdout = self.stdout.join().expect("stdout was read");
        let stderr =
            String::from_utf8_lossy(&self.stderr.join().expect("stderr was read")).into_owned();
        Outcome {
            status,
            stdout,
            stderr,
        }
    }
}

fn collect(mut stream: impl Read, mut each: impl FnMut(&[u8])) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
        each(&buffer[..read]);
    }
    bytes
}

fn reap(mut child: Child) -> Receiver<std::io::Result<ExitStatus>> {
    let (end, status) = channel();
    thread::spawn(move || drop(end.send(child.wait())));
    status
}
