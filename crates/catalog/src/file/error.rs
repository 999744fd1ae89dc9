//! The errors of a catalog file.

use crate::{excerpt::Excerpt, words::did_you_mean};

/// A catalog file that cannot be read, or that clashes with the artifacts of a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` line {}, column {}: {mistake}\n{excerpt}", excerpt.line, excerpt.column)]
pub struct FileError {
    /// The file's name.
    pub file: String,
    /// The place of the mistake.
    pub excerpt: Excerpt,
    /// The mistake.
    pub mistake: Box<Mistake>,
}

/// A mistake in a catalog file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// It is not TOML.
    #[error("{message}")]
    Syntax {
        /// The message of the parser.
        message: String,
    },
    /// A key that its table does not have.
    #[error("`{key}` is not a key of {owner}{}", instead(nearest.as_deref(), valid))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table that it is in.
        owner: String,
        /// The most similar key.
        nearest: Option<String>,
        /// The valid keys.
        valid: Vec<String>,
    },
    /// A value that is not one of the valid ones.
    #[error("`{value}` is not a value of {owner}{}", instead(nearest.as_deref(), valid))]
    UnknownValue {
        /// The value.
        value: String,
        /// The key that has it.
        owner: String,
        /// The most similar value.
        nearest: Option<String>,
        /// The valid values.
        valid: Vec<String>,
    },
    /// A required key that is missing.
    #[error("{owner} has no `{key}`")]
    MissingKey {
        /// The table without it.
        owner: String,
        /// The key.
        key: String,
    },
    /// A value of another type.
    #[error("{owner} must be {expected}, not {found}")]
    Type {
        /// The key that has it.
        owner: String,
        /// The valid type.
        expected: String,
        /// The type that was found.
        found: String,
    },
    /// A value that breaks the rule of its type.
    #[error("{message}")]
    Value {
        /// The message.
        message: String,
    },
    /// `whiteouts` in an artifact that is no layer.
    #[error("`{name}` has the kind `{kind}`, and only a `layer` has `whiteouts`")]
    NotALayer {
        /// The artifact.
        name: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A step without a key of a kind of step.
    #[error("a step needs a key that says what it does{}", instead(nearest.as_deref(), valid))]
    NoKind {
        /// The most similar kind to one of its keys.
        nearest: Option<String>,
        /// All kinds.
        valid: Vec<String>,
    },
    /// A step with the keys of two kinds.
    #[error("a step does one thing, and this has `{first}` and `{second}`; make it two")]
    TwoKinds {
        /// One kind.
        first: String,
        /// The other.
        second: String,
    },
    /// A name that is said twice.
    #[error("two {what} are called `{name}` ({places})")]
    Twice {
        /// The kind of thing: `artifacts`.
        what: String,
        /// The name.
        name: String,
        /// Both places.
        places: String,
    },
    /// An artifact with the name of an artifact of the program.
    #[error("artifact `{name}` is declared at {other}, too; call one of them something else")]
    NameTaken {
        /// The name.
        name: String,
        /// The file and line of the other one.
        other: String,
    },
}

/// The hint on valid words, for the end of a message.
fn instead(nearest: Option<&str>, valid: &[String]) -> String {
    let separator = if nearest.is_some() { " " } else { "; " };
    match valid {
        [] => did_you_mean(nearest),
        [only] => format!(
            "{}{separator}it can only be `{only}`",
            did_you_mean(nearest)
        ),
        several => {
            let several: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
            let several = several.join(", ");
            format!("{}{separator}it can be {several}", did_you_mean(nearest))
        }
    }
}
