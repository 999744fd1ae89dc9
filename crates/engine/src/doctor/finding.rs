//! The result of one check.

use std::{error::Error, fmt};

use crate::causes::causes;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The thing that was checked.
    pub subject: Subject,
    /// The check.
    pub check: Check,
    /// The verdict.
    pub state: State,
    /// The finding as a phrase; for a skipped check, the reason.
    pub text: String,
    /// The causes behind it, the innermost last.
    pub causes: Vec<String>,
    /// The next step for the user, if there is one.
    pub next: Option<String>,
}

/// The thing that a check is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The daemon.
    Daemon,
    /// The registry of this host.
    Registry(String),
    /// The catalog, its inputs and its lock.
    Catalog,
    /// The directory of outputs.
    Output,
}

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is as it should be.
    Ok,
    /// Builds work, and something is worse than it could be.
    Warning,
    /// A build or a push will fail.
    Problem,
    /// It was not checked.
    Skipped,
}

/// The checks. Their names are the same in every release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The daemon's address, and the place that names it.
    Address,
    /// Whether it answers; with TLS, its certificate and the client's.
    Connection,
    /// The daemon's version.
    Version,
    /// The daemon's workers with their platforms.
    Workers,
    /// A platform that the catalog needs.
    Platform,
    /// The emulators of this machine.
    Emulation,
    /// The way in which the daemon keeps file trees.
    Snapshots,
    /// Whether the daemon solves a graph.
    Trial,
    /// The operations of graphs.
    Operations,
    /// The kinds of caches.
    Caches,
    /// The disk that the daemon uses, and what it forgets.
    Storage,
    /// The difference of a clock to this machine's.
    Clock,
    /// The login of a registry.
    Login,
    /// The right to read repositories.
    Read,
    /// The right to push to repositories.
    Push,
    /// The catalog with its inputs.
    Catalog,
    /// The lock.
    Lock,
    /// The directory of outputs.
    Directory,
    /// The free space on its disk.
    Space,
}

impl Finding {
    /// Everything is as it should be.
    pub fn ok(subject: Subject, check: Check, text: impl Into<String>) -> Self {
        Self::new(subject, check, State::Ok, text)
    }

    /// Builds work, and something is worse than it could be.
    pub fn warning(subject: Subject, check: Check, text: impl Into<String>) -> Self {
        Self::new(subject, check, State::Warning, text)
    }

    /// A build or a push will fail.
    pub fn problem(subject: Subject, check: Check, text: impl Into<String>) -> Self {
        Self::new(subject, check, State::Problem, text)
    }

    /// The same for an error, with its causes.
    pub fn failed(subject: Subject, check: Check, error: &dyn Error) -> Self {
        Self::problem(subject, check, error.to_string()).because(causes(error))
    }

    /// Not checked, for a reason.
    pub fn skipped(subject: Subject, check: Check, reason: impl Into<String>) -> Self {
        Self::new(subject, check, State::Skipped, reason)
    }

    fn new(subject: Subject, check: Check, state: State, text: impl Into<String>) -> Self {
        Self {
            subject,
            check,
            state,
            text: text.into(),
            causes: Vec::new(),
            next: None,
        }
    }

    /// The same with causes.
    pub fn because(self, causes: Vec<String>) -> Self {
        Self { causes, ..self }
    }

    /// The same with a next step.
    pub fn then(self, next: impl Into<String>) -> Self {
        let next = Some(next.into());
        Self { next, ..self }
    }
}

impl Subject {
    /// The kind of subject, the same in every release.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Registry(_) => "registry",
            Self::Catalog => "catalog",
            Self::Output => "output",
        }
    }

    /// The host of a registry.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Registry(host) => Some(host),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(host) => write!(f, "registry {host}"),
            other => f.write_str(other.kind()),
        }
    }
}

impl State {
    /// The name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Skipped => "skipped",
        }
    }
}

impl Check {
    /// The name of the check.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Connection => "connection",
            Self::Version => "version",
            Self::Workers => "workers",
            Self::Platform => "platform",
            Self::Emulation => "emulation",
            Self::Snapshots => "snapshots",
            Self::Trial => "trial",
            Self::Operations => "operations",
            Self::Caches => "caches",
            Self::Storage => "storage",
            Self::Clock => "clock",
            Self::Login => "login",
            Self::Read => "read",
            Self::Push => "push",
            Self::Catalog => "catalog",
            Self::Lock => "lock",
            Self::Directory => "directory",
            Self::Space => "space",
        }
    }
}
