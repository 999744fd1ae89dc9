//! `--helper-image`: an image that has the program that graphs run.

use std::str::FromStr;

use catalog::{ImageRef, Packer, PackerSource, Platform};

/// A `--helper-image`: the image that graphs take the packer from, instead of from this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperImage {
    /// The image; the packer is at the same path as in the image of the frontend.
    pub image: ImageRef,
    /// What the packer runs on: the daemon's platform.
    pub platform: Platform,
}

/// A `--helper-image` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelperImageError {
    /// The reference is not valid. The error is part of the text, because errors of arguments show no causes.
    #[error("{0}; give REF or PLATFORM=REF")]
    Image(buildkit_llb::ImageRefError),
    /// The platform is not valid.
    #[error("{0}; give REF or PLATFORM=REF")]
    Platform(buildkit_llb::PlatformError),
}

impl HelperImage {
    /// The packer in it.
    pub(crate) fn packer(&self) -> Packer {
        Packer {
            source: PackerSource::Helper(self.image.clone()),
            platform: self.platform.clone(),
        }
    }
}

/// `REF`, for a daemon on a machine like this one, or `PLATFORM=REF`.
impl FromStr for HelperImage {
    type Err = HelperImageError;

    fn from_str(given: &str) -> Result<Self, HelperImageError> {
        // A reference has no `=` in it.
        let (platform, reference) = match given.split_once('=') {
            Some((platform, reference)) => (Some(platform), reference),
            None => (None, given),
        };
        let image = reference.parse().map_err(HelperImageError::Image)?;
        let platform = match platform {
            Some(platform) => platform.parse().map_err(HelperImageError::Platform)?,
            None => daemons_platform(),
        };
        Ok(Self {
            image,
            platform: platform.normalized(),
        })
    }
}

/// Daemons run on Linux, whatever this program runs on.
fn daemons_platform() -> Platform {
    Platform::new("linux", std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_can_stand_before_the_reference() {
        let check = |given: &str, expected: Result<(&str, &str), &str>| {
            let read = given
                .parse::<HelperImage>()
                .map(|helper| (helper.image.familiar(), helper.platform.to_string()))
                .map_err(|error| error.to_string());
            let owned = |(image, platform): (&str, &str)| (image.to_owned(), platform.to_owned());
            assert_eq!(read, expected.map(owned).map_err(str::to_owned), "{given}");
        };
        let own = daemons_platform().normalized().to_string();
        check("example.com/x:1", Ok(("example.com/x:1", &own)));
        check("linux/aarch64=x", Ok(("x:latest", "linux/arm64")));
        check(
            "arm64=x",
            Err(
                "`arm64` is not a platform such as `linux/amd64` or `linux/arm/v7`; give REF or PLATFORM=REF",
            ),
        );
        for given in ["", "X", "linux/arm64="] {
            let error = given.parse::<HelperImage>().unwrap_err().to_string();
            assert!(error.ends_with("; give REF or PLATFORM=REF"), "{error}");
        }
    }
}
