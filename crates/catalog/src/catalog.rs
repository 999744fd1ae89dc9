//! The catalog: all artifacts of a team. Everything else works on its checked form.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    artifact::{Artifact, Base},
    name::{ArtifactName, VariableName},
    option::{DeclaredOption, OptionValues},
    path::ContextPath,
    problem::Problem,
    template::Template,
};

/// Artifacts as declared. [`check`](Self::check) gives the form that can be selected from and planned.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) defaults: Vec<String>,
    pub(crate) options: Vec<DeclaredOption>,
    pub(crate) problems: Vec<Problem>,
}

impl Catalog {
    /// A catalog without artifacts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an artifact.
    pub fn artifact(mut self, artifact: Artifact) -> Self {
        self.artifacts.push(artifact);
        self
    }

    /// The artifacts that a bare `llbgen build` builds. Without them, a bare `build` is refused with the list of
    /// artifacts.
    pub fn defaults<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.defaults = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// An option of all artifacts that use it: a variable with one value, `default` (a [`Template`] of
    /// other options) unless `--set` gives another of `values` (any when empty).
    pub fn option<'a>(
        mut self,
        name: &str,
        default: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let option = OptionValues {
            default: Template::unchecked(default),
            values: values.into_iter().map(str::to_owned).collect(),
        };
        match name.parse() {
            Ok(name) => self.options.push(DeclaredOption {
                name,
                option,
                place: None,
            }),
            Err(error) => self.problems.push(Problem::Name(error)),
        }
        self
    }

    /// Whether it declares no artifact.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty()
    }

    /// The Dockerfiles whose FROM lines name bases.
    pub fn dockerfiles(&self) -> BTreeSet<&ContextPath> {
        let bases = self.artifacts.iter().map(|artifact| &artifact.base);
        let named = bases.filter_map(|base| match base {
            Base::FromLine { from } => Some(from),
            Base::Named(_) => None,
        });
        named.collect()
    }
}

/// A catalog in which every name resolves, no base leads back to itself, and every output path is unique.
#[derive(Debug, Clone)]
pub struct CheckedCatalog {
    pub(crate) artifacts: BTreeMap<ArtifactName, Artifact>,
    pub(crate) order: Vec<ArtifactName>,
    pub(crate) defaults: Vec<ArtifactName>,
    /// The namespace of its caches if the lock has none. It is made from the names of its artifacts, so a catalog of
    /// strangers with the same names has the same namespace.
    pub(crate) own_namespace: String,
    /// The options of all artifacts.
    pub(crate) options: BTreeMap<VariableName, OptionValues>,
}

impl CheckedCatalog {
    /// The artifacts in the order of their declaration.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.order.iter().map(|name| &self.artifacts[name])
    }

    /// The artifact of that name.
    pub fn get(&self, name: &str) -> Option<&Artifact> {
        self.artifacts.get(name)
    }

    /// The artifacts that a bare `build` builds.
    pub fn defaults(&self) -> &[ArtifactName] {
        &self.defaults
    }

    /// The base of `artifact`, if it is an artifact of this catalog.
    pub fn base_artifact(&self, artifact: &Artifact) -> Option<&Artifact> {
        match &artifact.base {
            Base::Named(name) => self.artifacts.get(name.as_str()),
            Base::FromLine { .. } => None,
        }
    }

    /// `artifact` and the artifacts below it, topmost first.
    pub fn base_chain<'a>(&'a self, artifact: &'a Artifact) -> impl Iterator<Item = &'a Artifact> {
        std::iter::successors(Some(artifact), |artifact| self.base_artifact(artifact))
    }
}
