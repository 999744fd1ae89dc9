//! The plan of a variant: its graph, its reads, and the path of its output.

mod built;
mod definition;
mod needs;
mod outputs;

use std::collections::BTreeSet;

use buildkit_llb::{Cap, CapSet, Constraints, Definition, Entry, LocalSessions, OpContent};

use self::built::Plain;
pub use self::{
    definition::PlannedDefinition,
    outputs::{OutputClash, check_outputs},
};
use crate::{
    artifact::Artifact,
    base::ResolvedBase,
    catalog::CheckedCatalog,
    check,
    compression::{Compression, TarCompression},
    hex::hex,
    id::{Id, TAG_DIGITS},
    image_config::ImageConfig,
    image_form::ImageForm,
    inputs::Inputs,
    kind::Kind,
    local::LocalSource,
    lock::{CacheNamespace, Reference},
    mirror::Mirrors,
    oci::OciConfigs,
    pack::{PACKER, Packer},
    path::ContextPath,
    plan_error::{PlanError, PlanProblem},
    plan_options::{Caching, PlanOptions},
    planner::{Form, Gathered, MissingContext, Planner, rules},
    problem::Problem,
    read::Read,
    variant::Variant,
};

/// Everything that is needed to build one variant.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The variant.
    pub variant: Variant,
    /// The artifact's kind.
    pub kind: Kind,
    /// The base of its own steps.
    pub base: ResolvedBase,
    /// The graph, for the variant's platform, in the form of ids, records and comparisons: without the parts that
    /// differ from client to client.
    pub definition: PlannedDefinition,
    /// The same graph with the namespace of caches and the mirrors of downloads.
    emitted: PlannedDefinition,
    /// The emitted graph with the proxies of the build and the sessions of its files.
    returned: PlannedDefinition,
    /// The returned graph with the tar of a root filesystem as its result, and with many files as bundles.
    solved: Option<PlannedDefinition>,
    /// The config of an image of it, as far as steps set it.
    pub config: ImageConfig,
    /// The configs of an image of it.
    pub oci: OciConfigs,
    /// The local sources that the graph reads from the client's disk.
    pub locals: Vec<LocalSource>,
    /// The stores of OCI layouts that the graph reads, by [id](crate::LayoutImage::store).
    pub stores: BTreeSet<String>,
    /// The reads of its steps and of the steps of its base artifacts.
    pub reads: BTreeSet<Read>,
    /// The references of the graph that a lock pins.
    pub references: BTreeSet<Reference>,
    /// The references that are not in the lock. The graph has them as they are written, so it may mean another thing
    /// tomorrow.
    pub unpinned: Vec<Reference>,
    /// The mirrors of its downloads.
    mirrors: Mirrors,
    /// The directories that its steps read and that the user did not give. A graph without them is not for building.
    pub missing: BTreeSet<MissingContext>,
    /// Its identity; `None` if a pin or a directory is missing.
    pub id: Option<Id>,
    /// The tags of its image that are made from the text of files.
    pub file_tags: Vec<String>,
    /// The path of its tar, below the output directory.
    pub output: ContextPath,
    /// The file name of the tar in the result of [`to_solve`](Self::to_solve). `None` for an image, whose result is its
    /// tree.
    pub packed: Option<String>,
    /// The compression of its tar.
    pub tar_compression: TarCompression,
    /// The form of its image; the default one for a tar.
    pub image_form: ImageForm,
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
        let rules = rules(artifact.kind);
        let packed = rules.is_packed_last().then(|| planner.packed(variant));
        let packed = packed.transpose()?.map(|packed| packed.state);
        let plain = Plain {
            tree: &tree.state,
            packed,
            has_bundles: planner.has_bundles(),
            has_mirror: planner.has_mirror(),
        };
        let built = self.built(variant, inputs, options, plain)?;
        let form = form(artifact, variant, options)?;
        let packed = (!artifact.kind.is_image()).then(|| path.file_name().to_owned());
        let output = path.with_ending(form.tar_compression.ending());
        let base = self.resolve_base(variant, inputs)?;
        let Gathered {
            locals,
            stores,
            reads,
            references,
            missing,
            packs,
            has_mirror: _,
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
        let format = rules.format(&form, &configs);
        let id = Id::of_variant(artifact.kind, &format, variant, graph);
        Ok(Plan {
            variant: variant.clone(),
            kind: artifact.kind,
            base,
            id: (unpinned.is_empty() && missing.is_empty()).then_some(id),
            definition,
            emitted: for_build(built.emitted),
            returned: for_build(built.returned),
            solved: built.solved.map(for_build),
            config: tree.config,
            oci: configs,
            locals,
            stores,
            reads,
            references,
            unpinned,
            mirrors: inputs.mirrors.clone(),
            missing,
            file_tags: file_tags(artifact, variant, inputs)?,
            output,
            packed,
            tar_compression: form.tar_compression,
            image_form: form.image,
        })
    }

    /// The prefix of the ids of cache mounts, so that one daemon keeps the caches of several catalogs apart.
    fn cache_namespace<'a>(&'a self, inputs: &'a Inputs) -> &'a str {
        let given = inputs.cache_namespace.as_ref();
        let written = || inputs.lock.cache_namespace();
        let name = given.map(CacheNamespace::as_str).or_else(written);
        name.unwrap_or(&self.own_namespace)
    }

    /// The graph with one packer that stands for all packers.
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

