//! Errors that stop the engine before anything is built.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
};

use catalog::{
    BaseError, ContextName, LOCK_FILE, MissingContext, OutputClash, Plan, PlanError, Problem,
    Reference, SelectError, SurveyError, listed,
};

use crate::{
    inputs::InputError, lock_file::LockFileError, output_lock::GivenUp, pinning::PinClash,
    product::NameError, resolve::ResolveError,
};

/// An error that stops the engine before anything is built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no such artifact, platform or option.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A build context stands for nothing.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// An artifact cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Two variants are one file.
    #[error(transparent)]
    Outputs(#[from] OutputClash),
    /// The catalog does not say the name of an image.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// An image has no name, or one that is not valid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Directories that steps read, and that were not given.
    #[error(transparent)]
    Contexts(#[from] MissingContexts),
    /// The lock does not say what references stand for.
    #[error(transparent)]
    NotPinned(#[from] NotPinned),
    /// Two places want one image at two digests.
    #[error(transparent)]
    Clash(#[from] Box<PinClash>),
    /// A reference cannot be resolved.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockFileError),
    /// Other calls change the lock all the time.
    #[error(
        "{} is still not pinned in `{LOCK_FILE}`, which other calls change at the same time: {attempts} attempts were made",
        listed(names)
    )]
    StillNotPinned {
        /// What is not pinned.
        names: BTreeSet<String>,
        /// How often it was asked for.
        attempts: usize,
    },
    /// Steps need secrets or an agent that were not given.
    #[error(transparent)]
    Needed(#[from] Needed),
    /// Another build writes the same outputs, and the wait for it was given up.
    #[error(transparent)]
    GivenUp(#[from] GivenUp),
    /// The files of an image's other platforms are not there, and its id is that of all platforms.
    #[error(transparent)]
    NoWhole(Box<EngineError>),
    /// A failure, and another one after it.
    #[error("{0}")]
    Twice(#[source] Box<EngineError>, Box<EngineError>),
}

impl EngineError {
    /// Whether a file that should be read is not there.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Input(error) if error.is_absence())
    }
}

impl From<SurveyError> for EngineError {
    fn from(error: SurveyError) -> Self {
        match error {
            SurveyError::Select(error) => error.into(),
            SurveyError::Plan(error) => error.into(),
        }
    }
}

/// Directories that steps read, and that were not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingContexts(BTreeMap<ContextName, ReadOf>);

/// The readers of a directory, and what they read of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ReadOf {
    artifacts: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl MissingContexts {
    /// The directories that `plans` lack.
    ///
    /// # Errors
    /// When there is one.
    pub fn refuse<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Result<(), Self> {
        let mut missing: BTreeMap<ContextName, ReadOf> = BTreeMap::new();
        for plan in plans {
            for MissingContext { name, path } in &plan.missing {
                let read = missing.entry(name.clone()).or_default();
                read.artifacts.insert(plan.variant.artifact.to_string());
                read.paths.insert(path.to_string());
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Self(missing))
        }
    }

    /// One line for each directory.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, read)| {
            let (artifacts, paths) = (listed(&read.artifacts), listed(&read.paths));
            format!("the build context `{name}` is not given; {artifacts} reads {paths} of it")
        })
    }

    /// The flags that would give them.
    pub fn hint(&self) -> String {
        let names = self.0.keys();
        let flags: Vec<String> = names
            .map(|name| format!("--build-context {name}=DIR"))
            .collect();
        format!("add `{}`", flags.join(" "))
    }
}

/// References that the lock does not have: they would mean another thing tomorrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPinned(BTreeMap<String, BTreeSet<String>>);

impl NotPinned {
    /// Refuses any reference.
    ///
    /// # Errors
    /// When there is one.
    pub fn refuse<'a>(references: impl IntoIterator<Item = &'a Reference>) -> Result<(), Self> {
        let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Reference { source, place } in references {
            let written = places.entry(source.name()).or_default();
            written.insert(place.to_string());
        }
        if places.is_empty() {
            Ok(())
        } else {
            Err(Self(places))
        }
    }

    /// One line for each reference, with the places where it is written.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, places)| {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            let places = places.join(", ");
            format!("`{name}` is not pinned in `{LOCK_FILE}` ({places})")
        })
    }
}

/// Secrets or an agent that steps need, and that were not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Needed {
    /// Secrets.
    #[error("the build needs the secret(s) {}", listed(ids))]
    Secrets {
        /// Their ids.
        ids: BTreeSet<String>,
    },
    /// An ssh agent.
    #[error("the build needs the ssh agent `{id}`")]
    Agent {
        /// Its id.
        id: String,
    },
}

/// The lines of an error that has one for each thing.
fn write_lines(f: &mut fmt::Formatter<'_>, lines: impl Iterator<Item = String>) -> fmt::Result {
    f.write_str(&lines.collect::<Vec<_>>().join("; "))
}

impl fmt::Display for MissingContexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, self.lines())
    }
}

impl Error for MissingContexts {}

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, self.lines())
    }
}

impl Error for NotPinned {}
