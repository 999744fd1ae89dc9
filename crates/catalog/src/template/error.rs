//! The reasons why a text cannot be read or filled in.

use std::collections::BTreeSet;

use super::{GitUse, Template, Text, Variables};
use crate::{
    git::GitValues,
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
    /// A field that the row of a variable's value does not have.
    #[error("`{written}`: {missing}")]
    NoField {
        /// The placeholder as it is written.
        written: String,
        /// The field.
        missing: Box<MissingField>,
    },
    /// A variable of git in a text that enters ids.
    #[error(
        "`{written}` here gives every commit another id: use it in `tags`, `platform-tags`, `repository` or `annotations`; `--label` of a build labels its images"
    )]
    GitHere {
        /// The placeholder as it is written.
        written: String,
    },
    /// A variable of git that git does not give.
    #[error("`{written}`: the context directory has no `{name}`; `--set {name}=…` gives one")]
    NoGit {
        /// The placeholder as it is written.
        written: String,
        /// The variable.
        name: String,
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

/// A field that the row of a variable's value does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`values.{variable}.\"{row}\"`{} has no `{field}`{}",
    in_brackets(place.as_deref()),
    other_field(field, valid)
)]
pub struct MissingField {
    /// The variable.
    pub variable: String,
    /// Its value.
    pub row: String,
    /// The field.
    pub field: String,
    /// The line of the row.
    pub place: Option<String>,
    /// The fields that rows of the variable have.
    pub valid: Vec<String>,
}

impl TemplateError {
    /// A name that has no value among `variables`: a name of nothing, or a field that the value of its variable has not.
    pub(crate) fn unknown(written: &str, name: &str, variables: &Variables) -> Self {
        Self::missing(written, name, variables, &mut BTreeSet::new())
    }

    /// The same error; for a field whose own text cannot be filled in, that of the name in it. `seen` are the names on the
    /// way there.
    fn missing(
        written: &str,
        name: &str,
        variables: &Variables,
        seen: &mut BTreeSet<String>,
    ) -> Self {
        seen.insert(name.to_owned());
        if GitValues::NAMES.contains(&name) {
            let written = written.to_owned();
            return match variables.git() {
                GitUse::Refused => Self::GitHere { written },
                _ => Self::NoGit {
                    written,
                    name: name.to_owned(),
                },
            };
        }
        if let Some((variable, field)) = name.split_once('.')
            && let Some(value) = variables.get(variable)
            && !variables.tables().rows(variable).is_empty()
        {
            let mut rows = variables.tables().rows(variable).iter();
            let row = rows.find(|row| row.value == value);
            let names = row.and_then(|row| row.fields.get(field));
            let names = names.map(Template::names).unwrap_or_default();
            let unset = |name: &&str| !variables.contains_key(name) && !seen.contains(*name);
            if let Some(inner) = names.into_iter().find(unset) {
                return Self::missing(&format!("{{{inner}}}"), inner, variables, seen);
            }
            let fields = variables.tables().fields(variable);
            let missing = MissingField {
                variable: variable.to_owned(),
                row: value.to_owned(),
                place: row.and_then(|row| Some(row.place.as_ref()?.to_string())),
                field: field.to_owned(),
                valid: fields.into_iter().map(str::to_owned).collect(),
            };
            return Self::NoField {
                written: written.to_owned(),
                missing: Box::new(missing),
            };
        }
        let valid = variables.names().into_iter().map(str::to_owned).collect();
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
            | Self::NoField { written, .. }
            | Self::Dollar { written }
            | Self::GitHere { written }
            | Self::NoGit { written, .. }
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

fn in_brackets(place: Option<&str>) -> String {
    place.map(|place| format!(" ({place})")).unwrap_or_default()
}

/// The hint on a field instead of `field`.
fn other_field(field: &str, valid: &[String]) -> String {
    if valid.iter().any(|known| known == field) {
        return String::new();
    }
    match nearest(field, valid.iter().map(String::as_str)) {
        found @ Some(_) => did_you_mean(found),
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
