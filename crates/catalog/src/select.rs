//! From the request of a user to variants: names, globs, platforms and option values.

mod error;
mod set;

use std::collections::BTreeSet;

use buildkit_llb::Platform;

use crate::{
    artifact::Artifact, budget::MAX_VARIANTS, catalog::CheckedCatalog, git::GitValues,
    matching::matching, name::ArtifactName, nearest::nearest, variant::Variant,
};

pub use self::error::SelectError;

/// The request of a user.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Artifact names, groups, prefixes of names that end before a `/`, globs, or `all`; the catalog's defaults if empty.
    pub artifacts: Vec<String>,
    /// Platforms; every declared one when empty.
    pub platforms: Vec<Platform>,
    /// `--set OPTION=VALUE`, in order; the last one of an option counts. An axis may be set too, once or more, and is
    /// then built for those values alone.
    pub set: Vec<(String, String)>,
}

impl CheckedCatalog {
    /// The variants of a request: artifacts in the order of the catalog, platforms as declared.
    pub fn select(&self, request: &Request) -> Result<Vec<Variant>, SelectError> {
        let artifacts = self.select_artifacts(&request.artifacts)?;
        self.check_set(&artifacts, &request.set)?;
        let mut variants = Vec::new();
        for artifact in &artifacts {
            let platforms = select_platforms(artifact, &request.platforms)?;
            let set = self.set_in(artifact, &request.set)?;
            let all = artifact.variants_for(&platforms).into_iter();
            variants.extend(all.filter_map(|variant| set.variant(variant)));
            if variants.len() > MAX_VARIANTS {
                return Err(too_many(&artifacts, artifact));
            }
        }
        Ok(variants)
    }

    /// The artifacts of names, prefixes, globs or `all`, in the order of the catalog; the defaults if there are no
    /// `patterns`.
    pub fn select_artifacts(&self, patterns: &[String]) -> Result<Vec<&Artifact>, SelectError> {
        let is_delivered = |name: &&ArtifactName| self.artifacts[*name].kind.is_delivered();
        let delivered = || self.order.iter().filter(is_delivered);
        let valid = || delivered().map(ToString::to_string).collect();
        if patterns.is_empty() && self.defaults.is_empty() {
            return Err(SelectError::Nothing { valid: valid() });
        }
        let mut selected: BTreeSet<&ArtifactName> = BTreeSet::new();
        if patterns.is_empty() {
            selected.extend(&self.defaults);
        }
        for pattern in patterns {
            let matched = self.matching(pattern);
            if matched.is_empty() && pattern.contains(['*', '?', '[']) {
                return Err(SelectError::NoMatch {
                    pattern: pattern.clone(),
                    valid: valid(),
                });
            } else if matched.is_empty() {
                if self.artifacts.contains_key(pattern.as_str()) {
                    return Err(SelectError::Stage {
                        name: pattern.clone(),
                    });
                }
                let names = self.order.iter().map(ArtifactName::as_str);
                let names = names.chain(self.groups.keys().map(String::as_str));
                let nearest = nearest(pattern, names).map(str::to_owned);
                return Err(SelectError::UnknownArtifact {
                    name: pattern.clone(),
                    valid: valid(),
                    nearest,
                });
            }
            selected.extend(matched);
        }
        Ok(self
            .artifacts()
            .filter(|artifact| selected.contains(&artifact.name))
            .collect())
    }

    /// The delivered artifacts that a name, group, prefix, glob or `all` stands for.
    pub(crate) fn matching(&self, pattern: &str) -> Vec<&ArtifactName> {
        matching(pattern, &self.order, &self.artifacts, |name| {
            let group = self.groups.get(name)?;
            let members = group.iter().filter_map(|name| {
                let (name, _) = self.artifacts.get_key_value(name)?;
                Some(name)
            });
            Some(members.collect())
        })
    }
}

/// The error that names the artifact with the most variants, which is `last` if there is no other.
fn too_many(artifacts: &[&Artifact], last: &Artifact) -> SelectError {
    let largest = artifacts.iter().copied();
    let largest = largest.max_by_key(|artifact| artifact.variant_count());
    let largest = largest.unwrap_or(last);
    SelectError::TooManyVariants {
        artifact: largest.name.clone(),
        count: largest.variant_count(),
        factors: largest.variant_factors(),
    }
}

fn select_platforms(
    artifact: &Artifact,
    wanted: &[Platform],
) -> Result<Vec<Platform>, SelectError> {
    if let Some(platform) = wanted
        .iter()
        .find(|platform| !artifact.platforms.contains(platform))
    {
        let valid: Vec<String> = artifact.platforms.iter().map(ToString::to_string).collect();
        let platform = platform.to_string();
        let nearest = nearest(&platform, valid.iter().map(String::as_str)).map(str::to_owned);
        return Err(SelectError::UndeclaredPlatform {
            artifact: artifact.name.clone(),
            platform,
            valid,
            nearest,
        });
    }
    let chosen = |platform: &&Platform| wanted.is_empty() || wanted.contains(platform);
    Ok(artifact.platforms.iter().filter(chosen).cloned().collect())
}

/// The names in `set` that no artifact of `variants` has, each once: they change nothing here.
pub fn unused_options<'s>(variants: &[Variant], set: &'s [(String, String)]) -> BTreeSet<&'s str> {
    let names = set.iter().map(|(name, _)| name.as_str());
    let is_used = |name: &str| {
        let mut all = variants.iter();
        all.any(|variant| variant.values.contains_key(name))
    };
    let is_git = |name: &str| GitValues::NAMES.contains(&name);
    names
        .filter(|name| !is_used(name) && !is_git(name))
        .collect()
}

#[cfg(test)]
mod tests;
