//! The failure of a command: the exit code, the error with its causes, and a hint with the next step.

mod of_errors;

use std::{error::Error, fmt::Write as _, io::Write as _, process::ExitCode, sync::Arc};

use anstyle::{AnsiColor, Color, Style};
use engine::{UnfinishedTags, VariantFailure, causes};

use crate::{logins::blotted, signals::Signals, source_lines::Lines, terminal};

/// The hint about tags that are still to move.
pub(crate) const RERUN: &str =
    "the same call moves the rest; a tag that names the image already is left alone";

/// The exit codes of the command line; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 1: the build failed.
    Failed,
    /// 2: the command line asks for something impossible.
    Usage,
    /// 3: the catalog or an input is wrong.
    Catalog,
    /// 4: the daemon or a registry cannot be reached.
    Unreachable,
    /// 70: a bug of ours.
    Bug,
    /// 75: a transient failure, worth another try.
    Transient,
    /// 128 and the number of the signal that interrupted.
    Interrupted(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Catalog => 3,
            Exit::Unreachable => 4,
            Exit::Bug => 70,
            Exit::Transient => 75,
            Exit::Interrupted(signal) => 128 + signal,
        })
    }
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) errors: Vec<Box<dyn Error + Send + Sync>>,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            exit,
            errors: vec![error.into()],
            hint: None,
        }
    }

    /// An exit code that says all: nothing is printed.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self {
            exit,
            errors: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the errors of a later failure; the exit code and the hint stay.
    pub(crate) fn followed_by(mut self, later: Self) -> Self {
        self.errors.extend(later.errors);
        self.hint = self.hint.or(later.hint);
        self
    }

    /// A command that a signal ended.
    pub(crate) fn interrupted(signals: &Signals) -> Self {
        // Only a signal cancels; SIGINT is the usual one.
        Self::new(
            Exit::Interrupted(signals.received().unwrap_or(2)),
            "interrupted; nothing half-done was left behind",
        )
    }

    /// The same for a command that left tags of images as they were.
    pub(crate) fn leaving(self, unfinished: &[UnfinishedTags]) -> Self {
        if unfinished.is_empty() {
            return self;
        }
        let begun = unfinished.iter().any(UnfinishedTags::is_begun);
        let error = if begun {
            "interrupted while tags moved"
        } else {
            "interrupted before any tag moved"
        };
        Self {
            errors: vec![error.into()],
            ..self
        }
        .with_hint(RERUN)
    }

    /// Prints the errors, each with its causes, and the hint.
    pub(crate) fn print(&self) {
        let mut stderr = anstream::stderr().lock();
        // Where stderr is gone, there is no reader left.
        let _ = stderr
            .write_all(self.render().as_bytes())
            .and_then(|()| stderr.flush());
    }

    pub(crate) fn render(&self) -> String {
        let cyan = bold(AnsiColor::Cyan);
        let told = self.errors.iter().map(|error| {
            let failure = error.downcast_ref::<Arc<VariantFailure>>();
            told(error.as_ref(), failure.map(AsRef::as_ref))
        });
        let mut text: String = told.collect();
        if let Some(hint) = &self.hint {
            _ = writeln!(
                text,
                "{cyan}hint:{cyan:#} {}",
                indented(&terminal::told(hint), "  ")
            );
        }
        blotted(&text).into_owned()
    }
}

/// A failed variant, with its causes, and the lines that it comes from.
pub(crate) fn told_at_once(failure: &VariantFailure) -> String {
    blotted(&told(failure, Some(failure))).into_owned()
}

/// An error with its causes; for a failed variant, with the lines that it comes from.
fn told(error: &dyn Error, failure: Option<&VariantFailure>) -> String {
    let (red, mut text) = (RED, String::new());
    _ = writeln!(
        text,
        "{red}error:{red:#} {}",
        indented(&terminal::told(&error.to_string()), "  ")
    );
    for cause in causes(error) {
        _ = writeln!(
            text,
            "  caused by: {}",
            indented(&terminal::told(&cause), "    ")
        );
    }
    for lines in failure.map(lines_of).unwrap_or_default() {
        _ = writeln!(text, "  at {}", indented(&lines.to_string(), "  "));
    }
    text
}

/// The lines of the user's own files that a failing step comes from, each once.
fn lines_of(failure: &VariantFailure) -> Vec<Lines> {
    let sources = failure.sources();
    let mut all: Vec<Lines> = Vec::new();
    for lines in sources.iter().filter_map(Lines::of) {
        if !all.contains(&lines) {
            all.push(lines);
        }
    }
    all
}

/// The style of errors.
pub(crate) const RED: Style = bold(AnsiColor::Red);

const fn bold(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

/// A text whose later lines stand below the first one.
fn indented(text: &str, by: &str) -> String {
    text.trim_end().replace('\n', &format!("\n{by}"))
}
