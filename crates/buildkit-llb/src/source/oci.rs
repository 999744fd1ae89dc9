//! Images of an OCI layout that the client serves.

use super::{SourceKind, SourceOp, attr};
use crate::cap::Cap;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::state::State;

/// An image of an OCI layout on the client's disk, served by its session. Mirrors `llb.OCILayout`.
#[derive(Debug, Clone)]
#[must_use = "an OCI layout does nothing until its state is used"]
pub struct OciLayout {
    reference: String,
    store: Store,
    layer_limit: Option<u32>,
    options: Options,
}

/// The session and the store with the content; empty for the daemon's default.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    pub(super) session: String,
    pub(super) id: String,
}

impl OciLayout {
    /// The image of `reference`, used as given: `repository@sha256:…` or `repository:tag`, where the repository has at
    /// least two parts, such as `example/app`.
    pub fn new(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            store: Store::default(),
            layer_limit: None,
            options: Options::default(),
        }
    }

    /// Names the session and the store in it. Default: any session, and the store named by the reference.
    pub fn store(mut self, session: impl Into<String>, id: impl Into<String>) -> Self {
        self.store = Store {
            session: session.into(),
            id: id.into(),
        };
        self
    }

    /// Uses only the lowest `layers` layers. Default: all.
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.layer_limit = Some(layers);
        self
    }

    vertex_option_methods!();

    /// The image's file system.
    pub fn state(self) -> State {
        let fault = (!is_reference(&self.reference)).then(|| OpError::OciReference {
            reference: self.reference.clone(),
        });
        let mut source = SourceOp::new(
            format!("oci-layout://{}", self.reference),
            SourceKind::Platform,
        );
        source.cap(Cap::SOURCE_OCI_LAYOUT);
        self.store.set_attrs(&mut source);
        if let Some(layers) = self.layer_limit {
            source.attr(attr::OCI_LAYER_LIMIT, layers.to_string());
        }
        source.state(self.options, fault)
    }
}

vertex_options!(OciLayout);

impl Store {
    pub(super) fn set_attrs(&self, source: &mut SourceOp) {
        source.attr_if_any(attr::OCI_SESSION_ID, &self.session);
        source.attr_if_any(attr::OCI_STORE_ID, &self.id);
    }
}

/// Whether the daemon can read it: it takes the first part for a host, and wants a digest or a tag.
fn is_reference(reference: &str) -> bool {
    let Some((host, path)) = reference.split_once('/') else {
        return false;
    };
    let object = path.split_once('@').or_else(|| path.split_once(':'));
    !host.is_empty() && object.is_some_and(|(path, object)| !path.is_empty() && !object.is_empty())
}
