//! The reasons why a step cannot be carried out.

use crate::{
    dockerfile::FromLineError,
    name::ContextName,
    nearest::nearest,
    path::{ContextPath, ContextPathError},
    template::TemplateError,
    words::{did_you_mean, listed},
};

/// The reasons why a step cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// A step inside it cannot be carried out.
    #[error("{source}")]
    Inside {
        /// The index of the step in it, from 0; of a use, that of the part, and then that of the step in the part.
        path: Vec<usize>,
        /// The reason.
        source: Box<StepError>,
    },
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
    /// A part that does not exist.
    #[error("`{name}` is no part{}", did_you_mean(nearest.as_deref()))]
    NoPart {
        /// The name.
        name: String,
        /// The most similar part.
        nearest: Option<String>,
    },
    /// A part that uses itself.
    #[error("parts use each other: {}", chain.join(" → "))]
    PartCircle {
        /// The way round.
        chain: Vec<String>,
    },
    /// Values for other parameters than those of the part.
    #[error("{}", parameters(part, missing.as_deref(), unknown.as_deref(), valid))]
    Parameters {
        /// The part.
        part: String,
        /// A parameter without a value.
        missing: Option<String>,
        /// A value without a parameter.
        unknown: Option<String>,
        /// The parameters of the part.
        valid: Vec<String>,
    },
    /// A step of the catalog refuses.
    #[error("{reason}")]
    Refused {
        /// The reason.
        reason: String,
    },
}

/// The message on parameters: ``part `s6` needs the parameter `version`; `verison` is none of its``.
fn parameters(
    part: &str,
    missing: Option<&str>,
    unknown: Option<&str>,
    valid: &[String],
) -> String {
    let needed = missing.map(|name| format!("part `{part}` needs the parameter `{name}`"));
    let unneeded = unknown.map(|name| {
        let nearest = nearest(name, valid.iter().map(String::as_str));
        let nearest = nearest.filter(|_| missing.is_none());
        let of = if missing.is_some() {
            "is none of its".to_owned()
        } else {
            format!("is no parameter of part `{part}`")
        };
        format!("`{name}` {of}{}", did_you_mean(nearest))
    });
    let both: Vec<String> = needed.into_iter().chain(unneeded).collect();
    both.join("; ")
}

impl StepError {
    /// A text of the step is wrong.
    pub(crate) fn wrong(reason: String, text: &str) -> Self {
        Self::Wrong {
            text: text.to_owned(),
            reason,
        }
    }

    /// The same error, of the step at `path` inside the one that is carried out.
    pub(crate) fn inside(self, path: &[usize]) -> Self {
        Self::Inside {
            path: path.to_vec(),
            source: Box::new(self),
        }
    }

    /// The unknown variable that a text or condition uses.
    pub(crate) fn unknown_variable(&self) -> Option<&str> {
        match self {
            Self::Inside { source, .. } => source.unknown_variable(),
            Self::Template(TemplateError::UnknownPlaceholder { name, .. }) => Some(name),
            Self::Template(TemplateError::NoField { missing, .. }) => Some(&missing.variable),
            _ => None,
        }
    }
}
