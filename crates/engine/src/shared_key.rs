//! The key by which a daemon keeps the files that this user sends, so that only changed ones are sent again.
//!
//! Files are compared by their metadata. Anyone who has the key could put other files in their place. So the key is the
//! secret of one user on one machine: a file of mode 0600 in the cache directory, never committed.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use buildkitd::cache_dir;

use crate::regular_file::{self, Links};

/// The name of the file.
const FILE: &str = "sending-key";

/// The number of its hex digits.
const DIGITS: usize = 32;

/// Why there is no key. Files are sent whole then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SharedKeyError {
    /// The file cannot be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file, or its directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error("`{}` can be read or written by others; remove it, and a new one is made", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The file has other content.
    #[error("`{}` has no key; remove it, and a new one is made", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
}

/// The key of this user, made when there is none; `None` without a cache directory. `lookup` gives the variables of the
/// environment.
pub(crate) fn shared_key(
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, SharedKeyError> {
    let cache = cache_dir(lookup);
    cache.map(|cache| key_in(&cache.join("llbgen"))).transpose()
}

fn key_in(directory: &Path) -> Result<String, SharedKeyError> {
    let path = directory.join(FILE);
    let failed = |source| SharedKeyError::File {
        path: path.clone(),
        source,
    };
    match regular_file::open(&path, Links::Refuse) {
        Ok(file) => return key_of(file, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    fs::create_dir_all(directory).map_err(failed)?;
    // A draft of mode 0600, so that nobody reads half of a key.
    let mut draft = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    let key = buildkit_client::random_id();
    draft.write_all(key.as_bytes()).map_err(failed)?;
    match draft.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        // Another call was first.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => key_of(
            regular_file::open(&path, Links::Refuse).map_err(failed)?,
            &path,
        ),
        Err(error) => Err(failed(error.error)),
    }
}

fn key_of(file: fs::File, path: &Path) -> Result<String, SharedKeyError> {
    let failed = |source| SharedKeyError::File {
        path: path.to_owned(),
        source,
    };
    let metadata = file.metadata().map_err(failed)?;
    let own = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o077 != 0 || metadata.uid() != own {
        let path = path.to_owned();
        return Err(SharedKeyError::Open { path });
    }
    let mut key = Vec::new();
    let limit = DIGITS as u64 + 1;
    file.take(limit).read_to_end(&mut key).map_err(failed)?;
    let is_key =
        |key: &String| key.len() == DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let key = String::from_utf8(key).ok().filter(is_key);
    key.ok_or_else(|| SharedKeyError::Content {
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_one_user_alone() {
        let home = tempfile::tempdir().unwrap();
        let key = || {
            let home = home.path().as_os_str().to_owned();
            shared_key(move |name| (name == "HOME").then(|| home.clone()))
        };
        let keys: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(key)).collect();
            let keys = threads.into_iter().map(|thread| thread.join().unwrap());
            keys.map(|key| key.unwrap().unwrap()).collect()
        });
        assert!(
            keys.iter()
                .all(|key| *key == keys[0] && key.len() == DIGITS)
        );
        let path = home.path().join(".cache/llbgen").join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), keys[0]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(key(), Err(SharedKeyError::Open { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, [255; DIGITS]).unwrap();
        assert!(matches!(key(), Err(SharedKeyError::Content { .. })));
        fs::write(&path, "short").unwrap();
        assert!(matches!(key(), Err(SharedKeyError::Content { .. })));
        fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        assert!(matches!(key(), Err(SharedKeyError::File { .. })));
        assert!(shared_key(|_| None).unwrap().is_none());
    }
}
