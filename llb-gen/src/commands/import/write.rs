//! The file that is written.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use crate::failure::{Exit, Failure};

/// Writes a new file; with `force`, in the place of a regular file that is there.
pub(super) fn file(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let written = if force {
        replace(path, text)
    } else {
        create(path, text)
    };
    written.map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let error = format!("`{}` is there already", path.display());
            let hint = "give another file, or `--force` to replace it";
            return Failure::new(Exit::Usage, error).with_hint(hint);
        }
        let error = format!("`{}` cannot be written: {error}", path.display());
        Failure::new(Exit::Failed, error)
    })
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A reader sees the old file or the whole new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::other("what is there is not a regular file"));
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut draft = tempfile::Builder::new()
        .prefix(".llbgen-import-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(parent.unwrap_or(Path::new(".")))?;
    draft.write_all(text.as_bytes())?;
    draft.persist(path)?;
    Ok(())
}
