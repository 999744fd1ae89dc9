//! Directories of the client.

use super::patterns::pattern_list;
use super::{SourceKind, SourceOp, attr};
use crate::cap::Cap;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;

/// The prefix of a local source's identifier.
pub(crate) const SCHEME: &str = "local://";

/// A directory that the client sends under a name. Mirrors `llb.Local`.
///
/// The daemon takes sources with equal attributes for the same directory, whoever sends them: give each content an
/// id of its own with [`unique`](Self::unique), or bind the source to a session.
#[derive(Debug, Clone)]
#[must_use = "a local source does nothing until its state is used"]
pub struct Local {
    name: String,
    unique_id: String,
    session: String,
    include: Vec<String>,
    exclude: Vec<String>,
    follow: Vec<String>,
    shared_key_hint: String,
    differ: Option<(Differ, Need)>,
    metadata_only: Option<Vec<String>>,
    options: Options,
}

/// The way in which the daemon finds changed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Differ {
    /// No comparison: every file is sent again.
    None,
    /// By size, time, mode, owner and the like; the daemon's default.
    Metadata,
}

/// Whether a daemon that does not know an option must refuse the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may ignore the option.
    Optional,
}

impl Local {
    /// The directory that the client sends under `name`, all of it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            unique_id: String::new(),
            session: String::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            follow: Vec::new(),
            shared_key_hint: String::new(),
            differ: None,
            metadata_only: None,
            options: Options::default(),
        }
    }

    /// Names the content. Default, and empty: the id of the marshal call.
    pub fn unique(mut self, id: impl Into<String>) -> Self {
        self.unique_id = id.into();
        self
    }

    /// Takes the directory from this session alone, and from no id. The digest then differs per session. Default, and
    /// empty: from whatever session the daemon asks.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.session = id.into();
        self
    }

    /// Sends only files that match one of these patterns. Default: all.
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Leaves out files that match these patterns, as a `.dockerignore` does.
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sends these paths and, if they are symbolic links, their targets.
    pub fn follow<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.follow.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Sources with the same hint start from each other's files when they are sent. Default: none.
    pub fn shared_key_hint(mut self, hint: impl Into<String>) -> Self {
        self.shared_key_hint = hint.into();
        self
    }

    /// Sets how changed files are found. Default: by their metadata.
    pub fn differ(mut self, differ: Differ, need: Need) -> Self {
        self.differ = Some((differ, need));
        self
    }

    /// Sends every file again, whatever its metadata; a daemon that cannot do so must refuse.
    pub fn differ_none(self) -> Self {
        self.differ(Differ::None, Need::Required)
    }

    /// Sends metadata only, and the content of files that match `exceptions`.
    pub fn metadata_only<S: Into<String>>(
        mut self,
        exceptions: impl IntoIterator<Item = S>,
    ) -> Self {
        self.metadata_only = Some(exceptions.into_iter().map(Into::into).collect());
        self
    }

    vertex_option_methods!();

    /// The directory's content.
    pub fn state(self) -> State {
        let kind = if self.session.is_empty() {
            SourceKind::Local {
                unique_id: (!self.unique_id.is_empty()).then(|| self.unique_id.clone()),
            }
        } else {
            SourceKind::Portable
        };
        let fault = self.name.is_empty().then_some(OpError::EmptyLocalName);
        let mut source = SourceOp::new(format!("{SCHEME}{}", self.name), kind);
        source.cap(Cap::SOURCE_LOCAL);
        if !self.session.is_empty() {
            source.attr(attr::LOCAL_SESSION_ID, &*self.session);
            source.cap(Cap::SOURCE_LOCAL_SESSION_ID);
        }
        self.set_patterns(&mut source);
        if !self.shared_key_hint.is_empty() {
            source.attr(attr::LOCAL_SHARED_KEY_HINT, &*self.shared_key_hint);
            source.cap(Cap::SOURCE_LOCAL_SHARED_KEY_HINT);
        }
        self.set_transfer(&mut source);
        source.state(self.options, fault)
    }

    /// The files that are sent.
    fn set_patterns(&self, source: &mut SourceOp) {
        for (patterns, key, cap) in [
            (
                &self.include,
                attr::LOCAL_INCLUDE_PATTERNS,
                Cap::SOURCE_LOCAL_INCLUDE_PATTERNS,
            ),
            (
                &self.follow,
                attr::LOCAL_FOLLOW_PATHS,
                Cap::SOURCE_LOCAL_FOLLOW_PATHS,
            ),
            (
                &self.exclude,
                attr::LOCAL_EXCLUDE_PATTERNS,
                Cap::SOURCE_LOCAL_EXCLUDE_PATTERNS,
            ),
        ] {
            if !patterns.is_empty() {
                source.attr(key, pattern_list(patterns));
                source.cap(cap);
            }
        }
    }

    /// The way in which files are sent.
    fn set_transfer(&self, source: &mut SourceOp) {
        if let Some((differ, need)) = self.differ {
            let name = match differ {
                Differ::None => "none",
                Differ::Metadata => "metadata",
            };
            source.attr(attr::LOCAL_DIFFER, name);
            if need == Need::Required {
                source.cap(Cap::SOURCE_LOCAL_DIFFER);
            }
        }
        if let Some(exceptions) = &self.metadata_only {
            source.attr(attr::LOCAL_METADATA_TRANSFER, "true");
            if !exceptions.is_empty() {
                source.attr(
                    attr::LOCAL_METADATA_TRANSFER_EXCLUDE,
                    pattern_list(exceptions),
                );
            }
            source.cap(Cap::SOURCE_LOCAL_METADATA_TRANSFER);
        }
    }
}

vertex_options!(Local);
