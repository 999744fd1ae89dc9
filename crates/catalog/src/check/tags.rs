//! The references that images are pushed under: each is valid, and no two are the same.

use std::collections::BTreeMap;

use super::about;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    name::ArtifactName,
    path::ContextPath,
    problem::{Found, Problem},
    template::Template,
    texts::{ListedText, texts_of},
    variant::Variant,
};

/// The names of the image of a variant in registries. Every tag is in each repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageNames {
    /// Its repositories.
    pub repositories: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its tags for the variant's platform alone.
    pub platform_tags: Vec<String>,
}

impl ImageNames {
    fn of(artifact: &Artifact, variant: &Variant) -> Result<Self, Problem> {
        let variables = variant.variables();
        let filled = |list: &[ListedText]| {
            let mut filled: Vec<String> = Vec::new();
            for text in texts_of(list, &variables)? {
                let text = text.expand(&variables)?;
                if !filled.contains(&text) {
                    filled.push(text);
                }
            }
            Ok::<_, Problem>(filled)
        };
        Ok(Self {
            repositories: filled(&artifact.repository)?,
            tags: filled(&artifact.tags)?,
            platform_tags: filled(&artifact.platform_tags)?,
        })
    }

    /// Every repository with each of its tags.
    pub fn references(&self) -> Vec<String> {
        references(&self.repositories, &self.tags)
    }

    /// Every repository with each of its tags for the variant's platform alone.
    pub fn of_platform(&self) -> Vec<String> {
        references(&self.repositories, &self.platform_tags)
    }
}

fn references(repositories: &[String], tags: &[String]) -> Vec<String> {
    let each = tags.iter().flat_map(|tag| {
        let repositories = repositories.iter();
        repositories.map(move |repository| format!("{repository}:{tag}"))
    });
    each.collect()
}

impl CheckedCatalog {
    /// The repositories of an image, and the tags that it is pushed under.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn image_names(&self, variant: &Variant) -> Result<ImageNames, Problem> {
        ImageNames::of(&self.artifacts[&variant.artifact], variant)
    }
}

/// The references that two variants would be pushed under, and the invalid ones.
pub(super) fn tag_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut problems = Vec::new();
    let mut pushed: BTreeMap<String, Variant> = BTreeMap::new();
    for artifact in catalog.artifacts() {
        let mut found = |problem| problems.push(about(artifact, problem));
        let has_tags = !artifact.tags.is_empty()
            || !artifact.platform_tags.is_empty()
            || !artifact.file_tags.is_empty();
        match (artifact.repository.is_empty(), artifact.kind) {
            (true, _) if !has_tags => continue,
            (true, _) => found(Problem::NoRepository),
            (false, kind) if !kind.is_image() => found(Problem::NotAnImage {
                kind: kind.as_str(),
            }),
            (false, _) => {}
        }
        problems.extend(name_problems(artifact, &mut pushed));
    }
    problems
}

/// The problems of the references of one artifact. One wrong tag is one problem, in however many variants it shows.
fn name_problems(artifact: &Artifact, pushed: &mut BTreeMap<String, Variant>) -> Vec<Found> {
    let mut unusable: BTreeMap<&str, Problem> = BTreeMap::new();
    let mut clashes: BTreeMap<(&str, usize, ArtifactName), Problem> = BTreeMap::new();
    for variant in artifact.variants() {
        if let Err(problem) = file_tag_paths(artifact, &variant) {
            unusable.entry("file-tags").or_insert(problem);
        }
        let names = match ImageNames::of(artifact, &variant) {
            Ok(names) => names,
            Err(problem) => {
                unusable.entry("tags").or_insert(problem);
                continue;
            }
        };
        // An index has all its platforms, which come one after the other: it is looked at once.
        let is_first = artifact.platforms.first() == Some(&variant.platform);
        let of_index = is_first.then(|| ("tags", names.references()));
        let of_platform = ("platform-tags", names.of_platform());
        for (key, references) in of_index.into_iter().chain([of_platform]) {
            for (index, reference) in references.into_iter().enumerate() {
                if !is_tagged(&reference) {
                    unusable
                        .entry(key)
                        .or_insert(Problem::ImageName { reference });
                } else if let Some((first, clash)) = clash(pushed, reference, &variant) {
                    // One tag in several repositories is one mistake.
                    let tag = index / names.repositories.len();
                    clashes.entry((key, tag, first)).or_insert(clash);
                }
            }
        }
    }
    let found = unusable.into_values().chain(clashes.into_values());
    found.map(|problem| about(artifact, problem)).collect()
}

/// Records that `variant` is pushed under `reference`. If another variant was first: the problem, and the artifact of
/// the first one.
fn clash(
    pushed: &mut BTreeMap<String, Variant>,
    reference: String,
    variant: &Variant,
) -> Option<(ArtifactName, Problem)> {
    let Some(first) = pushed.get(&reference) else {
        pushed.insert(reference, variant.clone());
        return None;
    };
    let clash = Problem::TagClash {
        reference,
        first: first.to_string(),
        second: variant.to_string(),
    };
    Some((first.artifact.clone(), clash))
}

/// The files whose text makes tags of `variant`.
pub(crate) fn file_tag_paths(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<ContextPath>, Problem> {
    let variables = variant.variables();
    let path = |path: &Template| {
        let path = path.expand(&variables)?;
        path.parse()
            .map_err(|source| Problem::FileTag { path, source })
    };
    artifact.file_tags.iter().map(path).collect()
}

/// Whether a text is a reference with a tag and nothing else.
fn is_tagged(reference: &str) -> bool {
    let image = reference.parse::<buildkit_llb::ImageRef>();
    image.is_ok_and(|image| image.tag().is_some() && image.digest().is_none())
}
