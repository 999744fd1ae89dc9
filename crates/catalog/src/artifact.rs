//! The declaration of an artifact: its base, steps, platforms and outputs.

mod base;
mod parts;
mod uses;
mod variants;

use std::{collections::BTreeMap, panic::Location, str::FromStr, sync::Arc};

use buildkit_llb::Platform;
use serde::{Serialize, Serializer};

pub use self::base::{Base, RunsOn};
use crate::{
    annotation::Annotations,
    attest::Attest,
    compression::Compression,
    condition::Condition,
    kind::Kind,
    name::{ArtifactName, VariableName},
    option::OptionValues,
    place::Places,
    problem::Problem,
    step::Step,
    template::{Template, Text},
    texts::{ListedText, Texts, all_texts, keyed},
    variant::{Scope, Variant},
    whiteouts::Whiteouts,
};

/// One artifact, as a catalog declares it. An invalid text is no error of the method that gets it:
/// [`Catalog::check`](crate::Catalog::check) reports it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Artifact {
    pub(crate) name: ArtifactName,
    pub(crate) kind: Kind,
    pub(crate) base: Base,
    #[serde(skip_serializing_if = "Template::is_empty")]
    pub(crate) description: Template,
    #[serde(serialize_with = "platforms_as_text")]
    pub(crate) platforms: Vec<Platform>,
    /// Whether `platforms` are its own, and not the default or those of its base.
    #[serde(skip)]
    pub(crate) has_own_platforms: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) axes: BTreeMap<VariableName, Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) options: BTreeMap<VariableName, OptionValues>,
    /// The combinations of axes and platforms that are not built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exclude: Option<Condition>,
    /// The variants of its base, if that leaves out combinations: it leaves out the same.
    #[serde(skip)]
    pub(crate) base_variants: Option<Arc<Vec<Variant>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shell: Option<Vec<String>>,
    #[serde(skip_serializing_if = "RunsOn::is_target")]
    pub(crate) runs_on: RunsOn,
    pub(crate) steps: Vec<Step>,
    #[serde(rename = "finally", skip_serializing_if = "Vec::is_empty")]
    pub(crate) last_steps: Vec<Step>,
    pub(crate) output: Template,
    /// Whether `output` is the default, which has the axes in it.
    #[serde(skip)]
    pub(crate) has_default_output: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whiteouts: Option<Whiteouts>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "keyed::serialize::<keyed::Repositories, _>"
    )]
    pub(crate) repository: Vec<ListedText>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "keyed::serialize::<keyed::Tags, _>"
    )]
    pub(crate) tags: Vec<ListedText>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "keyed::serialize::<keyed::PlatformTags, _>"
    )]
    pub(crate) platform_tags: Vec<ListedText>,
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub(crate) annotations: Annotations,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compression: Option<Compression>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attest: Vec<Attest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) file_tags: Vec<Template>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) release_tags: Vec<Template>,
    #[serde(skip)]
    pub(crate) scope: Scope,
    #[serde(skip)]
    pub(crate) problems: Vec<Problem>,
    #[serde(skip)]
    pub(crate) places: Places,
    /// The line of Rust that made it; not used when a file declares it.
    #[serde(skip)]
    made_at: &'static Location<'static>,
}

impl Artifact {
    /// A root filesystem. Default output: `{artifact}/{arch}.tar`, with `-{axis}` after `{arch}` for every axis.
    /// Default platforms: linux/amd64 and linux/arm64.
    #[track_caller]
    pub fn rootfs(name: &str, base: impl Into<Base>) -> Self {
        Self::new(name, Kind::Rootfs, base.into())
    }

    /// A layer: the diff from `base` to the tree after the steps. Defaults as for [`rootfs`](Self::rootfs).
    #[track_caller]
    pub fn layer(name: &str, base: impl Into<Base>) -> Self {
        Self::new(name, Kind::Layer, base.into())
    }

    /// Plain files: the tree after the steps as a directory, whose owner is whoever builds it. Default output:
    /// `{artifact}/{arch}`, with `-{axis}` after `{arch}` for every axis. Default platforms as for
    /// [`rootfs`](Self::rootfs).
    #[track_caller]
    pub fn files(name: &str, base: impl Into<Base>) -> Self {
        Self::new(name, Kind::Files, base.into())
    }

    /// A stage: a tree that other artifacts copy from or start from, and that is not delivered. It sees the variables of
    /// the artifact that needs it, and is built for the platforms that it is needed for.
    #[track_caller]
    pub fn stage(name: &str, base: impl Into<Base>) -> Self {
        Self::new(name, Kind::Stage, base.into())
    }

    /// A container image. Default platforms as for [`rootfs`](Self::rootfs).
    #[track_caller]
    pub fn image(name: &str, base: impl Into<Base>) -> Self {
        Self::new(name, Kind::Image, base.into())
    }

