//! References that cannot be resolved.

use catalog::listed;
use registry::RemoteProblem;

use crate::source_failure::{SourceKind, Trouble};

/// A reference that cannot be resolved: it is unknown what it stands for.
#[derive(Debug, thiserror::Error)]
#[error("cannot find out what `{name}` stands for")]
pub struct ResolveError {
    /// The image, URL or git ref.
    pub name: String,
    /// Its kind.
    pub kind: SourceKind,
    /// Why.
    #[source]
    pub problem: ResolveProblem,
}

/// Why a reference cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveProblem {
    /// The user interrupted it.
    #[error("it was interrupted")]
    Cancelled,
    /// The daemon cannot say.
    #[error(transparent)]
    Daemon(#[from] buildkit_client::ResolveError),
    /// The registry or server cannot be asked, says no, or has something else.
    #[error(transparent)]
    Remote(#[from] RemoteProblem),
    /// The daemon found the image, but not for every platform; it does not say for which it is there.
    #[error("it is not there for {}", all_of(asked))]
    NoPlatform {
        /// Those that were asked for.
        asked: Vec<String>,
    },
}

fn all_of(names: &[String]) -> String {
    let all = if names.len() > 1 { "all of " } else { "" };
    format!("{all}{}", listed(names))
}

impl ResolveProblem {
    /// What kind of trouble it is, if that can be told.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        use buildkit_client::ResolveError as Daemon;
        match self {
            Self::Remote(problem) => problem.trouble(),
            Self::Daemon(Daemon::Refused { message, .. }) => Trouble::of_words(message),
            Self::Daemon(Daemon::Slow { .. } | Daemon::Lost(_)) => Some(Trouble::Transient),
            Self::Daemon(Daemon::Solve(error)) if error.is_transient() => Some(Trouble::Transient),
            Self::Daemon(Daemon::Solve(_)) => Some(Trouble::Unreachable),
            _ => None,
        }
    }

    /// Whether another try may well succeed. A daemon that was slow for minutes is not asked again.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        let is_slow = matches!(
            self,
            Self::Daemon(buildkit_client::ResolveError::Slow { .. })
        );
        !is_slow && self.trouble() == Some(Trouble::Transient)
    }

    /// Whether the user interrupted it.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Daemon(buildkit_client::ResolveError::Cancelled)
        )
    }
}

impl ResolveError {
    /// What kind of trouble it is, if that can be told.
    pub fn trouble(&self) -> Option<Trouble> {
        self.problem.trouble()
    }

    /// Whether the user interrupted it.
    pub fn is_cancelled(&self) -> bool {
        self.problem.is_cancelled()
    }
}
