//! The references that images are pushed under: each is valid, and no two are the same.

use std::collections::BTreeMap;

use super::about;
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    git::GitValues,
    name::ArtifactName,
    path::ContextPath,
    problem::{Found, Problem},
    template::{GitUse, Template, TemplateError, Text, Variables},
    texts::{ListedText, names_in, texts_of},
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

/// The texts of a list for a variant, each once, with their numbers in the list.
type Filled = Vec<(usize, String)>;

fn filled(list: &[ListedText], variables: &Variables) -> Result<Filled, Problem> {
    let mut filled: Filled = Vec::new();
    for (number, text) in texts_of(list, variables)? {
        let text = text.expand(variables)?;
        if !filled.iter().any(|(_, known)| *known == text) {
            filled.push((number, text));
        }
    }
    Ok(filled)
}

fn all_filled(list: &[ListedText], variables: &Variables) -> Result<Vec<String>, Problem> {
    let filled = filled(list, variables)?.into_iter();
    Ok(filled.map(|(_, text)| text).collect())
}

impl ImageNames {
    fn of(artifact: &Artifact, variables: &Variables) -> Result<Self, Problem> {
        Ok(Self {
            repositories: all_filled(&artifact.repository, variables)?,
            tags: all_filled(&artifact.tags, variables)?,
            platform_tags: all_filled(&artifact.platform_tags, variables)?,
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
    /// The repositories of an image, and the tags that it is pushed under from a directory of which git says `git`.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn image_names(&self, variant: &Variant, git: &GitValues) -> Result<ImageNames, Problem> {
        let artifact = &self.artifacts[&variant.artifact];
        ImageNames::of(artifact, &variant.variables().with_git(git))
    }

    /// The same whatever the commit: `{git.tag}` stays as it is, and conditions on git hold.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn image_names_of_any_commit(&self, variant: &Variant) -> Result<ImageNames, Problem> {
        let artifact = &self.artifacts[&variant.artifact];
        ImageNames::of(artifact, &variant.variables().with_placeholders_of_git())
    }

    /// A tag of a call for a variant, from a directory of which git says `git`.
    pub fn tag(
        tag: &Template,
        variant: &Variant,
        git: &GitValues,
    ) -> Result<String, TemplateError> {
        tag.expand(&variant.variables().with_git(git))
    }

    /// Whether names or annotations of images depend on git.
    pub fn uses_git(&self) -> bool {
        self.artifacts().any(|artifact| {
            let published = [
                &artifact.repository,
                &artifact.tags,
                &artifact.platform_tags,
            ];
            let names = published.into_iter().flat_map(|list| names_in(list));
            let annotations = artifact.annotations.values();
            let mut names = names.chain(annotations.flat_map(Text::names));
            names.any(|name| GitValues::NAMES.contains(&name))
        })
    }
}

/// The references that two variants would be pushed under, and the invalid ones.
pub(super) fn tag_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut problems = Vec::new();
    let mut pushed: BTreeMap<String, Variant> = BTreeMap::new();
    for artifact in catalog.artifacts() {
        let mut found = |problem| problems.push(about(artifact, problem));
        if artifact.repository.is_empty() {
            let Some(key) = key_of_tags(artifact) else {
                continue;
            };
            found(if artifact.kind.is_image() {
                Problem::NoRepository { key }
            } else {
                let kind = artifact.kind.as_str();
                Problem::OfImages { key, kind }
            });
        } else if !artifact.kind.is_image() {
            found(Problem::NotAnImage {
                kind: artifact.kind.as_str(),
            });
        }
        problems.extend(name_problems(artifact, &mut pushed));
    }
    problems
}

/// The first key of an artifact that has tags.
fn key_of_tags(artifact: &Artifact) -> Option<&'static str> {
    let keys = [
        ("tags", artifact.tags.is_empty()),
        ("platform-tags", artifact.platform_tags.is_empty()),
        ("file-tags", artifact.file_tags.is_empty()),
    ];
    keys.iter()
        .find(|(_, is_empty)| !is_empty)
        .map(|(key, _)| *key)
}

/// The problems of the references of one artifact. One wrong tag is one problem, in however many variants it shows.
fn name_problems(artifact: &Artifact, pushed: &mut BTreeMap<String, Variant>) -> Vec<Found> {
    let mut unusable: BTreeMap<&str, Problem> = BTreeMap::new();
    let mut clashes: BTreeMap<(&str, usize, ArtifactName), Problem> = BTreeMap::new();
    let mut own: BTreeMap<(&str, usize), BTreeMap<String, Variant>> = BTreeMap::new();
    for variant in artifact.variants() {
        if let Err(problem) = file_tag_paths(artifact, &variant) {
            unusable.entry("file-tags").or_insert(problem);
        }
        // What is under a condition on git clashes with itself alone: other conditions may hold for other commits.
        for git in [GitUse::Any, GitUse::Unconditional] {
            let references = match tagged(artifact, &variant, git) {
                Ok(references) => references,
                Err(problem) => {
                    unusable.entry("tags").or_insert(problem);
                    continue;
                }
            };
            for (key, number, reference) in references {
                let id = (git == GitUse::Any).then_some((key, number));
                if !is_tagged(&reference) {
                    unusable
                        .entry(key)
                        .or_insert(Problem::ImageName { key, reference });
                } else if let Some((first, clash)) = match id {
                    Some(id) => clash(own.entry(id).or_default(), key, reference, &variant),
                    None => clash(pushed, key, reference, &variant),
                } {
                    // One tag in several repositories is one mistake.
                    clashes.entry((key, number, first)).or_insert(clash);
                }
            }
        }
    }
    let found = unusable.into_values().chain(clashes.into_values());
    found.map(|problem| about(artifact, problem)).collect()
}

/// The references of a variant, each with the key and the number of its tag.
fn tagged(
    artifact: &Artifact,
    variant: &Variant,
    git: GitUse,
) -> Result<Vec<(&'static str, usize, String)>, Problem> {
    let variables = variant.variables().with_any_git(git);
    let repositories = filled(&artifact.repository, &variables)?;
    let mut tags: Vec<(&str, usize, String)> = Vec::new();
    // An index has all its platforms, which come one after the other: it is looked at once.
    if artifact.platforms.first() == Some(&variant.platform) {
        let of_index = filled(&artifact.tags, &variables)?.into_iter();
        tags.extend(of_index.map(|(number, tag)| ("tags", number, tag)));
    }
    let of_platform = filled(&artifact.platform_tags, &variables)?.into_iter();
    tags.extend(of_platform.map(|(number, tag)| ("platform-tags", number, tag)));
    let each = tags.into_iter().flat_map(|(key, number, tag)| {
        let repositories = repositories.iter();
        let name =
            move |(_, repository): &(usize, String)| (key, number, format!("{repository}:{tag}"));
        repositories.map(name).collect::<Vec<_>>()
    });
    Ok(each.collect())
}

/// Records that `variant` is pushed under `reference`. If another variant was first: the problem, and the artifact of
/// the first one.
fn clash(
    pushed: &mut BTreeMap<String, Variant>,
    key: &'static str,
    reference: String,
    variant: &Variant,
) -> Option<(ArtifactName, Problem)> {
    let Some(first) = pushed.get(&reference) else {
        pushed.insert(reference, variant.clone());
        return None;
    };
    let clash = Problem::TagClash {
        key,
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
