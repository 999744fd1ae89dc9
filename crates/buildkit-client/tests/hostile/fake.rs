//! A daemon that does what a test tells it to: the control service on loopback, and a client on the session that it is
//! given.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use buildkit_client::{Address, ConnectOptions, Daemon};
use buildkit_proto::moby::buildkit::v1 as control;
use buildkit_proto::moby::buildkit::v1::control_server::{Control, ControlServer};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server, Uri};
use tonic::{Request, Response, Status, Streaming};

/// The daemon's reaction to a solve: it may call back on the session, close it, and answer as it likes.
type Script = Box<dyn FnOnce(Callback) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send>;

pub(crate) type Answer = Result<control::SolveResponse, Status>;

/// The session of the solve.
pub(crate) struct Callback {
    pub(crate) channel: Channel,
    /// Ends the session's stream.
    pub(crate) close: CancellationToken,
}

/// The contents of the status stream.
pub(crate) type News = Vec<Result<control::StatusResponse, Status>>;

struct Fake {
    script: Mutex<Option<Script>>,
    news: Mutex<Option<News>>,
    sessions: mpsc::Sender<Callback>,
    opened: AsyncMutex<mpsc::Receiver<Callback>>,
}

/// A running fake, and a client connected to it.
pub(crate) struct Running {
    pub(crate) daemon: Daemon,
    _server: AbortOnDropHandle<()>,
}

/// Starts a daemon that answers a solve with `script`, and has no news.
pub(crate) async fn start<F>(script: impl FnOnce(Callback) -> F + Send + 'static) -> Running
where
    F: Future<Output = Answer> + Send + 'static,
{
    start_with(Vec::new(), script).await
}

/// The same with news.
pub(crate) async fn start_with<F>(
    news: News,
    script: impl FnOnce(Callback) -> F + Send + 'static,
) -> Running
where
    F: Future<Output = Answer> + Send + 'static,
{
    let (sessions, opened) = mpsc::channel(1);
    let fake = Fake {
        script: Mutex::new(Some(Box::new(move |callback| Box::pin(script(callback))))),
        news: Mutex::new(Some(news)),
        sessions,
        opened: AsyncMutex::new(opened),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server::builder().add_service(ControlServer::new(fake));
    let server = tokio::spawn(async move {
        server
            .serve_with_incoming(TcpIncoming::from(listener))
            .await
            .unwrap();
    });
    let options = ConnectOptions::new(Address::Tcp {
        host: "127.0.0.1".into(),
        port,
    });
    let daemon = Daemon::connect(options).await.unwrap();
    Running {
        daemon,
        _server: AbortOnDropHandle::new(server),
    }
}

/// A channel over one connection that is already there.
fn channel(io: DuplexStream) -> Channel {
    let mut io = Some(io);
    let connector = tower::service_fn(move |_: Uri| {
        let io = io.take().map(TokioIo::new);
        async move { io.ok_or_else(|| std::io::Error::other("only one connection")) }
    });
    Endpoint::from_static("http://session").connect_with_connector_lazy(connector)
}

type Messages = ReceiverStream<Result<control::BytesMessage, Status>>;

fn open(mut incoming: Streaming<control::BytesMessage>) -> (Callback, Messages) {
    let (inside, outside) = duplex(1 << 20);
    let (mut reader, mut writer) = split(outside);
    let (sender, messages) = mpsc::channel(8);
    let close = CancellationToken::new();
    let closed = close.clone();
    tokio::spawn(async move {
        while let Ok(Some(message)) = incoming.message().await {
            if writer.write_all(&message.data).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(closed.run_until_cancelled_owned(async move {
        let mut buffer = vec![0; 32 << 10];
        while let Ok(length @ 1..) = reader.read(&mut buffer).await {
            let message = control::BytesMessage {
                data: buffer[..length].to_vec(),
            };
            if sender.send(Ok(message)).await.is_err() {
                return;
            }
        }
    }));
    (
        Callback {
            channel: channel(inside),
            close,
        },
        ReceiverStream::new(messages),
    )
}

fn unused<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not in this fake"))
}

#[tonic::async_trait]
impl Control for Fake {
    type PruneStream = ReceiverStream<Result<control::UsageRecord, Status>>;
    type StatusStream = ReceiverStream<Result<control::StatusResponse, Status>>;
    type SessionStream = Messages;
    type ListenBuildHistoryStream = ReceiverStream<Result<control::BuildHistoryEvent, Status>>;

    async fn info(
        &self,
        _: Request<control::InfoRequest>,
    ) -> Result<Response<control::InfoResponse>, Status> {
        Ok(Response::new(control::InfoResponse::default()))
    }

    async fn session(
        &self,
        request: Request<Streaming<control::BytesMessage>>,
    ) -> Result<Response<Messages>, Status> {
        let (callback, messages) = open(request.into_inner());
        self.sessions.send(callback).await.unwrap();
        Ok(Response::new(messages))
    }

    async fn solve(
        &self,
        _: Request<control::SolveRequest>,
    ) -> Result<Response<control::SolveResponse>, Status> {
        let callback = self.opened.lock().await.recv().await.unwrap();
        let script = self.script.lock().unwrap().take().unwrap();
        script(callback).await.map(Response::new)
    }

    async fn status(
        &self,
        _: Request<control::StatusRequest>,
    ) -> Result<Response<Self::StatusStream>, Status> {
        let news = self.news.lock().unwrap().take().unwrap();
        let (sender, receiver) = mpsc::channel(news.len().max(1));
        for batch in news {
            sender.send(batch).await.unwrap();
        }
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn disk_usage(
        &self,
        _: Request<control::DiskUsageRequest>,
    ) -> Result<Response<control::DiskUsageResponse>, Status> {
        unused()
    }

    async fn prune(
        &self,
        _: Request<control::PruneRequest>,
    ) -> Result<Response<Self::PruneStream>, Status> {
        unused()
    }

    async fn list_workers(
        &self,
        _: Request<control::ListWorkersRequest>,
    ) -> Result<Response<control::ListWorkersResponse>, Status> {
        unused()
    }

    async fn listen_build_history(
        &self,
        _: Request<control::BuildHistoryRequest>,
    ) -> Result<Response<Self::ListenBuildHistoryStream>, Status> {
        unused()
    }

    async fn update_build_history(
        &self,
        _: Request<control::UpdateBuildHistoryRequest>,
    ) -> Result<Response<control::UpdateBuildHistoryResponse>, Status> {
        unused()
    }
}
