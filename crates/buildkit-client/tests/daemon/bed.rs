//! A buildkitd of the tests: private, on loopback, gone at the end.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use std::{env, io};

use buildkit_client::{Address, ConnectOptions, Daemon};
use tempfile::TempDir;

/// The time limit for the start of a daemon on a cold disk.
const START: Duration = Duration::from_mins(1);

/// A running buildkitd. Dropping it kills it.
pub(crate) struct Bed {
    child: Child,
    addresses: Vec<String>,
    dir: TempDir,
}

impl Bed {
    /// A daemon on a unix socket and on a plain port; none, said aloud, where there is no buildkitd.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with lines for the `[grpc]` table of its configuration.
    pub(crate) fn start_with(grpc: &str) -> Option<Self> {
        let program = engine()?;
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("buildkitd.toml");
        fs::write(&config, configuration(dir.path(), grpc)).unwrap();
        let mut child = Command::new(program)
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let addresses = follow(&mut child, &dir.path().join("log"));
        let wait = |_| {
            addresses.recv_timeout(START).unwrap_or_else(|error| {
                let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
                panic!("buildkitd does not start ({error}):\n{log}")
            })
        };
        let mut addresses: Vec<String> = (0..2).map(wait).collect();
        // The servers start side by side; the socket's path sorts first.
        addresses.sort();
        Some(Self {
            child,
            addresses,
            dir,
        })
    }

    pub(crate) fn socket(&self) -> Address {
        format!("unix://{}", self.addresses[0]).parse().unwrap()
    }

    pub(crate) fn port(&self) -> Address {
        format!("tcp://{}", self.addresses[1]).parse().unwrap()
    }

    pub(crate) async fn connect(&self) -> Daemon {
        Daemon::connect(ConnectOptions::new(self.socket()))
            .await
            .unwrap()
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Kills it as the system would: no goodbye.
    pub(crate) fn kill(&mut self) {
        // Every process that it started is in its group; only itself is ours to wait for.
        let _ended_before = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.kill();
        clear(self.dir.path());
    }
}

/// Removes the rest of a killed daemon: the processes of its steps, and mounts, which would keep its directory.
fn clear(dir: &Path) {
    let dir = dir.display().to_string();
    for pid in processes_in_snapshots(&dir) {
        let _ended = Command::new("kill").args(["-KILL", &pid]).status();
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts
        .lines()
        .rev()
        .filter_map(|line| line.split(' ').nth(1))
    {
        if mount.starts_with(&dir) {
            let _unmounted = Command::new("umount").args(["-l", mount]).status();
        }
    }
}

/// The processes whose root is a snapshot below `dir`.
fn processes_in_snapshots(dir: &str) -> Vec<String> {
    let in_snapshot = |pid: &String| {
        let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        mounts
            .lines()
            .any(|line| line.split(' ').nth(4) == Some("/") && line.contains(dir))
    };
    let names = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(in_snapshot)
        .collect()
}

/// No garbage collection: it would make cached steps vanish on a full disk. Daemons that start at once would fight for
/// the usual socket for traces.
fn configuration(dir: &Path, grpc: &str) -> String {
    let dir = dir.display();
    format!(
        "root = \"{dir}/root\"\n\
         [grpc]\n\
         address = [\"unix://{dir}/buildkitd.sock\", \"tcp://127.0.0.1:0\"]\n\
         {grpc}\n\
         [otel]\n\
         socketPath = \"{dir}/otel.sock\"\n\
         [worker.oci]\n\
         enabled = true\n\
         gc = false\n\
         [worker.containerd]\n\
         enabled = false\n"
    )
}

fn engine() -> Option<PathBuf> {
    if has("buildkitd") {
        on_path("buildkitd")
    } else {
        None
    }
}

/// Whether a program of the engine is there. That it is not is said aloud, and a failure where it must be there.
pub(crate) fn has(program: &str) -> bool {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if is_root && on_path(program).is_some() {
        return true;
    }
    let required = env::var_os("CI").is_some() || env::var_os("LLBGEN_TEST_ENGINE").is_some();
    assert!(
        !required,
        "there is no {program} on PATH, or this is not root; run scripts/dev/test"
    );
    // Past the test runner's capture: a skipped test must not look like a passed one.
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let _written = writeln!(
        io::stderr(),
        "SKIPPED {name}: no {program} on PATH, or not root; run scripts/dev/test"
    );
    false
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// Keeps the log, and sends the addresses in it.
fn follow(child: &mut Child, log: &Path) -> Receiver<String> {
    const READY: &str = "running server on ";
    let stderr = child.stderr.take().unwrap();
    let mut log = File::create(log).unwrap();
    let (sender, addresses) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _kept = writeln!(log, "{line}");
            if let Some((_, address)) = line.split_once(READY) {
                let end = address.find(['"', ' ']).unwrap_or(address.len());
                let _wanted = sender.send(address[..end].to_owned());
            }
        }
    });
    addresses
}
