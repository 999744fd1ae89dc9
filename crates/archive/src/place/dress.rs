//! The metadata of a file, directory or link: owner, mode, times, extended attributes.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{
    AtFlags, Gid, Mode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags, chownat, fchmod,
    fchown, fsetxattr, fstat, futimens, lsetxattr, utimensat,
};
use rustix::io::Errno;

use super::owner::Ids;
use crate::entry::Xattrs;

/// Owner, mode, time and attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dress {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
    pub(crate) time: Time,
    pub(crate) xattrs: Xattrs,
}

/// A modification time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: i64,
}

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub(crate) const ZERO: Self = Self {
        seconds: 0,
        nanoseconds: 0,
    };

    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            seconds: stat.st_mtime,
            // Nanoseconds are below 1,000,000,000 and fit every platform's type.
            nanoseconds: i64::try_from(stat.st_mtime_nsec).unwrap_or_default(),
        }
    }

    /// Access times are left alone.
    fn timestamps(self) -> Timestamps {
        Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: self.seconds,
                tv_nsec: self.nanoseconds,
            },
        }
    }

    /// Sets the time of an open directory back.
    pub(crate) fn restore(self, directory: BorrowedFd<'_>) -> io::Result<()> {
        Ok(futimens(directory, &self.timestamps())?)
    }
}

impl Dress {
    /// The metadata of a directory that is made on the way to something else: 0755, of root, time 0.
    pub(crate) fn of_parent() -> Self {
        Self {
            uid: 0,
            gid: 0,
            mode: 0o755,
            time: Time::ZERO,
            xattrs: Xattrs::new(),
        }
    }

    /// Sets the metadata of an open file or directory. The owner comes first: changing it drops set-uid and
    /// capabilities.
    pub(crate) fn put_on_open(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        fchown(
            file,
            Some(Uid::from_raw(self.uid)),
            Some(Gid::from_raw(self.gid)),
        )?;
        fchmod(file, Mode::from_raw_mode(self.mode))?;
        for (name, value) in &self.xattrs {
            let name = CString::new(name.as_slice())?;
            settle(fsetxattr(file, &name, value, XattrFlags::empty()), &name)?;
        }
        Ok(futimens(file, &self.time.timestamps())?)
    }

    /// Sets the metadata of a link, pipe or device, which cannot be opened without an effect. A link has no mode.
    pub(crate) fn put_on_name(
        &self,
        directory: BorrowedFd<'_>,
        name: &CStr,
        is_link: bool,
    ) -> io::Result<()> {
        chownat(
            directory,
            name,
            Some(Uid::from_raw(self.uid)),
            Some(Gid::from_raw(self.gid)),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
        if !is_link {
            rustix::fs::chmodat(
                directory,
                name,
                Mode::from_raw_mode(self.mode),
                AtFlags::empty(),
            )?;
        }
        if !self.xattrs.is_empty() {
            let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
            path.extend_from_slice(name.to_bytes());
            let path = CString::new(path)?;
            for (name, value) in &self.xattrs {
                let name = CString::new(name.as_slice())?;
                settle(lsetxattr(&path, &name, value, XattrFlags::empty()), &name)?;
            }
        }
        let times = self.time.timestamps();
        Ok(utimensat(
            directory,
            name,
            &times,
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }
}

/// Changes owner and mode of an open directory. Its time stays.
pub(super) fn change(
    directory: BorrowedFd<'_>,
    owner: Option<Ids>,
    mode: Option<&file_set::Mode>,
) -> io::Result<()> {
    let own_mode = fstat(directory)?.st_mode & 0o7777;
    if let Some(Ids { uid, gid }) = owner {
        fchown(
            directory,
            Some(Uid::from_raw(uid)),
            Some(Gid::from_raw(gid)),
        )?;
    }
    let mode = mode.map_or(own_mode, |mode| mode.of_directory(own_mode));
    Ok(fchmod(directory, Mode::from_raw_mode(mode))?)
}

/// An attribute of the kernel's security modules belongs to the machine, and no container may set it.
fn settle(set: Result<(), Errno>, name: &CStr) -> io::Result<()> {
    let name = name.to_bytes();
    let is_of_machine = name.starts_with(b"security.") && name != b"security.capability";
    match set {
        Err(Errno::PERM | Errno::OPNOTSUPP) if is_of_machine => Ok(()),
        Err(error) => Err(io::Error::new(
            io::Error::from(error).kind(),
            format!(
                "the extended attribute `{}` cannot be set: {}",
                crate::path::printable(name),
                io::Error::from(error)
            ),
        )),
        Ok(()) => Ok(()),
    }
}
