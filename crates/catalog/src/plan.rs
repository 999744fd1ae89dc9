//! The plan of a variant: its graph, what it reads, and where its output goes.

mod definition;
mod error;
mod needs;
mod outputs;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Cap, CapSet, Constraints, Definition, Entry, LocalSessions, OpContent, State};

pub(crate) use self::needs::{reads_of, step_failed};
pub use self::{
    definition::PlannedDefinition,
    error::{PlanError, PlanProblem},
    outputs::{OutputClash, check_outputs},
};
use crate::{
    artifact::Artifact,
    base::ResolvedBase,
    catalog::CheckedCatalog,
    check,
    compression::TarCompression,
    id::{Id, TAG_DIGITS},
    inputs::Inputs,
    kind::Kind,
    local::{LocalSource, Sending, hex},
    lock::{CacheNamespace, Reference},
    name::ContextName,
    oci::OciConfigs,
    pack::{PACKER, Packer},
    path::ContextPath,
    planner::{Gathered, Planner},
    step::Read,
    tree::ImageConfig,
    variant::Variant,
};

/// Everything that is needed to build one variant.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The variant.
    pub variant: Variant,
    /// The artifact's kind.
    pub kind: Kind,
    /// What its own steps start from.
    pub base: ResolvedBase,
    /// The graph, for the variant's platform, as ids, records and comparisons have it: without what differs from client to
    /// client.
    pub definition: PlannedDefinition,
    /// The same with the namespace of caches.
    emitted: PlannedDefinition,
    /// The same with the proxies of the build and the sessions of its files.
    returned: PlannedDefinition,
    /// The same with the tar of a root filesystem as its result, and many files as bundles.
    solved: Option<PlannedDefinition>,
    /// What an image of it is run with, as far as steps set it.
    pub config: ImageConfig,
    /// The configs of an image of it.
    pub oci: OciConfigs,
    /// What the graph reads from the client's disk.
    pub locals: Vec<LocalSource>,
    /// The stores of OCI layouts that the graph reads, by [id](crate::LayoutImage::store).
    pub stores: BTreeSet<String>,
    /// What the steps read, its base artifacts' included.
    pub reads: BTreeSet<Read>,
    /// What the graph refers to that a lock pins.
    pub references: BTreeSet<Reference>,
    /// Those that the lock does not pin. The graph names them as they are written, so that it may mean another thing
    /// tomorrow.
    pub unpinned: Vec<Reference>,
    /// Directories that its steps read, and that nobody gave. A graph without them is not for building.
    pub missing: BTreeSet<MissingContext>,
    /// Its identity; `None` while something is not pinned, or missing.
    pub id: Option<Id>,
    /// The tags that its image has by the text of files.
    pub file_tags: Vec<String>,
    /// Where its tar goes, below the output directory.
    pub output: ContextPath,
    /// The file that is the tar in the result of [`to_solve`](Self::to_solve). `None` for an image, whose result is its
    /// tree.
    pub packed: Option<String>,
    /// How its tar is compressed.
    pub tar_compression: TarCompression,
}

/// A directory of input files that `--build-context NAME=DIR` did not give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct MissingContext {
    /// The name.
    pub name: ContextName,
    /// What is read of it.
    pub path: ContextPath,
}

/// Whether steps that the daemon has a result of are run again. Digests are the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caching {
    /// A cached result is used.
    #[default]
    Use,
    /// Every step runs.
    Ignore,
}

/// What is planned besides the graph itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanOptions {
    /// Whether cached results are used.
    pub caching: Caching,
    /// The time that no time in a tar is later than, in seconds since 1970: `SOURCE_DATE_EPOCH`.
    pub epoch: Option<i64>,
    /// How the tar is compressed; an image has a compression of its own for its layers.
    pub tar_compression: TarCompression,
    /// What of an image's export changes its bytes, such as the compression of its layers.
    pub image_format: BTreeMap<String, String>,
}

impl From<Caching> for PlanOptions {
    fn from(caching: Caching) -> Self {
        Self {
            caching,
            ..Self::default()
        }
    }
}

