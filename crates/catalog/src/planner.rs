//! From a variant to its tree: the base below it, then its steps, each with exactly what it declared.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Git, Http, ImageRef, State};

use crate::{
    artifact::{Artifact, Kind},
    base::{self, Ground},
    catalog::CheckedCatalog,
    check,
    inputs::Inputs,
    local::{LocalContent, LocalSource},
    lock::{Pinned, Reference},
    name::ArtifactName,
    pack::Packer,
    plan::{MissingContext, PlanProblem, reads_of, step_failed},
    step::{Given, Read, Source, StepContext},
    tree::Tree,
    variant::Variant,
    vertex_name::VertexName,
};

/// Builds trees, each once, and gathers what they need.
pub(crate) struct Planner<'a> {
    catalog: &'a CheckedCatalog,
    inputs: &'a Inputs,
    packer: Option<&'a Packer>,
    /// What packed files are called.
    naming: Naming,
    built: BTreeMap<Variant, Built>,
    gathered: Gathered,
}

/// What the graph of a plan needs and refers to.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) locals: Vec<LocalSource>,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) reads: BTreeSet<Read>,
    pub(crate) references: BTreeSet<Reference>,
    pub(crate) missing: BTreeSet<MissingContext>,
    /// Whether something is packed inside the graph.
    pub(crate) packs: bool,
}

