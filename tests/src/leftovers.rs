//! What a buildkitd that was killed leaves behind: processes in containers, and mounts.

use std::{fs, path::Path};

use rustix::{
    mount::{UnmountFlags, unmount},
    process::{Pid, Signal, kill_process},
};

/// Ends the containers and undoes the mounts of the daemon that kept its state in `root`.
pub fn clear(root: &Path) {
    for pid in containers(root) {
        let _ = kill_process(pid, Signal::KILL);
    }
    // The newest first: a mount may lie on another one.
    for target in mounts("self", root).into_iter().rev() {
        let _ = unmount(target.as_str(), UnmountFlags::DETACH);
    }
}

/// The processes whose root file system is a snapshot of the daemon that kept its state in `root`.
pub fn containers(root: &Path) -> Vec<Pid> {
    let own = fs::read_link("/proc/self/ns/mnt").ok();
    let entries = fs::read_dir("/proc").expect("/proc can be read");
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok() != own)
        .filter(|pid| {
            let table = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
            table
                .lines()
                .any(|line| line.split(' ').nth(4) == Some("/") && mentions(line, root))
        })
        .filter_map(Pid::from_raw)
        .collect()
}

/// Where `process` sees mounts below `root`.
fn mounts(process: &str, root: &Path) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    let targets = table.lines().filter_map(|line| line.split(' ').nth(4));
    targets
        .filter(|target| Path::new(target).starts_with(root))
        .map(ToOwned::to_owned)
        .collect()
}

fn mentions(line: &str, root: &Path) -> bool {
    root.to_str().is_some_and(|root| line.contains(root))
}
