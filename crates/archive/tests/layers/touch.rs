//! Changes of one property of a file, whose path stays, and whose time stays unless it is that property.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use rustix::fs::{
    AtFlags, CWD, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chmodat, chownat, lremovexattr,
    lsetxattr, utimensat,
};
use tempfile::TempDir;

use crate::disk::is_root;
use crate::tree::{Plan, plan};
use crate::{cases, holds, paths, planted, without_whiteout_names};

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_layer_has_what_was_changed_in_place(base in plan(), touches in touches()) {
        let (before, after) = touched(&base, &touches);
        holds(before.path(), after.path());
    }
}

/// A property that changes.
#[derive(Debug, Clone)]
pub(crate) enum Touch {
    Mode(u32),
    Owner(u32),
    Time(i64),
    Attribute(Vec<u8>),
    NoAttributes,
    /// Another byte, and the same length.
    Content,
}

/// Some changes of some paths.
pub(crate) fn touches() -> impl Strategy<Value = Vec<(Index, Touch)>> {
    let touch = prop_oneof![
        (0..0o10000_u32).prop_map(Touch::Mode),
        (0..3000_u32).prop_map(Touch::Owner),
        (0..4_000_000_000_i64).prop_map(Touch::Time),
        prop::collection::vec(1..=255_u8, 1..9).prop_map(Touch::Attribute),
        Just(Touch::NoAttributes),
        Just(Touch::Content),
    ];
    prop::collection::vec((any::<Index>(), touch), 1..9)
}

/// A tree, and the same after changes.
pub(crate) fn touched(base: &Plan, touches: &[(Index, Touch)]) -> (TempDir, TempDir) {
    let (before, after) = (planted(base), planted(base));
    without_whiteout_names(before.path());
    without_whiteout_names(after.path());
    let all = paths(after.path());
    if !all.is_empty() {
        for (index, touch) in touches {
            touch.apply(index.get::<PathBuf>(&all));
        }
    }
    (before, after)
}

/// Random trees have such names, too.
const ATTRIBUTES: [&str; 3] = ["user.a", "user.größe", "security.b"];

impl Touch {
    /// Makes the change, if it can be made.
    fn apply(&self, path: &Path) {
        let as_root = is_root("a change in place");
        let found = fs::symlink_metadata(path).unwrap();
        let is_plain = found.is_file() || found.is_dir();
        let here = AtFlags::SYMLINK_NOFOLLOW;
        match self {
            Self::Mode(mode) if !found.is_symlink() => {
                let readable = if as_root { 0 } else { 0o700 };
                let mode = Mode::from_raw_mode(mode | readable);
                chmodat(CWD, path, mode, AtFlags::empty()).unwrap();
            }
            Self::Owner(id) if as_root => {
                let (user, group) = (Uid::from_raw(*id), Gid::from_raw(*id));
                chownat(CWD, path, Some(user), Some(group), here).unwrap();
            }
            Self::Time(seconds) => set_time(path, *seconds, 0),
            Self::Attribute(value) if is_plain => {
                lsetxattr(path, ATTRIBUTES[0], value, XattrFlags::empty()).unwrap();
            }
            Self::NoAttributes => {
                for name in ATTRIBUTES {
                    // An attribute that is missing, or that cannot exist here, need not be removed.
                    let _gone = lremovexattr(path, name);
                }
            }
            Self::Content if found.is_file() && found.len() > 0 => {
                let file = File::options().read(true).write(true).open(path).unwrap();
                let mut byte = [0];
                file.read_exact_at(&mut byte, 0).unwrap();
                file.write_all_at(&[byte[0] ^ 1], 0).unwrap();
                set_time(path, found.mtime(), found.mtime_nsec());
            }
            _ => {}
        }
    }
}

fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}
