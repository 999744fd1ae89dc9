//! Builds that are stopped: by the caller, by the daemon's death.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use buildkit_client::{CancellationToken, Export, Progress, SinkError, Solve, SolveError};
use buildkit_llb::{FileActions, Mkfile, State};

use crate::bed::Bed;
use crate::graph::{marshal, rootfs, shell};
use crate::tars::Received;

/// A step that says when it runs, and would run for longer than any test.
fn endless(bed: &Bed, marker: &str) -> Solve {
    let graph = rootfs().run(shell(&format!("echo running; exec sleep {marker}")));
    Solve::definition(marshal(&graph))
        .with_local(crate::rootfs::write(bed.dir()))
        .with_export(Received::default().export())
}

fn is_running(progress: &Progress) -> bool {
    progress
        .logs
        .iter()
        .any(|log| log.data.starts_with(b"running"))
}

fn process_exists(marker: &str) -> bool {
    Command::new("pgrep")
        .args(["-f", &format!("^sleep {marker}$")])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success()
}

async fn wait_until(marker: &str, exists: bool) {
    let started = Instant::now();
    while process_exists(marker) != exists {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the step is still there, or still not"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn cancelling_ends_the_step() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let cancel = CancellationToken::new();
    let building = daemon.solve(endless(&bed, "86391"), |_| {}, &cancel);
    let (result, ()) = tokio::join!(building, async {
        wait_until("86391", true).await;
        cancel.cancel();
    });
    assert!(matches!(result, Err(SolveError::Cancelled)), "{result:?}");
    wait_until("86391", false).await;
}

#[tokio::test]
async fn dropping_the_future_ends_the_step() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let (sender, mut running) = tokio::sync::mpsc::unbounded_channel();
    let solve = endless(&bed, "86392");
    let building = tokio::spawn(async move {
        let on_progress = |progress: Progress| {
            if is_running(&progress) {
                sender.send(()).unwrap();
            }
        };
        daemon
            .solve(solve, on_progress, &CancellationToken::new())
            .await
    });
    running.recv().await.unwrap();
    wait_until("86392", true).await;
    building.abort();
    assert!(building.await.unwrap_err().is_cancelled());
    wait_until("86392", false).await;
}

#[tokio::test]
async fn cancelled_before_it_starts() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let result = daemon.solve(endless(&bed, "86393"), |_| {}, &cancel).await;
    assert!(matches!(result, Err(SolveError::Cancelled)), "{result:?}");
}

/// A sink in the middle of its archive sees an error, and has ended when the solve has.
#[tokio::test]
async fn cancelling_ends_a_sink() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let graph = State::scratch()
        .file(FileActions::new().mkfile(Mkfile::new("/file", vec![b'x'; 12 << 20])));
    let cancel = CancellationToken::new();
    let (ended, end) = channel();
    let canceller = cancel.clone();
    let sink = move |archive: &mut dyn Read| -> Result<(), SinkError> {
        archive.read_exact(&mut [0; 1024])?;
        canceller.cancel();
        let result = std::io::copy(archive, &mut std::io::sink());
        ended.send(result.map_err(|error| error.kind()))?;
        Ok(())
    };
    let solve = Solve::definition(marshal(&graph)).with_export(Export::tar(sink));
    let result = daemon.solve(solve, |_| {}, &cancel).await;
    assert!(matches!(result, Err(SolveError::Cancelled)), "{result:?}");
    assert_eq!(
        end.try_recv().unwrap(),
        Err(std::io::ErrorKind::ConnectionAborted)
    );
}

#[tokio::test]
async fn a_killed_daemon_is_noticed_at_once() {
    for by_port in [false, true] {
        let Some(mut bed) = Bed::start() else { return };
        let address = if by_port { bed.port() } else { bed.socket() };
        let daemon =
            buildkit_client::Daemon::connect(buildkit_client::ConnectOptions::new(address))
                .await
                .unwrap();
        let (sender, mut running) = tokio::sync::mpsc::unbounded_channel();
        let solve = endless(&bed, "86394");
        let building = tokio::spawn(async move {
            let on_progress = |progress: Progress| {
                if is_running(&progress) {
                    sender.send(()).unwrap();
                }
            };
            daemon
                .solve(solve, on_progress, &CancellationToken::new())
                .await
        });
        running.recv().await.unwrap();
        let started = Instant::now();
        bed.kill();
        let result = building.await.unwrap();
        assert!(matches!(result, Err(SolveError::Lost { .. })), "{result:?}");
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
    }
}

/// Carries one connection to `target` until it is told to go silent; then the bytes of both sides are lost.
async fn unreliable_proxy(target: String, silent: CancellationToken) -> buildkit_client::Address {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
        let copying = tokio::io::copy_bidirectional(&mut near, &mut far);
        let _carried = silent.run_until_cancelled(copying).await;
        // Neither side hears that the other is gone.
        std::future::pending::<()>().await;
    });
    buildkit_client::Address::Tcp {
        host: "127.0.0.1".into(),
        port,
    }
}

/// A peer that vanished without closing is noticed by its silence.
#[tokio::test]
async fn a_silent_network_is_noticed() {
    let Some(bed) = Bed::start() else { return };
    let silent = CancellationToken::new();
    let target = bed.port().to_string().replace("tcp://", "");
    let address = unreliable_proxy(target, silent.clone()).await;
    let options =
        buildkit_client::ConnectOptions::new(address).with_keep_alive(Duration::from_secs(1));
    let daemon = buildkit_client::Daemon::connect(options).await.unwrap();
    let mut lost_at = None;
    let on_progress = |progress: Progress| {
        if is_running(&progress) {
            silent.cancel();
            lost_at = Some(Instant::now());
        }
    };
    let result = daemon
        .solve(
            endless(&bed, "86395"),
            on_progress,
            &CancellationToken::new(),
        )
        .await;
    assert!(matches!(result, Err(SolveError::Lost { .. })), "{result:?}");
    let noticed = lost_at.unwrap().elapsed();
    assert!(noticed < Duration::from_secs(5), "{noticed:?}");
}
