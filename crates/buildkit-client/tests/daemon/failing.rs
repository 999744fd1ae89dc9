//! Builds that end badly, for reasons on either side.

use std::io::Read;
use std::time::{Duration, Instant};

use buildkit_client::{
    CancellationToken, Code, Export, ServiceError, SinkError, Solve, SolveError,
};
use buildkit_llb::{FileActions, Mkfile, State};

use crate::bed::Bed;
use crate::graph::{local, marshal, rootfs, shell};
use crate::tars::Received;

#[tokio::test]
async fn a_failing_step_is_named() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let graph = rootfs().run(shell("echo about to fail >&2; exit 7"));
    let solve = Solve::definition(marshal(&graph))
        .with_local(crate::rootfs::write(bed.dir()))
        .with_export(Received::default().export());
    let (mut log, mut failed) = (Vec::new(), None);
    let result = daemon
        .solve(
            solve,
            |progress| {
                failed = progress
                    .vertexes
                    .iter()
                    .find(|vertex| !vertex.error.is_empty())
                    .cloned()
                    .or(failed.take());
                log.extend(progress.logs.into_iter().flat_map(|log| log.data));
            },
            &CancellationToken::new(),
        )
        .await;
    let Err(SolveError::Build(failure)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(failure.exit_code, Some(7), "{failure:?}");
    assert_eq!(failure.vertex, failed.map(|vertex| vertex.digest));
    assert!(failure.message.contains("exit code: 7"), "{failure}");
    assert!(!failure.is_transient());
    assert_eq!(String::from_utf8(log).unwrap(), "about to fail\n");
}

#[tokio::test]
async fn a_graph_that_is_none_is_refused() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let solve = Solve::definition(vec![0x0a, 0x03, 0xff, 0xff, 0xff]);
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    assert!(matches!(result, Err(SolveError::Build(_))), "{result:?}");
    let solve = Solve::definition(vec![0; (16 << 20) + 1]);
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    assert!(
        matches!(result, Err(SolveError::TooLarge { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_directory_that_nobody_declared_is_not_sent() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let solve = Solve::definition(marshal(&local("secret").state()))
        .with_export(Received::default().export());
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    let Err(SolveError::Build(failure)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(failure.code, Code::NotFound, "{failure:?}");
    assert!(
        failure
            .message
            .contains("no access allowed to dir `secret`"),
        "{failure}"
    );
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

/// The sink's own error arrives, and it ends the build: the rest of a large archive is not waited for.
#[tokio::test]
async fn a_failing_sink_ends_the_build() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let graph =
        State::scratch().file(FileActions::new().mkfile(Mkfile::new("/file", vec![b'x'; 8 << 20])));
    let started = Instant::now();
    for read_before in [0, 1 << 20] {
        let sink = move |archive: &mut dyn Read| -> Result<(), SinkError> {
            archive.read_exact(&mut vec![0; read_before])?;
            Err(Box::new(DiskFull))
        };
        let solve = Solve::definition(marshal(&graph)).with_export(Export::tar(sink));
        let error = daemon
            .solve(solve, |_| {}, &CancellationToken::new())
            .await
            .unwrap_err();
        let SolveError::Service(ServiceError::Sink {
            exporter: 0,
            source,
        }) = &error
        else {
            panic!("{error:?}")
        };
        assert!(source.is::<DiskFull>(), "{source:?}");
        assert!(!error.is_transient());
    }
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_panicking_sink_is_an_error() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let graph = State::scratch().file(FileActions::new().mkfile(Mkfile::new("/file", "")));
    let sink = |_: &mut dyn Read| -> Result<(), SinkError> { panic!("sink") };
    let solve = Solve::definition(marshal(&graph)).with_export(Export::tar(sink));
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    assert!(
        matches!(result, Err(SolveError::Service(ServiceError::Sink { .. }))),
        "{result:?}"
    );
}

/// A tar may be over before its stream is: what a sink leaves unread does no harm.
#[tokio::test]
async fn a_sink_need_not_read_everything() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let graph =
        State::scratch().file(FileActions::new().mkfile(Mkfile::new("/file", vec![b'x'; 8 << 20])));
    let sink = |archive: &mut dyn Read| -> Result<(), SinkError> {
        Ok(archive.read_exact(&mut [0; 512])?)
    };
    let solve = Solve::definition(marshal(&graph)).with_export(Export::tar(sink));
    daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
}
