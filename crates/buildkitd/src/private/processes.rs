//! The processes of a private daemon: known by a mark in their environment and by their root directory, held by pidfd.
//!
//! There is no pid file: a number from a file could belong to any process by now. The mark comes with the process and
//! goes with it. Nothing is signalled by number, either: a process is held first, then looked at, then signalled
//! through the handle, which can never mean another process.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::layout::Layout;
use super::mounts::{self, StateMounts};

/// How long the kernel may take to end a killed process. Longer means that it hangs in a device or a network mount.
const KILL_PATIENCE: Duration = Duration::from_secs(3);

/// The environment variable that marks the daemon and what it starts. Its value is the state directory.
pub(super) const MARK: &str = "LLBGEN_PRIVATE_DAEMON";

/// A process that cannot be mistaken for another one.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: i32,
    parent: i32,
    group: i32,
    pub(super) argv: Vec<OsString>,
    handle: OwnedFd,
}

/// The private daemon's processes cannot be seen or ended.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// /proc cannot be read, or a process not be signalled.
    #[error("cannot look after the processes of the private daemon")]
    System(#[from] io::Error),
    /// Killed processes are still there.
    #[error("processes of the private daemon cannot be ended: {pids:?}")]
    Survivors {
        /// Their numbers.
        pids: Vec<i32>,
    },
}

/// The processes of the daemon itself: buildkitd, rootlesskit around it, and helpers such as runc.
pub(super) fn daemons(layout: &Layout) -> io::Result<Vec<Process>> {
    let root = layout.root();
    let mut found = Vec::new();
    for pid in pids()? {
        if is_ours(pid, &root) {
            found.extend(hold(pid)?.filter(|process| is_ours(process.pid, &root)));
        }
    }
    Ok(found)
}

/// Ends the daemon and everything that it has started: SIGTERM, the grace time, SIGKILL.
pub(super) fn end(layout: &Layout, grace: Duration) -> Result<(), ProcessError> {
    let daemons = daemons(layout)?;
    let pids: BTreeSet<_> = daemons.iter().map(|daemon| daemon.pid).collect();
    let groups: BTreeSet<_> = daemons
        .iter()
        .map(|daemon| daemon.group)
        .filter(|group| pids.contains(group))
        .collect();
    // rootlesskit passes the signal on; a second one would make buildkitd skip its clean-up.
    let (tops, _helpers): (Vec<_>, Vec<_>) = daemons
        .into_iter()
        .partition(|daemon| !pids.contains(&daemon.parent));
    for top in &tops {
        signal(top, Signal::TERM)?;
    }
    wait(tops, grace)?;

    let deadline = Instant::now() + KILL_PATIENCE;
    loop {
        let rest = remaining(layout, &groups)?;
        if rest.is_empty() {
            return Ok(());
        }
        for process in &rest {
            signal(process, Signal::KILL)?;
        }
        let alive = wait(rest, deadline.saturating_duration_since(Instant::now()))?;
        if !alive.is_empty() {
            return Err(ProcessError::Survivors {
                pids: alive.iter().map(|process| process.pid).collect(),
            });
        }
    }
}

/// The processes that a daemon may leave when it has ended: its own, those of its process groups, and steps, which run
/// in a root directory that comes from the state directory.
fn remaining(layout: &Layout, groups: &BTreeSet<i32>) -> io::Result<Vec<Process>> {
    let root = layout.root();
    let own_mounts = mounts::read(Path::new("/proc/self/mountinfo"))?;
    let mut steps = Steps {
        state: StateMounts::of(&root, &own_mounts),
        own: namespace(Path::new("/proc/self")),
        known: BTreeMap::new(),
    };
    let mut found = Vec::new();
    for pid in pids()? {
        let mut is_left = |pid| {
            is_ours(pid, &root)
                || parent_and_group(pid).is_some_and(|(_, group)| groups.contains(&group))
                || steps.contain(pid)
        };
        if is_left(pid) {
            found.extend(hold(pid)?.filter(|process| is_left(process.pid)));
        }
    }
    Ok(found)
}

/// Finds the processes of build steps. All processes of a mount namespace are alike, so each namespace is looked at
/// once.
struct Steps {
    state: Option<StateMounts>,
    own: Option<PathBuf>,
    known: BTreeMap<PathBuf, bool>,
}

