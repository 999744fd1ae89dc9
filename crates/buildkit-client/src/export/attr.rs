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
/// The image config for all platforms.
pub(super) const IMAGE_CONFIG: &str = "containerimage.config";
