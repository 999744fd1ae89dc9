//! A tree with every kind of entry, as data: made on disk, and written as a tar that no code of ours wrote.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, chown, lchown, symlink},
    },
    path::Path,
};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, mknodat, setxattr, utimensat,
};
use tar::{EntryType, Header};

pub(crate) enum What {
    Directory,
    File(Vec<u8>),
    /// A hole of this size, and one byte.
    Sparse(u64),
    Symlink(&'static str),
    HardLink(&'static str),
    Fifo,
    /// A device with these numbers.
    Character(u32, u32),
    Block(u32, u32),
    /// A tar has none.
    Socket,
}

pub(crate) struct Kind {
    pub(crate) path: Vec<u8>,
    pub(crate) what: What,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    /// Seconds and, later than those, milliseconds.
    pub(crate) time: (i64, u32),
    pub(crate) xattrs: Vec<(&'static str, Vec<u8>)>,
}

impl Kind {
    pub(crate) fn new(path: impl AsRef<[u8]>, what: What) -> Self {
        let mode = if matches!(what, What::Directory) {
            0o755
        } else {
            0o644
        };
        let path = path.as_ref().to_vec();
        Self {
            path,
            what,
            mode,
            owner: (0, 0),
            time: (1_600_000_000, 0),
            xattrs: Vec::new(),
        }
    }

    fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    /// Its time in seconds, as a decimal number.
    pub(crate) fn decimal_time(&self) -> String {
        match self.time {
            (seconds, milliseconds @ 1..) if seconds < 0 => {
                format!("-{}.{:03}", -1 - seconds, 1000 - milliseconds)
            }
            (seconds, milliseconds) => format!("{seconds}.{milliseconds:03}"),
        }
    }
}

/// Capabilities as the kernel keeps them: `cap_net_raw` permitted and effective.
fn capability() -> Vec<u8> {
    [0x0200_0001_u32, 1 << 13, 0, 0, 0]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}

/// An access control list as the kernel keeps it: the owner, user 1234, the group, a mask, others.
fn access_list() -> Vec<u8> {
    let entries = [
        (1_u16, 6_u16, u32::MAX),
        (2, 6, 1234),
        (4, 4, u32::MAX),
        (16, 6, u32::MAX),
        (32, 4, u32::MAX),
    ];
    let entries = entries.iter().flat_map(|(tag, rights, id)| {
        [
            &tag.to_le_bytes()[..],
            &rights.to_le_bytes()[..],
            &id.to_le_bytes()[..],
        ]
        .concat()
    });
    2_u32.to_le_bytes().into_iter().chain(entries).collect()
}

/// All kinds, parents before what is in them and targets before links.
pub(crate) fn kinds() -> Vec<Kind> {
    let file = |path: &str, content: &str| Kind::new(path, What::File(content.into()));
    let dir = |path: &str| Kind::new(path, What::Directory);
    let long = "long-".repeat(40);
    let deep = format!("deep/{}/{}", "d".repeat(200), "e".repeat(200));
    let deeper = format!("{deep}/{}/{}", "f".repeat(255), "g".repeat(255));
    vec![
        dir("bin"),
        Kind {
            mode: 0o4755,
            ..file("bin/sh", "a program")
        },
        // Sorted by component: `a/x` comes before `a-b`, though `/` is after `-`.
        Kind {
            time: (1_600_000_000, 500),
            ..dir("a")
        },
        file("a/x", "x"),
        dir("a-b"),
        dir("a.c"),
        file("a0", ""),
        Kind {
            time: (1_600_000_000, 499),
            ..file("rounded-down", "")
        },
        Kind {
            time: (1_600_000_000, 500),
            ..file("rounded-up", "")
        },
        // Before the first year of Unix, and after the last one that 64 bits of nanoseconds can say.
        Kind {
            time: (-315_619_200, 0),
            ..file("year-1960", "")
        },
        Kind {
            time: (-315_619_200, 750),
            ..file("year-1960-rounded-up", "")
        },
        Kind {
            time: (10_413_792_000, 0),
            ..file("year-2300", "")
        },
        Kind {
            mode: 0o1777,
            ..dir("sticky")
        },
        Kind {
            owner: (1234, 5678),
            ..file("owned", "not by root")
        },
        Kind {
            owner: (3_000_000, 3_000_000),
            ..file("owned-far", "by an owner that ustar has no room for")
        },
        file("links-z", "many names"),
        Kind::new("a/link", What::HardLink("links-z")),
        Kind::new("zz-link", What::HardLink("links-z")),
        Kind::new("symlink", What::Symlink("a/x")),
        Kind::new("symlink-nowhere", What::Symlink(FAR)),
        Kind::new("fifo", What::Fifo),
        Kind {
            mode: 0o666,
            ..Kind::new("device", What::Character(1, 3))
        },
        Kind::new("block-device", What::Block(7, 0)),
        Kind::new("sparse", What::Sparse(3 << 20)),
        Kind {
            xattrs: vec![("user.one", b"1".to_vec()), ("user.two", vec![0, 255])],
            ..file("xattrs", "")
        },
        Kind {
            mode: 0o755,
            xattrs: vec![("security.capability", capability())],
            ..file("capability", "")
        },
        Kind {
            mode: 0o664,
            xattrs: vec![("system.posix_acl_access", access_list())],
            ..file("acl", "")
        },
        Kind {
            xattrs: vec![("system.posix_acl_default", access_list())],
            ..dir("acl-default")
        },
        file(&long, "a long name"),
        dir("deep"),
        dir(deep.rsplit_once('/').unwrap().0),
        dir(&deep),
        file(&format!("{deep}/{long}"), "a long path"),
        dir(deeper.rsplit_once('/').unwrap().0),
        dir(&deeper),
        file(
            &format!("{deeper}/{}", "h".repeat(255)),
            "a path of 1200 bytes",
        ),
        Kind::new(b"not-utf-8-\xff\xfe", What::File(b"bytes".to_vec())),
        file("ünïcode", "characters"),
    ]
}

const FAR: &str = "/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere/nowhere";

/// Makes the tree in `root`.
pub(crate) fn make(kinds: &[Kind], root: &Path) {
    for kind in kinds {
        make_one(kind, root, &root.join(kind.path()));
    }
    // Last, and children first: making something in a directory changes its time.
    for kind in kinds.iter().rev() {
        let time = Timespec {
            tv_sec: kind.time.0,
            tv_nsec: i64::from(kind.time.1) * 1_000_000,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        utimensat(
            CWD,
            root.join(kind.path()),
            &times,
            AtFlags::SYMLINK_NOFOLLOW,
        )
        .unwrap();
    }
}

fn make_one(kind: &Kind, root: &Path, path: &Path) {
    match &kind.what {
        What::Directory => fs::create_dir(path).unwrap(),
        What::File(content) => fs::write(path, content).unwrap(),
        What::Sparse(size) => {
            let mut file = File::create(path).unwrap();
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(*size)).unwrap();
            file.write_all(b"x").unwrap();
        }
        What::Symlink(target) => symlink(target, path).unwrap(),
        What::HardLink(target) => fs::hard_link(root.join(target), path).unwrap(),
        What::Fifo => node(path, FileType::Fifo, (0, 0)),
        What::Character(major, minor) => node(path, FileType::CharacterDevice, (*major, *minor)),
        What::Block(major, minor) => node(path, FileType::BlockDevice, (*major, *minor)),
        What::Socket => node(path, FileType::Socket, (0, 0)),
    }
    match kind.what {
        What::HardLink(_) => {}
        What::Symlink(_) => lchown(path, Some(kind.owner.0), Some(kind.owner.1)).unwrap(),
        _ => {
            chown(path, Some(kind.owner.0), Some(kind.owner.1)).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(kind.mode)).unwrap();
            for (name, value) in &kind.xattrs {
                setxattr(path, *name, value, XattrFlags::empty()).unwrap();
            }
        }
    }
}

fn node(path: &Path, file_type: FileType, (major, minor): (u32, u32)) {
    let device = rustix::fs::makedev(major, minor);
    mknodat(CWD, path, file_type, Mode::empty(), device).unwrap();
}

/// The tree as a tar.
pub(crate) fn tar(kinds: &[Kind], file: File) {
    let mut tar = tar::Builder::new(file);
    for kind in kinds {
        let mtime = kind.decimal_time();
        let mut pax = vec![
            ("mtime".to_owned(), mtime.into_bytes()),
            ("path".to_owned(), kind.path.clone()),
        ];
        if let What::Symlink(target) | What::HardLink(target) = kind.what {
            pax.push(("linkpath".to_owned(), target.into()));
        }
        let xattrs = kind.xattrs.iter();
        pax.extend(xattrs.map(|(name, value)| (format!("SCHILY.xattr.{name}"), value.clone())));
        tar.append_pax_extensions(
            pax.iter()
                .map(|(key, value)| (key.as_str(), value.as_slice())),
        )
        .unwrap();
        let (header, content) = header(kind);
        tar.append(&header, content.as_slice()).unwrap();
    }
    tar.finish().unwrap();
}

fn header(kind: &Kind) -> (Header, Vec<u8>) {
    let mut header = Header::new_gnu();
    let (entry_type, content) = match &kind.what {
        What::Directory => (EntryType::Directory, Vec::new()),
        What::File(content) => (EntryType::Regular, content.clone()),
        What::Sparse(size) => {
            let mut content = vec![0; usize::try_from(*size).unwrap()];
            content.push(b'x');
            (EntryType::Regular, content)
        }
        What::Symlink(_) => (EntryType::Symlink, Vec::new()),
        What::HardLink(_) => (EntryType::Link, Vec::new()),
        What::Fifo => (EntryType::Fifo, Vec::new()),
        What::Character(..) => (EntryType::Char, Vec::new()),
        What::Block(..) => (EntryType::Block, Vec::new()),
        What::Socket => unreachable!("a tar has no sockets"),
    };
    header.set_entry_type(entry_type);
    // The names that count are the extended ones.
    header.set_path("entry").unwrap();
    if let What::Character(major, minor) | What::Block(major, minor) = kind.what {
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
    }
    header.set_mode(kind.mode);
    header.set_uid(kind.owner.0.into());
    header.set_gid(kind.owner.1.into());
    // The time that counts is the extended one, too.
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    header.set_cksum();
    (header, content)
}
