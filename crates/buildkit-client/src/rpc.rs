//! The calls of BuildKit's control service, and the limits that hold on every connection.
//!
//! Messages come from `buildkit-proto`, except where its age or its types stand in the way: a definition decoded and
//! encoded by it would lose every field that is newer than the crate, so [`SolveRequest`] carries the bytes as given.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::{
    DiskUsageRequest, DiskUsageResponse, InfoRequest, InfoResponse, ListWorkersRequest,
    ListWorkersResponse, StatusRequest,
};
use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{IntoRequest, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::progress::wire::StatusResponse;

/// The largest message either side takes; BuildKit's own limit (`defaults.DefaultMaxRecvMsgSize` of containerd).
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// The largest header list; grpc-go's default. Error details with stack traces come as headers and pass hyper's 16 KiB.
pub(crate) const MAX_HEADER_LIST: u32 = 16 << 20;

/// HTTP/2 flow control: file chunks are up to 3 MiB, and HTTP/2's 64 KiB would cost a round trip for every 64 KiB.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;

/// The same as [`STREAM_WINDOW`], for all streams of a connection together.
pub(crate) const CONNECTION_WINDOW: u32 = 8 << 20;

/// The header with the id of the build that a gateway call is for (BuildKit's `client/buildid`).
const BUILD_ID: &str = "buildkit-controlapi-buildid";

const SOLVE: &str = "/moby.buildkit.v1.Control/Solve";
const STATUS: &str = "/moby.buildkit.v1.Control/Status";
const SESSION: &str = "/moby.buildkit.v1.Control/Session";
const INFO: &str = "/moby.buildkit.v1.Control/Info";
const LIST_WORKERS: &str = "/moby.buildkit.v1.Control/ListWorkers";
const DISK_USAGE: &str = "/moby.buildkit.v1.Control/DiskUsage";

/// `moby.buildkit.v1.SolveRequest`: the fields that this client sets.
///
/// Field numbers: BuildKit's `api/services/control/control.proto`. `definition` is declared as bytes, which is the same
/// on the wire as the message that the bytes are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SolveRequest {
    #[prost(string, tag = "1")]
    pub(crate) reference: String,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(crate) definition: Option<Bytes>,
    #[prost(string, tag = "5")]
    pub(crate) session: String,
    #[prost(string, tag = "6")]
    pub(crate) frontend: String,
    #[prost(btree_map = "string, string", tag = "7")]
    pub(crate) frontend_attrs: BTreeMap<String, String>,
    #[prost(message, optional, tag = "8")]
    pub(crate) cache: Option<CacheOptions>,
    #[prost(string, repeated, tag = "9")]
    pub(crate) entitlements: Vec<String>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) exporters: Vec<TypeAndAttrs>,
}

/// `moby.buildkit.v1.CacheOptions`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CacheOptions {
    #[prost(message, repeated, tag = "4")]
    pub(crate) exports: Vec<TypeAndAttrs>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) imports: Vec<TypeAndAttrs>,
}

/// `moby.buildkit.v1.CacheOptionsEntry` and `moby.buildkit.v1.Exporter`, which have the same two fields.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TypeAndAttrs {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(crate) attrs: BTreeMap<String, String>,
}

/// `moby.buildkit.v1.SolveResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SolveResponse {
    #[prost(btree_map = "string, string", tag = "1")]
    pub(crate) exporter_response: BTreeMap<String, String>,
}

/// `moby.buildkit.v1.BytesMessage` and `moby.filesync.v1.BytesMessage`, received and sent without a copy.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct BytesMessage {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) data: Bytes,
}

/// Asks for the daemon's version.
pub(crate) async fn info(channel: &Channel) -> Result<InfoResponse, Status> {
    unary(channel, INFO, InfoRequest {}).await
}

/// Asks for the daemon's workers.
pub(crate) async fn list_workers(channel: &Channel) -> Result<ListWorkersResponse, Status> {
    unary(channel, LIST_WORKERS, ListWorkersRequest::default()).await
}

/// Asks for the records of the daemon's cache.
pub(crate) async fn disk_usage(channel: &Channel) -> Result<DiskUsageResponse, Status> {
    unary(channel, DISK_USAGE, DiskUsageRequest::default()).await
}

/// Runs a build. The answer comes at its end.
pub(crate) async fn solve(
    channel: &Channel,
    request: SolveRequest,
) -> Result<SolveResponse, Status> {
    unary(channel, SOLVE, request).await
}

/// Follows the build that was, or will be, started under `reference`.
pub(crate) async fn status(
    channel: &Channel,
    reference: &str,
) -> Result<Streaming<StatusResponse>, Status> {
    let mut grpc = ready(channel).await?;
    let request = Request::new(StatusRequest {
        r#ref: reference.into(),
    });
    let codec = ProstCodec::<StatusRequest, StatusResponse>::default();
    let response = grpc
        .server_streaming(request, PathAndQuery::from_static(STATUS), codec)
        .await;
    response.map(Response::into_inner)
}

/// Opens a byte stream on which the daemon speaks HTTP/2 as a client.
pub(crate) async fn session(
    channel: &Channel,
    headers: MetadataMap,
    outgoing: impl Stream<Item = BytesMessage> + Send + 'static,
) -> Result<Streaming<BytesMessage>, Status> {
    let mut grpc = ready(channel).await?;
    let mut request = Request::new(outgoing);
    *request.metadata_mut() = headers;
    let codec = ProstCodec::<BytesMessage, BytesMessage>::default();
    let response = grpc
        .streaming(request, PathAndQuery::from_static(SESSION), codec)
        .await;
    response.map(Response::into_inner)
}

/// A call to the gateway of the build `build`, which waits for its client, or of the build that the connection is for.
pub(crate) async fn gateway<Q, A>(
    channel: &Channel,
    build: Option<&str>,
    path: &'static str,
    request: Q,
) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut request = Request::new(request);
    if let Some(build) = build {
        let build = MetadataValue::try_from(build)
            .map_err(|_| Status::internal("the build's name is no header"))?;
        request.metadata_mut().insert(BUILD_ID, build);
    }
    call(channel, path, request).await
}

async fn unary<Q, A>(channel: &Channel, path: &'static str, request: Q) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    call(channel, path, request.into_request()).await
}

async fn call<Q, A>(channel: &Channel, path: &'static str, request: Request<Q>) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = ready(channel).await?;
    let codec = ProstCodec::<Q, A>::default();
    let response = grpc
        .unary(request, PathAndQuery::from_static(path), codec)
        .await;
    response.map(Response::into_inner)
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    Ok(grpc)
}
