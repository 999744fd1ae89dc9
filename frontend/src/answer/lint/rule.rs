//! The rules of the check.

/// A kind of thing that is worth a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    UnpinnedReference,
    IncompleteLock,
    NoPackagesEpoch,
    MissingBuildContext,
}

impl Rule {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UnpinnedReference => "UnpinnedReference",
            Self::IncompleteLock => "IncompleteLock",
            Self::NoPackagesEpoch => "NoPackagesEpoch",
            Self::MissingBuildContext => "MissingBuildContext",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::UnpinnedReference => {
                "What a name stands for should be written down, so that it is the same tomorrow"
            }
            Self::IncompleteLock => {
                "The lock should have all that a plan needs, so that nothing has to be asked for"
            }
            Self::NoPackagesEpoch => {
                "The lock should say as of when packages are installed, so that only a change of it installs newer ones"
            }
            Self::MissingBuildContext => "Directories that steps read should be given",
        }
    }
}
