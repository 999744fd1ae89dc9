//! Sources of files: images, local directories, downloads, git repositories, OCI layouts.

pub(crate) mod attr;
mod blob;
mod generic;
mod git;
mod git_url;
mod http;
mod image;
mod image_config;
mod local;
mod oci;
mod patterns;
pub(crate) mod userinfo;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

pub use self::blob::{ImageBlob, OciLayoutBlob};
pub use self::generic::Source;
pub use self::git::{Git, GitBundle, GitMtime};
pub use self::git_url::{GitUrl, GitUrlError};
pub use self::http::Http;
pub use self::image::{Image, RecordType, ResolveMode};
pub use self::image_config::{ImageConfig, ImageConfigError};
pub use self::local::{Differ, Local, Need};
pub use self::oci::OciLayout;

use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::error::OpError;
use crate::options::Options;
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// A finished source. Its Debug text has no password of an address and no request header.
#[derive(Clone)]
pub(crate) struct SourceOp {
    identifier: String,
    attrs: Attrs,
    caps: Vec<Cap>,
    kind: SourceKind,
}

/// Attributes, sorted by key as on the wire.
pub(crate) type Attrs = BTreeMap<Cow<'static, str>, String>;

/// The addition of the marshal call to a source.
#[derive(Debug, Clone)]
pub(crate) enum SourceKind {
    /// The platform: which of an index's images it is.
    Platform,
    /// Nothing: the same on every platform.
    Portable,
    /// The id of a local source without a session, unless it has its own.
    Local { unique_id: Option<String> },
}

impl SourceOp {
    pub(crate) fn new(identifier: String, kind: SourceKind) -> Self {
        Self {
            identifier,
            attrs: Attrs::new(),
            caps: Vec::new(),
            kind,
        }
    }

    /// Sets an attribute.
    pub(crate) fn attr(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.attrs.insert(key.into(), value.into());
    }

    /// Sets an attribute unless the value is empty.
    pub(crate) fn attr_if_any(&mut self, key: &'static str, value: &str) {
        if !value.is_empty() {
            self.attr(key, value);
        }
    }

    /// Asks the daemon for a capability.
    pub(crate) fn cap(&mut self, cap: Cap) {
        self.caps.push(cap);
    }

    /// The state of this source.
    pub(crate) fn state(self, options: Options, fault: Option<OpError>) -> State {
        let vertex = Vertex::new(Op::Source(Box::new(self)), options, Vec::new(), fault);
        State::of_output(Output::new(vertex, 0))
    }

    /// The properties of a source.
    pub(crate) fn identifier(&self) -> &str {
        &self.identifier
    }

    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) -> Result<(), OpError> {
        let mut attrs: BTreeMap<&str, &str> = self
            .attrs
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        let mut platform = None;
        match &self.kind {
            SourceKind::Platform => platform = Some(encoding.platform(None)?),
            SourceKind::Portable => {}
            SourceKind::Local { unique_id } => {
                let name = self.identifier.trim_start_matches(local::SCHEME);
                let constraints = encoding.constraints;
                if let Some(sessions) = &constraints.local_sessions {
                    attrs.insert(attr::LOCAL_SESSION_ID, sessions.of(name));
                    encoding.cap(Cap::SOURCE_LOCAL_SESSION_ID);
                    if sessions.changes_only {
                        attrs.remove(attr::LOCAL_DIFFER);
                        let patterns = attrs.get(attr::LOCAL_INCLUDE_PATTERNS);
                        let patterns = patterns.copied().unwrap_or_default();
                        attrs.entry(attr::LOCAL_SHARED_KEY_HINT).or_insert(patterns);
                        encoding.cap(Cap::SOURCE_LOCAL_SHARED_KEY_HINT);
                    }
                } else {
                    let given = unique_id.as_deref();
                    let given = given.or(constraints.local_unique_id.as_deref());
                    let no_id = || OpError::NoLocalUniqueId {
                        name: name.to_owned(),
                    };
                    attrs.insert(attr::LOCAL_UNIQUE_ID, given.ok_or_else(no_id)?);
                    encoding.cap(Cap::SOURCE_LOCAL_UNIQUE);
                }
            }
        }
        for cap in &self.caps {
            encoding.cap(cap.clone());
        }
        encoding.head(platform);
        encoding.writer.message(3, |source| {
            source.string(1, &self.identifier);
            for (key, value) in attrs {
                source.string_entry(2, key, value);
            }
        });
        Ok(())
    }
}

impl fmt::Debug for SourceOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceOp")
            .field("identifier", &userinfo::without(&self.identifier))
            .field("attrs", &told(&self.attrs))
            .field("caps", &self.caps)
            .field("kind", &self.kind)
            .finish()
    }
}

/// Attributes for people: addresses without passwords, and of request headers only those that every client sends.
pub(crate) fn told<K: AsRef<str> + Ord>(
    attrs: &BTreeMap<K, String>,
) -> BTreeMap<&str, Cow<'_, str>> {
    let value = |key: &str, value| match key {
        attr::GIT_FULL_URL => userinfo::without(value),
        attr::HTTP_HEADER_ACCEPT | attr::HTTP_HEADER_USER_AGENT => Cow::Borrowed(value),
        key if key.starts_with(attr::HTTP_HEADER_PREFIX) => Cow::Borrowed("…"),
        _ => Cow::Borrowed(value),
    };
    let attrs = attrs
        .iter()
        .map(|(key, text)| (key.as_ref(), text.as_str()));
    attrs.map(|(key, text)| (key, value(key, text))).collect()
}
