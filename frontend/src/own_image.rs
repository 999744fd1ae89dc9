//! The image that a frontend runs from: it has the packer, too.

use std::{fs, io, path::Path};

use buildkit_llb::Definition;
use catalog::{ImageRef, Packer, PackerSource, Platform};

/// The file where BuildKit puts the graph of the frontend's own image, with its digest (`frontend/gateway/gateway.go`).
const METADATA: &str = "/run/config/buildkit/metadata/frontend.bin";

/// The reason why a frontend does not know its own image.
#[derive(Debug, thiserror::Error)]
pub enum OwnImageError {
    /// There is no graph of the image.
    #[error("cannot read `{METADATA}`, which says what image the frontend is")]
    Read(#[source] io::Error),
    /// The graph is not that of an image.
    #[error("`{METADATA}` does not say what image the frontend is")]
    NoImage,
}

/// The packer in the frontend's own image, which runs on the same platform as this program.
pub(crate) fn packer(platform: Platform) -> Result<Packer, OwnImageError> {
    let bytes = fs::read(Path::new(METADATA)).map_err(OwnImageError::Read)?;
    let image = image(&bytes).ok_or(OwnImageError::NoImage)?;
    Ok(Packer {
        source: PackerSource::Image(image),
        platform,
    })
}

fn image(bytes: &[u8]) -> Option<ImageRef> {
    let definition = Definition::from_bytes(bytes).ok()?;
    let mut sources = definition.vertices().filter_map(|vertex| {
        let identifier = vertex.source_identifier()?;
        let image: ImageRef = identifier.strip_prefix("docker-image://")?.parse().ok()?;
        // Without a digest it could be another one tomorrow.
        image.digest().is_some().then_some(image)
    });
    sources.next()
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Constraints, Image, State};

    use super::*;

    #[test]
    fn the_image_is_found_by_its_digest() {
        let check = |state: State, expected: Option<&str>| {
            let platform = Platform::new("linux", "amd64");
            let bytes = state.marshal(&Constraints::new(platform)).unwrap();
            let found = image(&bytes.to_bytes()).map(|image| image.to_string());
            assert_eq!(found.as_deref(), expected);
        };
        let pinned = format!("registry.example/llbgen-frontend@sha256:{}", "a".repeat(64));
        check(Image::new(pinned.parse().unwrap()).state(), Some(&pinned));
        check(Image::new("debian:12".parse().unwrap()).state(), None);
        assert_eq!(image(b"no graph"), None);
    }
}