/// What packed files are called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As the outputs.
    Real,
    /// One name for all.
    Neutral,
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
    pub(crate) fn new(catalog: &'a CheckedCatalog, inputs: &'a Inputs) -> Self {
        Self {
            catalog,
            inputs,
            packer: inputs.packer.as_ref(),
            naming: Naming::Real,
            built: BTreeMap::new(),
            gathered: Gathered::default(),
        }
    }

    /// For the graph that an id is made from: who packs, and under which name, changes nothing of what comes out.
    pub(crate) fn neutral(
        catalog: &'a CheckedCatalog,
        inputs: &'a Inputs,
        packer: &'a Packer,
    ) -> Self {
        Self {
            packer: Some(packer),
            naming: Naming::Neutral,
            ..Self::new(catalog, inputs)
        }
    }

    /// What a solve of the variant leaves: its tree, or its layer tar in an otherwise empty one.
    pub(crate) fn result(&mut self, variant: &Variant) -> Result<Tree, PlanProblem> {
        let tree = self.tree(variant)?;
        let artifact = &self.catalog.artifacts[&variant.artifact];
        if artifact.kind != Kind::Layer {
            return Ok(tree);
        }
        Ok(Tree {
            state: self.packed(variant)?.state,
            ..tree
        })
    }

    /// The tar of a variant, called as its output is, so that whoever carries it shares the vertex with the variant itself.
    fn packed(&mut self, variant: &Variant) -> Result<Source, PlanProblem> {
        let artifact = &self.catalog.artifacts[&variant.artifact];
        let name = match self.naming {
            Naming::Real => check::output_path(artifact, variant)?
                .file_name()
                .to_owned(),
            Naming::Neutral => "packed.tar".to_owned(),
        };
        let tree = self.tree(variant)?;
        let shown = variant.to_string();
        let title = format!("pack {}", artifact.kind.as_str());
        let title = VertexName {
            variant: Some(&shown),
            title: &title,
        };
        let packed = match artifact.kind {
            Kind::Rootfs => self.packer()?.rootfs(&tree.state, &name, title.to_string()),
            Kind::Layer => {
                let base = self.complete_base(artifact, variant)?;
                let packer = self.packer()?;
                packer.layer(&base.state, &tree.state, &name, title.to_string())
            }
            Kind::Image => {
                let name = artifact.name.to_string();
                return Err(PlanProblem::NoTar { name });
            }
        };
        Ok(Source {
            state: packed.map_err(PlanProblem::Pack)?,
            path: format!("/{name}"),
        })
    }

    /// The tree that a layer goes on: of its base artifact with its last steps, or of whatever it starts from.
    fn complete_base(
        &mut self,
        artifact: &'a Artifact,
        variant: &Variant,
    ) -> Result<Tree, PlanProblem> {
        match self.catalog.base_artifact(artifact) {
            Some(below) if !self.is_replaced(&below.name) => self.tree(&variant.of_base(below)),
            _ => Ok(self.base(artifact, variant)?.tree),
        }
    }

    fn packer(&mut self) -> Result<&'a Packer, PlanProblem> {
        let packer = self.packer.ok_or(PlanProblem::NoPacker)?;
        if !self.gathered.packs {
            self.gathered.packs = true;
            self.gathered.locals.extend(packer.local());
        }
        Ok(packer)
    }

    pub(crate) fn finish(self) -> Gathered {
        self.gathered
    }

    /// The tree of a variant, complete.
    pub(crate) fn tree(&mut self, variant: &Variant) -> Result<Tree, PlanProblem> {
        let mut built = self.build(variant)?;
        for variant in self.chain(variant).into_iter().rev() {
            built = self.apply(built, &variant, Phase::Last)?;
        }
        Ok(built.tree)
    }

    /// The variant and those that it starts from, topmost first.
    fn chain(&self, variant: &Variant) -> Vec<Variant> {
        let below = |variant: &Variant| {
            let artifact = &self.catalog.artifacts[&variant.artifact];
            let below = self.catalog.base_artifact(artifact)?;
            (!self.is_replaced(&below.name)).then(|| variant.of_base(below))
        };
        std::iter::successors(Some(variant.clone()), below).collect()
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
        for ((number, step), reads) in artifact.numbered_steps().zip(reads) {
            if (phase == Phase::Own) != (number <= own) {
                continue;
            }
            let failed = |source| step_failed(artifact, number, step, source);
            let place = format!("artifact `{}`, step {number}", artifact.name);
            let mut given = Given::default();
            for read in &reads {
                self.give(read, variant, &place, &mut given)?;
            }
            self.gathered.reads.extend(reads.iter().cloned());
            let mut context = StepContext::new(
                variant,
                self.inputs,
                reads,
                &given,
                &built.distribution,
                step.title(),
                &mut self.gathered.locals,
            );
            built.tree = step.apply(built.tree, &mut context).map_err(failed)?;
        }
        Ok(built)
    }

    fn base(&mut self, artifact: &'a Artifact, variant: &Variant) -> Result<Built, PlanProblem> {
        if let Some(below) = self.catalog.base_artifact(artifact)
            && !self.is_replaced(&below.name)
        {
            return self.build(&variant.of_base(below));
        }
        let ground = base::ground(artifact, variant, self.inputs)?;
        Ok(self.stand_on(ground))
    }

    /// Whether a `--build-context` stands in for an artifact.
    fn is_replaced(&self, name: &ArtifactName) -> bool {
        self.inputs.contexts.contains_key(name.as_str())
    }

    fn stand_on(&mut self, ground: Ground) -> Built {
        if let Some(tar) = ground.rootfs {
            self.gathered.locals.push(LocalSource {
                name: tar.local.clone(),
                content: LocalContent::Rootfs(tar),
            });
        }
        self.gathered.stores.extend(ground.store);
        self.gathered.references.extend(ground.reference);
        Built {
            tree: ground.tree,
            distribution: ground.distribution,
        }
    }

    /// Makes what a step reads from elsewhere in the graph.
    fn give(
        &mut self,
        read: &Read,
        variant: &Variant,
        place: &str,
        given: &mut Given,
    ) -> Result<(), PlanProblem> {
        match read {
            Read::Files(_) | Read::FromLine(_) | Read::Secret { .. } | Read::Ssh { .. } => Ok(()),
            Read::Context { name, path } => {
                if !self.inputs.contexts.contains_key(name.as_str()) {
                    let (name, path) = (name.clone(), path.clone());
                    self.gathered.missing.insert(MissingContext { name, path });
                }
                Ok(())
            }
            Read::Tree(name) => {
                let state = self.named_tree(name, variant, place)?;
                given.insert(read.clone(), whole(state));
                Ok(())
            }
            Read::Tar(name) => {
                let below = &self.catalog.artifacts[name.as_str()];
                let packed = self.packed(&variant.of_base(below))?;
                given.insert(read.clone(), packed);
                Ok(())
            }
            Read::Http { url, checksum } => {
                let file = file_name(url);
                let http = Http::new(url.as_str()).filename(file.as_str());
                let pinned = if checksum.is_some() {
                    checksum.as_ref()
                } else {
                    self.refer(Pinned::Http(url.clone()), place);
                    self.inputs.lock.http(url)
                };
                let http = match pinned {
                    Some(checksum) => http.checksum(checksum.clone()),
                    None => http,
                };
                let (state, path) = (http.state(), format!("/{file}"));
                given.insert(read.clone(), Source { state, path });
                Ok(())
            }
            Read::Git(source) => {
                self.refer(Pinned::Git(source.clone()), place);
                let reference = match self.inputs.lock.git(source) {
                    Some(commit) => Some(commit.as_str()),
                    None => source.reference(),
                };
                let git = Git::new(source.git_url().clone());
                let git = match reference {
                    Some(reference) => git.git_ref(reference),
                    None => git,
                };
                given.insert(read.clone(), whole(git.state()));
                Ok(())
            }
        }
    }

    fn refer(&mut self, source: Pinned, place: &str) {
        self.gathered.references.insert(Reference {
            source,
            place: place.to_owned(),
        });
    }

    /// The tree that a step copies from: of an artifact, of what a `--build-context` puts in its place, or of an image.
    fn named_tree(
        &mut self,
        name: &str,
        variant: &Variant,
        place: &str,
    ) -> Result<State, PlanProblem> {
        let names = [self.catalog.tree_name(name)];
        if let Some((name, context)) = base::context_for(&names, self.inputs) {
            let ground = base::replaced(name, context, variant, &self.inputs.lock)?;
            return Ok(self.stand_on(ground).tree.state);
        }
        if let Some(artifact) = self.catalog.artifacts.get(name) {
            return Ok(self.tree(&variant.of_base(artifact))?.state);
        }
        let image: ImageRef = name.parse().map_err(|source| base::BaseError::Reference {
            base: name.to_owned(),
            source,
        })?;
        let origin = base::Origin {
            place: place.to_owned(),
            from: None,
            context: None,
        };
        let ground = base::from_image(&image, origin, variant, &self.inputs.lock)?;
        Ok(self.stand_on(ground).tree.state)
    }
}

/// All of a tree.
fn whole(state: State) -> Source {
    Source {
        state,
        path: "/".to_owned(),
    }
}

/// What a download is called in the tree: the last part of its path.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    match path
        .split_once('/')
        .and_then(|(_host, path)| path.rsplit('/').next())
    {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => "download".to_owned(),
    }
}
