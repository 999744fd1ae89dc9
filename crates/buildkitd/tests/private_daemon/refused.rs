//! When there is no daemon to be had: what the error says, and that nothing stays behind.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use buildkitd::private::{AcquireError, StartError, acquire};
use buildkitd::{ConfigFile, FindError, Settings, find};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bed::{Home, on_path, ready};

/// The message with its causes.
fn text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}\n{error}");
        cause = error.source();
    }
    text
}

/// A directory with programs that are shell scripts.
fn programs(home: &Home, scripts: &[(&str, &str)]) -> PathBuf {
    let dir = home.path("bin");
    fs::create_dir(&dir).unwrap();
    for (name, script) in scripts {
        fs::write(dir.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

fn with_programs(home: &Home, scripts: &[(&str, &str)]) -> Settings {
    Settings {
        search_path: vec![programs(home, scripts)],
        ..home.settings()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_program_the_error_says_how_to_get_a_daemon() {
    let home = Home::new();
    let error = find(None, &with_programs(&home, &[])).await.unwrap_err();
    assert!(matches!(&error, FindError::NoDaemon { .. }), "{error:?}");
    assert!(error.to_string().contains("no.sock"), "{error}");
    assert!(error.hint().contains("docker run"), "{}", error.hint());
    assert!(!home.state().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_may_open_as_many_files_as_the_system_allows() {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum.map(|most| most.min(512));
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    let home = Home::new();
    let daemon = ("buildkitd", "echo may open $(ulimit -n) files; exit 1");
    let settings = with_programs(&home, &[daemon, ("runc", "")]);
    let said = text(&find(None, &settings).await.unwrap_err());
    let most = limit
        .maximum
        .map_or("unlimited".to_owned(), |most| most.to_string());
    assert!(said.contains(&format!("may open {most} files")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_why_it_does_not_start() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let config = home.path("bad.toml");
    fs::write(&config, "[worker.oci]\nsnapshotter = \"nonsense\"\n").unwrap();
    let settings = Settings {
        config: ConfigFile::Explicit(config),
        ..home.settings()
    };
    let error = find(None, &settings).await.unwrap_err();
    let text = text(&error);
    assert!(
        text.contains("unknown snapshotter name: \"nonsense\""),
        "{text}"
    );
    assert!(text.contains("exit status: 1"), "{text}");
    assert!(error.hint().contains("buildkitd.log"), "{}", error.hint());
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_the_start_is_noticed_at_once() {
    let home = Home::new();
    let settings = with_programs(
        &home,
        &[("buildkitd", "echo some reason >&2; exit 3"), ("runc", "")],
    );
    let begin = std::time::Instant::now();
    let error = acquire(&settings).await.unwrap_err();
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
    assert!(
        matches!(
            &error,
            AcquireError::Start {
                source: StartError::Exited { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(text(&error).contains("some reason"), "{}", text(&error));
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_takes_for_ever_is_given_up() {
    let home = Home::new();
    let scripts = [
        (
            "buildkitd",
            "trap '' TERM; echo almost ready; /bin/sleep 1000 & wait; wait",
        ),
        ("runc", ""),
    ];
    let mut settings = with_programs(&home, &scripts);
    settings.start_deadline = Duration::from_millis(500);
    settings.stop_grace = Duration::from_millis(200);
    let error = acquire(&settings).await.unwrap_err();
    assert!(
        matches!(
            &error,
            AcquireError::Start {
                source: StartError::TooSlow { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(text(&error).contains("almost ready"), "{}", text(&error));
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_cancelled_leaves_nothing() {
    let home = Home::new();
    let started = home.path("started");
    // Opening a fifo waits for its other end: no one has to look whether the program has started.
    rustix::fs::mkfifoat(rustix::fs::CWD, &started, rustix::fs::Mode::RWXU).unwrap();
    let script = format!("echo > {}; exec /bin/sleep 1000", started.display());
    let settings = with_programs(&home, &[("buildkitd", &script), ("runc", "")]);
    let mut starting = Box::pin(acquire(&settings));
    tokio::select! {
        result = &mut starting => panic!("{result:?}"),
        result = tokio::fs::read(&started) => assert_eq!(result.unwrap(), b"\n"),
    }
    drop(starting);
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_runc_is_named() {
    let home = Home::new();
    let settings = with_programs(&home, &[("buildkitd", "")]);
    let result = acquire(&settings).await;
    // The machine's own sbin directories are always searched.
    if on_path("runc").is_some_and(|path| path.starts_with("/usr/sbin")) {
        assert!(
            matches!(&result, Err(AcquireError::Start { .. })),
            "{result:?}"
        );
    } else {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("no `runc`"), "{error}");
        assert!(error.hint().unwrap().contains("apt-get install runc"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_must_wait_for_the_others() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let user = home.user();
    let daemon = home.daemon();
    let config = home.path("other.toml");
    fs::write(&config, "[worker.oci]\nmax-parallelism = 3\n").unwrap();
    let settings = Settings {
        config: ConfigFile::Explicit(config),
        ..home.settings()
    };
    let error = acquire(&settings).await.unwrap_err();
    assert!(
        matches!(&error, AcquireError::OtherSettings { pid } if *pid == daemon.pid),
        "{error:?}"
    );
    assert!(daemon.is_running());
    user.end();
    home.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_named_must_be_there_and_valid() {
    let home = Home::new();
    let config = home.path("named.toml");
    let scripts = [("buildkitd", ""), ("runc", "")];
    let settings = Settings {
        config: ConfigFile::Explicit(config.clone()),
        ..with_programs(&home, &scripts)
    };
    let error = acquire(&settings).await.unwrap_err();
    assert!(text(&error).contains("named.toml"), "{}", text(&error));
    fs::write(&config, "registry = [\n").unwrap();
    let error = acquire(&settings).await.unwrap_err();
    assert!(text(&error).contains("line 1"), "{}", text(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_others_may_write_to_is_refused() {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = acquire(&with_programs(&home, &[("buildkitd", ""), ("runc", "")]))
        .await
        .unwrap_err();
    assert!(matches!(&error, AcquireError::Layout(_)), "{error:?}");
}
