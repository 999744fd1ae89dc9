//! Builds that end well.

use std::fs;

use buildkit_client::{CancellationToken, DeclaredFiles, LocalDir, Progress, Solve};
use buildkit_llb::{Constraints, FileActions, Local, Mkfile, Platform, State};

use crate::bed::Bed;
use crate::tars::Received;

pub(crate) fn marshal(state: &State) -> Vec<u8> {
    let platform: Platform = "linux/amd64".parse().unwrap();
    state
        .marshal(&Constraints::new(platform))
        .unwrap()
        .to_bytes()
}

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
    let completed = news
        .iter()
        .flat_map(|progress: &Progress| &progress.vertexes)
        .any(|vertex| vertex.completed.is_some());
    assert!(completed, "{news:?}");
}

#[tokio::test]
async fn a_local_directory_goes_in() {
    let Some(bed) = Bed::start() else { return };
    let context = bed.dir().join("context");
    fs::create_dir_all(context.join("a/b")).unwrap();
    fs::write(context.join("a/b/file"), "content").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", context.join("out")).unwrap();
    let daemon = bed.connect().await;
    let received = Received::default();
    let solve = Solve::definition(marshal(
        &Local::new("context").unique("u").differ_none().state(),
    ))
    .with_local(LocalDir::new("context", &context, DeclaredFiles::All))
    .with_export(received.export());
    daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    let entries = received.entries();
    assert_eq!(
        entries.get("a/b/file").map(String::as_str),
        Some("file 644 content"),
        "{entries:?}"
    );
    assert_eq!(
        entries.get("out").map(String::as_str),
        Some("symlink /etc/passwd"),
        "{entries:?}"
    );
}
