//! A `buildkitd` of our own: started by the first call that needs it, shared by those that run at the same time,
//! stopped by the last one.
//!
//! Everything is decided behind one lock, the gate:
//!
//! ```text
//! acquire   gate ─▶ join the users ─▶ a daemon with our command line that answers?  yes: use it
//!                                      no: end what is left of an earlier one, start one, wait until it serves
//! release   gate ─▶ the last user? ─▶ SIGTERM, grace time, SIGKILL; clear away containers, mounts, sockets
//! ```
//!
//! So two callers never start two daemons, and none is stopped that another is just joining. Both locks end with the
//! process that holds them, and the process table is the only record of the daemon: after a SIGKILL the next call
//! finds a daemon without users, and uses it (same program, same settings, it answers) or ends it (anything else).
//!
//! The guard must be dropped or released to stop the daemon: a program that handles SIGINT, SIGTERM and SIGHUP by
//! cancelling its work and returning from `main` does so, one that calls `std::process::exit` does not. buildkitd ends
//! when its connections have closed, so a drop that blocks the only thread of a runtime lasts for the grace time.

mod config;
mod launch;
mod layout;
mod leftovers;
mod locks;
mod mounts;
mod namespaces;
mod processes;
mod start;
mod tools;

use std::path::{Path, PathBuf};
use std::time::Duration;

use buildkit_client::Address;

pub use config::ConfigError;
pub use layout::LayoutError;
pub use leftovers::LeftoverError;
pub use locks::LockError;
pub use namespaces::Restriction;
pub use processes::ProcessError;
pub use start::{LogTail, StartError};
pub use tools::ToolError;

use self::launch::Launch;
use self::layout::Layout;
use self::locks::{Company, Gate, User};
use self::tools::Tools;
use super::{Privilege, Settings, probe};

/// A place among the users of the private daemon. Dropping it gives up the place, blocking; the last one stops the
/// daemon.
#[derive(Debug)]
pub struct PrivateDaemon {
    address: Address,
    ending: Ending,
    /// None once the place is given up.
    user: Option<User>,
    /// Held until the daemon serves.
    gate: Option<Gate>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The daemon is ended only by its last user.
    Joined,
    /// The daemon is not yet of use to anybody.
    Starting,
}

/// The data that is needed to end the daemon.
#[derive(Debug, Clone)]
struct Ending {
    layout: Layout,
    runc: PathBuf,
    privilege: Privilege,
    grace: Duration,
}

/// Why there is no private daemon.
#[derive(Debug, thiserror::Error)]
pub enum AcquireError {
    /// There is no `buildkitd` to start.
    #[error("there is no `buildkitd` on the search path")]
    NoProgram,
    /// There is nowhere to keep its state.
    #[error("no cache directory: neither `XDG_CACHE_HOME` nor `HOME` is set to an absolute path")]
    NoCacheDir,
    /// Another program is missing.
    #[error(transparent)]
    Tool(ToolError),
    /// The user's `buildkitd.toml`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state directory.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be looked at.
    #[error("cannot look at `{}`", path.display())]
    Look {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Others are building with a daemon of another version or other settings.
    #[error("other calls use it with another `buildkitd` or other settings (process {pid})")]
    OtherSettings {
        /// The process that they use.
        pid: i32,
    },
    /// Others are using it, but it does not answer.
    #[error("other calls use it, but it does not answer (process {pid}); {log}")]
    Hangs {
        /// The process that hangs.
        pid: i32,
        /// What it said last.
        log: LogTail,
    },
    /// An earlier daemon cannot be ended.
    #[error("an earlier one cannot be cleared away")]
    Reap(#[source] StopError),
    /// It does not come up.
    #[error("`buildkitd` did not start")]
    Start {
        /// Why.
        #[source]
        source: StartError,
        /// The setting of the kernel that may be the reason; only without root.
        restriction: Option<Restriction>,
    },
}

/// Why the daemon could not be stopped. The next call tries again.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// A lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its processes.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// What it left.
    #[error(transparent)]
    Leftover(#[from] LeftoverError),
    /// The thread that stops it ended early.
    #[error("the stop of the private daemon was cut off")]
    CutOff,
}

impl AcquireError {
    /// The next step for the user, if there is one besides using another daemon.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Tool(error) => error.hint(),
            Self::NoCacheDir => Some("set `HOME` or `XDG_CACHE_HOME`".into()),
            Self::OtherSettings { .. } => Some("wait until the other builds have ended".into()),
            Self::Hangs { pid, .. } => {
                Some(format!("end process {pid} if the other builds hang too"))
            }
            Self::Start {
                restriction: Some(Restriction { key, needed }),
                ..
            } => Some(format!(
                "this kernel keeps users from making namespaces, which a daemon without root needs: \
                 sysctl -w {key}={needed}"
            )),
            Self::Start { source, .. } => source.log().map(|log| {
                let path = log.path.display();
                format!("the whole log is in `{path}`")
            }),
            _ => None,
        }
    }
}

