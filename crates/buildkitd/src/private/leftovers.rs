//! The leftovers of a killed daemon besides processes: containers that runc knows, mounts, files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::mount::{UnmountFlags, unmount};

use super::layout::Layout;
use super::mounts;
use crate::Privilege;

/// Something cannot be cleared away.
#[derive(Debug, thiserror::Error)]
pub enum LeftoverError {
    /// A file or directory of the daemon.
    #[error("cannot clear away `{}`", path.display())]
    File {
        /// The file, directory or mount point.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A container that runc knows.
    #[error("`runc delete --force {container}` failed: {stderr}")]
    Container {
        /// The container's name.
        container: String,
        /// What runc says.
        stderr: String,
    },
}

/// Deletes the containers of build steps that were cut off. Without root there is nothing to ask runc: its notes are
/// in our directory, and the containers' mounts have gone with rootlesskit's mount namespace.
pub(super) fn delete_containers(
    layout: &Layout,
    runc: &Path,
    privilege: Privilege,
) -> Result<(), LeftoverError> {
    if privilege == Privilege::User {
        return Ok(());
    }
    for bundle in bundles(&layout.root())? {
        let Some(container) = bundle.file_name() else {
            continue;
        };
        let output = Command::new(runc)
            .args(["delete", "--force"])
            .arg(container)
            .env("XDG_RUNTIME_DIR", layout.runtime())
            .stdin(Stdio::null())
            .output()
            .map_err(|source| LeftoverError::File {
                path: runc.to_owned(),
                source,
            })?;
        if !output.status.success() {
            let container = container.to_string_lossy().into_owned();
            let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(LeftoverError::Container { container, stderr });
        }
    }
    Ok(())
}

/// Unmounts and deletes the files that need a running daemon: bundles, temporary files, sockets.
pub(super) fn clear(layout: &Layout) -> Result<(), LeftoverError> {
    let (root, temporary) = (layout.root(), layout.temporary());
    let table = Path::new("/proc/self/mountinfo");
    let mounts = mounts::read(table).map_err(|source| LeftoverError::File {
        path: table.to_owned(),
        source,
    })?;
    // The last mount lies on top.
    for mount in mounts.iter().rev() {
        let inside = |dir: &Path| mount.point.starts_with(dir) && mount.point != dir;
        if inside(&root) || inside(&temporary) {
            unmount(&mount.point, UnmountFlags::DETACH).map_err(|error| LeftoverError::File {
                path: mount.point.clone(),
                source: error.into(),
            })?;
        }
    }
    // Only now: nothing is mounted in them, so deleting them reaches no snapshot.
    for directory in
        bundles(&root)?
            .into_iter()
            .chain([temporary, layout.runtime(), layout.rootlesskit()])
    {
        gone(fs::remove_dir_all(&directory), &directory)?;
    }
    for socket in [
        layout.socket(),
        layout.otel_socket(),
        layout.notify_socket(),
    ] {
        gone(fs::remove_file(&socket), &socket)?;
    }
    Ok(())
}

/// The directories that the executor makes for running steps, `ROOT/runc-SNAPSHOTTER/executor/ID`.
fn bundles(root: &Path) -> Result<Vec<PathBuf>, LeftoverError> {
    let mut found = Vec::new();
    for worker in entries(root)? {
        for bundle in entries(&worker.join("executor"))? {
            if bundle.join("config.json").exists() {
                found.push(bundle);
            }
        }
    }
    Ok(found)
}

/// The entries of a directory; none when it is missing or no directory.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, LeftoverError> {
    let failed = |source| LeftoverError::File {
        path: dir.to_owned(),
        source,
    };
    match fs::read_dir(dir) {
        Ok(entries) => entries
            .map(|entry| entry.map(|it| it.path()).map_err(failed))
            .collect(),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(failed(error)),
    }
}

fn gone(result: io::Result<()>, path: &Path) -> Result<(), LeftoverError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LeftoverError::File {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
