//! Calls for content that was not offered, over the wire.

use std::collections::BTreeSet;
use std::fs;

use buildkit_client::{CancellationToken, ContentStore, LayoutDir, Solve};
use buildkit_proto::moby::buildkit::v1::SolveResponse;
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::fake::{Callback, start};

const OFFERED: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SIZE: usize = 1_000_003;

/// Enough of every request of the service: a digest, an offset, a size.
#[derive(Clone, PartialEq, prost::Message)]
struct Ask {
    #[prost(string, tag = "1")]
    digest: String,
    #[prost(int64, tag = "2")]
    offset: i64,
    #[prost(int64, tag = "3")]
    size: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Piece {
    #[prost(int64, tag = "1")]
    offset: i64,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

async fn call(
    channel: &Channel,
    method: &str,
    store: &str,
    ask: (&str, i64, i64),
) -> Result<Vec<Piece>, Status> {
    let path = format!("/containerd.services.content.v1.Content/{method}");
    let (digest, offset, size) = ask;
    let mut request = Request::new(Ask {
        digest: digest.to_owned(),
        offset,
        size,
    });
    let header = "buildkit-attachable-store-id";
    request
        .metadata_mut()
        .insert(header, store.parse().unwrap());
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let codec = ProstCodec::<Ask, Piece>::default();
    let path = PathAndQuery::try_from(path).unwrap();
    let mut stream = grpc
        .server_streaming(request, path, codec)
        .await?
        .into_inner();
    let mut pieces = Vec::new();
    while let Some(piece) = stream.message().await? {
        pieces.push(piece);
    }
    Ok(pieces)
}

#[tokio::test]
async fn only_the_blobs_of_the_image_are_served() {
    let layout = tempfile::tempdir().unwrap();
    let blobs = layout.path().join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let content: Vec<u8> = (0..=250).cycle().take(SIZE).collect();
    fs::write(blobs.join(&OFFERED[7..]), &content).unwrap();
    fs::write(blobs.join(&OTHER[7..]), "other").unwrap();

    let fake = start(async move |callback: Callback| {
        let channel = callback.channel;
        let code = async |method: &str, store: &str, ask: (&str, i64, i64)| {
            let answer = call(&channel, method, store, ask).await;
            answer.unwrap_err().code()
        };
        let whole = call(&channel, "Read", "oci:id", (OFFERED, 0, 0))
            .await
            .unwrap();
        assert!(whole.iter().all(|piece| piece.data.len() <= 1 << 20));
        let read: Vec<u8> = whole.into_iter().flat_map(|piece| piece.data).collect();
        assert!(read == content);
        let end = (OFFERED, 1_000_000, i64::MAX);
        let end = call(&channel, "Read", "oci:id", end).await.unwrap();
        assert_eq!((end[0].offset, end[0].data.len()), (1_000_000, 3));

        for (method, store, digest, offset, expected) in [
            ("Read", "oci:id", OTHER, 0, Code::NotFound),
            ("Read", "oci:other", OFFERED, 0, Code::NotFound),
            ("Read", "id", OFFERED, 0, Code::NotFound),
            (
                "Read",
                "oci:id",
                "sha256:../../index.json",
                0,
                Code::InvalidArgument,
            ),
            (
                "Read",
                "oci:id",
                "../../../etc/passwd",
                0,
                Code::InvalidArgument,
            ),
            ("Read", "oci:id", OFFERED, i64::MAX, Code::OutOfRange),
            ("Info", "oci:id", OTHER, 0, Code::NotFound),
            ("List", "oci:id", "", 0, Code::Unimplemented),
            ("ListStatuses", "oci:id", "", 0, Code::Unimplemented),
            ("Status", "oci:id", "ref", 0, Code::Unimplemented),
            ("Delete", "oci:id", OFFERED, 0, Code::PermissionDenied),
            ("Write", "oci:id", OFFERED, 0, Code::PermissionDenied),
            ("Update", "oci:id", OFFERED, 0, Code::PermissionDenied),
            ("Abort", "oci:id", "ref", 0, Code::PermissionDenied),
        ] {
            let found = code(method, store, (digest, offset, 1)).await;
            assert_eq!(found, expected, "{method} {store} {digest} {offset}");
        }
        Ok(SolveResponse::default())
    })
    .await;
    let sizes = [(OFFERED.parse().unwrap(), SIZE as u64)];
    let store = ContentStore::new("id", LayoutDir::open(layout.path()).unwrap(), sizes);
    let solve = Solve::definition(Vec::new()).with_content(store);
    fake.daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    let names = fs::read_dir(&blobs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<_> = names.collect();
    assert_eq!(names.len(), 2, "nothing was deleted or written");
}
