//! Where both sides of a comparison are built.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    pin::Pin,
};

use buildkit_client::Daemon;
use catalog::{BaseError, Caching, Plan, Platform, Variant};
use engine::{
    BuildOptions, Call, CallError, Delivery, Destination, Disk, DockerfileBuild, DockerfileContext,
    DockerfileRun, EngineError, Event, Goal, ImageContent, ImageNaming, Inspection, ReadLayers,
    RegistryAccess, Sorting, Workspace, in_a_line,
};
use import::{Original, Recipe};

use super::{
    build::Verification,
    config,
    report::{Comparison, Outcome, Verdict},
    sides::{self, Sides},
};
use crate::{failure::Failure, outputs::kept::Kept, signals::Signals};

/// Where both sides are built.
pub(super) struct Bench<'a> {
    pub(super) verification: &'a Verification<'a>,
    pub(super) daemon: &'a Daemon,
    pub(super) signals: &'a Signals,
    pub(super) events: &'a (dyn Fn(Event) + Sync),
    pub(super) registries: RegistryAccess,
    pub(super) contexts: BTreeMap<String, DockerfileContext>,
    pub(super) disk: Disk,
    pub(super) kept: Kept,
    /// The Dockerfiles that were built, by target and platform: other targets may be made from them.
    pub(super) theirs: RefCell<BTreeMap<(String, String), Built>>,
    pub(super) layers: RefCell<ReadLayers>,
    /// The build contexts that stand for something.
    pub(super) used: RefCell<BTreeSet<String>>,
}

/// The directory of an OCI layout, or why there is none.
type Built = Result<PathBuf, String>;

type Building<'b> = Pin<Box<dyn Future<Output = Built> + 'b>>;

