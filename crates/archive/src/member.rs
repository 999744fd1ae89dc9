//! The [`Entry`] of a member of a tar stream, if it can be one.

use crate::entry::{DeviceClass, Entry, Kind};
use crate::path::{EntryPath, PathError, printable};
use crate::stream::Member;

/// The reason why a member of a tar is no entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Its path, or the path that it is a hard link to, is not one inside the tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It has a type that is no file, directory, link, pipe or device.
    #[error("`{path}` has the unknown type {}", char::from(*.typeflag).escape_default())]
    UnknownType {
        /// The member's name.
        path: String,
        /// The type flag of its header.
        typeflag: u8,
    },
    /// It is a device with numbers that no device has.
    #[error("`{path}` is a device without numbers")]
    Device {
        /// The member's name.
        path: String,
    },
    /// It is a symbolic link whose target is empty or has a NUL byte, which no file system can store.
    #[error("`{path}` is a symbolic link to `{target}`, which no link can have as its target")]
    Target {
        /// The member's name.
        path: String,
        /// The target of the link.
        target: String,
    },
}

impl TryFrom<Member> for Entry {
    type Error = EntryError;

    fn try_from(member: Member) -> Result<Self, EntryError> {
        let kind = kind(&member)?;
        let mut name = member.name;
        if kind == Kind::Directory && name.len() > 1 && name.ends_with(b"/") {
            name.pop();
        }
        Ok(Self {
            path: EntryPath::try_new(name)?,
            kind,
            mode: member.mode,
            uid: member.uid,
            gid: member.gid,
            mtime: member.mtime,
            xattrs: member.xattrs,
            content: None,
        })
    }
}

fn kind(member: &Member) -> Result<Kind, EntryError> {
    Ok(match member.typeflag {
        // `7` is a file that some systems store in one piece; everywhere else it is a file.
        b'0' | b'7' => Kind::File { size: member.size },
        b'1' => Kind::HardLink {
            target: EntryPath::try_new(member.link.clone())?,
        },
        b'2' if member.link.is_empty() || member.link.contains(&0) => {
            return Err(EntryError::Target {
                path: printable(&member.name),
                target: printable(&member.link),
            });
        }
        b'2' => Kind::Symlink {
            target: member.link.clone(),
        },
        b'3' => device(member, DeviceClass::Character)?,
        b'4' => device(member, DeviceClass::Block)?,
        b'5' => Kind::Directory,
        b'6' => Kind::Fifo,
        typeflag => {
            return Err(EntryError::UnknownType {
                path: printable(&member.name),
                typeflag,
            });
        }
    })
}

fn device(member: &Member, class: DeviceClass) -> Result<Kind, EntryError> {
    let number = |number: i64| u32::try_from(number).ok();
    let numbers = member
        .device
        .and_then(|(major, minor)| number(major).zip(number(minor)));
    let (major, minor) = numbers.ok_or_else(|| EntryError::Device {
        path: printable(&member.name),
    })?;
    Ok(Kind::Device {
        class,
        major,
        minor,
    })
}
