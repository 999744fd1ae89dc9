//! Does a daemon answer at a socket?

use std::path::Path;

use buildkit_client::{Address, ConnectError, ConnectOptions, Daemon};

/// Connects and asks the daemon who it is: a process that hangs still accepts connections.
///
/// It has the client's usual time for an answer, 5 s. A loaded machine answers within one.
pub(super) async fn answers(socket: &Path) -> Result<(), ConnectError> {
    Daemon::connect(ConnectOptions::new(Address::Unix(socket.to_owned())))
        .await
        .map(drop)
}
