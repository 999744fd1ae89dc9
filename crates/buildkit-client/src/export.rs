//! Exporters of builds, and the sinks that take their output.

pub(crate) mod attr;
mod sink;

use std::collections::BTreeMap;
use std::fmt;

use crate::rpc::TypeAndAttrs;

pub use sink::{SinkError, TarSink};

/// One exporter of a solve.
///
/// A result of several platforms cannot leave as [`Export::docker`], and leaves as one tar with a directory per
/// platform as [`Export::tar`].
pub struct Export {
    kind: ExportKind,
    attrs: BTreeMap<String, String>,
    sink: Option<Box<dyn TarSink>>,
}

/// The exporters of BuildKit that this client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// The file tree as a tar.
    Tar,
    /// An OCI archive.
    Oci,
    /// An archive for `docker load`.
    Docker,
    /// An image in the daemon's own store, or pushed by the daemon.
    Image,
}

impl Export {
    /// The file tree as one tar stream into `sink`.
    pub fn tar(sink: impl TarSink) -> Self {
        Self::with_sink(ExportKind::Tar, sink)
    }

    /// An OCI archive into `sink`.
    pub fn oci(sink: impl TarSink) -> Self {
        Self::with_sink(ExportKind::Oci, sink)
    }

    /// An archive for `docker load` into `sink`.
    pub fn docker(sink: impl TarSink) -> Self {
        Self::with_sink(ExportKind::Docker, sink)
    }

    /// An image that the daemon keeps, under [`with_names`](Self::with_names), or pushes
    /// ([`pushed`](Self::pushed)).
    pub fn image() -> Self {
        Self {
            kind: ExportKind::Image,
            attrs: BTreeMap::new(),
            sink: None,
        }
    }

    /// The same under these image names.
    pub fn with_names<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<_> = names
            .into_iter()
            .map(|name| name.as_ref().to_owned())
            .collect();
        self.with_attr(attr::NAME, names.join(","))
    }

    /// The same with this image config (JSON of an OCI image config, with `os` and `architecture`).
    pub fn with_image_config(self, config: impl Into<String>) -> Self {
        self.with_attr(attr::IMAGE_CONFIG, config.into())
    }

    /// The same, pushed by the daemon to the registries in its names.
    pub fn pushed(self) -> Self {
        self.with_attr(attr::PUSH, String::from("true"))
    }

    /// The same, pushed by the daemon by digest, to the repositories in its names, which have no tags.
    pub fn pushed_by_digest(self) -> Self {
        self.pushed()
            .with_attr(attr::PUSH_BY_DIGEST, String::from("true"))
    }

    /// The same with OCI media types, whatever the base has.
    pub fn with_oci_media_types(self) -> Self {
        self.with_attr(attr::OCI_MEDIA_TYPES, String::from("true"))
    }

    /// The same with layers compressed in this way (`uncompressed`, `gzip`, `zstd`, `estargz`), at a level if one is
    /// given. Layers that the daemon has in another compression stay as they are unless `force` is set.
    pub fn with_compression(self, name: &str, level: Option<u8>, force: bool) -> Self {
        let export = self.with_attr(attr::COMPRESSION, name.to_owned());
        let export = match level {
            Some(level) => export.with_attr(attr::COMPRESSION_LEVEL, level.to_string()),
            None => export,
        };
        if force {
            export.with_attr(attr::FORCE_COMPRESSION, String::from("true"))
        } else {
            export
        }
    }

    /// The same with an annotation on the index.
    pub fn with_index_annotation(self, key: &str, value: impl Into<String>) -> Self {
        self.with_annotation(attr::INDEX, None, key, value)
    }

    /// The same with an annotation on a part of the image: `index`, `index-descriptor`, or of one platform or all
    /// `manifest`, `manifest-descriptor`.
    pub fn with_annotation(
        self,
        part: &str,
        platform: Option<&str>,
        key: &str,
        value: impl Into<String>,
    ) -> Self {
        self.with_attr(&attr::annotation(part, platform, key), value.into())
    }

    /// The same with no time in an image later than `epoch` (seconds since 1970), the layers' own files among them.
    pub fn with_epoch(self, epoch: i64) -> Self {
        self.with_attr(attr::EPOCH, epoch.to_string())
            .with_attr(attr::REWRITE_TIMESTAMP, String::from("true"))
    }

    /// The kind of the exporter.
    pub fn kind(&self) -> ExportKind {
        self.kind
    }

    fn with_sink(kind: ExportKind, sink: impl TarSink) -> Self {
        Self {
            kind,
            attrs: BTreeMap::new(),
            sink: Some(Box::new(sink)),
        }
    }

    fn with_attr(mut self, key: &str, value: String) -> Self {
        self.attrs.insert(key.into(), value);
        self
    }

    /// The part of the request, and the sink of the bytes.
    pub(crate) fn into_parts(self) -> (TypeAndAttrs, Option<Box<dyn TarSink>>) {
        (
            TypeAndAttrs {
                kind: self.kind.name().into(),
                attrs: self.attrs,
            },
            self.sink,
        )
    }
}

impl ExportKind {
    /// The exporter's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tar => attr::TAR,
            Self::Oci => attr::OCI,
            Self::Docker => attr::DOCKER,
            Self::Image => attr::IMAGE,
        }
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("kind", &self.kind)
            .field("attrs", &self.attrs)
            .finish_non_exhaustive()
    }
}