impl Bench<'_> {
    /// Builds and compares, one target after the other.
    pub(super) async fn verdicts(
        &self,
        all: &[Sides<'_>],
        own: Option<&Platform>,
    ) -> Result<Vec<Verdict>, Failure> {
        let mut verdicts = Vec::new();
        for sides in all {
            for variant in sides.chosen(own) {
                verdicts.push(self.verdict(sides, variant).await?);
            }
        }
        Ok(verdicts)
    }

    async fn verdict(&self, sides: &Sides<'_>, variant: &Variant) -> Result<Verdict, Failure> {
        let outcome = self.outcome(sides, variant).await;
        if self.signals.cancelled().is_cancelled() {
            return Err(Failure::interrupted(self.signals));
        }
        let original = sides.original;
        Ok(Verdict {
            target: original.name.clone(),
            file: match &original.dockerfile {
                Recipe::File(path) => Some(path.clone()),
                Recipe::Inline(_) => None,
            },
            artifact: variant.artifact.to_string(),
            platform: variant.platform.to_string(),
            values: variant.values_as_text(),
            outcome,
        })
    }

    async fn outcome(&self, sides: &Sides<'_>, variant: &Variant) -> Outcome {
        let of_catalog = |reason: String| format!("the catalog's image is not built: {reason}");
        let of_dockerfile = |reason: String| format!("the Dockerfile is not built: {reason}");
        let (ours, theirs) = tokio::join!(
            self.ours(sides.number, variant),
            self.theirs(sides.original, &variant.platform),
        );
        let (ours, theirs) = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (ours, theirs) => {
                let reasons = [ours.err().map(of_catalog), theirs.err().map(of_dockerfile)];
                return Outcome::NotCompared(reasons.into_iter().flatten().collect());
            }
        };
        match self.compared(&ours, &theirs) {
            Ok(comparison) => Outcome::Compared(comparison),
            Err(reason) => Outcome::NotCompared(vec![reason]),
        }
    }

    fn compared(&self, ours: &Path, theirs: &Path) -> Result<Comparison, String> {
        let open =
            |directory: &Path| ImageContent::open(directory).map_err(|error| in_a_line(&error));
        let images = [open(ours)?, open(theirs)?];
        let mut read = self.layers.borrow_mut();
        let mut tree = |image: &ImageContent| {
            let tree = image.tree(&mut read);
            tree.map_err(|error| in_a_line(&error))
        };
        let trees = [tree(&images[0])?, tree(&images[1])?];
        let files = trees[0].differences(&trees[1]);
        let layers = |image: &ImageContent| image.layers().map(ToString::to_string).collect();
        Ok(Comparison {
            paths: trees[0].paths_of_both(&trees[1]),
            files,
            config: config::differences(images[0].config(), images[1].config()),
            layers: [layers(&images[0]), layers(&images[1])],
        })
    }

    /// Builds the catalog's image.
    async fn ours(&self, number: usize, variant: &Variant) -> Built {
        let platform = variant.platform.to_string().replace('/', "-");
        let directory = self.directory(&format!("ours-{number}-{platform}"))?;
        let archive = directory.with_extension("tar");
        let (workspace, disk) = self.open(vec![variant.clone()]).await?;
        let missing = workspace.require_contexts();
        missing.map_err(|error| error.lines().collect::<Vec<_>>().join(", "))?;
        let call = Call {
            disk: &disk,
            delivery: Delivery {
                goal: Goal::Archive,
                naming: &ImageNaming::default(),
                by_platform: true,
                files_as_tars: false,
            },
            sorting: Sorting {
                directory: None,
                inspection: Inspection::Quick,
                always: true,
                push: false,
                unique_names: false,
            },
            options: self.options(Destination::Only(archive.clone()))?,
            cancelled: self.signals.cancelled(),
            events: self.events,
        };
        let delivered = call.deliver(self.daemon, workspace).await;
        delivered.map_err(|error| match &error {
            CallError::Build(failure) => {
                let reasons = failure.failures.iter().map(|failure| in_a_line(failure));
                reasons.collect::<Vec<_>>().join("; ")
            }
            CallError::Engine(error) => in_a_line(error),
            CallError::Cache { failure, .. } => in_a_line(failure),
        })?;
        let unpacked = ImageContent::unpacked(&archive, &directory);
        unpacked.map_err(|error| in_a_line(&error))?;
        let removed = fs::remove_file(&archive);
        removed.map_err(|error| error.to_string())?;
        Ok(directory)
    }

    /// Reads and plans variants, with those of the build contexts that stand for something in them.
    async fn open(&self, variants: Vec<Variant>) -> Result<(Workspace<'_>, Disk), String> {
        let catalog = self.verification.catalog;
        let mut disk = self.disk.clone();
        loop {
            let opened = Workspace::of(catalog, variants.clone(), &disk, Caching::Use).await;
            match opened {
                Ok(workspace) => {
                    let names = disk.build_contexts.iter().map(|context| &context.name);
                    self.used.borrow_mut().extend(names.cloned());
                    return Ok((workspace, disk));
                }
                Err(EngineError::Base(BaseError::UnknownContext { name, .. })) => {
                    disk.build_contexts.retain(|context| context.name != name);
                }
                Err(error) => return Err(in_a_line(&error)),
            }
        }
    }

    /// Names the build contexts that stand for nothing.
    pub(super) fn tell_unused(&self) {
        let used = self.used.borrow();
        let given = self.disk.build_contexts.iter();
        for context in given.filter(|context| !used.contains(&context.name)) {
            let name = &context.name;
            let told = format!("no image has a base or an input `{name}` of `--build-context`");
            (self.events)(Event::Warning(told));
        }
    }

    /// Builds the Dockerfile, unless that was done.
    fn theirs<'b>(&'b self, original: &'b Original, platform: &'b Platform) -> Building<'b> {
        Box::pin(async move {
            let key = (original.name.clone(), platform.to_string());
            if let Some(built) = self.theirs.borrow().get(&key) {
                return built.clone();
            }
            let own = format!("`{}` is made from itself", original.name);
            self.theirs.borrow_mut().insert(key.clone(), Err(own));
            let built = self.dockerfile(original, platform).await;
            self.theirs.borrow_mut().insert(key, built.clone());
            built
        })
    }

    async fn dockerfile(&self, original: &Original, platform: &Platform) -> Built {
        let number = self.theirs.borrow().len();
        let directory = self.directory(&format!("theirs-{number}"))?;
        let root = self.verification.root;
        let dockerfile = match &original.dockerfile {
            Recipe::File(path) => root.join(path),
            Recipe::Inline(text) => {
                let path = self
                    .directory(&format!("inline-{number}"))?
                    .join("Dockerfile");
                fs::write(&path, text).map_err(|error| error.to_string())?;
                path
            }
        };
        let set = &self.verification.args.set;
        let args = sides::args(original, set).map_err(|failure| told(&failure))?;
        let build = DockerfileBuild {
            dockerfile,
            context: root.join(&original.context),
            has_frontend: original.has_frontend,
            stage: original.stage.clone(),
            platform: platform.clone(),
            args,
            labels: original.labels.clone(),
            contexts: self.contexts_of(original, platform).await?,
            proxy: self.disk.proxy.clone(),
        };
        let run = DockerfileRun {
            daemon: self.daemon,
            // If there are none, the other side says why.
            plans: &self.plans(original, platform).await.unwrap_or_default(),
            options: &self.options(Destination::Only(PathBuf::new()))?,
            cancelled: self.signals.cancelled(),
            events: self.events,
        };
        let solved = run.solve(&build, &directory).await;
        solved.map_err(|error| in_a_line(&error))?;
        Ok(directory)
    }

    /// The plans that stand for a build: it may ask for what they ask for.
    async fn plans(&self, original: &Original, platform: &Platform) -> Result<Vec<Plan>, String> {
        let Verification { catalog, args, .. } = *self.verification;
        let sides = Sides::of(0, original, catalog, args).map_err(|failure| told(&failure))?;
        let variants = sides.map(|sides| sides.variants).unwrap_or_default();
        let variants = variants.into_iter();
        let variants = variants.filter(|variant| variant.platform == *platform);
        let (workspace, _) = self.open(variants.collect()).await?;
        Ok(workspace.into_plans().0)
    }

    async fn contexts_of(
        &self,
        original: &Original,
        platform: &Platform,
    ) -> Result<BTreeMap<String, DockerfileContext>, String> {
        let mut contexts = BTreeMap::new();
        for (name, value) in &original.contexts {
            let is_elsewhere = value.contains("://") || value.starts_with("git@");
            let context = if let Some(target) = value.strip_prefix("target:") {
                let mut originals = self.verification.originals.iter();
                let other = originals.find(|other| other.name == target);
                let other = other.ok_or_else(|| format!("there is no target `{target}`"))?;
                DockerfileContext::of_layout(self.theirs(other, platform).await?)
            } else if let Some(image) = value.strip_prefix("docker-image://") {
                DockerfileContext::Image(image.to_owned())
            } else if is_elsewhere {
                DockerfileContext::Url(value.clone())
            } else {
                DockerfileContext::Directory(self.verification.root.join(value))
            };
            contexts.insert(name.clone(), context);
        }
        contexts.extend(self.contexts.clone());
        Ok(contexts)
    }

    fn options(&self, output: Destination) -> Result<BuildOptions, String> {
        let options = self.verification.options(&self.registries, output);
        options.map_err(|failure| told(&failure))
    }

    /// Makes a directory for one side.
    fn directory(&self, name: &str) -> Result<PathBuf, String> {
        let directory = self.kept.path().join(name);
        let made = fs::create_dir(&directory);
        made.map_err(|error| format!("`{}` cannot be made: {error}", directory.display()))?;
        Ok(directory)
    }
}

fn told(failure: &Failure) -> String {
    let errors = failure.errors.iter().map(ToString::to_string);
    errors.collect::<Vec<_>>().join("; ")
}
