//! Who starts, who joins, who stops.

use std::fs;
use std::path::PathBuf;

use buildkit_client::{ConnectOptions, Daemon};
use buildkitd::private::acquire;
use buildkitd::{ConfigFile, Endpoint, Settings, find};

use crate::bed::{Home, ready};

#[tokio::test(flavor = "multi_thread")]
async fn the_only_user_starts_and_stops_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let endpoint = find(None, &home.settings()).await.unwrap();
    assert!(matches!(endpoint, Endpoint::Private(_)), "{endpoint:?}");
    let daemon = Daemon::connect(ConnectOptions::new(endpoint.address().clone()))
        .await
        .unwrap();
    let workers = daemon.list_workers().await.unwrap();
    assert_eq!(workers.len(), 1);
    assert_eq!(
        workers[0].labels["org.mobyproject.buildkit.worker.executor"],
        "oci"
    );
    let native = format!(
        "linux/{}",
        if cfg!(target_arch = "x86_64") {
            "amd64"
        } else {
            "arm64"
        }
    );
    assert_eq!(workers[0].platforms[0].to_string(), native);
    drop(daemon);
    endpoint.release().await.unwrap();
    home.assert_clean();
}

#[test]
fn the_last_user_stops_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let (first, second) = (home.user(), home.user());
    assert_eq!(first.address, second.address);
    let daemon = home.daemon();
    first.end();
    assert!(
        daemon.is_running(),
        "the first user has stopped the second one's daemon"
    );
    let third = home.user();
    assert_eq!(third.address, second.address);
    second.end();
    assert!(
        daemon.is_running(),
        "the second user has stopped the third one's daemon"
    );
    third.end();
    assert!(!daemon.is_running());
    home.assert_clean();
}

#[test]
fn many_users_come_and_go_at_once() {
    if !ready() {
        return;
    }
    let home = Home::new();
    // Each asks the daemon, so a daemon that goes away too early fails it.
    let mut rounds = Vec::new();
    for _ in 0..3 {
        for _ in 0..4 {
            rounds.push(home.spawn("buildctl debug workers >/dev/null && buildctl debug info"));
        }
        assert!(home.daemons().len() <= 1, "two daemons on one state");
        // One in the middle is told to end, and must not take the others' daemon away.
        let status = rounds.pop().unwrap().signal(rustix::process::Signal::TERM);
        assert!(!status.success());
    }
    for mut user in rounds {
        let status = user.wait();
        assert!(status.success(), "{status}: {}", user.errors());
    }
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_guards_in_one_process_are_two_users() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let settings = home.settings();
    let (first, second) = tokio::join!(acquire(&settings), acquire(&settings));
    let (first, second) = (first.unwrap(), second.unwrap());
    let daemon = home.daemon();
    drop(first);
    assert!(daemon.is_running());
    drop(second);
    assert!(!daemon.is_running());
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_at_its_usual_socket_is_used_and_left_alone() {
    if !ready() {
        return;
    }
    let (theirs, ours) = (Home::new(), Home::new());
    let user = theirs.user();
    let mut settings = ours.settings();
    settings.sockets = vec![user.address.strip_prefix("unix://").unwrap().into()];
    let endpoint = find(None, &settings).await.unwrap();
    assert!(
        matches!(&endpoint, Endpoint::Local(address) if address.to_string() == user.address),
        "{endpoint:?}"
    );
    endpoint.release().await.unwrap();
    assert!(theirs.daemon().is_running());
    assert!(!ours.state().exists(), "a private daemon was prepared");
    user.end();
    theirs.assert_clean();
}

/// A socket's path has at most 108 bytes, and this one would have more.
#[test]
fn a_long_cache_directory_is_no_trouble() {
    if !ready() {
        return;
    }
    let home = Home::below(&"long/".repeat(30));
    let (first, second) = (home.user(), home.user());
    assert_eq!(first.address, second.address);
    let socket = PathBuf::from(first.address.strip_prefix("unix://").unwrap());
    assert!(
        socket.starts_with("/tmp") && socket.as_os_str().len() < 108,
        "{socket:?}"
    );
    first.end();
    second.end();
    home.assert_clean();
    let left: Vec<_> = socket.parent().unwrap().read_dir().unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Registry mirrors, CA certificates and limits come from the user's own file.
#[tokio::test(flavor = "multi_thread")]
async fn the_users_settings_reach_the_daemon() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let config = home.path("buildkitd.toml");
    fs::write(
        &config,
        "[worker.oci.labels]\n\"example.org/from\" = \"the user\"\n",
    )
    .unwrap();
    let settings = Settings {
        config: ConfigFile::Explicit(config),
        ..home.settings()
    };
    let daemon = acquire(&settings).await.unwrap();
    let connection = Daemon::connect(ConnectOptions::new(daemon.address().clone()))
        .await
        .unwrap();
    let workers = connection.list_workers().await.unwrap();
    assert_eq!(workers[0].labels["example.org/from"], "the user");
    drop(connection);
    daemon.release().await.unwrap();
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_address_is_taken_as_it_is() {
    let home = Home::new();
    let given: buildkit_client::Address = "tcp://127.0.0.1:9".parse().unwrap();
    let endpoint = find(Some(given.clone()), &home.settings()).await.unwrap();
    assert!(
        matches!(&endpoint, Endpoint::Given(address) if *address == given),
        "{endpoint:?}"
    );
    assert!(!home.state().exists());
}
