//! Logs of builds.

use std::{sync::Arc, time::SystemTime};

use buildkit_client::{Progress, Vertex, VertexDigest, VertexLog};
use catalog::{Artifact, Catalog, Request, Variant};
use engine::Event;

use super::*;

fn variant(platform: &str) -> Arc<Variant> {
    let catalog = Catalog::new()
        .artifact(Artifact::rootfs("base", "debian:12"))
        .check()
        .unwrap();
    let platforms = vec![platform.parse().unwrap()];
    let request = Request {
        artifacts: vec!["base".into()],
        platforms,
        ..Request::default()
    };
    Arc::new(catalog.select(&request).unwrap().remove(0))
}

fn time(seconds: f64) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs_f64(seconds)
}

fn vertex(name: &str, started: Option<SystemTime>, completed: Option<SystemTime>) -> Vertex {
    Vertex {
        digest: VertexDigest::from(name.to_owned()),
        name: name.into(),
        started,
        completed,
        ..Vertex::default()
    }
}

fn log(name: &str, data: &str) -> Progress {
    let vertex = VertexDigest::from(name.to_owned());
    let log = VertexLog {
        vertex,
        stream: 1,
        data: data.into(),
        timestamp: SystemTime::UNIX_EPOCH,
    };
    Progress {
        logs: vec![log],
        ..Progress::default()
    }
}

fn vertexes(vertexes: &[Vertex]) -> Progress {
    Progress {
        vertexes: vertexes.to_vec(),
        ..Progress::default()
    }
}

fn check(events: &[(&Arc<Variant>, Progress)], expected: &[&str]) {
    let mut out = Vec::new();
    let mut plain = Plain::new(&mut out);
    for (variant, progress) in events {
        plain.show(&Event::Progress {
            variant: Arc::clone(variant),
            progress: progress.clone(),
        });
    }
    plain.end();
    assert_eq!(
        String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn steps_are_titled_numbered_and_timed() {
    let amd64 = variant("linux/amd64");
    let waiting = [
        vertex("[base linux/amd64] apt", None, None),
        vertex("docker-image://x", None, None),
    ];
    let image = vertex("docker-image://x", Some(time(1.0)), Some(time(1.5)));
    let cached = Vertex {
        cached: true,
        ..vertex("[base linux/amd64] apt", Some(time(2.0)), Some(time(2.0)))
    };
    check(
        &[
            (&amd64, vertexes(&waiting)),
            (&amd64, vertexes(&[image])),
            (&amd64, vertexes(&[cached])),
        ],
        &[
            "#1 [base linux/amd64] docker-image://x",
            "#1 DONE 0.5s",
            "#2 [base linux/amd64] apt",
            "#2 CACHED",
        ],
    );
}

#[test]
fn output_comes_in_whole_lines() {
    let amd64 = variant("linux/amd64");
    let running = vertexes(&[vertex("[b] run", Some(time(1.0)), None)]);
    let done = vertexes(&[vertex("[b] run", Some(time(1.0)), Some(time(63.0)))]);
    check(
        &[
            (&amd64, running),
            (&amd64, log("[b] run", "hel")),
            (&amd64, log("[b] run", "lo\n10%\r100%\nrest")),
            (&amd64, done),
        ],
        &[
            "#1 [b] run",
            "#1 hello",
            "#1 100%",
            "#1 rest",
            "#1 DONE 1m02s",
        ],
    );
}

#[test]
fn a_shared_step_is_told_once() {
    let (amd64, arm64) = (variant("linux/amd64"), variant("linux/arm64"));
    let running = vertexes(&[vertex("[b] run", Some(time(1.0)), None)]);
    let done = vertexes(&[vertex("[b] run", Some(time(1.0)), Some(time(2.0)))]);
    check(
        &[
            (&amd64, running.clone()),
            (&arm64, running),
            (&amd64, log("[b] run", "once\n")),
            (&arm64, log("[b] run", "once\n")),
            (&amd64, done.clone()),
            (&arm64, done),
        ],
        &["#1 [b] run", "#1 once", "#1 DONE 1.0s"],
    );
}

#[test]
fn a_failure_is_told_with_its_reason() {
    let amd64 = variant("linux/amd64");
    let failed = Vertex {
        error: "exit code: 1".into(),
        ..vertex("[b] run", Some(time(1.0)), Some(time(2.0)))
    };
    check(
        &[(&amd64, vertexes(&[failed]))],
        &["#1 [b] run", "#1 FAILED: exit code: 1"],
    );
}

/// A step that never ends its line is shown in pieces.
#[test]
fn a_line_without_an_end_is_not_kept() {
    let amd64 = variant("linux/amd64");
    let mut plain = Plain::new(Vec::new());
    let mut show = |progress| {
        plain.show(&Event::Progress {
            variant: Arc::clone(&amd64),
            progress,
        });
    };
    show(vertexes(&[vertex("a", Some(time(0.0)), None)]));
    for _ in 0..100 {
        show(log("a", &"x".repeat(10_000)));
    }
    assert!(plain.unfinished.values().all(|line| line.len() <= MAX_LINE));
    assert!(plain.out.len() > 900_000);
}
