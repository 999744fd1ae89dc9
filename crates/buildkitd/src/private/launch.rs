//! The command line of the daemon. It carries a fingerprint of the program and all settings, so that the process table
//! tells whether the daemon that runs is the one that would be started.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::config::{self, ConfigError};
use super::layout::{Layout, short_hash};
use super::tools::Tools;
use crate::Settings;

/// A daemon that could be started.
#[derive(Debug)]
pub(super) struct Launch {
    /// Program and arguments.
    pub(super) argv: Vec<OsString>,
    pub(super) config_path: PathBuf,
    pub(super) config_text: String,
    pub(super) tools: Tools,
}

/// Why no command line can be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot look at `{}`", path.display())]
    Look {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Launch {
    /// The command line that would be run. Nothing is written.
    pub(super) fn plan(
        settings: &Settings,
        layout: &Layout,
        tools: Tools,
    ) -> Result<Self, LaunchError> {
        let user = config::load(&settings.config)?;
        let config_text = config::render(user, &layout.otel_socket())?;
        let identity = identity(&tools.buildkitd)?;
        let mut argv = argv(&tools, layout);
        let mut parts = vec![config_text.as_bytes(), identity.as_bytes()];
        parts.extend(argv.iter().map(|argument| argument.as_bytes()));
        let config_path = layout.config(&short_hash(&parts));
        argv.push(argument("--config=", &config_path));
        Ok(Self {
            argv,
            config_path,
            config_text,
            tools,
        })
    }

    /// Whether a daemon with this command line is the one that this launch would start: the name of the configuration
    /// is a fingerprint of all of it.
    pub(super) fn is_same(&self, argv: &[OsString]) -> bool {
        self.argv.last().is_some_and(|config| argv.contains(config))
    }
}

/// The arguments except the configuration: those of rootless mode (`docs/rootless.md` of buildkitd), and the paths of
/// our files.
fn argv(tools: &Tools, layout: &Layout) -> Vec<OsString> {
    let mut argv = Vec::new();
    if let Some(rootlesskit) = &tools.rootlesskit {
        argv.push(rootlesskit.into());
        argv.push(argument("--state-dir=", &layout.rootlesskit()));
        argv.extend(["--net=host", "--copy-up=/etc", "--copy-up=/run"].map(OsString::from));
    }
    argv.push(tools.buildkitd.clone().into());
    if tools.rootlesskit.is_some() {
        argv.extend(["--rootless", "--oci-worker-no-process-sandbox"].map(OsString::from));
    }
    argv.push(argument("--root=", &layout.root()));
    argv.push(argument("--addr=unix://", &layout.socket()));
    argv
}

/// A flag and its path in one argument.
fn argument(key: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(key);
    argument.push(path);
    argument
}

/// The identity of a program, which changes when another version is installed under the same path.
fn identity(program: &Path) -> Result<String, LaunchError> {
    let metadata = fs::metadata(program).map_err(|source| LaunchError::Look {
        path: program.to_owned(),
        source,
    })?;
    let time = (metadata.mtime(), metadata.mtime_nsec());
    Ok(format!("{}:{}:{time:?}", metadata.ino(), metadata.len()))
}
