//! A graph that is marshalled when it is first used: most questions about a plan need only its id, and the graph that
//! is solved has a whole program in it.

use std::{fmt, ops::Deref, sync::OnceLock};

use buildkit_llb::{Constraints, Definition, LocalSessions, MarshalError, State};
use serde::{Serialize, Serializer};

/// A definition, marshalled once, when it is first used.
pub struct PlannedDefinition {
    state: State,
    constraints: Constraints,
    marshalled: OnceLock<Definition>,
}

impl PlannedDefinition {
    /// The graph of `state`. It may differ from a graph that was marshalled before only in the packer's bytes, proxies,
    /// mirrors, sessions, the namespace of caches and the form of many files.
    pub(crate) fn like_marshalled(state: State, constraints: Constraints) -> Self {
        Self {
            state,
            constraints,
            marshalled: OnceLock::new(),
        }
    }

    /// The same graph with its local sources bound to sessions.
    pub(crate) fn for_sessions(self, sessions: &LocalSessions) -> Self {
        let constraints = self.constraints.local_sessions(sessions.clone());
        Self::like_marshalled(self.state, constraints)
    }

    /// The graph of `state`, marshalled now.
    pub(crate) fn try_new(state: State, constraints: Constraints) -> Result<Self, MarshalError> {
        let marshalled = state.marshal(&constraints)?;
        Ok(Self {
            marshalled: marshalled.into(),
            ..Self::like_marshalled(state, constraints)
        })
    }
}

impl Deref for PlannedDefinition {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        self.marshalled.get_or_init(|| {
            let marshalled = self.state.marshal(&self.constraints);
            marshalled
                .expect("the same graph was marshalled before, with another packer or for nobody")
        })
    }
}

impl Clone for PlannedDefinition {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            constraints: self.constraints.clone(),
            marshalled: self.marshalled.clone(),
        }
    }
}

impl fmt::Debug for PlannedDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for PlannedDefinition {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Serialize for PlannedDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
