//! The way to a daemon, and every way in which it can be missed.

use std::fs;
use std::time::{Duration, Instant};

use buildkit_client::{Address, CallError, ConnectError, ConnectOptions, Daemon, TlsFiles};

use crate::bed::Bed;
use crate::certificates::Authority;

/// Nothing here needs to run into the timeout.
const AT_ONCE: Duration = Duration::from_secs(3);

async fn check(address: Address, tls: Option<TlsFiles>, expected: &str) {
    let started = Instant::now();
    let result = Daemon::connect(ConnectOptions::new(address.clone()).with_tls(tls)).await;
    let found = match result {
        Ok(daemon) => daemon.info().package.clone(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found.replace(&address.to_string(), "ADDR"), expected);
    assert!(
        started.elapsed() < AT_ONCE,
        "{expected}: {:?}",
        started.elapsed()
    );
}

const CONNECTED: &str = "github.com/moby/buildkit";

#[tokio::test]
async fn plain_text() {
    let Some(bed) = Bed::start() else { return };
    let authority = Authority::new(&bed.dir().join("tls"));
    let tls = TlsFiles {
        server_name: Some("localhost".into()),
        ..authority.files(None)
    };
    check(bed.socket(), None, CONNECTED).await;
    check(bed.port(), None, CONNECTED).await;
    let spoken_to_in_tls = "the daemon at `ADDR` speaks plain text, but TLS options were given";
    check(bed.port(), Some(tls.clone()), spoken_to_in_tls).await;
    check(bed.socket(), Some(tls), spoken_to_in_tls).await;
}

#[tokio::test]
async fn tls_of_the_server_alone() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(&dir.path().join("right"));
    let other = Authority::new(&dir.path().join("wrong"));
    let Some(bed) = Bed::start_with(&authority.configuration("127.0.0.1", None)) else {
        return;
    };
    check(bed.port(), Some(authority.files(None)), CONNECTED).await;
    check(
        bed.port(),
        None,
        "the daemon at `ADDR` speaks TLS, but no TLS options were given",
    )
    .await;
    let wrong_ca = format!(
        "the certificate of `ADDR` is not signed by the CA in `{}`",
        other.ca().display()
    );
    check(bed.port(), Some(other.files(None)), &wrong_ca).await;
    let renamed = TlsFiles {
        server_name: Some("builder.example".into()),
        ..authority.files(None)
    };
    check(
        bed.port(),
        Some(renamed),
        "the certificate of `ADDR` is not valid for the name `builder.example`",
    )
    .await;
}

#[tokio::test]
async fn tls_of_both() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(&dir.path().join("right"));
    let other = Authority::new(&dir.path().join("wrong"));
    let Some(bed) = Bed::start_with(&authority.configuration("127.0.0.1", Some(&authority))) else {
        return;
    };
    check(
        bed.port(),
        Some(authority.files(Some(authority.issue("client")))),
        CONNECTED,
    )
    .await;
    let missing =
        "the daemon at `ADDR` wants a client certificate: give `--tlscert` and `--tlskey`";
    check(bed.port(), Some(authority.files(None)), missing).await;
    let stranger = other.issue("stranger");
    let refused = format!(
        "the daemon at `ADDR` refuses the client certificate `{}`",
        stranger.cert.display()
    );
    check(bed.port(), Some(authority.files(Some(stranger))), &refused).await;
    check(
        bed.port(),
        None,
        "the daemon at `ADDR` speaks TLS, but no TLS options were given",
    )
    .await;
}

#[tokio::test]
async fn nobody_there() {
    let dir = tempfile::tempdir().unwrap();
    let socket = |name: &str| Address::Unix(dir.path().join(name));
    check(
        socket("none"),
        None,
        "no buildkitd listens at `ADDR`: the socket does not exist",
    )
    .await;
    // One that never listened: a program that another test starts at this moment holds a listener a little longer.
    let stale = rustix::net::SocketAddrUnix::new(dir.path().join("stale")).unwrap();
    let (family, kind) = (
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
    );
    let unheard = rustix::net::socket(family, kind, None).unwrap();
    rustix::net::bind(&unheard, &stale).unwrap();
    let refused = "the connection to `ADDR` was refused: no buildkitd listens there";
    check(socket("stale"), None, refused).await;
    fs::write(dir.path().join("file"), "").unwrap();
    check(socket("file"), None, refused).await;
    // Not a port that was free a moment ago: the daemon of another test may have it now.
    check(
        Address::Tcp {
            host: "127.0.0.1".into(),
            port: 1,
        },
        None,
        refused,
    )
    .await;
    let nowhere = Address::Tcp {
        host: "builder.invalid".into(),
        port: 1,
    };
    check(nowhere, None, "the host of `ADDR` cannot be resolved").await;
}

#[tokio::test]
async fn somebody_else_there() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let address = Address::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    let options = ConnectOptions::new(address.clone()).with_timeout(Duration::from_millis(300));
    let error = Daemon::connect(options).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");

    for (answer, expected) in [
        (
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "what listens at `ADDR` is no buildkitd: it does not speak gRPC",
        ),
        ("", "`ADDR` closed the connection without an answer"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut hello = [0; 24];
                let _read = stream.read(&mut hello).await;
                let _written = stream.write_all(answer.as_bytes()).await;
            }
        });
        check(
            Address::Tcp {
                host: "127.0.0.1".into(),
                port,
            },
            None,
            expected,
        )
        .await;
        server.abort();
    }
}

/// A lost connection is opened again, as far as there is somebody to connect to.
#[tokio::test]
async fn a_daemon_that_ended_is_told_by_the_next_call() {
    let Some(mut bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    daemon.list_workers().await.unwrap();
    bed.kill();
    let mut error = daemon.list_workers().await.unwrap_err();
    // The first call may still meet the end of the old connection.
    if !cause(&error).contains("refused") {
        error = daemon.list_workers().await.unwrap_err();
    }
    let address = bed.socket();
    assert_eq!(
        error.to_string(),
        format!("the connection to `{address}` was lost")
    );
    assert_eq!(
        cause(&error),
        format!("the connection to `{address}` was refused: no buildkitd listens there")
    );
}

fn cause(error: &CallError) -> String {
    std::error::Error::source(error).unwrap().to_string()
}
