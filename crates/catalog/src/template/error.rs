//! The reasons why a text cannot be read or filled in.

use crate::{
    nearest::nearest,
    words::{did_you_mean, listed},
};

/// The reasons why a text cannot be read or filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("`{template}` has an unbalanced `{brace}`; write `{brace}{brace}` for a literal one")]
    Unbalanced {
        /// The whole text.
        template: String,
        /// The brace in question.
        brace: char,
    },
    /// A filter that does not exist.
    #[error("`{template}` uses the filter `{filter}`, but there is only `slug`")]
    UnknownFilter {
        /// The whole text.
        template: String,
        /// The unknown filter.
        filter: String,
    },
    /// A placeholder of a name that no variable has.
    #[error("`{written}`: there is no `{name}`{}", instead(name, valid))]
    UnknownPlaceholder {
        /// The placeholder as it is written.
        written: String,
        /// The unknown name.
        name: String,
        /// The names that have values.
        valid: Vec<String>,
    },
    /// A `$` that stands before no name, or before more than a name.
    #[error(
        "`{written}`: a `$` stands before a name here, as `$NAME`, `${{NAME}}`, `${{NAME:-word}}` or `${{NAME:+word}}`; `$$` writes a dollar"
    )]
    Dollar {
        /// The text from the `$` on.
        written: String,
    },
    /// An environment variable that nothing sets.
    #[error(
        "`${name}` is set neither by `{base}` nor by an earlier step; `$$` writes a dollar{}",
        meant(name, *is_variable)
    )]
    Unset {
        /// The variable.
        name: String,
        /// The name of the base.
        base: String,
        /// Whether a placeholder of this name would be valid there.
        is_variable: bool,
    },
    /// A `${{` in a script without `}}`.
    #[error("`{written}` in a script is not closed by `}}}}`; write `$${{{{` for `${{{{` itself")]
    Unclosed {
        /// The line from the `${{` on.
        written: String,
    },
    /// A placeholder in a script that would not be filled in.
    #[error(
        "`{written}` in a script: write `{meant}` for its value; a brace of the script's own goes into `env`"
    )]
    LoneBrace {
        /// The placeholder as it is written.
        written: String,
        /// The form that is filled in.
        meant: String,
    },
}

impl TemplateError {
    /// A name that no variable of `valid` has.
    pub(crate) fn unknown(written: &str, name: &str, valid: Vec<String>) -> Self {
        Self::UnknownPlaceholder {
            written: written.to_owned(),
            name: name.to_owned(),
            valid,
        }
    }

    /// The wrong text as it is in the file.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Unbalanced { template, .. } | Self::UnknownFilter { template, .. } => {
                template.clone()
            }
            Self::UnknownPlaceholder { written, .. }
            | Self::Dollar { written }
            | Self::Unclosed { written }
            | Self::LoneBrace { written, .. } => written.clone(),
            Self::Unset { name, .. } => format!("${name}"),
        }
    }
}

/// The hint on a valid name instead of `name`.
fn instead(name: &str, valid: &[String]) -> String {
    if valid.is_empty() {
        return "; no variable can stand here".to_owned();
    }
    match nearest(name, valid.iter().map(String::as_str)) {
        found @ Some(_) => format!("{} there are {}", did_you_mean(found), listed(valid)),
        None => format!("; there are {}", listed(valid)),
    }
}

fn meant(name: &str, is_variable: bool) -> String {
    if is_variable {
        format!(", and `{{{name}}}` the value of `{name}`")
    } else {
        String::new()
    }
}
