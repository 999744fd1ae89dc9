//! Words of a Dockerfile: quotes, escapes and `$NAME`, by the rules of BuildKit's shell lexer.
//!
//! A word is read once, into [`Part`]s; what its variables stand for is found out later, by whoever knows the stage.

mod lexer;
mod pattern;
mod split;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use self::{
    lexer::{Quotes, parse},
    pattern::Pattern,
    split::split,
};

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    Variable { name: String, form: Form },
}

/// What is made of a variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// `$A`, `${A}`.
    Value,
    /// `${A:-w}`, or `${A-w}`, for which an empty value is one.
    Or { empty_counts: bool, word: Vec<Part> },
    /// `${A:+w}`, or `${A+w}`.
    If { empty_counts: bool, word: Vec<Part> },
    /// `${A:?w}`, or `${A?w}`.
    Required { empty_counts: bool },
    /// `${A#p}`, or `${A##p}`.
    WithoutPrefix { longest: bool, pattern: Vec<Part> },
    /// `${A%p}`, or `${A%%p}`.
    WithoutSuffix { longest: bool, pattern: Vec<Part> },
    /// `${A/p/r}`, or `${A//p/r}`.
    Replaced {
        all: bool,
        pattern: Vec<Part>,
        replacement: Vec<Part>,
    },
}

/// A word that BuildKit refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum WordError {
    #[error("a `{0}` is not closed")]
    Unclosed(char),
    #[error("`${{` is followed by neither a name nor a special parameter")]
    BadSubstitution,
    #[error("`{0}` is no modifier of a substitution")]
    Modifier(String),
    #[error("the words of `${{` are nested too deeply")]
    TooDeep,
}
