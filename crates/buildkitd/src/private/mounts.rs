//! mountinfo (proc(5)): which mounts come from a state directory.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::{fs, iter};

/// One line of a mountinfo file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// `major:minor` of the file system.
    device: String,
    /// The directory within the file system that is mounted.
    root: PathBuf,
    /// The mount point, as the process sees it.
    pub(super) point: PathBuf,
    /// The file system's own options, such as overlay's directories.
    options: Vec<u8>,
}

/// A state directory, as mounts name it.
#[derive(Debug)]
pub(super) struct StateMounts {
    root: PathBuf,
    device: String,
    /// The state directory's path within its file system.
    within: PathBuf,
}

/// Reads a mountinfo file.
pub(super) fn read(path: &Path) -> io::Result<Vec<Mount>> {
    Ok(parse(&fs::read(path)?))
}

impl StateMounts {
    /// Finds the file system that `root` (without symlinks) is on, among the mounts of this process.
    pub(super) fn of(root: &Path, mounts: &[Mount]) -> Option<Self> {
        // A later mount covers an earlier one at the same point.
        let home = mounts
            .iter()
            .filter(|mount| root.starts_with(&mount.point))
            .max_by_key(|mount| mount.point.as_os_str().len())?;
        let rest = root.strip_prefix(&home.point).ok()?;
        Some(Self {
            root: root.to_owned(),
            device: home.device.clone(),
            within: home.root.join(rest),
        })
    }

    /// Whether the mount shows something of the state directory: a part of it (the native snapshotter), or an overlay
    /// of directories in it.
    pub(super) fn shows(&self, mount: &Mount) -> bool {
        let part = mount.device == self.device
            && mount.root.starts_with(&self.within)
            && mount.root != self.within;
        part || self.overlays(&mount.options)
    }

    fn overlays(&self, options: &[u8]) -> bool {
        options.split(|byte| *byte == b',').any(|option| {
            let value = option
                .splitn(2, |byte| *byte == b'=')
                .nth(1)
                .unwrap_or_default();
            value
                .split(|byte| *byte == b':')
                .any(|dir| unescape(dir).starts_with(&self.root))
        })
    }
}

fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|byte| *byte == b'\n')
        .filter_map(parse_line)
        .collect()
}

/// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE SUPEROPTIONS`
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = String::from_utf8(fields.nth(2)?.to_vec()).ok()?;
    let root = unescape(fields.next()?);
    let point = unescape(fields.next()?);
    fields.by_ref().find(|field| *field == b"-")?;
    let options = fields.nth(2)?.to_vec();
    Some(Mount {
        device,
        root,
        point,
        options,
    })
}

/// The kernel writes space, tab, newline and backslash as three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut rest = field;
    let bytes: Vec<u8> = iter::from_fn(|| {
        let (byte, used) = match rest {
            [] => return None,
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), 4)
            }
            [byte, ..] => (*byte, 1),
        };
        rest = &rest[used..];
        Some(byte)
    })
    .collect();
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "\
25 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 25 254:1 /u /home rw shared:2 - ext4 /dev/vdb rw
";

    fn check(line: &str, expected: bool) {
        let state =
            StateMounts::of(Path::new("/home/a b/d/root"), &parse(OURS.as_bytes())).unwrap();
        let mounts = parse(line.as_bytes());
        assert_eq!(mounts.len(), 1, "{line}");
        assert_eq!(state.shows(&mounts[0]), expected, "{line}");
    }

    #[test]
    fn mounts_of_the_state_directory_are_told_from_others() {
        // Overlay, by each of its directories.
        check(
            "40 30 0:50 / /x rw - overlay overlay rw,lowerdir=/l,upperdir=/home/a\\040b/d/root/s/1/fs",
            true,
        );
        check(
            "40 30 0:50 / /x ro - overlay overlay ro,lowerdir=/l:/home/a\\040b/d/root/s/1/fs",
            true,
        );
        check(
            "40 30 0:50 / /x rw - overlay overlay rw,lowerdir=/l,upperdir=/home/a\\040b/d/root2/s/1/fs",
            false,
        );
        // A directory of the state directory, which has another name inside its file system.
        check(
            "40 30 254:1 /u/a\\040b/d/root/runc-native/snapshots/1 / rw master:1 - ext4 /dev/vdb rw",
            true,
        );
        check(
            "40 30 254:0 /u/a\\040b/d/root/runc-native/snapshots/1 / rw - ext4 /dev/vda rw",
            false,
        );
        check(
            "40 30 254:1 /u/a\\040b/d/rootless/1 / rw - ext4 /dev/vdb rw",
            false,
        );
        // The file system of the state directory, and the state directory as a whole, mounted by a user for other
        // purposes.
        check("40 30 254:1 / /mnt rw - ext4 /dev/vdb rw", false);
        check(
            "40 30 254:1 /u/a\\040b/d/root /mnt rw - ext4 /dev/vdb rw",
            false,
        );
    }

    #[test]
    fn lines_that_are_cut_off_are_no_mounts() {
        assert_eq!(parse(b"40 30 254:1 /u /mnt rw\n\n40 30"), []);
    }
}
