//! The programs of a private daemon, and the needs of a user who runs it without root.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::{Privilege, Settings};

/// The directories where Debian and others put `runc`, which a user's `PATH` often lacks.
const SYSTEM_DIRS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The programs of one private daemon.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) buildkitd: PathBuf,
    pub(super) runc: PathBuf,
    /// Only without root.
    pub(super) rootlesskit: Option<PathBuf>,
    /// The `PATH` that the daemon gets, so that it finds the same programs.
    pub(super) path: OsString,
}

/// A missing program or file.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There is no `buildkitd`.
    #[error("there is no `buildkitd` on the search path")]
    NoBuildkitd,
    /// buildkitd runs every step with an OCI runtime.
    #[error("`buildkitd` is at `{}`, but there is no `runc` for its steps", buildkitd.display())]
    NoRunc {
        /// The daemon that was found.
        buildkitd: PathBuf,
    },
    /// A user other than root needs more than root does.
    #[error("running `buildkitd` without root needs {}, which this machine lacks for user id {uid}", missing.join(", "))]
    NotRootless {
        /// Programs and files, in the order in which they are checked.
        missing: Vec<String>,
        /// The user.
        uid: u32,
    },
}

impl Tools {
    /// Finds all of them, or says which is missing.
    pub(super) fn find(settings: &Settings) -> Result<Self, ToolError> {
        let dirs = search_dirs(&settings.search_path);
        let program = |name: &str| {
            dirs.iter()
                .map(|dir| dir.join(name))
                .find(|path| is_executable(path))
        };
        let buildkitd = program("buildkitd").ok_or(ToolError::NoBuildkitd)?;
        // buildkitd's own order (`executor/runcexecutor/executor.go`).
        let Some(runc) = program("buildkit-runc").or_else(|| program("runc")) else {
            return Err(ToolError::NoRunc { buildkitd });
        };
        let rootlesskit = match settings.privilege {
            Privilege::Root => None,
            Privilege::User => Some(rootlesskit(program)?),
        };
        let path = std::env::join_paths(&dirs).unwrap_or_default();
        Ok(Self {
            buildkitd,
            runc,
            rootlesskit,
            path,
        })
    }
}

impl ToolError {
    /// The packages to install.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::NoBuildkitd => None,
            Self::NoRunc { .. } => {
                Some("install runc (Debian, Ubuntu: apt-get install runc)".into())
            }
            Self::NotRootless { uid, .. } => Some(format!(
                "install rootlesskit, newuidmap and newgidmap (Debian, Ubuntu: apt-get install rootlesskit uidmap), \
                 and give the user a range of ids: a line such as `NAME:100000:65536` for user id {uid} in /etc/subuid \
                 and /etc/subgid"
            )),
        }
    }
}

/// The search path without entries that cannot be joined again; the system's directories come last.
fn search_dirs(search_path: &[PathBuf]) -> Vec<PathBuf> {
    let own = search_path
        .iter()
        .filter(|dir| dir.is_absolute() && !dir.as_os_str().as_encoded_bytes().contains(&b':'));
    let system = SYSTEM_DIRS
        .iter()
        .map(PathBuf::from)
        .filter(|dir| !search_path.contains(dir));
    own.cloned().chain(system).collect()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn rootlesskit(program: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, ToolError> {
    let uid = rustix::process::getuid().as_raw();
    let found = program("rootlesskit");
    let mut missing = Vec::new();
    if found.is_none() {
        missing.push("`rootlesskit`".to_owned());
    }
    missing.extend(
        ["newuidmap", "newgidmap"]
            .into_iter()
            .filter(|name| program(name).is_none())
            .map(|name| format!("`{name}`")),
    );
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    // Where a directory service hands out the ranges, the files say nothing (nsswitch.conf(5), `subid`).
    if !read("/etc/nsswitch.conf")
        .lines()
        .any(|line| line.trim_start().starts_with("subid:"))
    {
        let name = user_name(&read("/etc/passwd"), uid);
        for file in ["/etc/subuid", "/etc/subgid"] {
            if !has_range(&read(file), name.as_deref(), uid) {
                missing.push(format!("a range in `{file}`"));
            }
        }
    }
    match found {
        Some(path) if missing.is_empty() => Ok(path),
        _ => Err(ToolError::NotRootless { missing, uid }),
    }
}

/// The name of a user in passwd(5).
fn user_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// Whether subuid(5) gives user ids to the user; a line names the user by name or number.
fn has_range(text: &str, name: Option<&str>, uid: u32) -> bool {
    text.lines().any(|line| {
        let mut fields = line.split(':');
        let owner = fields.next();
        let count = fields
            .nth(1)
            .and_then(|count| count.trim().parse::<u64>().ok());
        (owner == name && name.is_some() || owner.is_some_and(|owner| owner.parse() == Ok(uid)))
            && count.is_some_and(|count| count > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_belongs_to_a_name_or_a_number() {
        let check = |text: &str, expected: bool| {
            assert_eq!(has_range(text, Some("ann"), 1000), expected, "{text:?}");
        };
        check("ann:100000:65536\n", true);
        check("1000:100000:65536", true);
        check("bob:100000:65536\n10000:1:2\n", false);
        check("ann:100000:0", false);
        check("ann:100000", false);
        check("", false);
        assert!(!has_range(":1:2", None, 1000));
    }

    #[test]
    fn a_user_has_the_name_of_its_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(user_name(passwd, 1000).as_deref(), Some("ann"));
        assert_eq!(user_name(passwd, 7), None);
    }

    #[test]
    fn the_system_directories_come_last_and_once() {
        let dirs = search_dirs(&["/a".into(), "/usr/sbin".into(), "relative".into()]);
        assert_eq!(
            dirs,
            ["/a", "/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from)
        );
    }
}
