//! What `build` takes about images.

use catalog::{GitValues, Plan};
use clap::{Args, ValueEnum};
use engine::{
    Annotated, Annotation, Archive, ID_ANNOTATION, ImageCompression, ImageNaming, ImageOptions,
    PART_ANNOTATION, RegistryAccess,
};

use super::attest;
use crate::{
    failure::{Exit, Failure},
    resolving,
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
    /// Name the image by this tag instead of those that the catalog names, wherever it goes; repeatable [default: the
    /// content tag, or `latest` when loaded]
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tag: Vec<String>,
    /// A registry that speaks plain HTTP, as HOST:PORT; those on this machine are tried so anyway
    #[arg(long, value_name = "HOST")]
    pub(crate) registry_insecure: Vec<String>,
    #[command(flatten)]
    pub(crate) format: ImageFormat,
}

/// Who keeps images on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Docker when it is on PATH, else podman
    Auto,
    /// `docker load`
    Docker,
    /// `podman load`
    Podman,
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
    /// Annotate the manifest of every platform, or with `index:` in front of the key the index; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_annotation)]
    pub(crate) annotation: Vec<Annotation>,
    /// Attest how an image was built: true (mode=min), mode=max, or buildx's other keys [default: false]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    provenance: Option<String>,
    /// Attest what is in an image: true, or generator=IMAGE, which lists it [default: false]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    sbom: Option<String>,
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
        let attestations = attest::attestations(self.provenance.as_ref(), self.sbom.as_ref());
        Ok(ImageOptions {
            attestations: attestations.map_err(|error| Failure::new(Exit::Usage, error))?,
            push: false,
            archive: Archive::default(),
            compression: self.image_compression.clone(),
            force_compression: self.force_compression,
            annotations: self.annotation.clone(),
            epoch: epoch.transpose()?,
        })
    }
}

impl ImageArgs {
    /// How the registries that images are pushed to are asked what they have.
    ///
    /// Whoever builds hands the daemon the credentials for those in `allowed`, too.
    pub(crate) fn access(&self, allowed: &[String]) -> Result<RegistryAccess, Failure> {
        resolving::registries(&self.registry_insecure, allowed)
    }

    /// What images are called.
    pub(crate) fn naming(&self, git: GitValues) -> ImageNaming {
        ImageNaming {
            git,
            registries: self.registry.clone(),
            tags: self.tag.clone(),
        }
    }

    /// Refuses what is said of images when there are none.
    pub(crate) fn require_images(&self, plans: &[Plan]) -> Result<(), Failure> {
        let flag = match (self.push, self.tag.is_empty()) {
            (true, _) => "`--push` pushes images",
            (false, false) => "`--tag` names images",
            (false, true) => return Ok(()),
        };
        if plans.iter().any(|plan| plan.kind.is_image()) {
            return Ok(());
        }
        let error = format!("{flag}, and none is selected");
        let hint = "rootfs and layer artifacts are written to the output directory";
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
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
pub(super) fn parse_tag(text: &str) -> Result<String, String> {
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

/// The annotations by which builds know what registries have: one that a user sets would be believed.
const OWN_ANNOTATIONS: [&str; 2] = [ID_ANNOTATION, PART_ANNOTATION];

/// As buildx has them: `[index:|manifest:]KEY=VALUE`. The id is llbgen's own, and says what an image was built from.
fn parse_annotation(text: &str) -> Result<Annotation, String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    let (on, key) = match key.split_once(':') {
        None => (Annotated::Manifest, key),
        Some(("manifest", key)) => (Annotated::Manifest, key),
        Some(("index", key)) => (Annotated::Index, key),
        Some((part, _)) => {
            return Err(format!(
                "`{part}` has no annotations; the parts of an image that have are `index` and `manifest`"
            ));
        }
    };
    if key.is_empty() {
        return Err(format!("`{text}` has no key"));
    }
    if OWN_ANNOTATIONS.contains(&key) {
        return Err(format!("`{key}` is set by llbgen itself"));
    }
    Ok(Annotation {
        on,
        key: key.to_owned(),
        value: value.to_owned(),
    })
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
    fn annotations_name_the_part_that_they_are_on() {
        let check = |text: &str, expected: Result<(Annotated, &str, &str), &str>| {
            let expected = expected.map(|(on, key, value)| Annotation {
                on,
                key: key.to_owned(),
                value: value.to_owned(),
            });
            assert_eq!(parse_annotation(text), expected.map_err(str::to_owned));
        };
        check("a.b=c=d", Ok((Annotated::Manifest, "a.b", "c=d")));
        check("manifest:a=", Ok((Annotated::Manifest, "a", "")));
        check("index:a=b:c", Ok((Annotated::Index, "a", "b:c")));
        check("a", Err("`a` is not KEY=VALUE"));
        check("=b", Err("`=b` is not KEY=VALUE"));
        check("index:=b", Err("`index:=b` has no key"));
        check(
            "layer:a=b",
            Err(
                "`layer` has no annotations; the parts of an image that have are `index` and `manifest`",
            ),
        );
        for key in OWN_ANNOTATIONS {
            let expected = format!("`{key}` is set by llbgen itself");
            for part in ["", "manifest:", "index:"] {
                check(&format!("{part}{key}=x"), Err(&expected));
            }
        }
    }

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
