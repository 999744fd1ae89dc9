//! File systems without locks.

use std::io;

use rustix::io::Errno;

/// Whether locking failed because the file system has no locks, or, for a directory on NFS, none for what cannot be
/// opened for writing.
pub(crate) fn is_unsupported(error: &io::Error) -> bool {
    let known = [Errno::NOLCK, Errno::BADF, Errno::INVAL].map(Errno::raw_os_error);
    error.kind() == io::ErrorKind::Unsupported
        || error
            .raw_os_error()
            .is_some_and(|error| known.contains(&error))
}
