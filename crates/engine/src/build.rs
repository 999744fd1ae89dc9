//! Builds products side by side, and moves the tags of images last.

use std::{collections::BTreeMap, sync::Arc};

use buildkit_client::{Daemon, FailureSource, SessionId, Solve, SolveError};
use buildkit_llb::LocalSessions;
use catalog::{PACKER_PROGRAM, Plan, Variant};
use futures_util::{StreamExt, stream};
use registry::RegistryAccess;
use tokio_util::sync::CancellationToken;

use crate::{
    again::again,
    cache::Caches,
    causes::in_a_line,
    checksum_failure::ChecksumFailure,
    delivered::Output,
    destination::Destination,
    event::Event,
    image::{ImageOptions, Pushed},
    moves::{Moves, UnfinishedTags},
    output::OutputError,
    product::Product,
    push_failure::PushFailure,
    secrets::LoadedSecrets,
    solve::{self, Delivered, Ended, Leaves},
    source_failure::{SourceFailure, Trouble, is_transient},
    ssh::FoundAgents,
    tagging::TagError,
    work_list::StepAccess,
    workspace::LocalFiles,
};

/// How products are built.
#[derive(Debug)]
pub struct BuildOptions {
    /// Where outputs are written to.
    pub output: Destination,
    /// The most products that are built at a time; all of them when `None`.
    pub jobs: Option<usize>,
    /// Whether the others are built to the end when one fails.
    pub keep_going: bool,
    /// The secrets that steps may ask for.
    pub secrets: LoadedSecrets,
    /// The ssh agents that steps may ask.
    pub ssh: FoundAgents,
    /// How registries are reached; the daemon may ask for the credentials.
    pub registries: RegistryAccess,
    /// How images leave the daemon.
    pub image: ImageOptions,
    /// The caches that are read and written besides the daemon's own.
    pub caches: Caches,
    /// The files of this machine that the daemon may read; a [`Call`](crate::Call) takes them from its workspace.
    pub sent: Sent,
}

/// The files of this machine that the daemon may read.
#[derive(Debug, Default)]
pub struct Sent {
    /// Where the files are.
    pub local: LocalFiles,
    /// The key by which the daemon keeps the files that are sent; without one, all are sent each time.
    pub shared_key: Option<String>,
}

impl BuildOptions {
    /// The secrets and agents that steps may ask for.
    pub fn step_access(&self) -> StepAccess<'_> {
        StepAccess {
            secrets: &self.secrets,
            agents: &self.ssh,
        }
    }

    /// The sessions that send local sources: `session` of this client.
    pub(crate) fn sessions(&self, session: &SessionId) -> LocalSessions {
        let sessions = LocalSessions::new(session.as_str());
        match self.sent.shared_key {
            Some(_) => sessions.changes_only(),
            None => sessions,
        }
    }

    /// `solve` in `session`, with the key of the files that are sent, and the caches that are read.
    pub(crate) fn in_session(&self, solve: Solve, session: SessionId) -> Solve {
        let solve = self.caches.read_by(solve.with_session(session));
        match &self.sent.shared_key {
            Some(key) => solve.with_shared_key(key),
            None => solve,
        }
    }
}

/// A build of which not every output was written.
#[derive(Debug, Default)]
pub struct BuildFailure {
    /// The outputs that were written all the same.
    pub outputs: Vec<Output>,
    /// The failures, in their order; empty when the build was only cancelled.
    pub failures: Vec<Arc<VariantFailure>>,
    /// The tags of images that are pushed, and whose publication did not come to its end.
    pub unfinished: Vec<UnfinishedTags>,
    /// Whether each failure was told when it happened, as an [`Event::Failed`].
    pub is_told: bool,
}

/// A variant that could not be built.
#[derive(Debug, thiserror::Error)]
#[error("artifact `{}` for `{}` failed{}", variant.artifact, within_artifact(variant), at_step(step.as_deref()))]
pub struct VariantFailure {
    /// The variant.
    pub variant: Arc<Variant>,
    /// The title of the step that failed, when one did.
    pub step: Option<String>,
    /// Why.
    #[source]
    pub reason: FailureReason,
}

impl VariantFailure {
    /// The places of the failure in the user's files, in the graph's order; empty when the graph names none.
    pub fn sources(&self) -> &[FailureSource] {
        let error = match &self.reason {
            FailureReason::Solve(error) => error,
            FailureReason::Source(failure) => return &failure.sources,
            FailureReason::Checksum(failure) => return &failure.sources,
            _ => return &[],
        };
        match error {
            SolveError::Build(failure) => &failure.sources,
            _ => &[],
        }
    }
}

