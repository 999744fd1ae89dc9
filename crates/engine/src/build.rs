//! Builds plans side by side, and publishes what comes out of each.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use buildkit_client::{ContentStore, Daemon, FailureSource, SessionId, Solve, SolveError};
use buildkit_llb::LocalSessions;
use catalog::{PACKER_PROGRAM, Plan, Variant};
use futures_util::{StreamExt, stream};
use registry::RegistryAccess;
use tokio_util::sync::CancellationToken;

use crate::{
    checksum_failure::ChecksumFailure,
    destination::Destination,
    event::Event,
    image::{ImageOptions, ImagePlan},
    metadata::Output,
    output::OutputError,
    push_failure::PushFailure,
    secrets::LoadedSecrets,
    solve::{self, Ended},
    source_failure::SourceFailure,
    ssh::FoundAgents,
    tagging::TagError,
};

/// How plans are built.
#[derive(Debug)]
pub struct BuildOptions {
    /// Where outputs are written to.
    pub output: Destination,
    /// How many plans are built at a time; all of them when `None`.
    pub jobs: Option<usize>,
    /// Whether the others are built to the end when one fails.
    pub keep_going: bool,
    /// The secrets that steps may ask for.
    pub secrets: LoadedSecrets,
    /// The ssh agents that steps may ask.
    pub ssh: FoundAgents,
    /// How registries are reached; the daemon may ask for the credentials.
    pub registries: RegistryAccess,
    /// The directories of the local sources, by name.
    pub roots: BTreeMap<String, PathBuf>,
    /// What the daemon may read of OCI layouts, by the id that graphs have.
    pub stores: BTreeMap<String, ContentStore>,
    /// By which the daemon keeps the files that are sent; without one, all are sent each time.
    pub shared_key: Option<String>,
    /// How images leave the daemon.
    pub image: ImageOptions,
}

impl BuildOptions {
    /// What binds graphs to a session of this client.
    pub(crate) fn sessions(&self, session: &SessionId) -> LocalSessions {
        let sessions = LocalSessions::new(session.as_str());
        match self.shared_key {
            Some(_) => sessions.changes_only(),
            None => sessions,
        }
    }

    /// The solve in that session.
    pub(crate) fn in_session(&self, solve: Solve, session: SessionId) -> Solve {
        let solve = solve.with_session(session);
        match &self.shared_key {
            Some(key) => solve.with_shared_key(key),
            None => solve,
        }
    }
}

/// Something to build.
#[derive(Debug)]
pub enum Work {
    /// A tar of one platform.
    Tar(Box<Plan>),
    /// An image of one or several platforms.
    Image(ImagePlan),
}

impl Work {
    /// The plans that are built.
    pub fn plans(&self) -> &[Plan] {
        match self {
            Self::Tar(plan) => std::slice::from_ref(plan),
            Self::Image(image) => &image.plans,
        }
    }

    /// What an image is called; `None` for a tar.
    pub fn names(&self) -> Option<&[String]> {
        match self {
            Self::Tar(_) => None,
            Self::Image(image) => Some(&image.names.index),
        }
    }
}

/// A build of which not every output was written.
#[derive(Debug)]
pub struct BuildFailure {
    /// The outputs that were written all the same.
    pub outputs: Vec<Output>,
    /// What failed, in the order in which it did; empty when the build was only cancelled.
    pub failures: Vec<Arc<VariantFailure>>,
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
    /// Where in the user's files what failed is written, in the order in which the graph says so; empty when it does not.
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

/// What tells the variants of one artifact apart: `linux/amd64 l10n=en_US`.
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
    /// A download is another file than its checksum says.
    #[error(transparent)]
    Checksum(Box<ChecksumFailure>),
    /// The image that is to have the packer does not have it.
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
    /// The daemon says that all is well, and not which image it made.
    #[error("the daemon ended the build without the digest of the image")]
    NoDigest,
    /// An image cannot be pushed.
    #[error(transparent)]
    Push(Box<PushFailure>),
    /// A tag was not moved.
    #[error(transparent)]
    Tag(Box<TagError>),
    /// The daemon, which was to move the tags of an image that it had just pushed, made another one.
    #[error("the image was pushed as `{pushed}`, and then its tags to `{digest}`")]
    TwoDigests {
        /// The digest that was pushed.
        pushed: String,
        /// The digest that the tags have.
        digest: String,
    },
    /// The daemon says that all is well, and has broken off its tar.
    #[error("the daemon ended the build without sending its tar to the end")]
    NoTar,
}

impl From<TagError> for FailureReason {
    fn from(error: TagError) -> Self {
        Self::Tag(Box::new(error))
    }
}

/// Builds everything in `work`, each with a solve and a session of its own: the daemon says of a tar that it sends only which
/// exporter of its solve it comes from. Outputs are in the order of the work.
///
/// Cancelling the token ends all solves; what is not complete then leaves no file.
pub async fn build(
    daemon: &Daemon,
    work: Vec<Work>,
    options: &BuildOptions,
    cancelled: &CancellationToken,
    events: &(dyn Fn(Event) + Sync),
) -> Result<Vec<Output>, BuildFailure> {
    let stop = cancelled.child_token();
    let jobs = options.jobs.unwrap_or(work.len()).max(1);
    let one = |(index, work): (usize, Work)| {
        let stop = &stop;
        async move {
            let built = match work {
                Work::Tar(plan) => Box::pin(solve::run(daemon, *plan, options, stop, events)).await,
                Work::Image(image) => {
                    Box::pin(solve::run_image(daemon, image, options, stop, events)).await
                }
            };
            (index, built)
        }
    };
    let mut running = stream::iter(work.into_iter().enumerate())
        .map(one)
        .buffer_unordered(jobs);
    let (mut outputs, mut failures, mut incomplete) = (BTreeMap::new(), Vec::new(), false);
    while let Some((index, built)) = running.next().await {
        match built {
            Ok(output) => {
                outputs.insert(index, output);
            }
            Err(Ended::Cancelled) => incomplete = true,
            Err(Ended::Failed(failure)) => {
                let failure = Arc::new(failure);
                if options.keep_going {
                    events(Event::Failed(Arc::clone(&failure)));
                } else {
                    stop.cancel();
                }
                failures.push(failure);
            }
        }
    }
    let outputs = outputs.into_values().collect();
    if failures.is_empty() && !incomplete {
        Ok(outputs)
    } else {
        let is_told = options.keep_going;
        Err(BuildFailure {
            outputs,
            failures,
            is_told,
        })
    }
}
