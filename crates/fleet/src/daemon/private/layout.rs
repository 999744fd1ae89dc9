//! The directory of a private daemon, and which file in it is for what.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::daemon::Settings;

/// A socket's path, its closing NUL included, has at most 108 bytes (`sun_path`).
const SOCKET_PATH_MAX: usize = 107;

/// The longest socket that is made below the socket directory: buildkitd's forwarded SSH agent
/// (`session/sshforward/ssh.go`), whose directory gets a random number of up to ten digits.
const LONGEST_SOCKET_NAME: usize = "/tmp/.buildkit-ssh-sock0123456789/ssh_auth_sock".len();

/// The paths of one private daemon. Two callers with the same state directory get the same paths.
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
    pub(super) fn create(settings: &Settings) -> Result<Self, LayoutError> {
        let dir = private_dir(&settings.state_dir)?;
        let sockets = if fits(&dir) {
            dir.clone()
        } else {
            let base = settings
                .runtime_dir
                .clone()
                .unwrap_or_else(std::env::temp_dir);
            private_dir(&base.join(short_name(&dir)))?
        };
        Ok(Self { dir, sockets })
    }

    /// buildkitd's state: cache, snapshots, history.
    pub(super) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// Locked alone by whoever starts, joins, leaves or stops.
    pub(super) fn gate(&self) -> PathBuf {
        self.dir.join("gate.lock")
    }

    /// Locked together by all users.
    pub(super) fn users(&self) -> PathBuf {
        self.dir.join("users.lock")
    }

    /// What the daemon writes to stdout and stderr since its last start.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("buildkitd.log")
    }

    /// The configuration that goes with a fingerprint; the name makes the daemon's command line tell its settings.
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

    /// The argument by which a daemon of this state is known.
    pub(super) fn root_argument(&self) -> OsString {
        argument("--root=", &self.root())
    }

    /// Whether the argument names a configuration that we have written.
    pub(super) fn is_config_argument(&self, argument: &OsStr) -> bool {
        let prefix = self::argument("--config=", &self.dir.join(CONFIG_PREFIX));
        argument.as_bytes().starts_with(prefix.as_bytes())
    }

    /// Where the daemon listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.sockets.join("buildkitd.sock")
    }

    /// buildkitd's trace collector. Its default is one path for the whole machine, which two daemons would fight over.
    pub(super) fn otel_socket(&self) -> PathBuf {
        self.sockets.join("otel.sock")
    }

    /// Where buildkitd reports that it is ready.
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

/// A flag and its path in one argument.
pub(super) fn argument(key: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(key);
    argument.push(path);
    argument
}

fn fits(dir: &Path) -> bool {
    dir.as_os_str().len() + LONGEST_SOCKET_NAME <= SOCKET_PATH_MAX
}

/// A name that the same state directory always gets, and another one does not.
fn short_name(dir: &Path) -> String {
    let user = rustix::process::geteuid().as_raw();
    format!(
        "llbgen-{user}-{}",
        short_hash(&[dir.as_os_str().as_bytes()])
    )
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

/// Makes a directory that only its owner can enter; returns its path without symlinks, as the kernel reports it.
fn private_dir(path: &Path) -> Result<PathBuf, LayoutError> {
    let failed = |source| LayoutError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let canonical = fs::canonicalize(path).map_err(failed)?;
    let metadata = fs::metadata(&canonical).map_err(failed)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
        return Err(LayoutError::NotPrivate { path: canonical });
    }
    Ok(canonical)
}