impl Id {
    /// The id of an image: it covers the platforms of all `plans`, in any order.
    pub fn of_image(plans: &[&Plan]) -> Option<Self> {
        let parts = plans
            .iter()
            .map(|plan| Some((plan.variant.platform.to_string(), plan.id?)))
            .collect::<Option<Vec<_>>>()?;
        Some(Self::of_platforms(parts))
    }
}

impl Plan {
    /// Whether both are the same image, for two platforms.
    pub fn is_of_image(&self, other: &Self) -> bool {
        self.kind.is_image()
            && self.variant.artifact == other.variant.artifact
            && self.variant.values == other.variant.values
    }

    /// The download that its graphs fetch from `address`, a URL of its own or of a mirror. Without a checksum of its own,
    /// the lock pins it.
    pub fn download_at(&self, address: &str) -> Option<&Read> {
        let mut reads = self.reads.iter();
        reads.find(|read| {
            let url = read.url();
            url.is_some_and(|url| self.mirrors.fetched(url) == address)
        })
    }

    /// The prefixes whose mirrors none of the downloads of `plans` uses.
    pub fn unused_mirrors<'a>(plans: impl IntoIterator<Item = &'a Self>) -> Vec<&'a str> {
        let mut plans = plans.into_iter().peekable();
        let Some(first) = plans.peek().copied() else {
            return Vec::new();
        };
        let urls = plans.flat_map(|plan| plan.reads.iter().filter_map(Read::url));
        first.mirrors.unused(urls)
    }

    /// The graph to give away: with the namespace of caches, for any client that sends its files.
    pub fn to_emit(&self) -> &Definition {
        &self.emitted
    }

    /// The graph to return from a frontend: with the proxies of the build and the sessions of its files, too.
    pub fn to_return(&self) -> &Definition {
        &self.returned
    }

    /// The graph that a build by llbgen solves: with the proxies of the build, with many files as bundles, and with a
    /// tar as its result, if the artifact is a tar. The graphs of `emit` and of a frontend have the tree of a root
    /// filesystem itself as their result, which BuildKit's exporters write in their own form.
    pub fn to_solve(&self) -> &Definition {
        match &self.solved {
            Some(solved) => solved,
            None => self.to_return(),
        }
    }

    /// The same plan for a client with these sessions: no other client can send the files that its graphs read. Its
    /// [`definition`](Self::definition), ids and digests stay those of the files.
    pub fn for_sessions(mut self, sessions: &LocalSessions) -> Self {
        if self.locals.is_empty() {
            return self;
        }
        self.returned = self.returned.for_sessions(sessions);
        self.solved = self.solved.map(|solved| solved.for_sessions(sessions));
        self
    }

    /// The number of vertices in its graph.
    pub fn vertices(&self) -> usize {
        self.definition.vertices().len()
    }

    /// The number of vertices that run a command of a step, without those of the packer.
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

/// The form of a variant: what the call says of it, or else what the artifact declares.
fn form(
    artifact: &Artifact,
    variant: &Variant,
    options: &PlanOptions,
) -> Result<Form, PlanProblem> {
    let declared = artifact.compression.filter(|_| artifact.kind.is_tar());
    let declared = declared.map(Compression::of_tar).transpose();
    let tar_compression = options
        .tar_compression
        .filter(|_| artifact.kind.is_tar())
        .or(declared.map_err(Problem::from)?);
    Ok(Form {
        tar_compression: tar_compression.unwrap_or_default(),
        image: ImageForm::of(artifact, variant, &options.image_form)?,
        epoch: options.epoch,
    })
}

fn file_tags(
    artifact: &Artifact,
    variant: &Variant,
    inputs: &Inputs,
) -> Result<Vec<String>, PlanProblem> {
    let tag = |path: ContextPath| {
        let files = inputs.files.get(&path.clone().into());
        let file = files.and_then(|files| files.get(&path));
        let file = file.ok_or_else(|| PlanProblem::FileTag { path: path.clone() })?;
        let mut tag = hex(&file.sha256());
        tag.truncate(TAG_DIGITS);
        Ok(tag)
    };
    let paths = check::file_tag_paths(artifact, variant)?;
    paths.into_iter().map(tag).collect()
}

/// The daemon gives a command a PATH if neither the base nor a step sets one. Every supported daemon can do this.
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
