//! What an instruction loses.

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

/// What is told where a default was looked at.
pub(crate) fn fixed(name: &str) -> String {
    format!("this holds for the default of `{name}`: another value is not seen here")
}
