//! The keys of a catalog file, and the artifact that they make.

use std::{borrow::Cow, collections::BTreeMap};

use buildkit_llb::Platform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    artifact::{Artifact, Base},
    kind::Kind,
    name::{ArtifactName, VariableName},
    option::OptionValues,
    place::Places,
    step::Step,
    template::Template,
    whiteouts::Whiteouts,
};

/// The artifacts of a team, as `llbgen` reads them from `llbgen.toml` in the context directory.
#[derive(Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a catalog file"
)]
pub(super) struct FileTable {
    /// The artifacts that a bare `llbgen build` builds.
    pub(super) default: Option<Vec<String>>,
    /// Variables with one value for the whole catalog, which `--set` can change.
    #[serde(default)]
    pub(super) options: BTreeMap<VariableName, OptionValues>,
    /// The artifacts, by name.
    #[serde(default)]
    pub(super) artifact: BTreeMap<ArtifactName, ArtifactTable>,
}

/// An artifact: something that is built and has a name.
#[derive(Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a table that describes an artifact"
)]
#[schemars(rename = "Artifact")]
pub(super) struct ArtifactTable {
    kind: Kind,
    base: Base,
    /// One sentence on what it is for, the same for all variants.
    description: Option<Template>,
    /// The platforms that it is built for; linux/amd64 and linux/arm64 by default.
    platforms: Option<Vec<LinuxPlatform>>,
    /// Variables all of whose values are built.
    #[serde(default)]
    axes: BTreeMap<VariableName, Vec<String>>,
    /// Variables with one value, which `--set` can change. They are the catalog's: what two artifacts say of one must be
    /// the same.
    #[serde(default)]
    options: BTreeMap<VariableName, OptionValues>,
    /// What is done on top of the base, in order.
    #[serde(default)]
    steps: Vec<Step>,
    /// Steps that come after all others, also after those of an artifact that starts from this one.
    #[serde(default)]
    finally: Vec<Step>,
    /// Where its tar or archive is written, below the output directory; `{artifact}/{arch}.tar` by default, with
    /// `-{axis}` behind `{arch}` for every axis.
    output: Option<Template>,
    /// How a layer says that a path is gone; `oci` by default.
    whiteouts: Option<Whiteouts>,
    /// The repository that an image is pushed to, such as `ghcr.io/example/tools`.
    repository: Option<Template>,
    /// Tags of an image, such as `1.2-{l10n|slug}`.
    #[serde(default)]
    tags: Vec<Template>,
    /// Tags of an image for one platform alone, such as `1.2-{arch}`.
    #[serde(default)]
    platform_tags: Vec<Template>,
    /// Files from whose text alone a tag of an image is made.
    #[serde(default)]
    file_tags: Vec<Template>,
    /// Patterns of git tags that release it, such as `tools*`; the same for all variants.
    #[serde(default)]
    release_tags: Vec<Template>,
}

impl ArtifactTable {
    /// Its kind, if the table has `whiteouts` and the kind does not take them.
    pub(super) fn kind_without_whiteouts(&self) -> Option<Kind> {
        (self.whiteouts.is_some() && !self.kind.has_whiteouts()).then_some(self.kind)
    }

    /// The artifact, made by the methods that a program in Rust calls.
    pub(super) fn into_artifact(self, name: &ArtifactName, places: Places) -> Artifact {
        let artifact = Artifact::new(name.as_str(), self.kind, self.base);
        let artifact = fold(artifact, self.description, Artifact::description);
        let artifact = match &self.platforms {
            Some(platforms) => artifact.platforms(platforms.iter().map(|platform| &*platform.0)),
            None => artifact,
        };
        let artifact = self.axes.iter().fold(artifact, |artifact, (name, values)| {
            artifact.axis(name.as_str(), values.iter().map(String::as_str))
        });
        let artifact = self
            .options
            .iter()
            .fold(artifact, |artifact, (name, option)| {
                let values = option.values.iter().map(String::as_str);
                artifact.option(name.as_str(), option.default.as_str(), values)
            });
        let artifact = self.steps.into_iter().fold(artifact, Artifact::step);
        let artifact = self.finally.into_iter().fold(artifact, Artifact::finally);
        let artifact = fold(artifact, self.output, Artifact::output);
        let artifact = self
            .whiteouts
            .into_iter()
            .fold(artifact, Artifact::whiteouts);
        let artifact = fold(artifact, self.repository, Artifact::repository);
        let artifact = fold(artifact, self.tags, Artifact::tag);
        let artifact = fold(artifact, self.platform_tags, Artifact::platform_tag);
        let artifact = fold(artifact, self.file_tags, Artifact::file_tag);
        fold(artifact, self.release_tags, Artifact::release_tag).declared_at(places)
    }
}

/// The artifact after a call of one of its methods with each text.
fn fold<T: Into<String>>(
    artifact: Artifact,
    texts: impl IntoIterator<Item = T>,
    with: fn(Artifact, &str) -> Artifact,
) -> Artifact {
    texts
        .into_iter()
        .fold(artifact, |artifact, text| with(artifact, &text.into()))
}

/// A platform of Linux. Any other platform in a file is a typing error.
struct LinuxPlatform(String);

impl JsonSchema for LinuxPlatform {
    fn schema_name() -> Cow<'static, str> {
        "Platform".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A platform, such as linux/arm64.",
            "type": "string",
            "anyOf": [{ "enum": PLATFORMS }, { "pattern": "^linux/[a-z0-9_-]+/v[0-9.]+$" }],
        })
    }
}

/// The valid values of `platforms`. Further variants of these architectures (`linux/amd64/v3`) are valid, too.
const PLATFORMS: [&str; 10] = [
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "linux/loong64",
    "linux/mips64le",
];

impl<'de> Deserialize<'de> for LinuxPlatform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_known = text.parse().is_ok_and(|platform: Platform| {
            let platform = platform.normalized().to_string();
            PLATFORMS
                .iter()
                .any(|known| without_variant(&platform) == without_variant(known))
        });
        if is_known {
            Ok(Self(text))
        } else {
            Err(Error::unknown_variant(&text, &PLATFORMS))
        }
    }
}

fn without_variant(platform: &str) -> &str {
    match platform.match_indices('/').nth(1) {
        Some((end, _)) => &platform[..end],
        None => platform,
    }
}
