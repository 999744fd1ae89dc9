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
    variant::Variant,
};

/// The names of the image of a variant in a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageNames {
    /// Its repository.
    pub repository: Option<String>,
    /// The repository with each of its tags.
    pub references: Vec<String>,
    /// The repository with each tag for the variant's platform alone.
    pub of_platform: Vec<String>,
}

impl CheckedCatalog {
    /// The repository of an image, and the references with tags that it is pushed under.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn image_names(&self, variant: &Variant) -> Result<ImageNames, Problem> {
        let artifact = &self.artifacts[&variant.artifact];
        let repository = artifact.repository.as_ref();
        Ok(ImageNames {
            repository: repository
                .map(|repository| repository.expand(&variant.variables()))
                .transpose()?,
            references: image_names(artifact, variant, &artifact.tags)?,
            of_platform: image_names(artifact, variant, &artifact.platform_tags)?,
        })
    }
}

/// The references that two variants would be pushed under, and the invalid ones.
pub(super) fn tag_problems(catalog: &CheckedCatalog) -> Vec<Found> {
    let mut problems = Vec::new();
    let mut pushed: BTreeMap<String, Variant> = BTreeMap::new();
    for artifact in catalog.artifacts() {
        let mut found = |problem| problems.push(about(artifact, problem));
        match (&artifact.repository, artifact.kind) {
            (None, _)
                if artifact.tags.is_empty()
                    && artifact.platform_tags.is_empty()
                    && artifact.file_tags.is_empty() =>
            {
                continue;
            }
            (None, _) => found(Problem::NoRepository),
            (Some(_), kind) if !kind.is_image() => found(Problem::NotAnImage {
                kind: kind.as_str(),
            }),
            (Some(_), _) => {}
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
        // An index has all its platforms, which come one after the other: it is looked at once.
        let is_first = artifact.platforms.first() == Some(&variant.platform);
        let of_index = is_first.then_some(("tags", &artifact.tags));
        let of_platform = ("platform-tags", &artifact.platform_tags);
        for (key, tags) in of_index.into_iter().chain([of_platform]) {
            let references = match image_names(artifact, &variant, tags) {
                Ok(references) => references,
                Err(problem) => {
                    unusable.entry(key).or_insert(problem);
                    continue;
                }
            };
            for (index, reference) in references.into_iter().enumerate() {
                if let Some((first, clash)) = clash(pushed, reference, &variant) {
                    clashes.entry((key, index, first)).or_insert(clash);
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

/// The repository of `variant` with each of `tags`.
fn image_names(
    artifact: &Artifact,
    variant: &Variant,
    tags: &[Template],
) -> Result<Vec<String>, Problem> {
    let Some(repository) = &artifact.repository else {
        return Ok(Vec::new());
    };
    let variables = variant.variables();
    let repository = repository.expand(&variables)?;
    let name = |tag: &Template| {
        let reference = format!("{repository}:{}", tag.expand(&variables)?);
        match reference.parse::<buildkit_llb::ImageRef>() {
            Ok(image) if image.tag().is_some() && image.digest().is_none() => Ok(reference),
            _ => Err(Problem::ImageName { reference }),
        }
    };
    tags.iter().map(name).collect()
}