/// The platform and values of a variant, which tell it from others of its artifact: `linux/amd64 l10n=en_US`.
fn within_artifact(variant: &Variant) -> String {
    let shown = variant.to_string();
    shown
        .split_once(' ')
        .map_or(shown.clone(), |(_artifact, rest)| rest.to_owned())
}

fn at_step(step: Option<&str>) -> String {
    step.map(|step| format!(" at step `{step}`"))
        .unwrap_or_default()
}

/// Why a variant could not be built.
#[derive(Debug, thiserror::Error)]
pub enum FailureReason {
    /// The output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The path of the output cannot be made.
    #[error(transparent)]
    Destination(#[from] catalog::TemplateError),
    /// A path that cannot be served to the daemon.
    #[error(transparent)]
    Path(#[from] buildkit_client::RelPathError),
    /// A file has no place in the tars that many files are sent as.
    #[error(transparent)]
    Bundle(#[from] archive::BundleError),
    /// The graph reads a local source, and no directory is given for it.
    #[error("there is no directory for the local source `{name}`")]
    NoRoot {
        /// The source's name.
        name: String,
    },
    /// The graph reads a store of an OCI layout that was not given.
    #[error("there is no OCI layout for the store `{id}`")]
    NoStore {
        /// The store's id.
        id: String,
    },
    /// An image, a download or a git repository cannot be fetched.
    #[error(transparent)]
    Source(Box<SourceFailure>),
    /// The content of a download does not match its checksum.
    #[error(transparent)]
    Checksum(Box<ChecksumFailure>),
    /// The image of `--helper-image` does not have the packer.
    #[error("the image `{image}` of `--helper-image` has no `/{PACKER_PROGRAM}`")]
    NoPacker {
        /// The image.
        image: String,
        /// What the daemon said.
        #[source]
        error: SolveError,
    },
    /// The solve failed in another way.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The daemon reports success, but not the digest of the image.
    #[error("the daemon ended the build without the digest of the image")]
    NoDigest,
    /// An image cannot be pushed.
    #[error(transparent)]
    Push(Box<PushFailure>),
    /// A tag was not moved.
    #[error(transparent)]
    Tag(Box<TagError>),
    /// The daemon was to move the tags of an image that it had just pushed, and made another image.
    #[error("the image was pushed as `{pushed}`, and then its tags to `{digest}`")]
    TwoDigests {
        /// The digest that was pushed.
        pushed: String,
        /// The digest that the tags have.
        digest: String,
    },
    /// The daemon reports success, but its tar is cut off.
    #[error("the daemon ended the build without sending its tar to the end")]
    NoTar,
}

impl FailureReason {
    /// Whether another try may well succeed. Registries that were asked from here were asked again already.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Solve(error) => is_transient(error),
            Self::Source(source) => source.trouble == Trouble::Transient,
            Self::Push(push) => push.trouble == Some(Trouble::Transient),
            _ => false,
        }
    }
}

impl From<TagError> for FailureReason {
    fn from(error: TagError) -> Self {
        Self::Tag(Box::new(error))
    }
}

/// Builds `products`, each with a solve and a session of its own: of a tar that it sends, the daemon says only which
/// exporter of the solve it comes from. Outputs are in the order of the products.
///
/// The tags of images move last, when every product is delivered; with `keep_going`, the tags of delivered images move
/// whatever fails.
///
/// Cancelling the token ends all solves; incomplete outputs then leave no file.
pub(crate) async fn build(
    daemon: &Daemon,
    products: Vec<Product>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Vec<Output>, BuildFailure> {
    let building = Building {
        daemon,
        options,
        stop: cancelled.child_token(),
        events,
    };
    let mut done = Done::default();
    let pushed = building.deliver(products, &mut done).await;
    if done.is_complete() || options.keep_going {
        building.publish(pushed, &mut done).await;
    } else {
        for (_, pushed) in pushed {
            events(Event::Notice(pushed.untagged()));
            done.unfinished.push(pushed.unfinished(&Moves::default()));
        }
    }
    done.into_result(options.keep_going)
}

/// One call, from products to outputs.
struct Building<'a> {
    daemon: &'a Daemon,
    options: &'a BuildOptions,
    stop: CancellationToken,
    events: &'a (dyn Fn(Event) + Sync),
}

/// The results of a call so far.
#[derive(Default)]
struct Done {
    /// By the index of the product.
    outputs: BTreeMap<usize, Output>,
    failures: Vec<Arc<VariantFailure>>,
    unfinished: Vec<UnfinishedTags>,
    /// Whether something was given up.
    is_cut_off: bool,
}

impl Building<'_> {
    /// Solves all products side by side. Returns the pushed images, whose tags are still to move, each with its index.
    async fn deliver(&self, products: Vec<Product>, done: &mut Done) -> Vec<(usize, Pushed)> {
        let jobs = self.options.jobs.unwrap_or(products.len()).max(1);
        let one =
            |(index, product): (usize, Product)| async move { (index, self.solve(product).await) };
        let mut running = stream::iter(products.into_iter().enumerate())
            .map(one)
            .buffer_unordered(jobs);
        let mut pushed = Vec::new();
        while let Some((index, built)) = running.next().await {
            match built {
                Ok(Delivered::Whole(output)) => _ = done.outputs.insert(index, *output),
                Ok(Delivered::Pushed(image)) => pushed.push((index, *image)),
                Err(ended) => self.ended(ended, done),
            }
        }
        pushed
    }

