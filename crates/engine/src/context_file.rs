//! The files of a context directory that have fixed names: the catalog and the lock.

use std::{fs, io, path::Path};

use crate::{
    directory::Directory,
    regular_file::{self, Links},
};

/// The content of `name` in `context`; `None` when there is none.
///
/// # Errors
/// When it is no regular file, or a link out of the context: the content of such a file is not meant for this catalog,
/// and an error would quote it.
pub fn read(context: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    let path = context.join(name);
    let found = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !found.is_symlink() {
        return regular_file::read(&path, Links::Refuse).map(Some);
    }
    let (root, target) = (fs::canonicalize(context)?, fs::canonicalize(&path)?);
    let Ok(inside) = target.strip_prefix(&root) else {
        let error = "it is a link out of the context directory";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    };
    // A file that has become a link meanwhile is not followed.
    Directory::open(&root)?.read(inside).map(Some)
}
