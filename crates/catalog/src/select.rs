//! From what a user asks for to variants: names, globs, platforms and option values.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::Platform;
use globset::Glob;

use crate::{
    artifact::Artifact,
    budget::{self, MAX_VARIANTS},
    catalog::CheckedCatalog,
    name::{ArtifactName, VariableName},
    nearest::nearest,
    option::settled,
    variant::{self, Variant},
    words::{did_you_mean, listed},
};

/// What a user asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Artifact names, what stands before a `/` in several, globs, or `all`; the catalog's defaults when empty.
    pub artifacts: Vec<String>,
    /// Platforms; every declared one when empty.
    pub platforms: Vec<Platform>,
    /// `--set OPTION=VALUE`, in order, the last one of an option counting; an axis may be set too, once or more, and is
    /// then built for those values alone.
    pub set: Vec<(String, String)>,
}

/// Why nothing can be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No artifact was named and the catalog has no defaults.
    #[error("no artifact was named, and the catalog has no defaults")]
    Nothing {
        /// The artifacts that there are.
        valid: Vec<String>,
    },
    /// An artifact that the catalog does not have.
    #[error("there is no artifact `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownArtifact {
        /// The name as given.
        name: String,
        /// The artifacts that there are.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// A glob that no artifact matches, or that cannot be read.
    #[error("`{pattern}` matches no artifact")]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// The artifacts that there are.
        valid: Vec<String>,
    },
    /// A platform that an artifact is not declared for.
    #[error("artifact `{artifact}` is not declared for `{platform}`{}", did_you_mean(nearest.as_deref()))]
    UndeclaredPlatform {
        /// The artifact.
        artifact: ArtifactName,
        /// The platform.
        platform: String,
        /// The platforms that it is declared for.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// An option that no artifact of the catalog has.
    #[error("no artifact has an option `{name}`{}", did_you_mean(nearest.as_deref()))]
    UnknownOption {
        /// The name as given.
        name: String,
        /// The options and axes that there are.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
    /// More variants than one call can have.
    #[error(
        "the selection has more than {MAX_VARIANTS} variants; `{artifact}` alone has {count} ({factors})"
    )]
    TooManyVariants {
        /// The artifact that has most of them.
        artifact: ArtifactName,
        /// How many.
        count: usize,
        /// What they are the product of.
        factors: String,
    },
    /// A value that an option or axis cannot take.
    #[error("option `{name}` of artifact `{artifact}` cannot be `{value}`{}", did_you_mean(nearest.as_deref()))]
    InvalidValue {
        /// The artifact.
        artifact: ArtifactName,
        /// The option or axis.
        name: VariableName,
        /// The value as given.
        value: String,
        /// The values that it can take.
        valid: Vec<String>,
        /// The one that is most like it.
        nearest: Option<String>,
    },
}

impl SelectError {
    /// What there is instead, in words.
    pub fn valid_ones(&self) -> String {
        match self {
            Self::Nothing { valid }
            | Self::UnknownArtifact { valid, .. }
            | Self::NoMatch { valid, .. } => format!("the artifacts are {}", listed(valid)),
            Self::UndeclaredPlatform { valid, .. } => {
                format!("it is declared for {}", listed(valid))
            }
            Self::UnknownOption { valid, .. } if valid.is_empty() => {
                "the catalog has no options".to_owned()
            }
            Self::UnknownOption { valid, .. } => format!("the options are {}", listed(valid)),
            Self::TooManyVariants { .. } => {
                "select fewer artifacts or platforms, or set an axis".to_owned()
            }
            Self::InvalidValue { valid, .. } => format!("it can be {}", listed(valid)),
        }
    }
}

impl CheckedCatalog {
    /// The variants that a request asks for: artifacts in the order of the catalog, platforms as declared.
    pub fn select(&self, request: &Request) -> Result<Vec<Variant>, SelectError> {
        let artifacts = self.select_artifacts(&request.artifacts)?;
        self.check_options(&request.set)?;
        let mut variants = Vec::new();
        for artifact in &artifacts {
            let platforms = select_platforms(artifact, &request.platforms)?;
            for mut variant in variant::all_of(artifact, &platforms) {
                if set_values(artifact, &mut variant, &request.set)? {
                    variants.push(variant);
                }
            }
            if variants.len() > MAX_VARIANTS {
                return Err(too_many(&artifacts, artifact));
            }
        }
        Ok(variants)
    }

    /// The variants of one artifact, options at their defaults.
    pub fn variants(&self, artifact: &Artifact) -> Vec<Variant> {
        variant::all_of(artifact, &artifact.platforms)
    }

    /// Refuses what `set` cannot be in some artifact that has it.
    pub(crate) fn check_everywhere(&self, set: &[(String, String)]) -> Result<(), SelectError> {
        self.check_options(set)?;
        for artifact in self.artifacts() {
            for (name, value) in set {
                check_set(artifact, name, value)?;
            }
        }
        Ok(())
    }

