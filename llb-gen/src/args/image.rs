//! What `build` takes about images.

use clap::Args;
use fleet::{ImageCompression, ImageOptions, RegistryAccess};

use crate::{
    failure::{Exit, Failure},
    pinning,
};

/// How images leave the daemon.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct ImageArgs {
    /// Push images to their repositories, instead of writing OCI archives
    #[arg(long)]
    pub(crate) push: bool,
    /// Push to PREFIX/NAME instead of the repositories that the catalog names; repeatable
    #[arg(long, value_name = "PREFIX", requires = "push")]
    pub(crate) registry: Vec<String>,
    /// Push under this tag instead of those that the catalog names; repeatable [default: the content tag]
    #[arg(long, value_name = "TAG", requires = "push", value_parser = parse_tag)]
    pub(crate) tag: Vec<String>,
    /// A registry that speaks plain HTTP, as HOST:PORT; those on this machine are tried so anyway
    #[arg(long, value_name = "HOST")]
    pub(crate) registry_insecure: Vec<String>,
    #[command(flatten)]
    pub(crate) format: ImageFormat,
}

/// In what form images leave the daemon.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct ImageFormat {
    /// Compress layers: uncompressed, gzip, zstd or estargz, with :LEVEL [default: as the daemon does]
    #[arg(long, value_name = "HOW", value_parser = parse_compression)]
    pub(crate) image_compression: Option<ImageCompression>,
    /// Compress layers again that the daemon has in another compression, those of bases among them
    #[arg(long, requires = "image_compression")]
    pub(crate) force_compression: bool,
}

impl ImageFormat {
    /// What of an export they set. Times are no later than the environment's `SOURCE_DATE_EPOCH`.
    pub(crate) fn options(&self) -> Result<ImageOptions, Failure> {
        let epoch = std::env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty());
        let epoch = epoch.map(|epoch| {
            let epoch = epoch.to_string_lossy();
            epoch.parse::<i64>().map_err(|_| {
                let error = format!("`SOURCE_DATE_EPOCH` is `{epoch}`, which is no number");
                Failure::new(Exit::Usage, error)
                    .with_hint("it is the seconds since 1970, such as 1767225600")
            })
        });
        Ok(ImageOptions {
            push: false,
            compression: self.image_compression.clone(),
            force_compression: self.force_compression,
            epoch: epoch.transpose()?,
        })
    }
}

impl ImageArgs {
    /// How the registries that images are pushed to are asked what they have.
    pub(crate) fn access(&self) -> Result<RegistryAccess, Failure> {
        Ok(RegistryAccess {
            credentials: pinning::credentials()?,
            insecure: self.registry_insecure.clone(),
        })
    }

    /// What the build does with them.
    pub(crate) fn options(&self) -> Result<ImageOptions, Failure> {
        Ok(ImageOptions {
            push: self.push,
            ..self.format.options()?
        })
    }
}

/// A reference in place of a tag would be a repository in place of the catalog's.
fn parse_tag(text: &str) -> Result<String, String> {
    if text.contains(['/', ':', '@']) {
        return Err(format!(
            "`{text}` is a reference, not a tag; its repository goes into `--registry` or the catalog"
        ));
    }
    let is_tag = format!("x:{text}")
        .parse::<catalog::ImageRef>()
        .is_ok_and(|image| image.tag() == Some(text));
    if is_tag {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not a tag"))
    }
}

fn parse_compression(text: &str) -> Result<ImageCompression, String> {
    let unknown = || {
        format!("`{text}` is not `uncompressed`, `gzip[:0-9]`, `zstd[:0-22]` or `estargz[:0-9]`")
    };
    let (name, level) = match text.split_once(':') {
        Some((name, level)) => (name, Some(level.parse::<u8>().map_err(|_| unknown())?)),
        None => (text, None),
    };
    let highest = match name {
        "gzip" | "estargz" => 9,
        "zstd" => 22,
        "uncompressed" if level.is_none() => 0,
        _ => return Err(unknown()),
    };
    if level.is_some_and(|level| level > highest) {
        return Err(unknown());
    }
    Ok(ImageCompression {
        name: name.to_owned(),
        level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_compressions_are_checked() {
        assert!(parse_tag("1.2").is_ok());
        for wrong in ["", "a b", "x/y:1", "-x", "a@b"] {
            assert!(parse_tag(wrong).is_err(), "{wrong}");
        }
        for right in ["uncompressed", "gzip", "zstd:19", "estargz:9"] {
            assert!(parse_compression(right).is_ok(), "{right}");
        }
        for wrong in ["", "xz", "gzip:10", "uncompressed:1", "zstd:x"] {
            assert!(parse_compression(wrong).is_err(), "{wrong}");
        }
    }
}
