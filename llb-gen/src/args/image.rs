//! What `build` takes about images.

use std::collections::BTreeMap;

use catalog::{
    Annotation, Artifact, CheckedCatalog, Compression, GitValues, GivenForm, Plan, Template, listed,
};
use clap::{Args, ValueEnum};
use engine::{Archive, ImageNaming, ImageOptions, Patience, RegistryAccess};

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
    /// Name the image by this tag instead of those that the catalog names, wherever it goes; it may have {arch}, {AXIS},
    /// {git.tag} and the like in it; repeatable [default: the content tag, or `latest` when loaded]
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tag: Vec<Template>,
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
    /// Compress layers: uncompressed, gzip, zstd or estargz, with :LEVEL [default: as the catalog says, or the daemon does]
    #[arg(long, value_name = "HOW")]
    pub(crate) image_compression: Option<Compression>,
    /// Compress layers again that the daemon has in another compression, those of bases among them
    #[arg(long, requires = "image_compression")]
    pub(crate) force_compression: bool,
    /// Annotate the manifest of every platform, or the parts of an image that stand before a colon, as in
    /// index,manifest[linux/arm64]:KEY=VALUE; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_annotation)]
    annotation: Vec<Annotations>,
    /// Add a label to the config of every image of the call; it enters no id; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_label)]
    label: Vec<(String, String)>,
    /// Attest how an image was built: true (mode=min), mode=max, or buildx's other keys [default: as the catalog says]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    provenance: Option<String>,
    /// Attest what is in an image: true, or generator=IMAGE, which lists it [default: as the catalog says]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    sbom: Option<String>,
}

/// The annotations of one flag.
type Annotations = Vec<Annotation>;

impl ImageFormat {
    /// The form of images that they ask for.
    pub(crate) fn form(&self) -> Result<GivenForm, Failure> {
        let usage = |error| Failure::new(Exit::Usage, error);
        Ok(GivenForm {
            compression: self.image_compression,
            force_compression: self.force_compression,
            provenance: attest::of_provenance(self.provenance.as_ref()).map_err(usage)?,
            sbom: attest::of_sbom(self.sbom.as_ref()).map_err(usage)?,
        })
    }

    /// What images are published with, besides names.
    pub(crate) fn naming(&self, git: GitValues) -> ImageNaming {
        ImageNaming {
            git,
            annotations: self.annotation.concat(),
            labels: self.label.iter().cloned().collect::<BTreeMap<_, _>>(),
            ..ImageNaming::default()
        }
    }

    /// The annotations that they ask for.
    pub(crate) fn annotations(&self) -> impl Iterator<Item = &Annotation> {
        self.annotation.iter().flatten()
    }

    /// The flag that says something of images alone, if one is there.
    fn of_images(&self) -> Option<&'static str> {
        match (self.annotation.is_empty(), self.label.is_empty()) {
            (false, _) => Some("`--annotation` annotates images"),
            (true, false) => Some("`--label` labels images"),
            (true, true) => None,
        }
    }

    /// Refuses annotations of platforms that no image has.
    fn require_platforms(&self, catalog: &CheckedCatalog, plans: &[Plan]) -> Result<(), Failure> {
        let images = plans.iter().filter(|plan| plan.kind.is_image());
        let artifacts = images.filter_map(|plan| catalog.get(plan.variant.artifact.as_str()));
        let mut had: Vec<String> = artifacts
            .flat_map(Artifact::declared_platforms)
            .map(ToString::to_string)
            .collect();
        had.sort();
        had.dedup();
        let mut named = self
            .annotations()
            .filter_map(|one| one.place.platform.as_ref());
        let Some(platform) = named.find(|one| !had.contains(&one.to_string())) else {
            return Ok(());
        };
        let error = format!("`--annotation`: no selected image is for `{platform}`");
        let hint = format!("there are images for {}", listed(had));
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
    }
}

/// The latest time in outputs, that of the environment's `SOURCE_DATE_EPOCH`.
pub(super) fn epoch() -> Result<Option<i64>, Failure> {
    let epoch = std::env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty());
    let epoch = epoch.map(|epoch| {
        let epoch = epoch.to_string_lossy();
        epoch.parse::<i64>().map_err(|_| {
            let error = format!("`SOURCE_DATE_EPOCH` is `{epoch}`, which is no number");
            Failure::new(Exit::Usage, error)
                .with_hint("it is the seconds since 1970, such as 1767225600")
        })
    });
    epoch.transpose()
}

impl ImageArgs {
    /// How the registries that images are pushed to are asked what they have.
    ///
    /// Whoever builds hands the daemon the credentials for those in `allowed`, too.
    pub(crate) fn access(
        &self,
        allowed: &[String],
        patience: Patience,
    ) -> Result<RegistryAccess, Failure> {
        resolving::registries(&self.registry_insecure, allowed, patience)
    }

    /// What images are called.
    pub(crate) fn naming(&self, git: GitValues) -> ImageNaming {
        ImageNaming {
            registries: self.registry.clone(),
            tags: self.tag.clone(),
            ..self.format.naming(git)
        }
    }

    /// Refuses what is said of images when there are none.
    pub(crate) fn require_images(
        &self,
        catalog: &CheckedCatalog,
        plans: &[Plan],
    ) -> Result<(), Failure> {
        let flag = match (self.push, self.tag.is_empty(), self.format.of_images()) {
            (true, _, _) => "`--push` pushes images",
            (false, false, _) => "`--tag` names images",
            (false, true, Some(flag)) => flag,
            (false, true, None) => return Ok(()),
        };
        if plans.iter().any(|plan| plan.kind.is_image()) {
            return self.format.require_platforms(catalog, plans);
        }
        let error = format!("{flag}, and none is selected");
        let hint = "all but images are written to the output directory";
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
    }

    /// What the build does with them.
    pub(crate) fn options(&self) -> Result<ImageOptions, Failure> {
        Ok(ImageOptions {
            push: self.push,
            archive: Archive::default(),
            epoch: epoch()?,
        })
    }
}

/// A reference in place of a tag would be a repository in place of the catalog's.
pub(super) fn parse_tag(text: &str) -> Result<Template, String> {
    if text.contains(['/', ':', '@']) {
        return Err(format!(
            "`{text}` is a reference, not a tag; its repository goes into `--registry` or the catalog"
        ));
    }
    let tag: Template = text
        .parse()
        .map_err(|error: catalog::TemplateError| error.to_string())?;
    let example = with_words(text);
    let is_tag = format!("x:{example}")
        .parse::<catalog::ImageRef>()
        .is_ok_and(|image| image.tag() == Some(&*example));
    if is_tag {
        Ok(tag)
    } else {
        Err(format!("`{text}` is not a tag"))
    }
}

/// The text of a template with a letter for each placeholder.
fn with_words(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.split_once('}').map_or(part, |(_, rest)| rest);
        format!("{text}x{rest}")
    })
}

/// As buildx has them: `[PART[[PLATFORM]][,…]:]KEY=VALUE`.
fn parse_annotation(text: &str) -> Result<Annotations, String> {
    Annotation::parse(text).map_err(|error| error.to_string())
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_labels_are_checked() {
        for right in ["1.2", "{arch}", "x-{l10n|slug}-{git.tag}"] {
            assert_eq!(parse_tag(right).map(String::from).as_deref(), Ok(right));
        }
        for wrong in ["", "a b", "x/y:1", "-x", "a@b", "{arch", "a}", "{{a}}"] {
            assert!(parse_tag(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_label("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(parse_label("a").is_err() && parse_label("=a").is_err());
    }
}
