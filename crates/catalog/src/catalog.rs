//! The catalog: all artifacts of a team. Everything else works on its checked form.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    artifact::{Artifact, Base},
    check,
    name::{ArtifactName, VariableName},
    option::{DeclaredOption, OptionValues},
    path::ContextPath,
    problem::{CatalogError, Problem},
    template::Template,
    variant::Variant,
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

    /// Checks the whole catalog: names, bases, cycles, variables in templates, and that no two outputs are one file.
    /// All problems are reported at once.
    pub fn check(self) -> Result<CheckedCatalog, CatalogError> {
        check::check(self)
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
    /// The artifacts in the order of their declaration.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.order.iter().map(|name| &self.artifacts[name])
    }

    /// The artifact of that name.
    pub fn get(&self, name: &str) -> Option<&Artifact> {
        self.artifacts.get(name)
    }

    /// The path of the output of `variant` below the output directory; an error if an option's value leads out of it.
    ///
    /// # Panics
    /// If `variant` is not of this catalog.
    pub fn output(&self, variant: &Variant) -> Result<ContextPath, Problem> {
        check::output_path(&self.artifacts[&variant.artifact], variant)
    }

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
            references: check::image_names(artifact, variant, (check::TAGS, &artifact.tags))?,
            of_platform: check::image_names(
                artifact,
                variant,
                (check::PLATFORM_TAGS, &artifact.platform_tags),
            )?,
        })
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