/// The states of the graphs that are built.
struct Built {
    /// What a frontend returns.
    returned: State,
    /// What a build of ours solves, if that is another one.
    solved: Option<State>,
}

impl CheckedCatalog {
    /// Plans one variant. The same catalog, inputs and variant give the same bytes in any process.
    pub fn plan(
        &self,
        variant: &Variant,
        inputs: &Inputs,
        options: impl Into<PlanOptions>,
    ) -> Result<Plan, PlanError> {
        self.try_plan(variant, inputs, &options.into())
            .map_err(|reason| PlanError::new(variant, reason))
    }

    fn try_plan(
        &self,
        variant: &Variant,
        inputs: &Inputs,
        options: &PlanOptions,
    ) -> Result<Plan, PlanProblem> {
        let artifact = &self.artifacts[&variant.artifact];
        let path = check::output_path(artifact, variant)?;
        let constraints = constraints(variant, options.caching);
        let mut planner = Planner::new(self, inputs, options.epoch);
        let tree = planner.result(variant)?;
        if tree.state.is_scratch() {
            return Err(PlanProblem::Empty);
        }
        let rules = artifact.kind.rules();
        let packed = rules.is_packed_last().then(|| planner.packed(variant));
        let packed = packed.transpose()?.map(|packed| packed.state);
        let has_bundles = planner.has_bundles();
        let built = self.built(variant, inputs, options, (&tree.state, packed, has_bundles))?;
        let is_image = artifact.kind.is_image();
        let compression = if is_image {
            TarCompression::Uncompressed
        } else {
            options.tar_compression
        };
        let packed = (!is_image).then(|| path.file_name().to_owned());
        let output = path.with_ending(compression.ending());
        let base = self.resolve_base(variant, inputs)?;
        let Gathered {
            locals,
            stores,
            reads,
            references,
            missing,
            packs,
        } = planner.finish();
        let unpinned: Vec<Reference> = references
            .iter()
            .filter(|reference| !inputs.lock.pins(&reference.source))
            .cloned()
            .collect();
        let shared = constraints
            .clone()
            .cache_namespace(self.cache_namespace(inputs));
        let for_build = |state| PlannedDefinition::like_marshalled(state, shared.clone());
        let emitted = for_build(tree.state.clone());
        let neutral;
        let (definition, graph) = if packs {
            neutral = self.neutral_graph(variant, inputs, options.epoch)?;
            let definition = PlannedDefinition::like_marshalled(tree.state.clone(), constraints);
            (definition, &neutral)
        } else {
            let definition = PlannedDefinition::try_new(tree.state.clone(), constraints)?;
            neutral = Definition::clone(&definition);
            (definition, &neutral)
        };
        let configs = rules.configs(&tree, graph, variant, inputs.lock.epoch());
        let format = rules.format(options, &configs);
        let id = Id::of_variant(artifact.kind, &format, variant, graph);
        Ok(Plan {
            variant: variant.clone(),
            kind: artifact.kind,
            base,
            id: (unpinned.is_empty() && missing.is_empty()).then_some(id),
            definition,
            emitted,
            returned: for_build(built.returned),
            solved: built.solved.map(for_build),
            config: tree.config,
            oci: configs,
            locals,
            stores,
            reads,
            references,
            unpinned,
            missing,
            file_tags: file_tags(artifact, variant, inputs)?,
            output,
            packed,
            tar_compression: compression,
        })
    }

    /// The states that are built, where they are others than `tree` and `packed`, its tar: with the proxies of the build,
    /// and with bundles of a client of ours.
    fn built(
        &self,
        variant: &Variant,
        inputs: &Inputs,
        options: &PlanOptions,
        (tree, packed, has_bundles): (&State, Option<State>, bool),
    ) -> Result<Built, PlanProblem> {
        let has_proxy = inputs.proxy.is_some();
        let planner = |sending| Planner::of_build(self, inputs, options.epoch, sending);
        let returned = if has_proxy {
            planner(Sending::Files).result(variant)?.state
        } else {
            tree.clone()
        };
        let solved = if packed.is_some() && (has_proxy || has_bundles) {
            Some(planner(Sending::Bundles).packed(variant)?.state)
        } else if has_bundles {
            Some(planner(Sending::Bundles).result(variant)?.state)
        } else {
            packed
        };
        Ok(Built { returned, solved })
    }

