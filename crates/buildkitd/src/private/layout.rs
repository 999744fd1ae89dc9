//! The directory of a private daemon, and the purpose of each file in it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A socket's path, its closing NUL included, has at most 108 bytes (`sun_path`).
const SOCKET_PATH_MAX: usize = 107;

/// The longest socket that is made below the socket directory: buildkitd's forwarded SSH agent
/// (`session/sshforward/ssh.go`), whose directory gets a random number of up to ten digits.
const LONGEST_SOCKET_NAME: usize = "/tmp/.buildkit-ssh-sock0123456789/ssh_auth_sock".len();

/// The paths of one private daemon. They are the same for all callers with the same state directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Holds everything but, at times, the sockets.
    pub(super) dir: PathBuf,
    /// Holds the sockets: `dir`, or a short directory when the path of `dir` is too long for a socket.
    sockets: PathBuf,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A directory cannot be made or read.
    #[error("cannot use the directory `{}`", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A directory belongs to another user, or others may write to it: a socket in it could be anyone's.
    #[error("the directory `{}` belongs to another user or is writable for others", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
    },
}

impl Layout {
    /// Makes the directories (mode 0700) and settles where the sockets go.
    pub(super) fn create(path: &Path) -> Result<Self, LayoutError> {
        let dir = state_dir(path)?;
        let sockets = if fits(&dir) {
            dir.clone()
        } else {
            short_dir(&dir)?
        };
        Ok(Self { dir, sockets })
    }

    /// buildkitd's state: cache, snapshots, history.
    pub(super) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// The gate, locked by one process while it starts, joins, leaves or stops the daemon.
    pub(super) fn gate(&self) -> PathBuf {
        self.dir.join("gate.lock")
    }

    /// The users' lock, held together by all users.
    pub(super) fn users(&self) -> PathBuf {
        self.dir.join("users.lock")
    }

    /// The output of the daemon on stdout and stderr since its last start.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("buildkitd.log")
    }

    /// The configuration with a fingerprint. The name puts the settings into the daemon's command line.
    pub(super) fn config(&self, fingerprint: &str) -> PathBuf {
        self.dir
            .join(format!("{CONFIG_PREFIX}{fingerprint}{CONFIG_SUFFIX}"))
    }

    /// The configurations of earlier fingerprints.
    pub(super) fn configs(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_bytes().starts_with(CONFIG_PREFIX.as_bytes())
                && name.as_bytes().ends_with(CONFIG_SUFFIX.as_bytes())
            {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    /// The socket at which the daemon listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.sockets.join("buildkitd.sock")
    }

    /// buildkitd's trace collector. Its default is one path for the whole machine, which two daemons would fight over.
    pub(super) fn otel_socket(&self) -> PathBuf {
        self.sockets.join("otel.sock")
    }

    /// The socket at which buildkitd reports that it is ready.
    pub(super) fn notify_socket(&self) -> PathBuf {
        self.sockets.join("notify.sock")
    }

    /// The daemon's `TMPDIR`. buildkitd mounts and listens in it, and may outlive the caller's.
    pub(super) fn temporary(&self) -> PathBuf {
        self.sockets.join("tmp")
    }

    /// The daemon's `XDG_RUNTIME_DIR`, where runc keeps its notes on running steps when it is not root. In the usual
    /// place they would outlive a daemon that is killed.
    pub(super) fn runtime(&self) -> PathBuf {
        self.sockets.join("runtime")
    }

    /// rootlesskit's state, which holds a socket too.
    pub(super) fn rootlesskit(&self) -> PathBuf {
        self.sockets.join("rootlesskit")
    }
}

const CONFIG_PREFIX: &str = "buildkitd-";
const CONFIG_SUFFIX: &str = ".toml";

fn fits(dir: &Path) -> bool {
    dir.as_os_str().len() + LONGEST_SOCKET_NAME <= SOCKET_PATH_MAX
}

/// 12 hex digits of the parts, which are told apart by their lengths.
pub(super) fn short_hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .take(6)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Makes the state directory; returns its path without symlinks, as the kernel reports it.
fn state_dir(path: &Path) -> Result<PathBuf, LayoutError> {
    let failed = |source| LayoutError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    make(path)?;
    let canonical = fs::canonicalize(path).map_err(failed)?;
    check_private(&canonical)?;
    Ok(canonical)
}

/// Makes a directory with a short path, which does not depend on the caller's environment: all callers with one state
/// directory must find the same socket.
fn short_dir(state: &Path) -> Result<PathBuf, LayoutError> {
    let user = rustix::process::geteuid().as_raw();
    let hash = short_hash(&[state.as_os_str().as_bytes()]);
    let path = PathBuf::from(format!("/tmp/llbgen-{user}-{hash}"));
    make(&path)?;
    // A symlink that somebody has put there is not followed, but refused: it is no directory of ours.
    check_private(&path)?;
    Ok(path)
}

fn make(path: &Path) -> Result<(), LayoutError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(LayoutError::Io {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

fn check_private(path: &Path) -> Result<(), LayoutError> {
    let metadata = fs::symlink_metadata(path).map_err(|source| LayoutError::Io {
        path: path.to_owned(),
        source,
    })?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if metadata.is_dir() && ours && metadata.mode() & 0o022 == 0 {
        Ok(())
    } else {
        Err(LayoutError::NotPrivate {
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_a_directory_of_ours_alone_is_private() {
        let temporary = tempfile::tempdir().unwrap();
        let check = |name: &str, mode: u32, expected: bool| {
            let path = temporary.path().join(name);
            make(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_private(&path).is_ok(), expected, "{mode:o}");
        };
        check("a", 0o700, true);
        check("b", 0o755, true);
        check("c", 0o770, false);
        check("d", 0o702, false);
        let link = temporary.path().join("link");
        symlink(temporary.path().join("a"), &link).unwrap();
        make(&link).unwrap();
        assert!(check_private(&link).is_err());
    }

    #[test]
    fn the_longest_socket_fits() {
        let fitting = SOCKET_PATH_MAX - LONGEST_SOCKET_NAME;
        assert!(fits(Path::new(&format!("/{}", "x".repeat(fitting - 1)))));
        assert!(!fits(Path::new(&format!("/{}", "x".repeat(fitting)))));
    }

    #[test]
    fn hashes_tell_parts_apart() {
        let check =
            |left: &[&[u8]], right: &[&[u8]]| assert_ne!(short_hash(left), short_hash(right));
        check(&[b"ab", b"c"], &[b"a", b"bc"]);
        check(&[b"a"], &[b"a", b""]);
        assert_eq!(short_hash(&[b"a"]).len(), 12);
    }
}