    /// The artifacts that names, prefixes, globs or `all` stand for, in the order of the catalog; the defaults when there
    /// are none.
    pub fn select_artifacts(&self, patterns: &[String]) -> Result<Vec<&Artifact>, SelectError> {
        let valid = || self.order.iter().map(ToString::to_string).collect();
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
                let nearest = nearest(pattern, self.order.iter().map(ArtifactName::as_str))
                    .map(str::to_owned);
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

    /// Refuses options that no artifact of the catalog has, and values that none of those that have it can take. Which of
    /// the artifacts are selected does not count: whoever builds several of them gives all the same arguments.
    fn check_options(&self, set: &[(String, String)]) -> Result<(), SelectError> {
        for (name, value) in set {
            let mut having = self.artifacts().filter(|artifact| has(artifact, name));
            let Some(first) = having.next() else {
                return Err(self.unknown_option(name));
            };
            if let Err(refused) = check_set(first, name, value)
                && having.all(|artifact| check_set(artifact, name, value).is_err())
            {
                return Err(refused);
            }
        }
        Ok(())
    }

    fn unknown_option(&self, name: &str) -> SelectError {
        let names = |artifact: &Artifact| {
            let names = artifact.axes.keys().chain(artifact.options.keys());
            names.map(ToString::to_string).collect::<Vec<_>>()
        };
        let valid: BTreeSet<String> = self.artifacts().flat_map(names).collect();
        SelectError::UnknownOption {
            name: name.to_owned(),
            nearest: nearest(name, valid.iter().map(String::as_str)).map(str::to_owned),
            valid: valid.into_iter().collect(),
        }
    }

    fn matching(&self, pattern: &str) -> Vec<&ArtifactName> {
        if let Some((name, _)) = self.artifacts.get_key_value(pattern) {
            return vec![name];
        }
        if pattern == "all" {
            return self.order.iter().collect();
        }
        let below = self.order.iter().filter(|name| {
            let rest = name.as_str().strip_prefix(pattern.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        let below: Vec<&ArtifactName> = below.collect();
        if !below.is_empty() {
            return below;
        }
        match Glob::new(pattern) {
            Ok(glob) => {
                let glob = glob.compile_matcher();
                self.order
                    .iter()
                    .filter(|name| glob.is_match(name.as_str()))
                    .collect()
            }
            Err(_) => Vec::new(),
        }
    }
}

/// The artifact with most variants is named, which is `last` if there is no other.
fn too_many(artifacts: &[&Artifact], last: &Artifact) -> SelectError {
    let largest = artifacts.iter().copied();
    let largest = largest.max_by_key(|artifact| budget::variants(artifact));
    let largest = largest.unwrap_or(last);
    SelectError::TooManyVariants {
        artifact: largest.name.clone(),
        count: budget::variants(largest),
        factors: budget::factors(largest),
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

/// The names in `set` that are options of other artifacts than those of `variants`, each once: there they change nothing.
pub fn unused_options<'s>(variants: &[Variant], set: &'s [(String, String)]) -> BTreeSet<&'s str> {
    let names = set.iter().map(|(name, _)| name.as_str());
    let is_used = |name: &str| {
        let mut all = variants.iter();
        all.any(|variant| variant.values.contains_key(name))
    };
    names.filter(|name| !is_used(name)).collect()
}

fn has(artifact: &Artifact, name: &str) -> bool {
    artifact.axes.contains_key(name) || artifact.options.contains_key(name)
}

/// Refuses a value that the option or axis `name` of `artifact`, if it has one, cannot take.
fn check_set(artifact: &Artifact, name: &str, value: &str) -> Result<(), SelectError> {
    let (name, values) = match artifact.axes.get_key_value(name) {
        Some(axis) => axis,
        None => match artifact.options.get_key_value(name) {
            Some((name, option)) if !option.values.is_empty() => (name, &option.values),
            _ => return Ok(()),
        },
    };
    check_value(artifact, name, value, values)
}

/// Sets options; whether the variant stays, which it does unless an axis was set to other values only.
fn set_values(
    artifact: &Artifact,
    variant: &mut Variant,
    set: &[(String, String)],
) -> Result<bool, SelectError> {
    let mut chosen: BTreeMap<&VariableName, Vec<&str>> = BTreeMap::new();
    let mut set_options = BTreeMap::new();
    for (name, value) in set {
        check_set(artifact, name, value)?;
        if let Some((name, _)) = artifact.axes.get_key_value(name.as_str()) {
            chosen.entry(name).or_default().push(value);
        } else if let Some((name, _)) = artifact.options.get_key_value(name.as_str()) {
            set_options.insert(name.clone(), value.clone());
        }
    }
    if !set_options.is_empty() {
        let options = settled(&artifact.options, set_options);
        variant.values.extend(options);
    }
    Ok(chosen
        .iter()
        .all(|(axis, values)| values.contains(&variant.values[*axis].as_str())))
}

fn check_value(
    artifact: &Artifact,
    name: &VariableName,
    value: &str,
    valid: &[String],
) -> Result<(), SelectError> {
    if valid.iter().any(|valid| valid == value) {
        return Ok(());
    }
    Err(SelectError::InvalidValue {
        artifact: artifact.name.clone(),
        name: name.clone(),
        value: value.to_owned(),
        valid: valid.to_vec(),
        nearest: nearest(value, valid.iter().map(String::as_str)).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
