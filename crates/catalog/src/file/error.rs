//! What can be wrong with a catalog file.

use crate::{excerpt::Excerpt, words::did_you_mean};

/// A catalog file that cannot be read, or not beside the artifacts of a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` line {}, column {}: {mistake}\n{excerpt}", excerpt.line, excerpt.column)]
pub struct FileError {
    /// The file's name.
    pub file: String,
    /// Where it is wrong.
    pub excerpt: Excerpt,
    /// What is wrong there.
    pub mistake: Box<Mistake>,
}

/// One thing that is wrong with a catalog file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// It is not TOML.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that does not exist there.
    #[error("`{key}` is not a key of {owner}{}", instead(nearest.as_deref(), valid))]
    UnknownKey {
        /// The key.
        key: String,
        /// What it is written in.
        owner: String,
        /// The key that is most like it.
        nearest: Option<String>,
        /// The keys that may stand there.
        valid: Vec<String>,
    },
    /// A value that is none of those that may stand there.
    #[error("`{value}` is not a value of {owner}{}", instead(nearest.as_deref(), valid))]
    UnknownValue {
        /// The value.
        value: String,
        /// The key that has it.
        owner: String,
        /// The value that is most like it.
        nearest: Option<String>,
        /// The values that may stand there.
        valid: Vec<String>,
    },
    /// A key that cannot be left out.
    #[error("{owner} has no `{key}`")]
    MissingKey {
        /// What lacks it.
        owner: String,
        /// The key.
        key: String,
    },
    /// A value of another type.
    #[error("{owner} must be {expected}, not {found}")]
    Type {
        /// The key that has it.
        owner: String,
        /// What may stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A value that its own rule refuses.
    #[error("{message}")]
    Value {
        /// What is wrong with it.
        message: String,
    },
    /// Whiteouts of what is no layer.
    #[error("`{name}` has the kind `{kind}`, and only a `layer` has `whiteouts`")]
    NotALayer {
        /// The artifact.
        name: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A step without a key that says what it does.
    #[error("a step needs a key that says what it does{}", instead(nearest.as_deref(), valid))]
    NoKind {
        /// The kind that is most like one of its keys.
        nearest: Option<String>,
        /// All kinds.
        valid: Vec<String>,
    },
    /// A step that does two things.
    #[error("a step does one thing, and this has `{first}` and `{second}`; make it two")]
    TwoKinds {
        /// One kind.
        first: String,
        /// The other.
        second: String,
    },
    /// An artifact of a name that one beside the file's has.
    #[error("artifact `{name}` is declared at {other}, too; call one of them something else")]
    NameTaken {
        /// The name.
        name: String,
        /// Where the other one is declared: a file and a line.
        other: String,
    },
}

/// What can be written instead.
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
