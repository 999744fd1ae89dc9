//! The course of a solve: session, status and solve side by side, until all of them end or one breaks.
//!
//! Mirrors `solve` in BuildKit's `client/solve.go`.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::Status;
use tonic::transport::Channel;

use super::{BuildFailure, Leader, Solve, SolveError, Solved};
use crate::address::Address;
use crate::daemon::{self, Daemon};
use crate::gateway::{Gateway, GatewayError};
use crate::progress::Progress;
use crate::progress::wire::StatusResponse;
use crate::random::random_id;
use crate::rpc;
use crate::session::auth::Auth;
use crate::session::content::Content;
use crate::session::filesend::FileSend;
use crate::session::filesync::FileSync;
use crate::session::secrets::SecretService;
use crate::session::ssh::SshService;
use crate::session::{Reporter, ServiceError, Services, Session, SessionId};

/// The longest silence of the status stream after the solve; after that, nothing more is expected.
const STATUS_SILENCE: Duration = Duration::from_secs(5);

/// The time limit for the daemon to accept a session, which it does at once.
const SESSION_LIMIT: Duration = Duration::from_secs(10);

/// The time that one part of the connection has to tell the reason, after another part broke.
const GRACE: Duration = Duration::from_secs(1);

/// The number of batches of progress that wait for the caller, each of at most 16 MiB. Then the daemon waits.
const NEWS_QUEUE: usize = 4;

impl Daemon {
    /// Builds, and returns when everything is exported.
    ///
    /// `on_progress` is called for every batch of news, in order; while it blocks, the daemon's news wait. The solve
    /// ends early when `cancel` is cancelled; then, as with every other end, the session is closed and every sink has
    /// run to its end or is dropped when this returns. Dropping the future cancels it too, but sinks may still be on
    /// their way out.
    pub async fn solve(
        &self,
        solve: Solve,
        on_progress: impl FnMut(Progress) + Send,
        cancel: &CancellationToken,
    ) -> Result<Solved, SolveError> {
        let size = solve.definition.as_ref().map_or(0, bytes::Bytes::len);
        if size > rpc::MAX_MESSAGE {
            return Err(SolveError::TooLarge {
                size,
                limit: rpc::MAX_MESSAGE,
            });
        }
        let (reporter, reports) = Reporter::new();
        let mut solve = solve;
        let leader = solve.leader.take();
        let id = solve.session.clone();
        let key = std::mem::take(&mut solve.shared_key);
        let (request, services) = prepare(solve, reporter);
        let file_send = services.file_send();
        let session = tokio::select! {
            () = cancel.cancelled() => return Err(SolveError::Cancelled),
            session = self.open_session(id, &key, services) => session?,
        };
        let run = Run {
            daemon: self,
            session: &session,
            reports,
            on_progress,
            cancel,
            leader,
        };
        let result = run.finish(request).await;
        // The session's server may end a little later than this function, and so would a sink that it still holds.
        let unused = file_send.drop_unused();
        session.close().await;
        let solved = result?;
        match unused {
            Some(exporter) => Err(SolveError::NothingExported { exporter }),
            None => Ok(solved),
        }
    }

    pub(crate) async fn open_session(
        &self,
        id: SessionId,
        shared_key: &str,
        services: Services,
    ) -> Result<Session, SolveError> {
        let opening = Session::open(self.channel(), id, shared_key, services);
        match timeout(SESSION_LIMIT, opening).await {
            Ok(session) => session.map_err(|status| daemon_error(self.address(), &status)),
            Err(_elapsed) => Err(SolveError::SessionClosed {
                address: self.address().clone(),
            }),
        }
    }
}

/// The request, still without its session, and the services that go with it.
pub(crate) fn prepare(solve: Solve, reporter: Reporter) -> (rpc::SolveRequest, Services) {
    let work = TaskTracker::new();
    let mut exporters = Vec::new();
    let mut sinks = BTreeMap::new();
    for (number, export) in solve.exports.into_iter().enumerate() {
        let (exporter, sink) = export.into_parts();
        exporters.push(exporter);
        sinks.extend(sink.map(|sink| (number, sink)));
    }
    let request = rpc::SolveRequest {
        reference: random_id(),
        definition: solve.definition,
        session: String::new(),
        frontend: solve.frontend,
        frontend_attrs: solve.frontend_attrs,
        cache: Some(rpc::CacheOptions {
            exports: solve
                .cache_exports
                .into_iter()
                .map(crate::CacheEntry::into_wire)
                .collect(),
            imports: solve
                .cache_imports
                .into_iter()
                .map(crate::CacheEntry::into_wire)
                .collect(),
        }),
        entitlements: solve.entitlements,
        exporters,
    };
    let services = Services::new(
        Auth::new(solve.auth),
        SecretService::new(solve.secrets, reporter.clone()),
        SshService::new(solve.ssh, work.clone()),
        FileSync::new(solve.locals, reporter.clone(), work.clone()),
        FileSend::new(sinks, reporter.clone(), work.clone()),
        Content::new(solve.contents, reporter, work.clone()),
        work,
    );
    (request, services)
}

