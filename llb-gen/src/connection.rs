//! The daemon that a command talks to.

use buildkit_client::{ConnectOptions, Daemon};
use engine::daemon::{self, Endpoint, Privilege, Settings};

use crate::{
    args::{Connection, Global},
    failure::{Exit, Failure},
};

/// Finds the daemon to build with, or starts one.
pub(crate) async fn find(global: &Global) -> Result<Endpoint, Failure> {
    let given = global.connection.address()?;
    daemon::find(given, &settings()).await.map_err(|error| {
        let hint = error.hint();
        Failure::new(Exit::Unreachable, error).with_hint(hint)
    })
}

/// Finds the given daemon, or one that runs already.
pub(crate) async fn find_running(global: &Global) -> Result<Option<Endpoint>, Failure> {
    let given = global.connection.address()?;
    Ok(daemon::find_running(given, &settings()).await)
}

/// The settings of a daemon that nobody names, from the environment.
pub(crate) fn settings() -> Settings {
    Settings::from_env(Privilege::current(), |name| std::env::var_os(name))
}

/// Connects to the daemon.
pub(crate) async fn connect(
    connection: &Connection,
    endpoint: &Endpoint,
) -> Result<Daemon, Failure> {
    // The TLS flags are for the daemon that the user names; the others are on local sockets.
    let tls = match endpoint {
        Endpoint::Given(_) => connection
            .tls()
            .resolve()
            .map_err(|error| Failure::new(Exit::Usage, error))?,
        Endpoint::Local(_) | Endpoint::Private(_) => None,
    };
    let options = ConnectOptions::new(endpoint.address().clone()).with_tls(tls);
    Daemon::connect(options).await.map_err(Failure::from)
}
