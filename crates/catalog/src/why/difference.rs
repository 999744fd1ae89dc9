//! The differences of a vertex, in the user's terms.

use std::fmt;

use serde::Serialize;

use crate::lock::shortened;

/// One difference of a vertex. `from` is the old value, `to` the new one; `None` if there was none, or is none any
/// more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Difference {
    /// The lock has another pin for an image, a download or a git ref.
    Pin {
        /// The image, URL or git ref.
        name: String,
        /// The digest or commit.
        from: Option<String>,
        /// The digest or commit.
        to: Option<String>,
    },
    /// It has another source.
    Source {
        /// The image, URL or repository.
        from: String,
        /// The image, URL or repository.
        to: String,
    },
    /// A line of a file.
    FileLine {
        /// The file.
        path: String,
        /// The line's number, from 1.
        line: usize,
        /// The line.
        from: Option<String>,
        /// The line.
        to: Option<String>,
    },
    /// The content of a file that is no text, or too long to be in the graph.
    FileContent {
        /// The file.
        path: String,
    },
    /// A new file.
    FileAdded {
        /// The file.
        path: String,
    },
    /// A file that is gone.
    FileRemoved {
        /// The file.
        path: String,
    },
    /// A file's permission bits.
    Mode {
        /// The file.
        path: String,
        /// The bits.
        from: u32,
        /// The bits.
        to: u32,
    },
    /// The packages that a step installs.
    Packages {
        /// New ones.
        added: Vec<String>,
        /// Those that are gone.
        removed: Vec<String>,
    },
    /// A line of a command.
    Command {
        /// The line's number, from 1.
        line: usize,
        /// The line.
        from: Option<String>,
        /// The line.
        to: Option<String>,
    },
    /// A variable of the environment.
    Env {
        /// Its name.
        name: String,
        /// Its value.
        from: Option<String>,
        /// Its value.
        to: Option<String>,
    },
    /// The moment of the package indexes.
    Epoch {
        /// The moment.
        from: Option<String>,
        /// The moment.
        to: Option<String>,
    },
    /// A setting of a command or copy: its directory, user, network, destination.
    Setting {
        /// Its name.
        name: String,
        /// Its value.
        from: String,
        /// Its value.
        to: String,
    },
    /// A mount.
    Mount {
        /// The mount point.
        path: String,
        /// The old content.
        from: Option<String>,
        /// The new content.
        to: Option<String>,
    },
    /// A new step.
    StepAdded {
        /// The step.
        title: String,
    },
    /// A step that is gone.
    StepRemoved {
        /// The step.
        title: String,
    },
    /// A difference without a name for users.
    Other {
        /// The words for it.
        what: String,
    },
}

impl Difference {
    /// The difference of the commands after it: a directory that is made may be their working directory.
    pub(super) fn of_later_commands(&self) -> Option<Self> {
        match self {
            Self::Setting { name, from, to } if name == "directory" => Some(Self::Setting {
                name: "working directory".to_owned(),
                from: from.clone(),
                to: to.clone(),
            }),
            _ => None,
        }
    }

    /// Whether all vertices with this difference have it for one reason, so that it is reported once: a variable is in
    /// the environment of all later commands, and many commands may read one file.
    pub(super) fn is_shared(&self) -> bool {
        !matches!(
            self,
            Self::Packages { .. }
                | Self::Command { .. }
                | Self::StepAdded { .. }
                | Self::StepRemoved { .. }
        )
    }

    /// Whether it follows from another base: caches are kept apart by distribution.
    pub(super) fn follows_from_base(&self) -> bool {
        let is_cache =
            |what: &Option<String>| what.as_ref().is_some_and(|what| what.starts_with("cache "));
        matches!(self, Self::Mount { from, to, .. } if is_cache(from) && is_cache(to))
    }
}

/// The longest value that is shown whole.
const SHOWN: usize = 120;

struct Shown<'a>(Option<&'a str>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("nothing"),
            Some(text) if text.chars().count() > SHOWN => {
                let start: String = text.chars().take(SHOWN).collect();
                write!(f, "`{start}…`")
            }
            Some(text) => write!(f, "`{text}`"),
        }
    }
}

fn arrow(f: &mut fmt::Formatter<'_>, from: Option<&str>, to: Option<&str>) -> fmt::Result {
    write!(f, "{} → {}", Shown(from), Shown(to))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin { name, from, to } => {
                write!(f, "pin of {name}: ")?;
                let short = |pin: &Option<String>| pin.as_deref().map(shortened).map(str::to_owned);
                arrow(f, short(from).as_deref(), short(to).as_deref())
            }
            Self::Source { from, to } => {
                f.write_str("source: ")?;
                arrow(f, Some(from), Some(to))
            }
            Self::FileLine {
                path,
                line,
                from,
                to,
            } => {
                write!(f, "{path}:{line}: ")?;
                arrow(f, from.as_deref(), to.as_deref())
            }
            Self::FileContent { path } => write!(f, "{path}: its content changed"),
            Self::FileAdded { path } => write!(f, "{path}: new"),
            Self::FileRemoved { path } => write!(f, "{path}: gone"),
            Self::Mode { path, from, to } => write!(f, "{path}: mode {from:04o} → {to:04o}"),
            Self::Packages { added, removed } => {
                let added = added.iter().map(|name| format!("+{name}"));
                let removed = removed.iter().map(|name| format!("-{name}"));
                let all: Vec<String> = added.chain(removed).collect();
                write!(f, "packages: {}", all.join(" "))
            }
            Self::Command { line, from, to } => {
                write!(f, "command, line {line}: ")?;
                arrow(f, from.as_deref(), to.as_deref())
            }
            Self::Env { name, from, to } => {
                write!(f, "variable {name}: ")?;
                arrow(f, from.as_deref(), to.as_deref())
            }
            Self::Epoch { from, to } => {
                f.write_str("epoch of package indexes: ")?;
                arrow(f, from.as_deref(), to.as_deref())
            }
            Self::Setting { name, from, to } => {
                write!(f, "{name}: ")?;
                arrow(f, Some(from), Some(to))
            }
            Self::Mount { path, from, to } => {
                write!(f, "mounted at {path}: ")?;
                arrow(f, from.as_deref(), to.as_deref())
            }
            Self::StepAdded { .. } => f.write_str("new step"),
            Self::StepRemoved { .. } => f.write_str("step removed"),
            Self::Other { what } => f.write_str(what),
        }
    }
}
