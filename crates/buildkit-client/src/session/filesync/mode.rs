//! File modes in Go's terms.

use rustix::fs::{FileType, RawMode};

const DIR: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;
const NAMED_PIPE: u32 = 1 << 25;
const SETUID: u32 = 1 << 23;
const SETGID: u32 = 1 << 22;
const CHAR_DEVICE: u32 = 1 << 21;
const STICKY: u32 = 1 << 20;

/// Go's `os.FileMode` of a system's `st_mode`.
///
/// A socket becomes a plain file, as in fsutil's `mkstat`.
pub(super) fn to_go(mode: RawMode) -> u32 {
    let kind = match FileType::from_raw_mode(mode) {
        FileType::Directory => DIR,
        FileType::Symlink => SYMLINK,
        FileType::BlockDevice => DEVICE,
        FileType::CharacterDevice => DEVICE | CHAR_DEVICE,
        FileType::Fifo => NAMED_PIPE,
        FileType::RegularFile | FileType::Socket | FileType::Unknown => 0,
    };
    let flags = [(0o4000, SETUID), (0o2000, SETGID), (0o1000, STICKY)];
    flags.iter().fold(kind | (mode & 0o777), |go, (bit, flag)| {
        if mode & bit == 0 { go } else { go | flag }
    })
}

/// The mode of a directory that is not declared itself: 0755.
pub(super) const DECLARED_DIR: u32 = DIR | 0o755;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translates_kinds_and_flags() {
        // Expected: `fmt.Printf("%#o", uint32(fi.Mode()))` in Go.
        let cases = [
            (0o100_644, 0o644),
            (0o040_755, 0o20_000_000_755),
            (0o120_777, 0o1_000_000_777),
            (0o060_660, 0o400_000_660),
            (0o020_666, 0o410_000_666),
            (0o010_600, 0o200_000_600),
            (0o140_755, 0o755),
            (0o104_755, 0o40_000_755),
            (0o102_755, 0o20_000_755),
            (0o041_777, 0o20_004_000_777),
        ];
        for (mode, expected) in cases {
            assert_eq!(to_go(mode), expected, "{mode:o}");
        }
    }
}
