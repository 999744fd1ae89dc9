//! The keys of a catalog file, and the artifact that they make.

use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
};

use buildkit_llb::Platform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

use super::{FileError, Mistake, sources::Sources, tables};
use crate::{
    annotation::Annotations,
    artifact::{Artifact, Base, RunsOn},
    attest::Attest,
    compression::Compression,
    condition::Condition,
    either::OneOrSeveral,
    kind::Kind,
    name::{ArtifactName, InvalidName, PartName, VariableName},
    option::OptionValues,
    part::Part,
    step::Step,
    template::Template,
    texts::keyed::{Keyed, PlatformTags, Repositories, Tags},
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
    /// Further files of the catalog: globs in the context directory. All paths in them are relative to that directory,
    /// too.
    #[serde(rename = "include")]
    _include: Option<OneOrSeveral<String>>,
    /// The artifacts that a bare `llbgen build` builds: names, prefixes (`runtime` is `runtime/…`), globs and groups.
    pub(super) default: Option<OneOrSeveral<String>>,
    /// Names for several artifacts.
    #[serde(default)]
    pub(super) groups: BTreeMap<VariableName, OneOrSeveral<String>>,
    /// The platform of the steps that run on the build platform; linux/amd64 by default.
    pub(super) build_platform: Option<LinuxPlatform>,
    /// Variables with one value for the whole catalog, which `--set` can change.
    #[serde(default)]
    pub(super) options: BTreeMap<VariableName, OptionValues>,
    /// Fields for the values of variables: `{jdk.full}` is the field `full` of the row of the value of `jdk`.
    #[serde(default)]
    pub(super) values: BTreeMap<VariableName, BTreeMap<String, BTreeMap<VariableName, Template>>>,
    /// Keys that artifacts inherit.
    #[serde(default, rename = "template")]
    _template: BTreeMap<PartName, ArtifactTable>,
    /// Steps that artifacts use.
    #[serde(default)]
    pub(super) part: BTreeMap<PartName, PartTable>,
    /// The artifacts, by name. An axis in a name, as in `base/{image}`, makes an artifact of each of its values.
    #[serde(default)]
    pub(super) artifact: BTreeMap<ArtifactKey, ArtifactTable>,
}

/// The name of an artifact, with the axes in it. The check looks at the names that these make.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(super) struct ArtifactKey(String);

impl TryFrom<String> for ArtifactKey {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        if !text.contains(['{', '}']) {
            text.parse::<ArtifactName>()?;
        }
        Ok(Self(text))
    }
}

impl Borrow<str> for ArtifactKey {
    fn borrow(&self) -> &str {
        &self.0
    }
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
    kind: Option<Kind>,
    base: Option<Base>,
    /// The template whose keys it has besides its own.
    #[serde(rename = "inherits")]
    _inherits: Option<PartName>,
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
    /// Combinations of axes and platforms that are not built.
    exclude: Option<Condition>,
    /// The shell of its scripts, with its flags; `["/bin/sh", "-ec"]` by default.
    shell: Option<Vec<String>>,
    /// The platform that its steps run on.
    runs_on: Option<RunsOn>,
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
    /// The repository that an image is pushed to, such as `ghcr.io/example/tools`, or several. Every tag is made in each.
    #[serde(default)]
    repository: Keyed<Repositories>,
    /// Tags of an image, such as `1.2-{l10n|slug}`.
    #[serde(default)]
    tags: Keyed<Tags>,
    /// Tags of an image for one platform alone, such as `1.2-{arch}`.
    #[serde(default)]
    platform_tags: Keyed<PlatformTags>,
    /// Annotations of an image, by key: on the manifest of every platform, or with `index:` before the key on the index.
    /// They enter no id, and git's variables may stand in them.
    #[serde(default)]
    annotations: Annotations,
    /// The compression of its tar, or of the layers of an image, those of the base among them: `gzip`, `zstd`, for
    /// images `estargz`, with a level as `zstd:19`; `uncompressed` undoes that of a template.
    compression: Option<Compression>,
    /// Attestations of an image, such as `[{ type = "provenance", mode = "max" }]`.
    #[serde(default)]
    attest: Vec<Attest>,
    /// Files from whose text alone a tag of an image is made.
    #[serde(default)]
    file_tags: Vec<Template>,
    /// Patterns of git tags that release it, such as `tools*`; the same for all variants.
    #[serde(default)]
    release_tags: Vec<Template>,
}

