//! Requests for files that were not offered.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use buildkit_client::{
    CancellationToken, DeclaredFiles, LocalDir, ServiceError, Solve, SolveError,
};
use buildkit_proto::fsutil::types::Packet;
use buildkit_proto::fsutil::types::packet::PacketType;
use buildkit_proto::moby::buildkit::v1::SolveResponse;
use buildkit_proto::moby::filesync::v1::file_sync_client::FileSyncClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::fake::{Callback, start};

/// Runs a transfer: lists, then sends `requests`, then ends it, and returns what was announced and sent.
async fn transfer(
    channel: Channel,
    headers: &[(&'static str, &str)],
    requests: &[u32],
) -> Result<(Vec<String>, Vec<u8>), Status> {
    let (sender, receiver) = mpsc::channel(64);
    let mut request = Request::new(ReceiverStream::new(receiver));
    for (key, value) in headers {
        request
            .metadata_mut()
            .append(*key, MetadataValue::try_from(*value).unwrap());
    }
    let mut packets = FileSyncClient::new(channel)
        .diff_copy(request)
        .await?
        .into_inner();
    let (mut names, mut content) = (Vec::new(), Vec::new());
    while let Some(packet) = packets.message().await? {
        match (packet.r#type(), packet.stat) {
            (PacketType::PacketStat, Some(stat)) => names.push(stat.path),
            (PacketType::PacketStat, None) => {
                for id in requests {
                    sender.send(kind(PacketType::PacketReq, *id)).await.unwrap();
                }
                if requests.is_empty() {
                    sender.send(kind(PacketType::PacketFin, 0)).await.unwrap();
                }
            }
            (PacketType::PacketData, _) if packet.data.is_empty() => {
                sender.send(kind(PacketType::PacketFin, 0)).await.unwrap();
            }
            (PacketType::PacketData, _) => content.extend(packet.data),
            _ => {}
        }
    }
    Ok((names, content))
}

fn kind(kind: PacketType, id: u32) -> Packet {
    Packet {
        r#type: kind.into(),
        id,
        ..Packet::default()
    }
}

/// Solves with the directory `context`, which `script` reads.
async fn check<F>(dir: &Path, script: impl FnOnce(Callback) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let fake = start(async |callback: Callback| {
        script(callback).await;
        Ok(SolveResponse::default())
    })
    .await;
    let local = LocalDir::new("context", dir.join("context"), DeclaredFiles::All);
    let solve = Solve::definition(Vec::new()).with_local(local);
    fake.daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
}

fn context() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("context/sub")).unwrap();
    fs::write(dir.path().join("context/file"), "content").unwrap();
    fs::write(dir.path().join("outside"), "secret").unwrap();
    symlink("../outside", dir.path().join("context/link")).unwrap();
    symlink("..", dir.path().join("context/up")).unwrap();
    dir
}

#[tokio::test]
async fn directories_are_known_by_name_only() {
    let dir = context();
    let absolute = dir.path().display().to_string();
    check(dir.path(), async move |callback: Callback| {
        for name in [
            "",
            "..",
            "context/..",
            "context/sub",
            "/",
            &absolute,
            "context\u{0020}",
        ] {
            let error = transfer(callback.channel.clone(), &[("dir-name", name)], &[]).await;
            assert_eq!(
                error.map_err(|status| status.code()),
                Err(Code::NotFound),
                "{name}"
            );
        }
        let no_name = transfer(callback.channel.clone(), &[], &[]).await;
        assert_eq!(no_name.unwrap_err().code(), Code::NotFound);
        let (names, _) = transfer(callback.channel, &[("dir-name", "context")], &[])
            .await
            .unwrap();
        assert_eq!(names, ["file", "link", "sub", "up"]);
    })
    .await;
}

#[tokio::test]
async fn patterns_and_links_do_not_lead_out() {
    let dir = context();
    check(dir.path(), async |callback: Callback| {
        for (key, value, expected) in [
            ("include-patterns", "../*", vec![]),
            ("include-patterns", "up/outside", vec![]),
            ("include-patterns", "/etc", vec![]),
            ("followpaths", "../outside", vec![]),
            ("followpaths", "/../../etc/passwd", vec![]),
            ("followpaths", "link", vec!["link"]),
            ("followpaths", "up/outside", vec!["up"]),
            // A symlink that was resolved once is not resolved again, so loops end.
            ("followpaths", "up/up/up/file", vec!["up"]),
            ("followpaths", "u*/file", vec!["file", "up"]),
        ] {
            let headers = [("dir-name", "context"), (key, value)];
            let (names, _) = transfer(callback.channel.clone(), &headers, &[])
                .await
                .unwrap();
            assert_eq!(names, expected, "{key}: {value}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_broken_pattern_ends_the_solve() {
    let dir = context();
    let fake = start(async |callback: Callback| {
        let headers = [("dir-name", "context"), ("include-patterns", "[")];
        let error = transfer(callback.channel, &headers, &[]).await.unwrap_err();
        assert_eq!(error.code(), Code::FailedPrecondition);
        std::future::pending().await
    })
    .await;
    let local = LocalDir::new("context", dir.path().join("context"), DeclaredFiles::All);
    let solve = Solve::definition(Vec::new()).with_local(local);
    let result = fake
        .daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await;
    let Err(SolveError::Service(ServiceError::Local { source, .. })) = result else {
        panic!("{result:?}")
    };
    assert_eq!(source.to_string(), "`[` is no valid path pattern");
}

#[tokio::test]
async fn only_announced_files_are_sent_and_only_once() {
    let dir = context();
    check(dir.path(), async |callback: Callback| {
        let headers = [("dir-name", "context")];
        let sent = transfer(callback.channel.clone(), &headers, &[0])
            .await
            .unwrap();
        assert_eq!(sent.1, b"content");
        // A symlink, a directory, an id beyond the last, the largest one, and one file twice.
        for requests in [&[1_u32][..], &[2], &[4], &[u32::MAX], &[0, 0]] {
            let error = transfer(callback.channel.clone(), &headers, requests)
                .await
                .unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{requests:?}: {error}");
        }
    })
    .await;
}
