//! Reads the extended attributes that a canonical tar keeps.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{fgetxattr, flistxattr, lgetxattr, llistxattr};
use rustix::io::Errno;

use crate::entry::{Xattrs, keeps_xattr};

/// The attributes of an open file or directory.
pub(crate) fn of_open(file: BorrowedFd<'_>) -> io::Result<Xattrs> {
    collect(
        |buffer| flistxattr(file, buffer),
        |name, buffer| fgetxattr(file, name, buffer),
    )
}

/// The attributes of links, pipes and sockets, which cannot be opened without an effect.
///
/// No system call takes a directory and a name here, so the path goes through the kernel's own link to the directory.
pub(crate) fn of_name(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<Xattrs> {
    let mut path = format!("/proc/self/fd/{}/", directory.as_fd().as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    let path = CString::new(path)?;
    collect(
        |buffer| llistxattr(&path, buffer),
        |name, buffer| lgetxattr(&path, name, buffer),
    )
}

fn collect(
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    get: impl Fn(&CStr, &mut [u8]) -> Result<usize, Errno>,
) -> io::Result<Xattrs> {
    let mut found = Xattrs::new();
    let names = match grow(&list) {
        Ok(names) => names,
        // A file system without extended attributes.
        Err(Errno::OPNOTSUPP) => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        if keeps_xattr(name.to_bytes()) {
            let value = grow(|buffer| get(name, buffer))?;
            found.insert(name.to_bytes().to_vec(), value);
        }
    }
    Ok(found)
}

/// Calls `read` with a buffer that is large enough.
fn grow(read: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    // Most files have no attributes, and most attributes are small; the kernel's limit is 64 KiB.
    let mut buffer = vec![0; 256];
    loop {
        match read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < LIMIT => buffer.resize(LIMIT, 0),
            Err(error) => return Err(error),
        }
    }
}

/// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX` of Linux.
const LIMIT: usize = 64 * 1024;
