//! The settings of the search for a daemon, as one value: the environment is read by the caller.

use std::env::split_paths;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::cache_dir::cache_dir;

/// Where to look for a daemon and how to run a private one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directories in which `buildkitd`, `runc` and, for a non-root user, `rootlesskit` and `newuidmap` are looked for;
    /// the first match wins. From `PATH`; a user who has them elsewhere puts that directory in front. The system's
    /// `sbin` directories are always looked at last, since a user's `PATH` often lacks them.
    pub search_path: Vec<PathBuf>,
    /// The sockets at which a daemon is usually found, in order of preference.
    pub sockets: Vec<PathBuf>,
    /// The directory of the private daemon: locks, configuration, log, state. Created with mode 0700. `None` where
    /// there is no cache directory: then a private daemon is the only thing that cannot be had.
    pub state_dir: Option<PathBuf>,
    /// The settings for buildkitd that the private daemon starts with.
    pub config: ConfigFile,
    /// Whether the daemon runs as root or inside rootlesskit.
    pub privilege: Privilege,
    /// How long a start may take. Default 60 s: a state directory of many gigabytes opens within a few seconds.
    pub start_deadline: Duration,
    /// How long the daemon may take to end after SIGTERM, before it is killed. Default 5 s; without running builds
    /// it needs some milliseconds.
    pub stop_grace: Duration,
}

/// A `buildkitd.toml` of the user: registry mirrors, CA certificates, limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFile {
    /// Named by `LLBGEN_BUILDKITD_CONFIG`; it must exist.
    Explicit(PathBuf),
    /// Where buildkitd itself looks; it may be missing.
    Usual(PathBuf),
}

/// Who runs the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// buildkitd runs directly.
    Root,
    /// buildkitd runs in a user namespace that rootlesskit makes.
    User,
}

impl Settings {
    /// Reads the settings from environment variables through `lookup`.
    ///
    /// | variable | for |
    /// |---|---|
    /// | `PATH` | the search path |
    /// | `XDG_CACHE_HOME`, else `HOME/.cache` | `llbgen/daemon` (root) or `llbgen/daemon-rootless` below it |
    /// | `XDG_RUNTIME_DIR` | the usual socket of a rootless daemon |
    /// | `LLBGEN_BUILDKITD_CONFIG` | the `buildkitd.toml` to use |
    /// | `XDG_CONFIG_HOME`, else `HOME/.config` | `buildkit/buildkitd.toml` when not root (root: `/etc/buildkit`) |
    ///
    /// The usual places mirror `util/appdefaults/appdefaults_unix.go`.
    pub fn from_env(privilege: Privilege, lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        // The XDG specification: a relative path is invalid and counts as unset.
        let dir = |name: &str| {
            lookup(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = dir("HOME");
        let below_home =
            |name: &str, sub: &str| dir(name).or_else(|| home.as_ref().map(|home| home.join(sub)));

        let cache = cache_dir(&lookup);
        let runtime_dir = dir("XDG_RUNTIME_DIR");
        let system_socket = PathBuf::from("/run/buildkit/buildkitd.sock");
        let system_config = PathBuf::from("/etc/buildkit/buildkitd.toml");
        let (name, sockets, usual_config) = match privilege {
            Privilege::Root => ("daemon", vec![system_socket], system_config),
            Privilege::User => {
                let own = runtime_dir
                    .iter()
                    .map(|dir| dir.join("buildkit/buildkitd.sock"));
                let config = below_home("XDG_CONFIG_HOME", ".config")
                    .map(|dir| dir.join("buildkit/buildkitd.toml"));
                // A root daemon whose socket belongs to a group of the user serves too.
                (
                    "daemon-rootless",
                    own.chain([system_socket]).collect(),
                    config.unwrap_or(system_config),
                )
            }
        };
        let explicit = lookup("LLBGEN_BUILDKITD_CONFIG")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from);
        Self {
            search_path: lookup("PATH")
                .map(|path| split_paths(&path).collect())
                .unwrap_or_default(),
            sockets,
            state_dir: cache.map(|cache| cache.join("llbgen").join(name)),
            config: explicit.map_or(ConfigFile::Usual(usual_config), ConfigFile::Explicit),
            privilege,
            start_deadline: Duration::from_mins(1),
            stop_grace: Duration::from_secs(5),
        }
    }
}

impl Privilege {
    /// The privilege of this process.
    pub fn current() -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Root
        } else {
            Self::User
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(privilege: Privilege, env: &[(&str, &str)]) -> Settings {
        Settings::from_env(privilege, |name| {
            env.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn places_follow_the_environment() {
        let check = |privilege,
                     env: &[(&str, &str)],
                     state: Option<&str>,
                     sockets: &[&str],
                     config: &ConfigFile| {
            let found = settings(privilege, env);
            assert_eq!(found.state_dir, state.map(PathBuf::from), "{env:?}");
            assert_eq!(
                found.sockets,
                sockets.iter().map(PathBuf::from).collect::<Vec<_>>(),
                "{env:?}"
            );
            assert_eq!(&found.config, config, "{env:?}");
        };
        let usual = |path: &str| ConfigFile::Usual(path.into());
        let system = "/run/buildkit/buildkitd.sock";
        let etc = "/etc/buildkit/buildkitd.toml";
        check(
            Privilege::Root,
            &[("HOME", "/h")],
            Some("/h/.cache/llbgen/daemon"),
            &[system],
            &usual(etc),
        );
        check(
            Privilege::Root,
            &[
                ("HOME", "/h"),
                ("XDG_CACHE_HOME", "/c"),
                ("XDG_CONFIG_HOME", "/x"),
                ("XDG_RUNTIME_DIR", "/r"),
            ],
            Some("/c/llbgen/daemon"),
            &[system],
            &usual(etc),
        );
        check(
            Privilege::User,
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r")],
            Some("/h/.cache/llbgen/daemon-rootless"),
            &["/r/buildkit/buildkitd.sock", system],
            &usual("/h/.config/buildkit/buildkitd.toml"),
        );
        check(
            Privilege::User,
            &[
                ("HOME", "/h"),
                ("XDG_CACHE_HOME", "relative"),
                ("XDG_CONFIG_HOME", "/x"),
            ],
            Some("/h/.cache/llbgen/daemon-rootless"),
            &[system],
            &usual("/x/buildkit/buildkitd.toml"),
        );
        check(
            Privilege::Root,
            &[("HOME", "/h"), ("LLBGEN_BUILDKITD_CONFIG", "my.toml")],
            Some("/h/.cache/llbgen/daemon"),
            &[system],
            &ConfigFile::Explicit("my.toml".into()),
        );
        // Without a home there is no place for a daemon's state; a daemon that runs already is found all the same.
        check(Privilege::Root, &[], None, &[system], &usual(etc));
        check(
            Privilege::User,
            &[("HOME", "relative"), ("XDG_RUNTIME_DIR", "/r")],
            None,
            &["/r/buildkit/buildkitd.sock", system],
            &usual(etc),
        );
    }

    #[test]
    fn the_search_path_is_that_of_path() {
        let found = settings(Privilege::Root, &[("HOME", "/h"), ("PATH", "/a:/b")]);
        assert_eq!(
            found.search_path,
            [PathBuf::from("/a"), PathBuf::from("/b")]
        );
    }
}
