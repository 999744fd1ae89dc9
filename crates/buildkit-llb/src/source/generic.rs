//! Sources by identifier and attributes, for those without a builder of their own.

use super::{SourceKind, SourceOp, attr, local};
use crate::cap::Cap;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;

/// The prefixes of sources that depend on the platform.
const WITH_PLATFORM: [&str; 2] = ["docker-image://", "oci-layout://"];

/// A source by its identifier and attributes. Mirrors `llb.NewSource`.
///
/// For sources and attributes that have no builder; a [`Git`](super::Git) or [`Http`](super::Http) can be turned into
/// one to add attributes to it:
///
/// ```
/// use buildkit_llb::{Cap, Constraints, Git, Platform, Source};
///
/// let git = Git::new("https://example.com/app.git".parse()?).git_ref("v1.0");
/// let signed = Source::from(git)
///     .attr("git.sig.pubkey", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n…")
///     .attr("git.sig.requiresignedtag", "true")
///     .cap(Cap::SOURCE_GIT_SIGNATURE_VERIFY);
/// let definition = signed.state().marshal(&Constraints::new(Platform::new("linux", "amd64")))?;
/// assert_eq!(definition.vertices().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a source does nothing until its state is used"]
pub struct Source {
    pub(super) op: SourceOp,
    pub(super) fault: Option<OpError>,
    pub(super) options: Options,
}

impl Source {
    /// The source `identifier`, such as `https://example.com/file`, with `attrs`, spelt as in `solver/pb/attr.go`.
    /// Nothing is completed, and only an empty identifier is an error.
    ///
    /// As for other builders, `docker-image://` and `oci-layout://` have a platform, and `local://` without
    /// `local.session` takes the id of the marshal call unless `local.unique` is given.
    pub fn new<K: Into<String>, V: Into<String>>(
        identifier: impl Into<String>,
        attrs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let identifier = identifier.into();
        let fault = identifier
            .is_empty()
            .then_some(OpError::EmptySourceIdentifier);
        let mut op = SourceOp::new(identifier, SourceKind::Portable);
        for (key, value) in attrs {
            op.attr(key.into(), value);
        }
        Self {
            op,
            fault,
            options: Options::default(),
        }
    }

    /// Sets an attribute.
    pub fn attr(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.op.attr(key.into(), value);
        self
    }

    /// Asks the daemon for a capability: one that lacks it refuses the graph, instead of ignoring an attribute.
    pub fn cap(mut self, cap: Cap) -> Self {
        self.op.cap(cap);
        self
    }

    vertex_option_methods!();

    /// The identifier and attributes of the source.
    pub fn state(mut self) -> State {
        // Only sources from `new` and the portable builders are here; images and local directories have more
        // properties.
        if self.op.identifier().starts_with(local::SCHEME) {
            if !self.op.attrs.contains_key(attr::LOCAL_SESSION_ID) {
                let unique_id = self.op.attrs.remove(attr::LOCAL_UNIQUE_ID);
                self.op.kind = SourceKind::Local { unique_id };
            }
        } else if WITH_PLATFORM
            .iter()
            .any(|scheme| self.op.identifier().starts_with(scheme))
        {
            self.op.kind = SourceKind::Platform;
        }
        self.op.state(self.options, self.fault)
    }
}

vertex_options!(Source);
