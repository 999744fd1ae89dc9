//! The references that images are pushed under: each makes one, and no two make the same.

use std::collections::BTreeMap;

use super::about;
use crate::{
    artifact::{Artifact, Kind},
    catalog::CheckedCatalog,
    problem::{Found, Problem},
    template::Template,
    variant::{self, Variant},
};

/// References that two variants would be pushed under, and those that are none.
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
            (Some(_), kind @ (Kind::Rootfs | Kind::Layer)) => found(Problem::NotAnImage {
                kind: kind.as_str(),
            }),
            (Some(_), Kind::Image) => {}
        }
        for (number, variant) in variant::all_of(artifact, &artifact.platforms)
            .into_iter()
            .enumerate()
        {
            let per_platform = image_names(artifact, &variant, &artifact.platform_tags);
            // An index is one thing for all its platforms, which come one after the other.
            let per_index = if variant.platform == artifact.platforms[0] {
                image_names(artifact, &variant, &artifact.tags)
            } else {
                Ok(Vec::new())
            };
            for references in [per_index, per_platform] {
                match references {
                    Err(problem) if number == 0 => found(problem),
                    Err(_) => {}
                    Ok(references) => references
                        .into_iter()
                        .filter_map(|reference| clash(&mut pushed, reference, &variant))
                        .for_each(&mut found),
                }
            }
        }
    }
    problems
}

/// Notes down that `variant` is pushed under `reference`; the problem, when another one is too.
fn clash(
    pushed: &mut BTreeMap<String, Variant>,
    reference: String,
    variant: &Variant,
) -> Option<Problem> {
    let Some(first) = pushed.get(&reference) else {
        pushed.insert(reference, variant.clone());
        return None;
    };
    Some(Problem::TagClash {
        reference,
        first: first.to_string(),
        second: variant.to_string(),
    })
}

/// The repository of `variant` with each of `tags`.
pub(crate) fn image_names(
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
