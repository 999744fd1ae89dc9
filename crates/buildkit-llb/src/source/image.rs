//! Images of a registry.

use super::{SourceKind, SourceOp, attr};
use crate::cap::Cap;
use crate::digest::ContentDigest;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::reference::ImageRef;
use crate::state::State;

/// An image of a registry. Mirrors `llb.Image`.
///
/// The graph knows nothing of the image's config: give it to [`State::image_config`] where environment and directory
/// should continue from it, and pin the reference with [`ImageRef::with_digest`] for the same image each time.
#[derive(Debug, Clone)]
#[must_use = "an image does nothing until its state is used"]
pub struct Image {
    reference: ImageRef,
    resolve_mode: ResolveMode,
    record_type: Option<RecordType>,
    layer_limit: Option<u32>,
    checksum: Option<ContentDigest>,
    options: Options,
}

/// The rule for asking the registry for an image that the daemon has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveMode {
    /// The daemon decides. The default.
    #[default]
    Default,
    /// Always.
    ForcePull,
    /// Only when the daemon has none.
    PreferLocal,
}

/// The type under which the daemon's disk usage lists an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordType {
    /// As part of the builder, such as a frontend.
    Internal,
}

impl Image {
    /// The image of `reference`, for the platform of the marshal call.
    pub fn new(reference: ImageRef) -> Self {
        Self {
            reference,
            resolve_mode: ResolveMode::Default,
            record_type: None,
            layer_limit: None,
            checksum: None,
            options: Options::default(),
        }
    }

    /// Sets whether the registry is asked. Default: the daemon decides.
    pub fn resolve_mode(mut self, mode: ResolveMode) -> Self {
        self.resolve_mode = mode;
        self
    }

    /// Sets the type in disk usage. Default: that of any image.
    pub fn record_type(mut self, record_type: RecordType) -> Self {
        self.record_type = Some(record_type);
        self
    }

    /// Uses only the lowest `layers` layers. Default: all.
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.layer_limit = Some(layers);
        self
    }

    /// Fails unless the manifest has this digest.
    pub fn checksum(mut self, digest: ContentDigest) -> Self {
        self.checksum = Some(digest);
        self
    }

    vertex_option_methods!();

    /// The image's file system.
    pub fn state(self) -> State {
        let mut source = SourceOp::new(
            format!("docker-image://{}", self.reference),
            SourceKind::Platform,
        );
        source.cap(Cap::SOURCE_IMAGE);
        match self.resolve_mode {
            ResolveMode::Default => {}
            ResolveMode::PreferLocal => source.attr(attr::IMAGE_RESOLVE_MODE, "local"),
            ResolveMode::ForcePull => {
                source.attr(attr::IMAGE_RESOLVE_MODE, "pull");
                // Only this mode is about safety, so only this one must be known to the daemon.
                source.cap(Cap::SOURCE_IMAGE_RESOLVE_MODE);
            }
        }
        if let Some(RecordType::Internal) = self.record_type {
            source.attr(attr::IMAGE_RECORD_TYPE, "internal");
        }
        if let Some(layers) = self.layer_limit {
            source.attr(attr::IMAGE_LAYER_LIMIT, layers.to_string());
            source.cap(Cap::SOURCE_IMAGE_LAYER_LIMIT);
        }
        if let Some(digest) = self.checksum {
            source.attr(attr::IMAGE_CHECKSUM, digest.as_str());
            source.cap(Cap::SOURCE_IMAGE_CHECKSUM);
        }
        source.state(self.options, None)
    }
}

vertex_options!(Image);