    #[track_caller]
    pub(crate) fn new(name: &str, kind: Kind, base: Base) -> Self {
        let platform = |architecture: &str| Platform::new("linux", architecture);
        Self {
            name: ArtifactName::unchecked(name),
            kind,
            base,
            description: Template::literal(String::new()),
            platforms: vec![platform("amd64"), platform("arm64")],
            has_own_platforms: false,
            axes: BTreeMap::new(),
            options: BTreeMap::new(),
            exclude: None,
            base_variants: None,
            shell: None,
            runs_on: RunsOn::Target,
            steps: Vec::new(),
            last_steps: Vec::new(),
            output: default_output(kind, &BTreeMap::new()),
            has_default_output: true,
            whiteouts: None,
            repository: Vec::new(),
            tags: Vec::new(),
            platform_tags: Vec::new(),
            annotations: Annotations::new(),
            compression: None,
            attest: Vec::new(),
            file_tags: Vec::new(),
            release_tags: Vec::new(),
            scope: Scope::default(),
            problems: Vec::new(),
            places: Places::default(),
            made_at: Location::caller(),
        }
    }

    /// The same artifact, declared at `places` in a file.
    pub(crate) fn declared_at(mut self, places: Places) -> Self {
        self.places = places;
        self
    }

    /// Its purpose in one sentence, shown by `list`; a [`Template`] that is the same in all variants.
    pub fn description(mut self, text: &str) -> Self {
        if let Some(description) = self.read(text) {
            self.description = description;
        }
        self
    }

    /// Appends a step.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Appends a last step. It comes after all steps of the artifact, and after the steps of an artifact that starts
    /// from this one. Cheap steps that only tell variants apart (a language, a mirror) belong here, so that the
    /// variants share everything before them.
    pub fn finally(mut self, step: impl Into<Step>) -> Self {
        self.last_steps.push(step.into());
        self
    }

    /// The path of its tar below the output directory; a [`Template`].
    pub fn output(mut self, template: &str) -> Self {
        if let Some(output) = self.read(template) {
            self.output = output;
            self.has_default_output = false;
        }
        self
    }

    /// The form of whiteouts in a layer; default: the form of image layers.
    pub fn whiteouts(mut self, whiteouts: Whiteouts) -> Self {
        self.whiteouts = Some(whiteouts);
        self
    }

    /// A repository that its image is pushed to, such as `ghcr.io/example/tools`; a [`Template`]. With several, every
    /// tag is made in each.
    pub fn repository(mut self, template: &str) -> Self {
        let repository = self.read(template);
        self.repository.extend(repository.map(ListedText::Text));
        self
    }

    /// Repositories that only some of its variants are pushed to.
    pub fn repositories(mut self, texts: Texts) -> Self {
        let texts = self.listed([ListedText::Group(texts)]);
        self.repository.extend(texts);
        self
    }

    /// A tag of its image, such as `1.2-{l10n|slug}`; a [`Template`].
    pub fn tag(mut self, template: &str) -> Self {
        let tag = self.read(template);
        self.tags.extend(tag.map(ListedText::Text));
        self
    }

    /// Tags of the image of some of its variants.
    pub fn tags(mut self, texts: Texts) -> Self {
        let texts = self.listed([ListedText::Group(texts)]);
        self.tags.extend(texts);
        self
    }

    /// A tag of its image for one platform alone, such as `1.2-{arch}`; a [`Template`].
    pub fn platform_tag(mut self, template: &str) -> Self {
        let tag = self.read(template);
        self.platform_tags.extend(tag.map(ListedText::Text));
        self
    }

    /// Tags of the image of some of its variants for one platform alone.
    pub fn platform_tags(mut self, texts: Texts) -> Self {
        let texts = self.listed([ListedText::Group(texts)]);
        self.platform_tags.extend(texts);
        self
    }

    /// The lists of a file, whose texts are read.
    pub(crate) fn published(
        mut self,
        repository: Vec<ListedText>,
        tags: Vec<ListedText>,
        platform_tags: Vec<ListedText>,
    ) -> Self {
        self.repository.extend(repository);
        self.tags.extend(tags);
        self.platform_tags.extend(platform_tags);
        self
    }

    /// The texts, whose problems become its own.
    fn listed<const N: usize>(&mut self, texts: [ListedText; N]) -> [ListedText; N] {
        let problems = all_texts(&texts).into_iter().filter_map(Text::problem);
        self.problems.extend(problems.map(Problem::Template));
        texts
    }

