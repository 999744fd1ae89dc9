//! From a variant to its tree: the base below it, then its steps, each with exactly its declared reads.

mod bases;
mod packing;
mod reads;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Platform, ProxyEnv, State};

pub use self::reads::MissingContext;
pub(crate) use self::rules::{Form, rules};
use self::{packing::Naming, reads::ReadBy};
use crate::{
    artifact::Artifact,
    catalog::CheckedCatalog,
    inputs::Inputs,
    kind::Returned,
    local::{LocalSource, Sending},
    location::Files,
    lock::{Reference, Written},
    mirror::Mirrors,
    name::ArtifactName,
    pack::Packer,
    path::ContextPath,
    plan_error::PlanProblem,
    read::Read,
    step::{Caption, Given, Source, Step, StepContext},
    step_reads::{reads_of, step_failed},
    tree::Tree,
    variant::Variant,
};

/// Builds trees, each once, and gathers what they need.
pub(crate) struct Planner<'a> {
    catalog: &'a CheckedCatalog,
    inputs: &'a Inputs,
    /// The latest time in a packed file.
    epoch: Option<i64>,
    packer: &'a Packer,
    proxy: Option<&'a ProxyEnv>,
    mirrors: Option<&'a Mirrors>,
    /// The names of packed files.
    naming: Naming,
    /// The form in which many files are sent.
    sending: Sending,
    /// Bases that are no artifacts, one vertex each.
    base_trees: BTreeMap<(Named, Platform), Built>,
    /// Trees without last steps.
    built: BTreeMap<Variant, Built>,
    complete: BTreeMap<Variant, Tree>,
    packed: BTreeMap<Variant, Source>,
    /// The steps that were carried out, on any tree.
    carried_out: BTreeSet<(Variant, usize)>,
    files: Files,
    gathered: Gathered,
}

/// The place that names a base that is no artifact: a FROM line, or an artifact itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    By(ContextPath),
    In(ArtifactName, String),
}

/// The needs and references of the graph of a plan.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) locals: Vec<LocalSource>,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) reads: BTreeSet<Read>,
    pub(crate) references: BTreeSet<Reference>,
    pub(crate) missing: BTreeSet<MissingContext>,
    /// Whether something is packed inside the graph.
    pub(crate) packs: bool,
    /// Whether a download has a mirror.
    pub(crate) has_mirror: bool,
}

/// Which steps of an artifact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its own.
    Own,
    /// Those that come last.
    Last,
}

#[derive(Clone)]
struct Built {
    tree: Tree,
    /// A name for the distribution in it, for cache mounts.
    distribution: String,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(catalog: &'a CheckedCatalog, inputs: &'a Inputs, epoch: Option<i64>) -> Self {
        Self {
            catalog,
            epoch,
            inputs,
            packer: &inputs.packer,
            proxy: None,
            mirrors: None,
            naming: Naming::Real,
            sending: Sending::Files,
            base_trees: BTreeMap::new(),
            built: BTreeMap::new(),
            complete: BTreeMap::new(),
            packed: BTreeMap::new(),
            carried_out: BTreeSet::new(),
            files: Files::default(),
            gathered: Gathered::default(),
        }
    }

    /// A planner for the graph that is given away, with the mirrors of downloads.
    pub(crate) fn of_emitted(
        catalog: &'a CheckedCatalog,
        inputs: &'a Inputs,
        epoch: Option<i64>,
    ) -> Self {
        Self {
            mirrors: Some(&inputs.mirrors),
            ..Self::new(catalog, inputs, epoch)
        }
    }

    /// A planner for the graph that is solved, with the proxies of the build, too. Ids, records and comparisons are
    /// made from the graph without both.
    pub(crate) fn of_build(
        catalog: &'a CheckedCatalog,
        inputs: &'a Inputs,
        epoch: Option<i64>,
        sending: Sending,
    ) -> Self {
        Self {
            proxy: inputs.proxy.as_ref(),
            sending,
            ..Self::of_emitted(catalog, inputs, epoch)
        }
    }

    /// A planner for the graph of an id. The packer and the names of packed files are neutral in it: they do not change
    /// the output.
    pub(crate) fn neutral(
        catalog: &'a CheckedCatalog,
        inputs: &'a Inputs,
        epoch: Option<i64>,
        packer: &'a Packer,
    ) -> Self {
        Self {
            packer,
            naming: Naming::Neutral,
            ..Self::new(catalog, inputs, epoch)
        }
    }

    /// The result of a solve of the variant: its tree, or its layer tar in an otherwise empty tree.
    pub(crate) fn result(&mut self, variant: &Variant) -> Result<Tree, PlanProblem> {
        let tree = self.tree(variant)?;
        let artifact = &self.catalog.artifacts[&variant.artifact];
        if artifact.kind.returned() != Returned::Tar {
            return Ok(tree);
        }
        Ok(Tree {
            state: self.packed(variant)?.state,
            ..tree
        })
    }