impl Steps {
    fn contain(&mut self, pid: i32) -> bool {
        let process = directory(pid);
        let Some(namespace) = namespace(&process).filter(|it| Some(it) != self.own.as_ref()) else {
            return false;
        };
        let state = self.state.as_ref();
        *self.known.entry(namespace).or_insert_with(|| {
            let mounts = mounts::read(&process.join("mountinfo")).unwrap_or_default();
            let root = mounts.iter().rfind(|mount| mount.point == Path::new("/"));
            root.is_some_and(|root| state.is_some_and(|state| state.shows(root)))
        })
    }
}

/// The mount namespace; `None` for a process that has ended or is another user's.
fn namespace(process: &Path) -> Option<PathBuf> {
    fs::read_link(process.join("ns/mnt")).ok()
}

/// Whether the process has the mark, and the marked path is the same directory for it as for us, which it is not in
/// another container.
fn is_ours(pid: i32, root: &Path) -> bool {
    let mut mark = OsString::from(MARK);
    mark.push("=");
    mark.push(root);
    let environment = fs::read(directory(pid).join("environ")).unwrap_or_default();
    let marked = environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == mark.as_bytes());
    marked && sees(pid, root)
}

fn sees(pid: i32, root: &Path) -> bool {
    let relative = root.strip_prefix("/").unwrap_or(root);
    let theirs = fs::metadata(directory(pid).join("root").join(relative));
    match (fs::metadata(root), theirs) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    }
}

/// Takes hold of a process; `None` when it has ended.
fn hold(pid: i32) -> io::Result<Option<Process>> {
    let Some(number) = Pid::from_raw(pid) else {
        return Ok(None);
    };
    let handle = match pidfd_open(number, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(parent_and_group(pid).map(|(parent, group)| Process {
        pid,
        parent,
        group,
        argv: argv(pid),
        handle,
    }))
}

/// Sends a signal; a process that has ended meanwhile needs none.
fn signal(process: &Process, signal: Signal) -> io::Result<()> {
    match pidfd_send_signal(&process.handle, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits until all have ended or the time is over; returns those that are still there.
fn wait(mut processes: Vec<Process>, patience: Duration) -> io::Result<Vec<Process>> {
    let deadline = Instant::now() + patience;
    while !processes.is_empty() {
        let mut handles: Vec<_> = processes
            .iter()
            .map(|it| PollFd::new(&it.handle, PollFlags::IN))
            .collect();
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
        match poll(&mut handles, left.as_ref()) {
            Ok(0) => break,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        // A pidfd can be read when its process has ended.
        let ended: Vec<_> = handles
            .iter()
            .map(|handle| !handle.revents().is_empty())
            .collect();
        let mut ended = ended.into_iter();
        processes.retain(|_| !ended.next().unwrap_or_default());
    }
    Ok(processes)
}

fn directory(pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

fn pids() -> io::Result<Vec<i32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        pids.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<i32>().ok()),
        );
    }
    Ok(pids)
}

/// The command line; empty for a process that has ended and for the kernel's own.
fn argv(pid: i32) -> Vec<OsString> {
    let bytes = fs::read(directory(pid).join("cmdline")).unwrap_or_default();
    let text = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == 0)
        .map(|part| OsString::from_vec(part.to_vec()))
        .collect()
}

fn parent_and_group(pid: i32) -> Option<(i32, i32)> {
    parse_stat(&fs::read(directory(pid).join("stat")).ok()?)
}

/// `PID (NAME) STATE PARENT GROUP …`; the name may hold anything, parentheses too. `None` for a process that has ended
/// and whose parent has not yet taken note.
fn parse_stat(stat: &[u8]) -> Option<(i32, i32)> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = OsStr::from_bytes(stat.get(after_name..)?).to_str()?;
    let mut fields = rest.split_ascii_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    let mut numbers = fields.map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_any_name() {
        assert_eq!(parse_stat(b"12 (a) S 1) (x) R 7 12 12 0 -1"), Some((7, 12)));
        assert_eq!(parse_stat(b"12 (sh) Z 7 12 12 0 -1"), None);
        assert_eq!(parse_stat(b"12 (sh) S 7"), None);
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn this_process_is_found_by_number() {
        let own = i32::try_from(std::process::id()).unwrap();
        let process = hold(own).unwrap().unwrap();
        assert!(!process.argv.is_empty());
        assert_eq!(process.group, rustix::process::getpgrp().as_raw_pid());
    }
}
