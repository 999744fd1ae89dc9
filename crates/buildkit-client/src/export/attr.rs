//! The names of exporters and of their attributes.
//!
//! BuildKit: `client/exporters.go`, `exporter/containerimage/exptypes/keys.go`.

pub(super) const TAR: &str = "tar";
pub(super) const OCI: &str = "oci";
pub(super) const DOCKER: &str = "docker";
pub(super) const IMAGE: &str = "image";

/// Image names, separated by commas.
pub(super) const NAME: &str = "name";
/// Whether the daemon pushes the image.
pub(super) const PUSH: &str = "push";
/// Whether it is pushed by its digest alone, without tags.
pub(super) const PUSH_BY_DIGEST: &str = "push-by-digest";
/// The image config for all platforms; of a result, with a platform behind it.
pub(crate) const IMAGE_CONFIG: &str = "containerimage.config";
/// Whether media types are those of OCI, also for layers that the base has under Docker's.
pub(super) const OCI_MEDIA_TYPES: &str = "oci-mediatypes";
/// The compression of layers, its level, and whether it is forced on the layers of the base.
pub(super) const COMPRESSION: &str = "compression";
pub(super) const COMPRESSION_LEVEL: &str = "compression-level";
pub(super) const FORCE_COMPRESSION: &str = "force-compression";
/// The part of an image that is one for all platforms.
pub(crate) const INDEX: &str = "index";
/// The part of an image that each platform has.
pub(crate) const MANIFEST: &str = "manifest";
/// The latest time, in seconds since 1970, and whether it holds for files in layers.
pub(super) const EPOCH: &str = "source-date-epoch";
pub(super) const REWRITE_TIMESTAMP: &str = "rewrite-timestamp";
/// Metadata of a result: the config of the base, and the list of platforms.
pub(crate) const BASE_CONFIG: &str = "containerimage.base.config";
pub(crate) const PLATFORMS: &str = "refs.platforms";
/// The answer of an image exporter: the digest.
pub(crate) const DIGEST: &str = "containerimage.digest";

/// An attestation of how an image was built; an option of the solve, not of an exporter.
pub(crate) const PROVENANCE: &str = "attest:provenance";

/// An attestation of what is in an image.
pub(crate) const SBOM: &str = "attest:sbom";

/// An annotation of a part of an image, of one platform or of all; also in the metadata of a result.
///
/// BuildKit: `exporter/containerimage/exptypes/annotations.go`.
pub(crate) fn annotation(part: &str, platform: Option<&str>, key: &str) -> String {
    let platform = platform.map(|platform| format!("[{platform}]"));
    format!("annotation-{part}{}.{key}", platform.unwrap_or_default())
}