    /// The complete base of a layer: the tree of its base artifact with last steps, or of any other base.
    pub(crate) fn complete_base(
        &mut self,
        artifact: &'a Artifact,
        variant: &Variant,
    ) -> Result<Tree, PlanProblem> {
        match self.catalog.base_artifact(variant) {
            Some(below) if !self.is_replaced(&below.name) => {
                self.tree(&self.catalog.below(variant, below)?)
            }
            _ => Ok(self.base(artifact, variant)?.tree),
        }
    }

    /// Whether llbgen as the client sends files as bundles.
    pub(crate) fn has_bundles(&self) -> bool {
        let mut locals = self.gathered.locals.iter();
        locals.any(|local| local.bundles.is_some())
    }

    /// Whether the graph with mirrors is another one.
    pub(crate) fn has_mirror(&self) -> bool {
        self.gathered.has_mirror
    }

    pub(crate) fn finish(self) -> Gathered {
        self.gathered
    }

    /// The tree of a variant, complete.
    pub(crate) fn tree(&mut self, variant: &Variant) -> Result<Tree, PlanProblem> {
        if let Some(tree) = self.complete.get(variant) {
            return Ok(tree.clone());
        }
        let tree = self.finish_tree(variant)?;
        self.complete.insert(variant.clone(), tree.clone());
        Ok(tree)
    }

    fn finish_tree(&mut self, variant: &Variant) -> Result<Tree, PlanProblem> {
        let mut built = self.build(variant)?;
        let top = built.tree.state.clone();
        for variant in self.chain(variant)?.into_iter().rev() {
            let own = self.build(&variant)?.tree.state;
            built.tree.state = run_as(built.tree.state, &own);
            built = self.apply(built, &variant, Phase::Last)?;
        }
        built.tree.state = run_as(built.tree.state, &top);
        Ok(built.tree)
    }

    /// The variant and those that it starts from, topmost first.
    fn chain(&self, variant: &Variant) -> Result<Vec<Variant>, PlanProblem> {
        let mut chain = vec![variant.clone()];
        let mut top = variant.clone();
        while let Some(below) = self.catalog.base_artifact(&top)
            && !self.is_replaced(&below.name)
        {
            top = self.catalog.below(&top, below)?;
            chain.push(top.clone());
        }
        Ok(chain)
    }

    /// The tree of a variant without last steps.
    fn build(&mut self, variant: &Variant) -> Result<Built, PlanProblem> {
        if let Some(built) = self.built.get(variant) {
            return Ok(built.clone());
        }
        let artifact = &self.catalog.artifacts[&variant.artifact];
        let base = self.base(artifact, variant)?;
        let built = self.apply(base, variant, Phase::Own)?;
        self.built.insert(variant.clone(), built.clone());
        Ok(built)
    }

    /// Carries out the steps of one artifact.
    fn apply(
        &mut self,
        mut built: Built,
        variant: &Variant,
        phase: Phase,
    ) -> Result<Built, PlanProblem> {
        let artifact = &self.catalog.artifacts[&variant.artifact];
        let reads = reads_of(artifact, variant)?;
        let own = artifact.steps.len();
        if phase == Phase::Own {
            built.tree.has_own_cmd = false;
        }
        for ((number, step), reads) in artifact.numbered_steps().zip(reads) {
            if (phase == Phase::Own) != (number <= own) {
                continue;
            }
            let failed = |source| step_failed(artifact, number, step, source);
            let caption = self.caption(artifact, variant, (number, step));
            let reader = ReadBy {
                variant,
                place: Written::Step {
                    artifact: artifact.name.clone(),
                    number,
                },
                location: caption.lines_of_reads().cloned(),
            };
            let mut given = Given::default();
            for read in &reads {
                self.give(read, &reader, &mut given)?;
            }
            let told = reads.iter().filter(|read| **read != Read::Packer);
            self.gathered.reads.extend(told.cloned());
            let packer = reads.contains(&Read::Packer).then(|| self.packer());
            let packer = packer.transpose()?;
            let mut context = StepContext::new(
                variant,
                self.inputs,
                reads,
                &given,
                &built.distribution,
                caption,
                &mut self.gathered.locals,
            );
            context.run_platform = self.catalog.run_platform(variant);
            context.shell = artifact.shell.as_deref();
            context.proxy = self.proxy;
            context.environment = built.tree.environment();
            context.packer = packer;
            context.sending = self.sending;
            built.tree = step.apply(built.tree, &mut context).map_err(failed)?;
        }
        Ok(built)
    }

    fn caption(
        &mut self,
        artifact: &Artifact,
        variant: &Variant,
        (number, step): (usize, &Step),
    ) -> Caption {
        Caption {
            title: step.vertex_title(&variant.variables()),
            place: artifact
                .nested_places(number)
                .and_then(|step| self.files.step(step)),
            uses: Vec::new(),
            is_repeated: !self.carried_out.insert((variant.clone(), number)),
        }
    }
}

/// `state`, whose steps run as the user and in the directory of `other`.
fn run_as(state: State, other: &State) -> State {
    state.dir(other.get_dir()).user(other.get_user())
}
