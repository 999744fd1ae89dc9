//! The daemon that builds: the one that the user names, one that runs already, or a private one.
//!
//! [`find`] decides. A given address is taken as it is. Otherwise a buildkitd that answers at its usual socket is
//! used, and nothing of it is changed. Otherwise a private `buildkitd` is started, or joined when another call has
//! started it: see [`private`].

mod cache_dir;
mod file_limit;
pub mod private;
mod probe;
mod settings;
mod start_hint;

use std::path::PathBuf;

use buildkit_client::Address;

pub use cache_dir::cache_dir;
pub use file_limit::raise_file_limit;
pub use private::PrivateDaemon;
pub use settings::{ConfigFile, Privilege, Settings};
pub use start_hint::{CONTAINER_IMAGE, start_hint};

/// The daemon to build with; a private one must be let go at the end.
#[derive(Debug)]
pub enum Endpoint {
    /// The address that the user gave. It is not checked: connecting to it finds what is wrong with it.
    Given(Address),
    /// A daemon that answered at its usual socket. It is not ours and goes on afterwards.
    Local(Address),
    /// The private daemon; it stops when its last user lets go.
    Private(PrivateDaemon),
}

impl Endpoint {
    /// The address at which it listens.
    pub fn address(&self) -> &Address {
        match self {
            Self::Given(address) | Self::Local(address) => address,
            Self::Private(daemon) => daemon.address(),
        }
    }

    /// Lets go of the daemon; a private one whose last user this was has ended when this returns.
    ///
    /// Dropping the endpoint does the same, blocking, and cannot report an error.
    pub async fn release(self) -> Result<(), private::StopError> {
        match self {
            Self::Given(_) | Self::Local(_) => Ok(()),
            Self::Private(daemon) => daemon.release().await,
        }
    }
}

/// Why there is no daemon to build with. Every variant is "the daemon cannot be reached" (exit code 4).
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nothing answers and there is no program to start.
    #[error(
        "no BuildKit daemon answers at {}, and there is no `buildkitd` on the search path",
        quoted(sockets)
    )]
    NoDaemon {
        /// The sockets that were tried.
        sockets: Vec<PathBuf>,
    },
    /// There is a `buildkitd`, but the private daemon could not be had.
    #[error("the private BuildKit daemon cannot be used")]
    Private(#[source] private::AcquireError),
}

impl FindError {
    /// The next steps for the user; several lines.
    pub fn hint(&self) -> String {
        match self {
            Self::NoDaemon { .. } => start_hint(),
            Self::Private(error) => match error.hint() {
                Some(hint) => format!("{hint}\n{}", start_hint()),
                None => start_hint(),
            },
        }
    }
}

/// Finds or starts the daemon to build with.
///
/// `given` is the value of `--addr` or `BUILDKIT_HOST`. Cancelling (dropping the future) undoes what was begun.
pub async fn find(given: Option<Address>, settings: &Settings) -> Result<Endpoint, FindError> {
    if let Some(running) = find_running(given, settings).await {
        return Ok(running);
    }
    match private::acquire(settings).await {
        Ok(daemon) => Ok(Endpoint::Private(daemon)),
        Err(private::AcquireError::NoProgram) => Err(FindError::NoDaemon {
            sockets: settings.sockets.clone(),
        }),
        Err(error) => Err(FindError::Private(error)),
    }
}

/// The daemon at the given address, or one that runs already; none is started.
pub async fn find_running(given: Option<Address>, settings: &Settings) -> Option<Endpoint> {
    if let Some(address) = given {
        return Some(Endpoint::Given(address));
    }
    for socket in &settings.sockets {
        if probe::answers(socket).await.is_ok() {
            return Some(Endpoint::Local(Address::Unix(socket.clone())));
        }
    }
    None
}

fn quoted(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    names.join(" or ")
}
