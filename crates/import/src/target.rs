//! What is imported: a Dockerfile, and what its caller says about it.

use std::collections::BTreeMap;

use crate::{model::Value, original::Original, text::Text};

/// A Dockerfile with what a command line, a bake file or a compose file say about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Target {
    /// The artifact's name.
    pub(crate) name: String,
    /// The Dockerfile's path, for findings.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// The directory that its files are in, below the catalog's; empty for that itself.
    pub(crate) context: String,
    /// The stage that is wanted, if it is not the last.
    pub(crate) stage: Option<String>,
    /// Values of arguments.
    pub(crate) args: BTreeMap<String, Text>,
    /// What stands for a name in `FROM` and `--from`.
    pub(crate) contexts: BTreeMap<String, NamedContext>,
    pub(crate) platforms: Vec<String>,
    pub(crate) comments: Vec<String>,
    /// Keys of the artifact that the caller knows: where it goes, tags.
    pub(crate) keys: Vec<(String, Value)>,
    /// Labels that come after those of the Dockerfile.
    pub(crate) labels: Vec<(String, Text)>,
    /// Stages that are artifacts of their own.
    pub(crate) aliases: BTreeMap<String, String>,
    /// The builds that it stands for.
    pub(crate) originals: Vec<Original>,
}

/// What stands for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedContext {
    Artifact(String),
    Image(String),
    /// A directory below the catalog's.
    Directory(String),
    /// What cannot be said.
    Other(String),
}

impl NamedContext {
    /// Reads the value of a named context; paths are below `directory`.
    pub(crate) fn parse(value: &str, directory: &str) -> Self {
        if let Some(target) = value.strip_prefix("target:") {
            return Self::Artifact(target.to_owned());
        }
        if let Some(image) = value.strip_prefix("docker-image://") {
            return Self::Image(image.to_owned());
        }
        let is_elsewhere =
            value.contains("://") || value.starts_with("git@") || value.starts_with('/');
        match crate::path::join(directory, value) {
            Some(path) if !is_elsewhere => Self::Directory(path),
            _ => Self::Other(value.to_owned()),
        }
    }
}