struct Run<'solve, F> {
    daemon: &'solve Daemon,
    session: &'solve Session,
    reports: mpsc::Receiver<ServiceError>,
    on_progress: F,
    cancel: &'solve CancellationToken,
    /// The leader that puts the result together, if it is on this side.
    leader: Option<Leader>,
}

impl<F: FnMut(Progress) + Send> Run<'_, F> {
    /// Solve and status side by side. An error on this side comes before the daemon's error that follows from it.
    async fn finish(mut self, mut request: rpc::SolveRequest) -> Result<Solved, SolveError> {
        request.session = self.session.id().to_owned();
        let mut news = News::follow(self.daemon.channel(), &request.reference);
        let build = request.reference.clone();
        let leader = self.leader.take();
        let mut is_led = leader.is_none();
        let mut leading = pin!(lead(leader, self.daemon.channel().clone(), build));
        let mut solving = pin!(rpc::solve(self.daemon.channel(), request));
        let response = loop {
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(SolveError::Cancelled),
                Some(error) = self.reports.recv() => return Err(SolveError::Service(error)),
                response = &mut solving => break response,
                led = &mut leading, if !is_led => match led {
                    Ok(()) => is_led = true,
                    Err(GatewayError::Status { status }) => break Err(*status),
                    Err(GatewayError::TooLarge { size, limit }) => {
                        return Err(SolveError::TooLarge { size, limit });
                    }
                    Err(error) => break Err(Status::internal(error.to_string())),
                },
                Some(progress) = news.next() => match progress {
                    Ok(progress) => (self.on_progress)(Progress::from_proto(progress)),
                    Err(status) => break last_words(solving, self.error(&status)).await?,
                },
                () = self.session.ended() => {
                    let closed = SolveError::SessionClosed { address: self.daemon.address().clone() };
                    break last_words(solving, closed).await?;
                }
            }
        };
        if let Ok(error) = self.reports.try_recv() {
            return Err(SolveError::Service(error));
        }
        let result = response.map_err(|status| self.error(&status));
        if !matches!(result, Err(SolveError::Lost { .. })) {
            self.drain(&mut news).await;
        }
        result.map(|response| Solved {
            exporter_response: response.exporter_response,
        })
    }

    fn error(&self, status: &Status) -> SolveError {
        daemon_error(self.daemon.address(), status)
    }

    /// The rest of the daemon's progress after the solve. The stream usually ends by itself.
    async fn drain(&mut self, news: &mut News) {
        loop {
            let next = tokio::select! {
                () = self.cancel.cancelled() => return,
                next = timeout(STATUS_SILENCE, news.next()) => next,
            };
            let Ok(Some(Ok(progress))) = next else { return };
            (self.on_progress)(Progress::from_proto(progress));
        }
    }
}

async fn lead(leader: Option<Leader>, channel: Channel, build: String) -> Result<(), GatewayError> {
    let Some(leader) = leader else { return Ok(()) };
    leader.lead(Gateway::of_build(channel, build).await?).await
}

/// A part of the connection ended during a running solve. If the connection broke, or the daemon is shutting down, the
/// solve is about to fail with a better error.
async fn last_words(
    solving: impl Future<Output = Result<rpc::SolveResponse, Status>>,
    otherwise: SolveError,
) -> Result<Result<rpc::SolveResponse, Status>, SolveError> {
    timeout(GRACE, solving).await.map_err(|_silent| otherwise)
}

/// The status stream. It is opened on a task of its own: the daemon answers only once the solve has started.
struct News {
    receiver: mpsc::Receiver<Result<StatusResponse, Status>>,
    _follower: AbortOnDropHandle<()>,
}

impl News {
    fn follow(channel: &Channel, reference: &str) -> Self {
        let (sender, receiver) = mpsc::channel(NEWS_QUEUE);
        let (channel, reference) = (channel.clone(), reference.to_owned());
        let follower = tokio::spawn(async move {
            if let Err(status) = forward(&channel, &reference, &sender).await {
                // Nobody listens when the solve is over.
                let _heard = sender.send(Err(status)).await;
            }
        });
        Self {
            receiver,
            _follower: AbortOnDropHandle::new(follower),
        }
    }

    async fn next(&mut self) -> Option<Result<StatusResponse, Status>> {
        self.receiver.recv().await
    }
}

async fn forward(
    channel: &Channel,
    reference: &str,
    sender: &mpsc::Sender<Result<StatusResponse, Status>>,
) -> Result<(), Status> {
    let mut stream = rpc::status(channel, reference).await?;
    while let Some(news) = stream.message().await? {
        if sender.send(Ok(news)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn daemon_error(address: &Address, status: &Status) -> SolveError {
    match daemon::loss(status) {
        Some(source) => SolveError::Lost {
            address: address.clone(),
            source,
        },
        None => SolveError::Build(Box::new(BuildFailure::from_status(status))),
    }
}