    /// What stands before the ids of cache mounts, so that one daemon keeps the caches of several catalogs apart.
    fn cache_namespace<'a>(&'a self, inputs: &'a Inputs) -> &'a str {
        let given = inputs.cache_namespace.as_ref();
        let written = || inputs.lock.cache_namespace();
        let name = given.map(CacheNamespace::as_str).or_else(written);
        name.unwrap_or(&self.own_namespace)
    }

    /// The graph with one program for all that pack.
    fn neutral_graph(
        &self,
        variant: &Variant,
        inputs: &Inputs,
        epoch: Option<i64>,
    ) -> Result<Definition, PlanProblem> {
        let packer = Packer::neutral();
        let mut planner = Planner::neutral(self, inputs, epoch, &packer);
        let tree = planner.result(variant)?;
        Ok(tree.state.marshal(&constraints(variant, Caching::Use))?)
    }
}

impl Plan {
    /// Whether both are the same image, for two platforms.
    pub fn is_of_image(&self, other: &Self) -> bool {
        self.kind.is_image()
            && self.variant.artifact == other.variant.artifact
            && self.variant.values == other.variant.values
    }

    /// The graph to give away: with the namespace of caches, and for whoever sends its files.
    pub fn to_emit(&self) -> &Definition {
        &self.emitted
    }

    /// The graph to return from a frontend: with the proxies of the build and the sessions of its files, too.
    pub fn to_return(&self) -> &Definition {
        &self.returned
    }

    /// The graph that a build of ours solves: with the proxies of the build, with many files as bundles, and with a tar as
    /// its result, if the artifact is one. What `emit` and a frontend give has the tree of a root filesystem itself as its result, which BuildKit's
    /// exporters write in their own form.
    pub fn to_solve(&self) -> &Definition {
        match &self.solved {
            Some(solved) => solved,
            None => self.to_return(),
        }
    }

    /// The same for a client with these sessions: no one else can send the files that its graphs read. Its
    /// [`definition`](Self::definition), ids and digests stay those of the files.
    pub fn for_sessions(mut self, sessions: &LocalSessions) -> Self {
        if self.locals.is_empty() {
            return self;
        }
        self.returned = self.returned.for_sessions(sessions);
        self.solved = self.solved.map(|solved| solved.for_sessions(sessions));
        self
    }

    /// How many vertices its graph has.
    pub fn vertices(&self) -> usize {
        self.definition.vertices().len()
    }

    /// How many of them run a command of a step; those of the packer are not counted.
    pub fn execs(&self) -> usize {
        let vertices = self.definition.vertices();
        vertices.filter(|vertex| is_command(vertex)).count()
    }
}

fn is_command(vertex: &Entry) -> bool {
    match vertex.content() {
        OpContent::Exec(exec) => exec.args.first().is_none_or(|program| program != PACKER),
        _ => false,
    }
}

fn file_tags(
    artifact: &Artifact,
    variant: &Variant,
    inputs: &Inputs,
) -> Result<Vec<String>, PlanProblem> {
    let tag = |path: ContextPath| {
        let file = inputs.files.get(&path).and_then(|files| files.get(&path));
        let file = file.ok_or_else(|| PlanProblem::FileTag { path: path.clone() })?;
        let mut tag = hex(&file.sha256());
        tag.truncate(TAG_DIGITS);
        Ok(tag)
    };
    let paths = check::file_tag_paths(artifact, variant)?;
    paths.into_iter().map(tag).collect()
}

/// The daemon gives a command a PATH when neither the base nor a step set one, which every supported daemon can.
fn constraints(variant: &Variant, caching: Caching) -> Constraints {
    let caps = CapSet::from_iter([Cap::EXEC_META_SETS_DEFAULT_PATH]);
    let constraints = Constraints::new(variant.platform.clone()).caps(caps);
    match caching {
        Caching::Use => constraints,
        Caching::Ignore => constraints.ignore_cache(),
    }
}

#[cfg(test)]
mod tests;
