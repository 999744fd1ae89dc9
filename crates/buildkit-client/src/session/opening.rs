//! How files of the user are opened for the daemon: relative to an open directory, and never through a link or into a
//! pipe that took a file's place.

use rustix::fs::OFlags;

/// A directory.
pub(super) const DIR: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// A file. Without NONBLOCK, opening a pipe would wait for a writer.
pub(super) const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);
