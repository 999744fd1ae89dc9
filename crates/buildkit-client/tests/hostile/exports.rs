//! Exports that no exporter would send.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use buildkit_client::{CancellationToken, Export, SinkError, Solve, SolveError};
use buildkit_proto::moby::buildkit::v1::SolveResponse;
use buildkit_proto::moby::filesync::v1::BytesMessage;
use buildkit_proto::moby::filesync::v1::file_send_client::FileSendClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::fake::{Callback, start};

/// Sends `pieces` to an exporter, and the end unless it is `cut`.
async fn send(channel: Channel, exporter: &str, pieces: &[&[u8]], cut: bool) -> Result<(), Status> {
    let (sender, receiver) = mpsc::channel(pieces.len().max(1));
    for piece in pieces {
        sender
            .send(BytesMessage {
                data: piece.to_vec(),
            })
            .await
            .unwrap();
    }
    let mut request = Request::new(ReceiverStream::new(receiver));
    let exporter = MetadataValue::try_from(exporter).unwrap();
    request
        .metadata_mut()
        .insert("buildkit-attachable-exporter-id", exporter);
    let mut client = FileSendClient::new(channel);
    let call = client.diff_copy(request);
    if cut {
        let cut_off = tokio::time::timeout(Duration::from_millis(200), call).await;
        assert!(cut_off.is_err(), "the archive is still open");
        return Err(Status::cancelled("cut"));
    }
    drop(sender);
    let mut answer = call.await?.into_inner();
    while answer.message().await?.is_some() {}
    Ok(())
}

/// A sink that reports what it read, or how reading failed.
fn sink() -> (
    Export,
    mpsc::UnboundedReceiver<Result<Vec<u8>, std::io::ErrorKind>>,
) {
    let (sender, results) = mpsc::unbounded_channel();
    let export = Export::tar(move |archive: &mut dyn Read| -> Result<(), SinkError> {
        let mut bytes = Vec::new();
        let result = archive.read_to_end(&mut bytes);
        sender.send(result.as_ref().map(|_| bytes).map_err(std::io::Error::kind))?;
        result?;
        Ok(())
    });
    (export, results)
}

fn graph() -> Solve {
    Solve::definition(Vec::new())
}

#[tokio::test]
async fn only_exporters_of_the_solve_are_received() {
    let fake = start(async |callback: Callback| {
        for (exporter, code) in [
            ("1", Code::NotFound),
            ("18446744073709551615", Code::NotFound),
            ("99999999999999999999999", Code::InvalidArgument),
            ("-1", Code::InvalidArgument),
            ("../0", Code::InvalidArgument),
        ] {
            let error = send(callback.channel.clone(), exporter, &[b"x"], false)
                .await
                .unwrap_err();
            assert_eq!(error.code(), code, "{exporter}: {error}");
        }
        send(callback.channel.clone(), "0", &[b"a", b"", b"bc"], false)
            .await
            .unwrap();
        let again = send(callback.channel, "0", &[b"x"], false)
            .await
            .unwrap_err();
        assert_eq!(again.code(), Code::NotFound);
        Ok(SolveResponse::default())
    })
    .await;
    let (export, mut results) = sink();
    fake.daemon
        .solve(
            graph().with_export(export),
            |_| {},
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    assert_eq!(results.recv().await, Some(Ok(b"abc".to_vec())));
}

#[tokio::test]
async fn an_archive_that_is_cut_off_does_not_end_well() {
    let fake = start(async |callback: Callback| {
        let cut = send(callback.channel, "0", &[b"half an arch"], true)
            .await
            .unwrap_err();
        Err(Status::internal(cut.message().to_owned()))
    })
    .await;
    let (export, mut results) = sink();
    let result = fake
        .daemon
        .solve(
            graph().with_export(export),
            |_| {},
            &CancellationToken::new(),
        )
        .await;
    assert!(matches!(result, Err(SolveError::Build(_))), "{result:?}");
    assert_eq!(
        results.recv().await,
        Some(Err(std::io::ErrorKind::ConnectionAborted))
    );
}

#[tokio::test]
async fn an_archive_that_never_came_is_missed() {
    let fake = start(async |_: Callback| Ok(SolveResponse::default())).await;
    let (export, _results) = sink();
    let result = fake
        .daemon
        .solve(
            graph().with_export(export),
            |_| {},
            &CancellationToken::new(),
        )
        .await;
    assert!(
        matches!(result, Err(SolveError::NothingExported { exporter: 0 })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_sink_that_nothing_was_sent_to_is_dropped_with_the_solve() {
    let fake = start(async |_: Callback| Err(Status::internal("no such step"))).await;
    let held = Arc::new(());
    let sink = {
        let held = Arc::clone(&held);
        move |_: &mut dyn Read| -> Result<(), SinkError> {
            drop(held);
            Ok(())
        }
    };
    let result = fake
        .daemon
        .solve(
            graph().with_export(Export::tar(sink)),
            |_| {},
            &CancellationToken::new(),
        )
        .await;
    assert!(matches!(result, Err(SolveError::Build(_))), "{result:?}");
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test]
async fn a_session_that_is_closed_ends_the_solve() {
    let fake = start(async |callback: Callback| {
        callback.close.cancel();
        std::future::pending().await
    })
    .await;
    let started = Instant::now();
    let result = fake
        .daemon
        .solve(graph(), |_| {}, &CancellationToken::new())
        .await;
    assert!(
        matches!(result, Err(SolveError::SessionClosed { .. })),
        "{result:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}
