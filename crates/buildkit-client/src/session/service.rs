//! The HTTP/2 server inside the session, which passes calls to services.

use std::convert::Infallible;
use std::future::{self, Future};
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_stream::Stream;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;

use super::auth::{self, Auth};
use super::content::{self, Content};
use super::filesend::{self, FileSend};
use super::filesync::{self, FileSync};
use super::health;
use super::secrets::{self, SecretService};
use super::ssh::{self, SshService};
use super::tunnel::Tunnel;
use crate::rpc;

/// The methods that are announced to the daemon.
pub(super) const METHODS: [&str; 12] = [
    health::CHECK,
    auth::CREDENTIALS,
    auth::FETCH_TOKEN,
    auth::GET_TOKEN_AUTHORITY,
    auth::VERIFY_TOKEN_AUTHORITY,
    secrets::GET_SECRET,
    ssh::CHECK_AGENT,
    ssh::FORWARD_AGENT,
    filesync::DIFF_COPY,
    filesend::DIFF_COPY,
    content::INFO,
    content::READ,
];

/// All services that the daemon may call.
pub(crate) struct Services {
    auth: Auth,
    secrets: SecretService,
    ssh: SshService,
    file_sync: Arc<FileSync>,
    file_send: Arc<FileSend>,
    content: Arc<Content>,
    work: TaskTracker,
}

impl Services {
    /// Threads that the file services start are tracked in `work`.
    pub(crate) fn new(
        auth: Auth,
        secrets: SecretService,
        ssh: SshService,
        file_sync: FileSync,
        file_send: FileSend,
        content: Content,
        work: TaskTracker,
    ) -> Self {
        Self {
            auth,
            secrets,
            ssh,
            file_sync: Arc::new(file_sync),
            file_send: Arc::new(file_send),
            content: Arc::new(content),
            work,
        }
    }

    /// The sinks, which know whether they were used.
    pub(crate) fn file_send(&self) -> Arc<FileSend> {
        Arc::clone(&self.file_send)
    }

    pub(super) fn work(&self) -> TaskTracker {
        self.work.clone()
    }

    async fn call(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let Self {
            auth, secrets, ssh, ..
        } = &*self;
        match request.uri().path() {
            health::CHECK => {
                unary(request, |asked| {
                    future::ready(Ok(health::always_well(asked)))
                })
                .await
            }
            auth::CREDENTIALS => unary(request, |asked| auth.credentials(asked)).await,
            auth::FETCH_TOKEN => unary(request, |asked| auth.fetch_token(asked)).await,
            auth::GET_TOKEN_AUTHORITY => {
                unary(request, |asked| auth.get_token_authority(asked)).await
            }
            auth::VERIFY_TOKEN_AUTHORITY => {
                unary(request, |asked| auth.verify_token_authority(asked)).await
            }
            secrets::GET_SECRET => {
                unary(request, |asked| future::ready(secrets.get_secret(asked))).await
            }
            ssh::CHECK_AGENT => {
                unary(request, |asked| future::ready(ssh.check_agent(&asked))).await
            }
            ssh::FORWARD_AGENT => streaming(request, |asked| ssh.forward_agent(asked)).await,
            filesync::DIFF_COPY => {
                let sync = Arc::clone(&self.file_sync);
                streaming(request, move |asked| {
                    future::ready(Arc::clone(&sync).diff_copy(asked))
                })
                .await
            }
            filesend::DIFF_COPY => {
                let send = Arc::clone(&self.file_send);
                streaming(request, move |asked| Arc::clone(&send).diff_copy(asked)).await
            }
            content::INFO => {
                let content = Arc::clone(&self.content);
                unary(request, move |asked| Arc::clone(&content).info(asked)).await
            }
            content::READ => {
                let content = Arc::clone(&self.content);
                let read = move |asked| Arc::clone(&content).read(asked);
                grpc()
                    .server_streaming(tower::service_fn(read), request)
                    .await
            }
            path => refusal(path).into_http(),
        }
    }
}

/// The answer to a method that the session does not have.
fn refusal(path: &str) -> Status {
    match path.rsplit_once('/') {
        Some((content::SERVICE, _)) => content::refusal(path),
        _ => Status::unimplemented("this session has no such method"),
    }
}

/// Serves the daemon until the connection ends.
pub(super) fn serve(tunnel: Tunnel, services: Arc<Services>) -> impl Future<Output = ()> + Send {
    let service = hyper::service::service_fn(move |request| {
        let services = Arc::clone(&services);
        async move { Ok::<_, Infallible>(services.call(request).await) }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(rpc::STREAM_WINDOW)
        .initial_connection_window_size(rpc::CONNECTION_WINDOW)
        .max_header_list_size(rpc::MAX_HEADER_LIST)
        .serve_connection(TokioIo::new(tunnel), service);
    async move {
        // However this ends, the session is over; the solve decides what that means.
        let _ended = connection.await;
    }
}

/// Serves one call with a message each way.
async fn unary<In, Out, Handler, Answer>(
    request: Request<Incoming>,
    handler: Handler,
) -> Response<Body>
where
    In: prost::Message + Default + Send + 'static,
    Out: prost::Message + Send + 'static,
    Handler: FnMut(tonic::Request<In>) -> Answer + Send,
    Answer: Future<Output = Result<tonic::Response<Out>, Status>> + Send,
{
    grpc().unary(tower::service_fn(handler), request).await
}

/// Serves one call with a stream of messages both ways.
async fn streaming<In, Out, Handler, Answer, Messages>(
    request: Request<Incoming>,
    handler: Handler,
) -> Response<Body>
where
    In: prost::Message + Default + Send + 'static,
    Out: prost::Message + Send + 'static,
    Handler: FnMut(tonic::Request<Streaming<In>>) -> Answer + Send,
    Answer: Future<Output = Result<tonic::Response<Messages>, Status>> + Send,
    Messages: Stream<Item = Result<Out, Status>> + Send + 'static,
{
    grpc().streaming(tower::service_fn(handler), request).await
}

/// What reads and writes the messages of one call.
///
/// Generated servers are not used: they decode `Stat` into strings, which file names need not be, know only one message
/// for `FileSend`, and take in a router for many services.
fn grpc<In, Out>() -> tonic::server::Grpc<ProstCodec<Out, In>>
where
    In: prost::Message + Default + Send + 'static,
    Out: prost::Message + Send + 'static,
{
    tonic::server::Grpc::new(ProstCodec::default())
        .apply_max_message_size_config(Some(rpc::MAX_MESSAGE), Some(rpc::MAX_MESSAGE))
}
