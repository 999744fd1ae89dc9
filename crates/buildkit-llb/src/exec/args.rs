//! The arguments of a command.

use crate::shlex::{self, CommandLineError};

/// A program and its arguments. Made from an array of at least one text, or from a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args(Vec<String>);

impl Args {
    /// A program without arguments.
    pub fn program(program: impl Into<String>) -> Self {
        Self(vec![program.into()])
    }

    /// `/bin/sh -c LINE`.
    pub fn shell(line: impl Into<String>) -> Self {
        Self(vec!["/bin/sh".into(), "-c".into(), line.into()])
    }

    /// A command line split into words as a shell would, without expansions. Mirrors `llb.Shlex`.
    pub fn split(line: &str) -> Result<Self, CommandLineError> {
        Ok(Self(shlex::split(line)?.into_iter().collect()))
    }

    /// The same command with one more argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.0.push(arg.into());
        self
    }

    /// The same command with more arguments.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.extend(args.into_iter().map(Into::into));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|arg| &**arg)
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Args {
    fn from(args: [S; N]) -> Self {
        const { assert!(N > 0, "a command needs a program") };
        Self(args.into_iter().map(Into::into).collect())
    }
}

/// A list that is made at run time. An empty list is an error when marshalling.
impl From<Vec<String>> for Args {
    fn from(args: Vec<String>) -> Self {
        Self(args.into_iter().collect())
    }
}
