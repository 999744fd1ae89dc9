//! What an instruction loses.

use crate::{finding::Weight, scope::BUILT_IN, text::BUILD_PLATFORM};

/// The reason why an instruction cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss(pub(crate) String);

impl Loss {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl From<String> for Loss {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

/// What is told where the value of a variable was looked at: the default of an option, or one platform.
pub(crate) fn fixed(name: &str) -> (Weight, String) {
    if BUILT_IN.contains(&name) {
        let reason =
            format!("this holds for {BUILD_PLATFORM} alone: it hangs on a part of `{{{name}}}`");
        return (Weight::Lost, reason);
    }
    let reason = format!("this holds for the default of `{name}`: another value is not seen here");
    (Weight::Changed, reason)
}
