//! The program that graphs run, as a file that can be sent to a daemon.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use archive::Digest;
use catalog::{PACKER_PROGRAM, Packer, PackerSource, Platform};

use crate::output::{Draft, OutputError};

/// It is carried inside this program.
const BYTES: &[u8] = include_bytes!(env!("LLBGEN_PACKER"));

/// The program as plans know it. It runs on this machine's platform, without emulation.
pub(crate) fn packer() -> Packer {
    let source = PackerSource::Local {
        sha256: *Digest::of(BYTES).as_bytes(),
        size: BYTES.len() as u64,
    };
    Packer {
        source,
        platform: Platform::new(std::env::consts::OS, std::env::consts::ARCH).normalized(),
    }
}

/// The directory that has the program under its name; written when it is not there.
pub(crate) fn directory() -> Result<PathBuf, OutputError> {
    let digest = Digest::of(BYTES).hex();
    let directory = cache().join("packer").join(&digest[..16]);
    let path = directory.join(PACKER_PROGRAM);
    if !is_whole(&path) {
        let unwritten = |source| OutputError::File {
            path: path.clone(),
            source,
        };
        Draft::create(&path)?.publish_bytes(BYTES)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(unwritten)?;
    }
    Ok(directory)
}

/// What is sent is hashed again; here it is enough to see that nobody cut it off.
fn is_whole(path: &Path) -> bool {
    let metadata: io::Result<fs::Metadata> = fs::metadata(path);
    metadata.is_ok_and(|found| {
        found.len() == BYTES.len() as u64 && found.permissions().mode() & 0o111 != 0
    })
}

/// `$XDG_CACHE_HOME/llbgen`, `~/.cache/llbgen`, or, for who has no home, a directory for temporary files.
fn cache() -> PathBuf {
    let given = |name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    let home = || Some(given("HOME")?.join(".cache"));
    given("XDG_CACHE_HOME")
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("llbgen")
}
