//! The reasons why a step cannot be carried out.

use crate::{
    dockerfile::FromLineError,
    name::ContextName,
    path::{ContextPath, ContextPathError},
    template::TemplateError,
    words::listed,
};

/// The reasons why a step cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A template cannot be filled in.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A path leaves the context directory.
    #[error(transparent)]
    Path(#[from] ContextPathError),
    /// The step asks for files that it did not declare in its reads.
    #[error("the step reads `{path}` without declaring it")]
    Undeclared {
        /// The path or glob.
        path: ContextPath,
    },
    /// The step asks for a tree or a download that it did not declare in its reads.
    #[error("the step reads {what} without declaring it")]
    UndeclaredSource {
        /// The tree or download.
        what: String,
    },
    /// A build context that must be a directory and is not.
    #[error("the build context `{context}` must be a directory")]
    NotADirectory {
        /// The context.
        context: ContextName,
    },
    /// Declared files that were not read from disk.
    #[error("`{path}` was not read; it is declared, but not among the inputs")]
    NotRead {
        /// The path or glob.
        path: ContextPath,
    },
    /// A tree that is given for other platforms only.
    #[error(
        "the build context `{context}` has no tree for `{platform}`; it has one for {}",
        listed(valid)
    )]
    NoTreeFor {
        /// The context.
        context: ContextName,
        /// The platform.
        platform: String,
        /// Those that it has one for.
        valid: Vec<String>,
    },
    /// A file without the value that it should have.
    #[error("`{path}` {problem}")]
    Value {
        /// The file.
        path: ContextPath,
        /// The problem.
        problem: String,
    },
    /// A Dockerfile whose FROM line names no image with a tag.
    #[error(transparent)]
    FromLine(#[from] FromLineError),
    /// A script that cannot be run.
    #[error("`{path}` is not executable; `chmod +x` it")]
    NotExecutable {
        /// The script.
        path: ContextPath,
    },
    /// A text of the step is wrong, once it is filled in.
    #[error("{reason}")]
    Wrong {
        /// The text as it is written.
        text: String,
        /// The problem.
        reason: String,
    },
    /// Something cannot be put into the tree.
    #[error("it cannot be put into the tree")]
    Placing(#[source] buildkit_llb::OpError),
    /// A step of the catalog refuses.
    #[error("{reason}")]
    Refused {
        /// The reason.
        reason: String,
    },
}

impl StepError {
    /// The unknown variable that a text or condition uses.
    pub(crate) fn unknown_variable(&self) -> Option<&str> {
        match self {
            Self::Template(TemplateError::UnknownPlaceholder { name, .. }) => Some(name),
            _ => None,
        }
    }
}