impl ArtifactTable {
    /// The artifact, made by the methods that a program in Rust calls.
    pub(super) fn into_artifact(
        self,
        table: &tables::ArtifactTable,
        sources: &Sources,
    ) -> Result<Artifact, FileError> {
        let missing = |key: &str| {
            let (owner, key) = (format!("`{}`", table.name), key.to_owned());
            sources.error(table.span.clone(), Mistake::MissingKey { owner, key })
        };
        let kind = self.kind.ok_or_else(|| missing("kind"))?;
        let base = self.base.ok_or_else(|| missing("base"))?;
        if self.whiteouts.is_some()
            && !kind.has_whiteouts()
            && let Some(span) = &table.whiteouts
        {
            let mistake = Mistake::NotALayer {
                name: table.name.clone(),
                kind: kind.as_str(),
            };
            return Err(sources.error(span.clone(), mistake));
        }
        let artifact = Artifact::new(&table.name, kind, base);
        let artifact = fold(artifact, self.description, Artifact::description);
        let artifact = match &self.platforms {
            Some(platforms) => {
                let texts: Vec<String> = platforms.iter().map(|it| it.1.clone()).collect();
                artifact.platforms(texts.iter().map(String::as_str))
            }
            None => artifact,
        };
        let artifact = match &self.shell {
            Some(words) => artifact.shell(words.iter().map(String::as_str)),
            None => artifact,
        };
        let artifact = self.runs_on.into_iter().fold(artifact, Artifact::runs_on);
        let artifact = self.exclude.into_iter().fold(artifact, Artifact::without);
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
        let artifact = artifact.published(self.repository.0, self.tags.0, self.platform_tags.0);
        let artifact = artifact.annotated(self.annotations);
        let artifact = self
            .compression
            .into_iter()
            .fold(artifact, Artifact::compressed);
        let artifact = self.attest.into_iter().fold(artifact, Artifact::attest);
        let artifact = fold(artifact, self.file_tags, Artifact::file_tag);
        let artifact = fold(artifact, self.release_tags, Artifact::release_tag);
        Ok(artifact.declared_at(table.places(sources)))
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

/// Steps that several artifacts have in common.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table that describes a part")]
#[schemars(rename = "Part")]
pub(super) struct PartTable {
    /// Variables that every use of the part gives a value.
    #[serde(default)]
    parameters: Vec<VariableName>,
    /// Its steps, in order.
    #[serde(default)]
    steps: Vec<Step>,
    /// Steps that an artifact with the part has at its end.
    #[serde(default)]
    finally: Vec<Step>,
}

impl PartTable {
    pub(super) fn into_part(self, name: &str) -> Part {
        let parameters = self.parameters.iter();
        let part = parameters.fold(Part::new(name), |part, name| part.parameter(name.as_str()));
        let part = self.steps.into_iter().fold(part, Part::step);
        self.finally.into_iter().fold(part, Part::finally)
    }
}

/// A platform of Linux, and its spelling. Any other platform in a file is a typing error.
pub(super) struct LinuxPlatform(pub(super) Platform, String);

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
        let unknown = || Error::unknown_variant(&text, &PLATFORMS);
        let platform: Platform = text.parse().map_err(|_| unknown())?;
        let platform = platform.normalized();
        let name = platform.to_string();
        let is_known = |known: &str| without_variant(&name) == without_variant(known);
        if !PLATFORMS.iter().any(|known| is_known(known)) {
            return Err(unknown());
        }
        Ok(Self(platform, text))
    }
}

fn without_variant(platform: &str) -> &str {
    match platform.match_indices('/').nth(1) {
        Some((end, _)) => &platform[..end],
        None => platform,
    }
}
