//! A server of the test bed: a process in a group of its own, ready when its log says so, stopped by its pid.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a server may take to start; a cold disk needs seconds, a broken set-up says so at once by exiting.
const START: Duration = Duration::from_mins(1);
/// How long a server may take to end by itself before it is killed.
const STOP: Duration = Duration::from_secs(15);

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    pid: Pid,
    ended: Receiver<()>,
    addresses: Vec<String>,
    log: PathBuf,
    stopped: bool,
}

impl Server {
    /// Starts `command` and waits until its log has named `count` addresses, each after the words `ready`.
    ///
    /// # Panics
    /// When it cannot be started, ends before it is ready, or is not ready in a minute.
    pub fn start(mut command: Command, log: &Path, ready: &str, count: usize) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stderr = child.stderr.take().expect("stderr is piped");
        let pid = Pid::from_child(&child);
        let (found, addresses) = channel();
        let (end, ended) = channel();
        let (file, marker) = (
            File::create(log).expect("the log can be written"),
            ready.to_owned(),
        );
        thread::spawn(move || {
            follow(stderr, file, &marker, &found);
            drop(found);
            reap(child, &end);
        });
        let wait = |_| {
            addresses.recv_timeout(START).unwrap_or_else(|error| {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                panic!("{command:?} is not ready: {error}\n{text}")
            })
        };
        let addresses = (0..count).map(wait).collect();
        Self {
            pid,
            ended,
            addresses,
            log: log.to_owned(),
            stopped: false,
        }
    }

    /// Where it listens, in the order of its log, which for several addresses is any.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// What it wrote to stderr.
    pub fn log(&self) -> &Path {
        &self.log
    }
}

impl Server {
    /// Asks it to end, waits, and kills its group when it does not. Nothing happens when it has ended.
    pub fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        // Errors mean that it has ended already.
        let _ = kill_process(self.pid, Signal::TERM);
        if self.ended.recv_timeout(STOP).is_err() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            let _ = self.ended.recv_timeout(STOP);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Copies the log to `file` and sends what follows `marker`, up to a quote or the end of the line.
fn follow(stderr: ChildStderr, mut file: File, marker: &str, found: &Sender<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let _ = writeln!(file, "{line}");
        if let Some((_, address)) = line.split_once(marker) {
            let end = address.find(['"', ' ']).unwrap_or(address.len());
            let _ = found.send(address[..end].to_owned());
        }
    }
}

fn reap(mut child: Child, end: &Sender<()>) {
    let _ = child.wait();
    let _ = end.send(());
}
