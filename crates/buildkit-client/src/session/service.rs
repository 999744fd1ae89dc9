//! The HTTP/2 server inside the session, which passes calls to services.

use std::convert::Infallible;
use std::future::{self, Future};
use std::sync::Arc;

use buildkit_proto::health::health_server::HealthServer;
use buildkit_proto::moby::buildkit::secrets::v1::secrets_server::SecretsServer;
use buildkit_proto::moby::filesync::v1::auth_server::AuthServer;
use buildkit_proto::moby::sshforward::v1::ssh_server::SshServer;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_stream::Stream;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::Service;

use super::auth::{self, Auth};
use super::content::{self, Content};
use super::filesend::{self, FileSend};
use super::filesync::{self, FileSync};
use super::health::{self, AlwaysServing};
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
    health: HealthServer<AlwaysServing>,
    auth: AuthServer<Auth>,
    secrets: SecretsServer<SecretService>,
    ssh: SshServer<SshService>,
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
            health: HealthServer::new(AlwaysServing),
            auth: AuthServer::new(auth),
            secrets: SecretsServer::new(secrets),
            ssh: SshServer::new(ssh),
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
        let path = request.uri().path();
        let (service, _method) = path.rsplit_once('/').unwrap_or_default();
        match (service, path) {
            (_, filesync::DIFF_COPY) => {
                let sync = Arc::clone(&self.file_sync);
                streaming(request, move |request| {
                    future::ready(Arc::clone(&sync).diff_copy(request))
                })
                .await
            }
            (_, filesend::DIFF_COPY) => {
                let send = Arc::clone(&self.file_send);
                streaming(request, move |request| Arc::clone(&send).diff_copy(request)).await
            }
            (_, content::INFO) => {
                let content = Arc::clone(&self.content);
                let info = move |request| Arc::clone(&content).info(request);
                grpc().unary(tower::service_fn(info), request).await
            }
            (_, content::READ) => {
                let content = Arc::clone(&self.content);
                let read = move |request| Arc::clone(&content).read(request);
                grpc()
                    .server_streaming(tower::service_fn(read), request)
                    .await
            }
            (content::SERVICE, path) => content::refusal(path).into_http(),
            (health::SERVICE, _) => infallible(self.health.clone().call(request).await),
            (auth::SERVICE, _) => infallible(self.auth.clone().call(request).await),
            (secrets::SERVICE, _) => infallible(self.secrets.clone().call(request).await),
            (ssh::SERVICE, _) => infallible(self.ssh.clone().call(request).await),
            _ => Status::unimplemented("this session has no such method").into_http(),
        }
    }
}

fn infallible(result: Result<Response<Body>, Infallible>) -> Response<Body> {
    match result {
        Ok(response) => response,
        Err(never) => match never {},
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

/// Serves one call with a stream of messages both ways.
///
/// The generated servers cannot: they decode `Stat` into strings, which file names need not be, and know only one
/// message for `FileSend`.
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

fn grpc<In, Out>() -> tonic::server::Grpc<ProstCodec<Out, In>>
where
    In: prost::Message + Default + Send + 'static,
    Out: prost::Message + Send + 'static,
{
    tonic::server::Grpc::new(ProstCodec::default())
        .apply_max_message_size_config(Some(rpc::MAX_MESSAGE), Some(rpc::MAX_MESSAGE))
}
