//! Processes on this machine that tests did not start themselves: daemons, and commands inside builds.

use std::{fs, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};

/// The processes whose command line has `text` in it, arguments with spaces between them.
pub fn with_command_line(text: &str) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("/proc can be read").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .replace('\0', " ")
            .contains(text)
    })
    .filter_map(Pid::from_raw)
    .collect()
}

/// Waits for the end of a process; says whether it came within `limit`.
pub fn ends_within(pid: Pid, limit: Duration) -> bool {
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return true;
    };
    let limit = Timespec::try_from(limit).expect("a limit of seconds");
    let mut events = [PollFd::new(&handle, PollFlags::IN)];
    poll(&mut events, Some(&limit)).expect("a process can be waited for") > 0
}

/// The memory of a process, in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// The most that it has had resident, its program's pages among it.
    pub peak: u64,
    /// What it holds now besides pages of files, such as its program's.
    pub own: u64,
}

/// The memory of a process; none when it has ended.
pub fn memory(pid: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let of = |name: &str| {
        let mut lines = status.lines();
        let text = lines.find_map(|line| line.strip_prefix(name))?;
        text.trim().trim_end_matches(" kB").parse().ok()
    };
    Some(Memory {
        peak: of("VmHWM:")?,
        own: of("RssAnon:")?,
    })
}
