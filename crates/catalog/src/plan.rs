//! The plan of a variant: its graph, what it reads, and where its output goes.

mod definition;
mod error;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Cap, CapSet, Constraints, Definition, Entry, OpContent};

pub use self::{
    definition::PlannedDefinition,
    error::{PlanError, PlanProblem},
};
use crate::{
    artifact::{Artifact, Kind},
    base::ResolvedBase,
    catalog::CheckedCatalog,
    check,
    compression::TarCompression,
    id::{Format, Id, TAG_DIGITS},
    inputs::{Inputs, Needs},
    local::{LocalSource, hex},
    lock::Reference,
    name::ContextName,
    oci::{self, OciConfigs},
    pack::{PACKER, Packer},
    path::ContextPath,
    planner::{Gathered, Planner},
    step::{Read, Reader, Step, StepError, StepProblem},
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
    /// The graph, for the variant's platform.
    pub definition: PlannedDefinition,
    /// The same with the proxies of the build, if there are any.
    proxied: Option<PlannedDefinition>,
    /// The graph that has the tar of a root filesystem as its result.
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

impl CheckedCatalog {
    /// What has to be read before `variants` can be planned.
    pub fn needs(&self, variants: &[Variant]) -> Result<Needs, PlanError> {
        let mut needs = Needs::default();
        for variant in variants {
            let failed = |reason| PlanError::new(variant, reason);
            let artifact = &self.artifacts[&variant.artifact];
            needs.files.extend(artifact.file_tags.iter().cloned());
            for variant in self.variant_closure(variant).map_err(failed)? {
                let artifact = &self.artifacts[&variant.artifact];
                if let crate::artifact::Base::FromLine { from } = &artifact.base {
                    needs.dockerfiles.insert(from.clone());
                }
                let reads = reads_of(artifact, &variant).map_err(failed)?;
                needs.packer |= artifact.kind != Kind::Image;
                for read in reads.into_iter().flatten() {
                    needs.add(read);
                }
            }
        }
        Ok(needs)
    }

    /// What the steps of `variant` read, and those of what it is made from, whatever contexts replace.
    pub fn reads(&self, variant: &Variant) -> Result<BTreeSet<Read>, PlanError> {
        let failed = |reason| PlanError::new(variant, reason);
        let mut reads = BTreeSet::new();
        for below in self.variant_closure(variant).map_err(failed)? {
            let steps = reads_of(&self.artifacts[&below.artifact], &below).map_err(failed)?;
            reads.extend(steps.into_iter().flatten());
        }
        Ok(reads)
    }

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
        let solved = match (artifact.kind, &inputs.proxy) {
            (Kind::Rootfs, None) => Some(planner.packed(variant)?.state),
            (Kind::Rootfs, Some(proxy)) => {
                let mut planner = Planner::proxied(self, inputs, options.epoch, proxy);
                Some(planner.packed(variant)?.state)
            }
            (Kind::Layer | Kind::Image, _) => None,
        };
        let proxied = match &inputs.proxy {
            Some(proxy) => {
                let mut planner = Planner::proxied(self, inputs, options.epoch, proxy);
                Some(planner.result(variant)?.state)
            }
            None => None,
        };
        let compression = match artifact.kind {
            Kind::Rootfs | Kind::Layer => options.tar_compression,
            Kind::Image => TarCompression::Uncompressed,
        };
        let packed = (artifact.kind != Kind::Image).then(|| path.file_name().to_owned());
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
        let like_marshalled =
            |state| PlannedDefinition::like_marshalled(state, constraints.clone());
        let neutral;
        let (definition, graph) = if packs {
            neutral = self.neutral_graph(variant, inputs, options.epoch)?;
            (like_marshalled(tree.state), &neutral)
        } else {
            let definition = PlannedDefinition::try_new(tree.state, constraints.clone())?;
            neutral = Definition::clone(&definition);
            (definition, &neutral)
        };
        let configs = match artifact.kind {
            // What it was made on is not in it.
            Kind::Layer => oci::of_files(&variant.platform),
            Kind::Rootfs | Kind::Image => oci::configs(
                &tree.config,
                tree.base.as_deref(),
                graph,
                &variant.platform,
                inputs.lock.epoch(),
            ),
        };
        let format = match artifact.kind {
            Kind::Rootfs | Kind::Layer => Format::Tar {
                compression,
                epoch: options.epoch,
            },
            Kind::Image => Format::Image {
                config: &configs.image,
                export: &options.image_format,
            },
        };
        let id = Id::of_variant(artifact.kind, &format, variant, graph);
        Ok(Plan {
            variant: variant.clone(),
            kind: artifact.kind,
            base,
            id: (unpinned.is_empty() && missing.is_empty()).then_some(id),
            definition,
            proxied: proxied.map(like_marshalled),
            solved: solved.map(like_marshalled),
            config: tree.config,
            oci: configs,
            locals,
            stores,
            reads,
            references,
            unpinned,
            missing,
            file_tags: file_tags(artifact, inputs)?,
            output,
            packed,
            tar_compression: compression,
        })
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

/// Two outputs of one selection that would be one file, or one below the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` would be written by `{first}` and by `{second}`")]
pub struct OutputClash {
    /// The path.
    pub path: ContextPath,
    /// The variant that is planned first.
    pub first: String,
    /// The other one.
    pub second: String,
}

/// Refuses plans whose outputs are one file. [`Catalog::check`](crate::Catalog::check) has done so for options at their
/// defaults.
pub fn check_outputs(plans: &[Plan]) -> Result<(), OutputClash> {
    let mut written: BTreeMap<&ContextPath, usize> = BTreeMap::new();
    let clash = |path: &ContextPath, one: usize, other: usize| OutputClash {
        path: path.clone(),
        first: plans[one.min(other)].variant.to_string(),
        second: plans[one.max(other)].variant.to_string(),
    };
    for (index, plan) in plans.iter().enumerate() {
        match written.get(&plan.output) {
            // The archive of an image holds all its platforms.
            Some(other) if plan.is_of_image(&plans[*other]) => {}
            Some(other) => return Err(clash(&plan.output, *other, index)),
            None => drop(written.insert(&plan.output, index)),
        }
    }
    for (path, index) in &written {
        for above in std::iter::successors(path.parent(), ContextPath::parent) {
            if let Some(other) = written.get(&above) {
                return Err(clash(&above, *other, *index));
            }
        }
    }
    Ok(())
}

impl Plan {
    /// Whether both are the same image, for two platforms.
    pub fn is_of_image(&self, other: &Self) -> bool {
        self.kind == Kind::Image
            && self.variant.artifact == other.variant.artifact
            && self.variant.values == other.variant.values
    }

    /// The graph to return from a frontend: with the proxies of the build.
    pub fn to_return(&self) -> &Definition {
        self.proxied.as_ref().unwrap_or(&self.definition)
    }

    /// The graph that a build of ours solves: with the proxies of the build, and with a tar as its result, if the artifact
    /// is one. What `emit` and a frontend give has the tree of a root filesystem itself as its result, which BuildKit's
    /// exporters write in their own form.
    pub fn to_solve(&self) -> &Definition {
        match &self.solved {
            Some(solved) => solved,
            None => self.to_return(),
        }
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

fn file_tags(artifact: &Artifact, inputs: &Inputs) -> Result<Vec<String>, PlanProblem> {
    let tag = |path: &ContextPath| {
        let file = inputs.files.get(path).and_then(|files| files.get(path));
        let file = file.ok_or_else(|| PlanProblem::FileTag { path: path.clone() })?;
        let mut tag = hex(&file.sha256());
        tag.truncate(TAG_DIGITS);
        Ok(tag)
    };
    artifact.file_tags.iter().map(tag).collect()
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

/// What every step of `artifact` reads, in the order of the steps, the last ones among them.
pub(crate) fn reads_of(
    artifact: &Artifact,
    variant: &Variant,
) -> Result<Vec<Vec<Read>>, PlanProblem> {
    let variables = variant.variables();
    let reader = Reader {
        variables: &variables,
    };
    artifact
        .numbered_steps()
        .map(|(number, step)| {
            step.reads(reader)
                .map_err(|source| step_failed(artifact, number, step, source))
        })
        .collect()
}

pub(crate) fn step_failed(
    artifact: &Artifact,
    number: usize,
    step: &Step,
    source: StepError,
) -> PlanProblem {
    let written = StepProblem::from(&source).written;
    let place = artifact.step_place(number);
    PlanProblem::Step {
        place: place.map(|place| Box::new(place.of_text(&written))),
        artifact: artifact.name.to_string(),
        number,
        title: step.title(),
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests;