    /// An annotation of its image: on the manifest of every platform, or with `index:` before the key on the index. It
    /// enters no id. `template` is a [`Template`], in which git's variables may stand.
    pub fn annotation(mut self, key: &str, template: &str) -> Self {
        if let (Some(key), Some(text)) = (self.read(key), self.read(template)) {
            self.annotations.insert(key, text);
        }
        self
    }

    /// The annotations of a file, whose texts are read.
    pub(crate) fn annotated(mut self, annotations: Annotations) -> Self {
        self.annotations.extend(annotations);
        self
    }

    /// The compression of its tar, or of the layers of its image, those of the base among them: `gzip`, `zstd`, for
    /// images `estargz`, with a level as `zstd:19`. By default tars are not compressed, and layers as the daemon does.
    pub fn compression(mut self, compression: &str) -> Self {
        if let Some(compression) = self.read(compression) {
            self.compression = Some(compression);
        }
        self
    }

    /// The compression of a file, which is read.
    pub(crate) fn compressed(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// An attestation of its image.
    pub fn attest(mut self, attest: Attest) -> Self {
        self.attest.push(attest);
        self
    }

    /// A tag of its image made from the text of a file alone: the first 12 hex digits of its sha256. It is for teams
    /// that find an image by the hash of its Dockerfile. Unlike the content tag, it changes with a comment and stays
    /// the same when a pin moves. `path` is a [`Template`].
    pub fn file_tag(mut self, path: &str) -> Self {
        let tag = self.read(path);
        self.file_tags.extend(tag);
        self
    }

    /// The platforms that it is built for, instead of those of its base or the two default ones.
    pub fn platforms<'a>(mut self, platforms: impl IntoIterator<Item = &'a str>) -> Self {
        self.platforms = Vec::new();
        self.has_own_platforms = true;
        for written in platforms {
            let Some(platform) = self.read::<Platform>(written) else {
                continue;
            };
            let platform = platform.normalized();
            if self.platforms.contains(&platform) {
                self.problems.push(Problem::PlatformTwice {
                    platform: platform.to_string(),
                    written: written.to_owned(),
                });
            } else {
                self.platforms.push(platform);
            }
        }
        self
    }

    /// An axis: a variable all of whose values are built.
    pub fn axis<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(name) = self.read(name) {
            self.axes
                .insert(name, values.into_iter().map(str::to_owned).collect());
        }
        if self.has_default_output {
            self.output = default_output(self.kind, &self.axes);
        }
        self
    }

    /// An option: a variable with one value, `default` unless `--set` gives another of `values` (any value if `values`
    /// is empty). Options belong to the catalog: two artifacts with an option of the same name must declare it in the
    /// same way.
    pub fn option<'a>(
        mut self,
        name: &str,
        default: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        if let Some(name) = self.read(name) {
            let values = values.into_iter().map(str::to_owned).collect();
            self.options.insert(
                name,
                OptionValues {
                    default: Template::unchecked(default),
                    values,
                },
            );
        }
        self
    }

    /// Leaves out the combinations for which `name`, an axis or a variable such as `arch`, is `value` (in which `*` and
    /// `?` are wild) and all the `others` hold, too.
    pub fn exclude<'a>(self, combination: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.without(Condition::all(combination))
    }

    /// Leaves out the combinations for which the condition holds.
    pub(crate) fn without(mut self, condition: Condition) -> Self {
        self.exclude = Some(match self.exclude.take() {
            None => condition,
            Some(before) => before.or(condition),
        });
        self
    }

    /// The shell that runs its scripts, with its flags; default: `/bin/sh -ec`.
    pub fn shell<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.shell = Some(words.into_iter().map(str::to_owned).collect());
        self
    }

    /// The platform that its steps run on.
    pub fn runs_on(mut self, runs_on: RunsOn) -> Self {
        self.runs_on = runs_on;
        self
    }

    /// A git tag pattern (`base-rootfs*`) that releases this artifact; a [`Template`] that is the same in all variants.
    pub fn release_tag(mut self, pattern: &str) -> Self {
        let pattern = self.read(pattern);
        self.release_tags.extend(pattern);
        self
    }

    fn read<T: FromStr>(&mut self, text: &str) -> Option<T>
    where
        Problem: From<T::Err>,
    {
        text.parse()
            .map_err(|error| self.problems.push(Problem::from(error)))
            .ok()
    }
}

/// The default output: `{artifact}/{arch}.tar`, or `{artifact}.oci.tar` for an image, with the axes in the file's name.
pub(crate) fn default_output(kind: Kind, axes: &BTreeMap<VariableName, Vec<String>>) -> Template {
    let axes = axes
        .keys()
        .fold(String::new(), |text, axis| format!("{text}-{{{axis}}}"));
    Template::unchecked(&kind.default_output(&axes))
}

fn platforms_as_text<S: Serializer>(
    platforms: &[Platform],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(platforms.iter().map(ToString::to_string))
}
