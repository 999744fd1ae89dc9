//! A Dockerfile as BuildKit reads it: lines with their continuations and heredocs, and the instructions in them.
//!
//! It is our own reader: what follows from a Dockerfile hangs on escapes, on quotes that stay, and on the places where
//! lines were joined, and the crates that there are keep none or not all of them.

mod command_line;
mod directives;
mod flags;
mod health;
mod heredoc;
mod instruction;
mod lines;
mod mount;
mod name;
#[cfg(test)]
mod tests;
mod transfer;

use thiserror::Error;

use self::lines::Lines;
pub(crate) use self::{
    command_line::{CommandLine, ShellText},
    health::Health,
    heredoc::Heredoc,
    instruction::{From, Instruction, Pair, Run, Statement},
    mount::{Field, Mount, fields},
    transfer::{Source, Transfer},
};

/// A Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    /// The sign that escapes.
    pub(crate) escape: char,
    /// The frontend that `# syntax=` names, and its line.
    pub(crate) syntax: Option<(String, usize)>,
    pub(crate) statements: Vec<Statement>,
    /// Comments after the last instruction.
    pub(crate) last_comments: Vec<String>,
}

/// A Dockerfile that BuildKit refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) reason: String,
}

impl SyntaxError {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { line, reason }
    }
}

impl Dockerfile {
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut lines = Lines::new(text);
        let mut statements = Vec::new();
        while let Some(line) = lines.next_line()? {
            let escape = lines.escape();
            statements.push(Statement::parse(line, escape, &mut lines)?);
        }
        if statements.is_empty() {
            return Err(SyntaxError::new(1, "the Dockerfile has no instruction"));
        }
        Ok(Self {
            escape: lines.escape(),
            syntax: lines.syntax(),
            last_comments: lines.comments(),
            statements,
        })
    }
}
