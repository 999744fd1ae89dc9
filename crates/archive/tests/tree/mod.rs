//! Random trees with every kind of entry, planted on disk.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chmodat, chownat,
    lsetxattr, makedev, mknodat, utimensat,
};

use crate::disk::is_root;

/// A tree that can be planted; entries come after the directory that they are in.
#[derive(Debug, Clone)]
pub(crate) struct Plan(Vec<Node>);

#[derive(Debug, Clone)]
struct Node {
    /// The index of its directory among the directories so far.
    parent: Index,
    name: Vec<u8>,
    what: What,
    mode: u32,
    owner: (u32, u32),
    time: (i64, i64),
    xattrs: Vec<(&'static str, Vec<u8>)>,
}

#[derive(Debug, Clone)]
enum What {
    Directory,
    File(Vec<u8>),
    Sparse {
        hole: u64,
        tail: Vec<u8>,
    },
    Symlink(Vec<u8>),
    /// One more name of one of the files, pipes, sockets and devices so far.
    HardLink(Index),
    Fifo,
    Socket,
    Device,
}

/// Trees of up to two dozen entries.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    prop::collection::vec(node(), 0..24).prop_map(Plan)
}

fn node() -> impl Strategy<Value = Node> {
    let owner = select(vec![0, 1, 1000, 2_097_151, 2_097_152, 4_000_000_000]);
    let seconds = prop_oneof![
        select(vec![0, -1, 1, 0x7fff_ffff]),
        -1_000_000_000..4_000_000_000_i64
    ];
    let nanoseconds = prop_oneof![
        select(vec![0, 499_999_999, 500_000_000, 999_999_999]),
        0..1_000_000_000_i64
    ];
    (
        any::<Index>(),
        name(),
        what(),
        0..0o10000_u32,
        (owner.clone(), owner),
        (seconds, nanoseconds),
        xattrs(),
    )
        .prop_map(|(parent, name, what, mode, owner, time, xattrs)| Node {
            parent,
            name,
            what,
            mode,
            owner,
            time,
            xattrs,
        })
}

/// Names that sort in surprising ways, are long, or are no UTF-8.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd = [
        "a", "a-", "a.c", "a0", "A", "...", "-", " ", "a\nb", "a=b", "größe", ".wh.a", "\\",
    ];
    let odd: Vec<Vec<u8>> = odd.iter().map(|name| name.as_bytes().to_vec()).collect();
    let byte = any::<u8>().prop_filter("no NUL, no slash", |byte| *byte != 0 && *byte != b'/');
    let noise = |lengths| {
        let bytes = prop::collection::vec(byte.clone(), lengths);
        bytes.prop_filter("dots", |name| name != b"." && name != b"..")
    };
    prop_oneof![3 => select(odd), 1 => noise(1..8), 1 => noise(90..256)]
}

fn what() -> impl Strategy<Value = What> {
    let content = || bytes(&[0, 1, 511, 512, 513, 3000]);
    let target = prop_oneof![
        select(vec![
            b"a".to_vec(),
            b"/etc".to_vec(),
            b"../..".to_vec(),
            vec![b't'; 100],
            vec![b't'; 101]
        ]),
        prop::collection::vec(1..=255_u8, 1..200),
    ];
    prop_oneof![
        4 => Just(What::Directory),
        4 => content().prop_map(What::File),
        1 => (1..9_000_u64, content()).prop_map(|(hole, tail)| What::Sparse { hole, tail }),
        2 => target.prop_map(What::Symlink),
        3 => any::<Index>().prop_map(What::HardLink),
        1 => Just(What::Fifo),
        1 => Just(What::Socket),
        1 => Just(What::Device),
    ]
}

fn xattrs() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let name = select(vec!["user.a", "user.größe", "security.b", "trusted.c"]);
    prop::collection::vec((name, bytes(&[0, 1, 300])), 0..3)
}

/// Bytes of one of these lengths.
fn bytes(lengths: &[usize]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let bytes = |(length, first): (usize, u8)| (first..=u8::MAX).cycle().take(length).collect();
    (select(lengths.to_vec()), any::<u8>()).prop_map(bytes)
}

impl Plan {
    /// Makes the tree below `root`. Without root's rights, the tree has no devices, no attributes of the kernel, and
    /// only files of the user's own that can be read.
    pub(crate) fn plant(&self, root: &Path) {
        let as_root = is_root("a random tree");
        let mut directories = vec![root.to_owned()];
        let mut files: Vec<PathBuf> = Vec::new();
        let mut planted = Vec::new();
        for node in &self.0 {
            let path = node
                .parent
                .get(&directories)
                .join(OsStr::from_bytes(&node.name));
            // The path of a deep tree can get too long for the kernel.
            let free = path.as_os_str().len() < 3000 && fs::symlink_metadata(&path).is_err();
            if free && node.make(&path, &files, as_root) {
                match node.what {
                    What::Directory => directories.push(path.clone()),
                    What::Symlink(_) => {}
                    _ => files.push(path.clone()),
                }
                planted.push((node, path));
            }
        }
        // From the leaves up: a new entry changes the time of its directory, and a mode can close it.
        for (node, path) in planted.iter().rev() {
            node.dress(path, as_root);
        }
    }
}

impl Node {
    /// Makes the entry, if it can be made.
    fn make(&self, path: &Path, files: &[PathBuf], as_root: bool) -> bool {
        let special =
            |kind, device| mknodat(CWD, path, kind, Mode::from_raw_mode(0o600), device).unwrap();
        match &self.what {
            What::Directory => fs::create_dir(path).unwrap(),
            What::File(content) => fs::write(path, content).unwrap(),
            What::Sparse { hole, tail } => {
                let mut file = File::create(path).unwrap();
                file.seek(SeekFrom::Start(*hole)).unwrap();
                file.write_all(tail).unwrap();
                file.set_len(hole * 2 + tail.len() as u64).unwrap();
            }
            What::Symlink(target) => symlink(OsStr::from_bytes(target), path).unwrap(),
            What::HardLink(_) if files.is_empty() => return false,
            What::HardLink(target) => fs::hard_link(target.get(files), path).unwrap(),
            What::Fifo => special(FileType::Fifo, 0),
            What::Socket => special(FileType::Socket, 0),
            What::Device if as_root => special(FileType::CharacterDevice, makedev(1, 3)),
            What::Device => return false,
        }
        true
    }

    fn dress(&self, path: &Path, as_root: bool) {
        let is_link = matches!(self.what, What::Symlink(_));
        if as_root {
            let (user, group) = (Uid::from_raw(self.owner.0), Gid::from_raw(self.owner.1));
            chownat(
                CWD,
                path,
                Some(user),
                Some(group),
                AtFlags::SYMLINK_NOFOLLOW,
            )
            .unwrap();
        }
        for (name, value) in &self.xattrs {
            let plain = matches!(
                self.what,
                What::Directory | What::File(_) | What::Sparse { .. }
            );
            let is_user = name.starts_with("user.");
            if (is_user && plain) || (!is_user && as_root) {
                lsetxattr(path, *name, value, XattrFlags::empty()).unwrap();
            }
        }
        if !is_link {
            let readable = if as_root { 0 } else { 0o700 };
            let mode = Mode::from_raw_mode(self.mode | readable);
            chmodat(CWD, path, mode, AtFlags::empty()).unwrap();
        }
        let time = Timespec {
            tv_sec: self.time.0,
            tv_nsec: self.time.1,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    }
}
