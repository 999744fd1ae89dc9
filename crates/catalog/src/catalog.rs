//! The catalog: all artifacts of a team. Everything else works on its checked form.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use buildkit_llb::Platform;

use crate::{
    artifact::{Artifact, Base, RunsOn},
    budget::MAX_VARIANTS,
    name::{ArtifactName, VariableName},
    option::{DeclaredOption, OptionValues},
    part::Part,
    path::ContextPath,
    problem::Problem,
    template::{Template, ValueTables},
    variant::Variant,
};

/// Artifacts as declared. [`check`](Self::check) gives the form that can be selected from and planned.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) defaults: Vec<String>,
    pub(crate) options: Vec<DeclaredOption>,
    pub(crate) values: ValueTables,
    pub(crate) parts: Vec<Part>,
    pub(crate) groups: Vec<DeclaredGroup>,
    pub(crate) build_platform: Option<Platform>,
    /// The names of the files that declare it.
    pub(crate) files: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

/// A name for several artifacts.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredGroup {
    pub(crate) name: String,
    /// Names, prefixes, globs and groups.
    pub(crate) members: Vec<String>,
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

    /// A name for several artifacts: names, prefixes of names that end before a `/`, globs, and other groups.
    pub fn group<'a>(mut self, name: &str, members: impl IntoIterator<Item = &'a str>) -> Self {
        self.groups.push(DeclaredGroup {
            name: name.to_owned(),
            members: members.into_iter().map(str::to_owned).collect(),
        });
        self
    }

    /// The artifacts that a bare `llbgen build` builds: names, prefixes, globs and groups. Without them, a bare `build` is refused with the list of
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

    /// Adds fields to a value of a variable: while `jdk` is `25`, `{jdk.full}` is the field `full` of the row
    /// `("jdk", "25")`. The texts of fields are [`Template`]s.
    pub fn row<'a>(
        mut self,
        variable: &str,
        value: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut row = BTreeMap::new();
        for (name, text) in fields {
            match (name.parse::<VariableName>(), text.parse()) {
                (Ok(name), Ok(text)) => _ = row.insert(name, text),
                (Err(error), _) => self.problems.push(Problem::Name(error)),
                (_, Err(error)) => self.problems.push(Problem::Template(error)),
            }
        }
        match variable.parse::<VariableName>() {
            Ok(name) => {
                let twice = self.values.add(name, value, row, None).into_iter();
                self.problems.extend(twice.map(|field| Problem::FieldTwice {
                    field: format!("values.{variable}.\"{value}\".{field}"),
                }));
            }
            Err(error) => self.problems.push(Problem::Name(error)),
        }
        self
    }

    /// Adds a part.
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The platform of the steps that [run on the build platform](crate::RunsOn::Build); default: linux/amd64.
    pub fn build_platform(mut self, platform: &str) -> Self {
        match platform.parse::<Platform>() {
            Ok(platform) => self.build_platform = Some(platform.normalized()),
            Err(error) => self.problems.push(Problem::Platform(error)),
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
    pub(crate) groups: BTreeMap<String, BTreeSet<ArtifactName>>,
    pub(crate) defaults: Vec<ArtifactName>,
    /// The namespace of its caches if the lock has none. It is made from the names of its artifacts, so a catalog of
    /// strangers with the same names has the same namespace.
    pub(crate) own_namespace: String,
    /// The options of all artifacts.
    pub(crate) options: BTreeMap<VariableName, OptionValues>,
    /// The instances of stages that artifacts need, options at their defaults.
    pub(crate) instances: BTreeMap<ArtifactName, BTreeSet<Variant>>,
    pub(crate) build_platform: Platform,
    pub(crate) tables: Arc<ValueTables>,
    pub(crate) files: Vec<String>,
}

impl CheckedCatalog {
    /// The files that declare it, by their names in errors: an `llbgen.toml` and what it includes, below the context
    /// directory. None for a catalog that a program declares.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The artifacts in the order of their declaration.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.order.iter().map(|name| &self.artifacts[name])
    }

    /// The artifact of that name.
    pub fn get(&self, name: &str) -> Option<&Artifact> {
        self.artifacts.get(name)
    }

    /// The groups, each with its artifacts.
    pub fn groups(&self) -> &BTreeMap<String, BTreeSet<ArtifactName>> {
        &self.groups
    }

    /// The artifacts that a bare `build` builds.
    pub fn defaults(&self) -> &[ArtifactName] {
        &self.defaults
    }

    /// The base of a variant, if it is an artifact of this catalog.
    pub fn base_artifact(&self, variant: &Variant) -> Option<&Artifact> {
        let artifact = &self.artifacts[&variant.artifact];
        // The check reports a text that cannot be filled in.
        let base = artifact.base_text(variant).ok()??;
        self.artifacts.get(base.as_str())
    }

    /// The artifacts that variants of `artifact` start from.
    pub fn base_artifacts(&self, artifact: &Artifact) -> Vec<&Artifact> {
        let mut bases: Vec<&Artifact> = Vec::new();
        for variant in self.variants(artifact) {
            if let Some(base) = self.base_artifact(&variant)
                && bases.iter().all(|known| known.name != base.name)
            {
                bases.push(base);
            }
        }
        bases
    }

    /// The variants of an artifact, options at their defaults; of a stage, those that artifacts need.
    pub fn variants(&self, artifact: &Artifact) -> Vec<Variant> {
        if artifact.kind.is_delivered() {
            // The check reports an artifact that has more.
            let has_too_many = artifact.variant_count() > MAX_VARIANTS;
            return if has_too_many {
                Vec::new()
            } else {
                artifact.variants()
            };
        }
        let instances = self.instances.get(&artifact.name);
        instances.into_iter().flatten().cloned().collect()
    }

    /// The platform that the steps of a variant run on.
    pub(crate) fn run_platform<'a>(&'a self, variant: &'a Variant) -> &'a Platform {
        match self.artifacts[&variant.artifact].runs_on {
            RunsOn::Target => &variant.platform,
            RunsOn::Build => &self.build_platform,
        }
    }
}
