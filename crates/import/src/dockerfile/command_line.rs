//! Command lines: a list in JSON, or a text for the shell.

use serde_json::Value;

/// What `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD` are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandLine {
    Shell(ShellText),
    Exec(Vec<String>),
}

/// A text for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShellText {
    pub(crate) text: String,
    /// Where lines were joined in it.
    pub(crate) joints: Vec<usize>,
}

impl ShellText {
    /// The end of a line: `text` is what the line ends with.
    pub(super) fn at_end(text: &str, line: &str, joints: &[usize]) -> Self {
        let begin = line.trim_end().len().saturating_sub(text.len());
        let joints = joints.iter().filter(|at| **at > begin);
        let joints = joints.map(|at| at - begin).filter(|at| *at < text.len());
        Self {
            text: text.to_owned(),
            joints: joints.collect(),
        }
    }
}

/// The texts of a list in JSON; `None` for everything that is none, which the shell gets.
pub(super) fn list(text: &str) -> Result<Option<Vec<String>>, String> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let Ok(values) = serde_json::from_str::<Vec<Value>>(text) else {
        return Ok(None);
    };
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        other => Err(format!("`{other}` in a list is not a text")),
    });
    texts.collect::<Result<_, _>>().map(Some)
}

impl CommandLine {
    pub(super) fn parse(text: &str, line: &str, joints: &[usize]) -> Result<Self, String> {
        Ok(match list(text)? {
            Some(words) => Self::Exec(words),
            None => Self::Shell(ShellText::at_end(text, line, joints)),
        })
    }
}