/// Starts the private daemon or joins it. Dropping the future undoes what was begun.
pub async fn acquire(settings: &Settings) -> Result<PrivateDaemon, AcquireError> {
    let tools = Tools::find(settings)?;
    let state_dir = settings.state_dir.as_deref();
    let layout = Layout::create(state_dir.ok_or(AcquireError::NoCacheDir)?)?;
    let launch = Launch::plan(settings, &layout, tools)?;
    let gate = Gate::wait(&layout.gate()).await?;
    let (user, company) = User::join(&layout.users())?;
    let mut daemon = PrivateDaemon {
        address: Address::Unix(layout.socket()),
        ending: Ending {
            layout,
            runc: launch.tools.runc.clone(),
            privilege: settings.privilege,
            grace: settings.stop_grace,
        },
        user: Some(user),
        gate: Some(gate),
        stage: Stage::Joined,
    };
    if !daemon.joins(&launch, company).await? {
        daemon.start(&launch, settings.start_deadline).await?;
    }
    daemon.gate = None;
    Ok(daemon)
}

impl PrivateDaemon {
    /// Its socket.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Gives up the place; a daemon whose last user this was has ended when this returns.
    pub async fn release(mut self) -> Result<(), StopError> {
        tokio::task::spawn_blocking(move || self.leave())
            .await
            .unwrap_or(Err(StopError::CutOff))
    }

    /// Whether the running daemon can be used as it is.
    async fn joins(&self, launch: &Launch, company: Company) -> Result<bool, AcquireError> {
        let running = processes::daemons(&self.ending.layout)
            .map_err(|error| AcquireError::Reap(StopError::Process(error.into())))?;
        let Some(first) = running.first() else {
            return Ok(false);
        };
        let Some(same) = running.iter().find(|process| launch.is_same(&process.argv)) else {
            return match company {
                Company::Alone => Ok(false),
                Company::Others => Err(AcquireError::OtherSettings { pid: first.pid }),
            };
        };
        match (probe::answers(&self.ending.layout.socket()).await, company) {
            (Ok(()), _) => Ok(true),
            (Err(_), Company::Alone) => Ok(false),
            (Err(_), Company::Others) => Err(AcquireError::Hangs {
                pid: same.pid,
                log: LogTail::read(&self.ending.layout.log()),
            }),
        }
    }

    async fn start(&mut self, launch: &Launch, deadline: Duration) -> Result<(), AcquireError> {
        self.stage = Stage::Starting;
        let ending = self.ending.clone();
        let reaped = tokio::task::spawn_blocking(move || ending.run())
            .await
            .unwrap_or(Err(StopError::CutOff));
        reaped.map_err(AcquireError::Reap)?;
        start::start(&self.ending.layout, launch, deadline)
            .await
            .map_err(|source| AcquireError::Start {
                source,
                restriction: match self.ending.privilege {
                    Privilege::Root => None,
                    Privilege::User => namespaces::restriction(Path::new("/proc/sys")),
                },
            })?;
        self.stage = Stage::Joined;
        Ok(())
    }

    fn leave(&mut self) -> Result<(), StopError> {
        let Some(user) = self.user.take() else {
            return Ok(());
        };
        let gate = match self.gate.take() {
            Some(gate) => gate,
            None => Gate::lock(&self.ending.layout.gate())?,
        };
        let must_end =
            self.stage == Stage::Starting || user.is_last(&self.ending.layout.users())?;
        let result = if must_end { self.ending.run() } else { Ok(()) };
        // The next process through the gate must not count us.
        drop(user);
        drop(gate);
        result
    }
}

impl Ending {
    /// Ends the daemon and clears away what it leaves. The gate is held.
    fn run(&self) -> Result<(), StopError> {
        processes::end(&self.layout, self.grace)?;
        leftovers::delete_containers(&self.layout, &self.runc, self.privilege)?;
        leftovers::clear(&self.layout)?;
        Ok(())
    }
}

impl Drop for PrivateDaemon {
    fn drop(&mut self) {
        // There is nobody to tell; what stays is ended by the next call.
        drop(self.leave());
    }
}

impl From<ToolError> for AcquireError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::NoBuildkitd => Self::NoProgram,
            error => Self::Tool(error),
        }
    }
}

impl From<launch::LaunchError> for AcquireError {
    fn from(error: launch::LaunchError) -> Self {
        match error {
            launch::LaunchError::Config(error) => Self::Config(error),
            launch::LaunchError::Look { path, source } => Self::Look { path, source },
        }
    }
}
