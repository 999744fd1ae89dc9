//! One image: what is built, and what leaves the daemon.

mod archive_file;
mod export;
mod layers;
mod publish;

use std::collections::BTreeMap;

use catalog::Plan;

pub(crate) use self::{
    export::{Left, solve},
    publish::Pushed,
};

/// The annotation of an index with the full id of the image.
pub const ID_ANNOTATION: &str = "dev.llbgen.id";

/// How images leave the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageOptions {
    /// Whether they are pushed, instead of written as archives.
    pub push: bool,
    /// The kind of archives that are written.
    pub archive: Archive,
    /// The compression of layers; the daemon's default when there is none.
    pub compression: Option<ImageCompression>,
    /// Whether layers that the daemon has in another compression are compressed again, those of bases among them.
    pub force_compression: bool,
    /// The annotations of images.
    pub annotations: Vec<Annotation>,
    /// The latest time in an image, in seconds since 1970.
    pub epoch: Option<i64>,
    /// The attestations of images.
    pub attestations: Attestations,
}

/// The attestations of an image, which the daemon puts into manifests of their own in its index. None unless they are
/// asked for: an attestation says when it was made, so that no two builds have the same digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attestations {
    /// How it was built: `mode=min` and the like.
    pub provenance: Option<String>,
    /// What is in it: empty, or `generator=IMAGE`.
    pub sbom: Option<String>,
}

impl Attestations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The kind of archive that an image is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Archive {
    /// OCI's, with an index of all platforms.
    #[default]
    Oci,
    /// For `docker load`, of one platform: the daemon refuses several.
    Docker,
}

/// How the layers of an image are compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCompression {
    /// `uncompressed`, `gzip`, `zstd` or `estargz`.
    pub name: String,
    /// The level.
    pub level: Option<u8>,
}

/// A key and a value on a part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The part.
    pub on: Annotated,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// The parts of an image that have annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotated {
    /// The index, which is one for all platforms.
    Index,
    /// The manifest of every platform.
    Manifest,
}

/// The platforms of plans, with commas between them.
pub(crate) fn platforms(plans: &[Plan]) -> String {
    let platforms: Vec<String> = plans
        .iter()
        .map(|plan| plan.variant.platform.to_string())
        .collect();
    platforms.join(",")
}

impl ImageOptions {
    /// The compression that is asked for, unless the daemon is forced to it.
    pub(crate) fn unforced(&self) -> Option<&ImageCompression> {
        let compression = self.compression.as_ref();
        compression.filter(|_| !self.force_compression)
    }

    /// The options that change the bytes of an image, as a part of its id.
    pub fn format(&self) -> BTreeMap<String, String> {
        let compression = self.compression.as_ref().map(|compression| {
            let level = compression.level.map(|level| format!(":{level}"));
            format!("{}{}", compression.name, level.unwrap_or_default())
        });
        let settings = [
            ("compression", compression),
            (
                "force-compression",
                self.force_compression.then(|| "true".to_owned()),
            ),
            ("epoch", self.epoch.map(|epoch| epoch.to_string())),
            ("provenance", self.attestations.provenance.clone()),
            ("sbom", self.attestations.sbom.clone()),
        ];
        let annotations = self.annotations.iter().map(|annotation| {
            let part = match annotation.on {
                Annotated::Index => "index",
                Annotated::Manifest => "manifest",
            };
            let name = format!("annotation {part} {}", annotation.key);
            (name, annotation.value.clone())
        });
        settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .chain(annotations)
            .collect()
    }
}
