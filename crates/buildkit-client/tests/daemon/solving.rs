//! Builds that end well.

use buildkit_client::{CancellationToken, Progress, Solve};
use buildkit_llb::{FileActions, Mkfile, State};

use crate::bed::Bed;
use crate::graph::{marshal, rootfs, shell};
use crate::tars::Received;

#[tokio::test]
async fn a_tar_comes_out() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    assert!(
        daemon.info().version.starts_with('v'),
        "{:?}",
        daemon.info()
    );
    let workers = daemon.list_workers().await.unwrap();
    assert!(
        workers[0]
            .platforms
            .iter()
            .any(|platform| platform.os == "linux"),
        "{workers:?}"
    );

    let graph = State::scratch().file(FileActions::new().mkfile(Mkfile::new("/hello", "hi")));
    let received = Received::default();
    let mut news = Vec::new();
    let solve = Solve::definition(marshal(&graph)).with_export(received.export());
    daemon
        .solve(
            solve,
            |progress| news.push(progress),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let entries = received.entries();
    assert_eq!(
        entries.get("hello").map(String::as_str),
        Some("file 644 hi"),
        "{entries:?}"
    );
    let vertexes: Vec<_> = news
        .iter()
        .flat_map(|progress: &Progress| &progress.vertexes)
        .collect();
    assert!(
        vertexes.iter().any(|vertex| vertex.completed.is_some()),
        "{vertexes:?}"
    );
}

/// The health check fails a session within 10 s when nobody answers it, so a longer step shows that somebody does.
#[tokio::test]
async fn a_quiet_step_outlives_the_health_checks() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let received = Received::default();
    let graph = rootfs().run(shell("echo one; sleep 13; echo two > /two"));
    let mut log = Vec::new();
    let solve = Solve::definition(marshal(&graph))
        .with_local(crate::rootfs::write(bed.dir()))
        .with_export(received.export());
    let on_progress =
        |progress: Progress| log.extend(progress.logs.into_iter().flat_map(|log| log.data));
    daemon
        .solve(solve, on_progress, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(String::from_utf8(log).unwrap(), "one\n");
    assert_eq!(
        received.entries().get("two").map(String::as_str),
        Some("file 644 two\n")
    );
}

/// Sessions are told apart, so exports of solves that run side by side do not meet.
#[tokio::test]
async fn solves_share_a_connection() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let solves: Vec<_> = (0..8)
        .map(|number| {
            let daemon = daemon.clone();
            tokio::spawn(async move {
                let text = format!("content {number}");
                let graph = State::scratch()
                    .file(FileActions::new().mkfile(Mkfile::new("/file", text.as_str())));
                let received = Received::default();
                let solve = Solve::definition(marshal(&graph)).with_export(received.export());
                daemon
                    .solve(solve, |_| {}, &CancellationToken::new())
                    .await
                    .unwrap();
                assert_eq!(received.entries()["file"], format!("file 644 {text}"));
            })
        })
        .collect();
    for solve in solves {
        solve.await.unwrap();
    }
}