    /// Solves a product, again after failures that may well go away. What references stand for was found out before.
    async fn solve(&self, product: Product) -> Result<Delivered, Ended> {
        let product = &product;
        self.patiently(|| self.solve_once(product.clone())).await
    }

    async fn solve_once(&self, product: Product) -> Result<Delivered, Ended> {
        let (daemon, options, stop, events) = (self.daemon, self.options, &self.stop, self.events);
        match product {
            Product::Tar(plan) => self.single(*plan, Leaves::Tar).await,
            Product::Files(plan) => self.single(*plan, Leaves::Directory).await,
            Product::Image(image) => {
                Box::pin(solve::run_image(daemon, *image, options, stop, events)).await
            }
        }
    }

    /// Solves a product of one plan.
    async fn single(&self, plan: Plan, leaves: Leaves) -> Result<Delivered, Ended> {
        let (options, stop, events) = (self.options, &self.stop, self.events);
        let running = solve::run(self.daemon, (plan, leaves), options, stop, events);
        Ok(Delivered::Whole(Box::new(Box::pin(running).await?)))
    }

    async fn patiently<T, F: Future<Output = Result<T, Ended>>>(
        &self,
        trying: impl Fn() -> F,
    ) -> Result<T, Ended> {
        let is_transient = |ended: &Ended| {
            let Ended::Failed(failure) = ended else {
                return false;
            };
            failure.reason.is_transient()
        };
        let tell = |ended: &Ended, which: &str| {
            if let Ended::Failed(failure) = ended {
                let text = format!("{which} follows: {}", in_a_line(failure));
                (self.events)(Event::Notice(text));
            }
        };
        let patience = self.options.registries.sessions.patience();
        again(patience, &self.stop, is_transient, tell, trying).await
    }

    /// Moves the tags of images that are delivered.
    async fn publish(&self, pushed: Vec<(usize, Pushed)>, done: &mut Done) {
        let jobs = self.options.jobs.unwrap_or(pushed.len()).max(1);
        let one = |(index, pushed): (usize, Pushed)| async move {
            let (daemon, options, stop) = (self.daemon, self.options, &self.stop);
            let moves = Moves::default();
            let trying = || solve::publish(daemon, &pushed, &moves, options, stop, self.events);
            let published = Box::pin(self.patiently(trying)).await;
            let unfinished = published.is_err().then(|| pushed.unfinished(&moves));
            (index, published, unfinished)
        };
        let mut running = stream::iter(pushed).map(one).buffer_unordered(jobs);
        while let Some((index, published, unfinished)) = running.next().await {
            done.unfinished.extend(unfinished);
            match published {
                Ok(output) => _ = done.outputs.insert(index, output),
                Err(ended) => self.ended(ended, done),
            }
        }
    }

    fn ended(&self, ended: Ended, done: &mut Done) {
        let Ended::Failed(failure) = ended else {
            done.is_cut_off = true;
            return;
        };
        let failure = Arc::new(failure);
        if self.options.keep_going {
            (self.events)(Event::Failed(Arc::clone(&failure)));
        } else {
            self.stop.cancel();
        }
        done.failures.push(failure);
    }
}

impl Done {
    /// Whether nothing failed so far.
    fn is_complete(&self) -> bool {
        self.failures.is_empty() && !self.is_cut_off
    }

    fn into_result(self, is_told: bool) -> Result<Vec<Output>, BuildFailure> {
        let is_complete = self.is_complete();
        let outputs = self.outputs.into_values().collect();
        if is_complete {
            return Ok(outputs);
        }
        Err(BuildFailure {
            outputs,
            failures: self.failures,
            unfinished: self.unfinished,
            is_told,
        })
    }
}
