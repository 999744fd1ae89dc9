//! Processes, as the machine sees them.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long a stopped process may take to stand still.
const LIMIT: Duration = Duration::from_secs(10);

/// A running process, which can be told from a later one with its number.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    handle: OwnedFd,
}

impl Process {
    pub(crate) fn hold(pid: i32) -> Self {
        let handle = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap();
        Self { pid, handle }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.handle, signal).unwrap();
    }

    /// Stops it, and waits until each of its threads has: one that runs on may still answer.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let end = Instant::now() + LIMIT;
        while !self.is_stopped() {
            assert!(Instant::now() < end, "{} does not stop", self.pid);
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn is_stopped(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap();
        threads.flatten().all(|thread| {
            // The name of the program may have brackets in it.
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ")
                .is_none_or(|(_, rest)| rest.starts_with('T'))
        })
    }

    /// Whether it has ended within the time; zero asks whether it has ended by now.
    pub(crate) fn ended_within(&self, seconds: u64) -> bool {
        let mut handles = [PollFd::new(&self.handle, PollFlags::IN)];
        let time = Timespec::try_from(Duration::from_secs(seconds)).unwrap();
        poll(&mut handles, Some(&time)).unwrap() == 1
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.ended_within(0)
    }
}

/// The processes with an argument that contains `text`.
pub(crate) fn with_argument(text: &str) -> Vec<(i32, Vec<String>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while it is looked at.
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let argv: Vec<String> = bytes
            .split(|byte| *byte == 0)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect();
        if argv.iter().any(|argument| argument.contains(text)) {
            found.push((pid, argv));
        }
    }
    found
}

/// The mounts in which `dir` plays a part.
pub(crate) fn mounts_of(dir: &Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    table
        .lines()
        .filter(|line| line.contains(dir.to_str().unwrap()))
        .map(str::to_owned)
        .collect()
}
