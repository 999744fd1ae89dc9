//! Does a daemon answer at a socket?

use std::path::Path;
use std::time::Duration;

use buildkit_client::{Address, ConnectError, ConnectOptions, Daemon};

/// How long an answer may take. A daemon answers within milliseconds, or within a few seconds on a machine whose
/// processors are all busy with builds. One that is silent for longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects and asks the daemon who it is: a process that hangs still accepts connections.
pub(super) async fn answers(socket: &Path) -> Result<(), ConnectError> {
    let options = ConnectOptions::new(Address::Unix(socket.to_owned())).with_timeout(PATIENCE);
    Daemon::connect(options).await.map(drop)
}
