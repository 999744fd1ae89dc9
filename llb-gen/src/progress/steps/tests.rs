//! What counts as done, cached and failed.

use std::{sync::Arc, time::SystemTime};

use buildkit_client::{Progress, Vertex, VertexDigest, VertexLog};
use catalog::{Artifact, Catalog, Request, Variant};

use super::Steps;

fn variants() -> Vec<Arc<Variant>> {
    let catalog = Catalog::new()
        .artifact(Artifact::rootfs("base", "debian:12"))
        .check()
        .unwrap();
    let request = Request {
        artifacts: vec!["base".into()],
        ..Request::default()
    };
    catalog
        .select(&request)
        .unwrap()
        .into_iter()
        .map(Arc::new)
        .collect()
}

fn vertex(cached: bool, error: &str, completed: bool) -> Progress {
    let time = Some(SystemTime::UNIX_EPOCH);
    let vertex = Vertex {
        digest: VertexDigest::from("sha256:1".to_owned()),
        started: time,
        completed: time.filter(|_| completed),
        cached,
        error: error.to_owned(),
        ..Vertex::default()
    };
    Progress {
        vertexes: vec![vertex],
        ..Progress::default()
    }
}

fn log(data: &[u8]) -> Progress {
    let log = VertexLog {
        vertex: VertexDigest::from("sha256:1".to_owned()),
        stream: 1,
        data: data.to_vec(),
        timestamp: SystemTime::UNIX_EPOCH,
    };
    Progress {
        logs: vec![log],
        ..Progress::default()
    }
}

#[test]
fn the_last_line_is_fit_for_a_terminal() {
    let check = |writes: &[&[u8]], expected: Option<&str>| {
        let (variants, mut steps) = (variants(), Steps::default());
        steps.take(&variants[0], &vertex(false, "", false));
        for write in writes {
            steps.take(&variants[0], &log(write));
        }
        let step = steps.get(&VertexDigest::from("sha256:1".to_owned()));
        assert_eq!(step.unwrap().last_line().as_deref(), expected, "{writes:?}");
    };
    check(&[], None);
    check(&[b"\n\n  \n"], None);
    check(&[b"one\ntwo\n", b"thr", b"ee"], Some("three"));
    check(&[b"10%\r20%\r"], Some("20%"));
    check(&[b"10%\r20%\r30%"], Some("30%"));
    check(&[b"\x1b[32mgreen\x1b[0m\tand\n"], Some("green and"));
    check(&[b"bell\x07 back\x08\n"], Some("bell\\u{7} back\\u{8}"));
    check(&[b"\x1b[2Jgone\n"], Some("\\u{1b}[2Jgone"));
    check(&[b"\xff not text\n"], Some("\u{fffd} not text"));
}

#[test]
fn a_step_counts_once_however_often_it_is_told() {
    let check = |told: &[(usize, Progress)], ended: (usize, usize), failed: usize| {
        let (variants, mut steps) = (variants(), Steps::default());
        for (variant, progress) in told {
            steps.take(&variants[*variant], progress);
        }
        steps.take(&variants[0], &log(b"it writes"));
        assert_eq!(
            (steps.ended(), steps.take_failed().len()),
            (ended, failed),
            "{told:?}"
        );
        assert_eq!(steps.take_failed().len(), 0, "{told:?}");
    };
    let (running, done, cached) = (
        vertex(false, "", false),
        vertex(false, "", true),
        vertex(true, "", true),
    );
    check(&[(0, running.clone())], (0, 0), 0);
    check(&[(0, running.clone()), (0, done.clone())], (1, 0), 0);
    check(&[(0, cached.clone())], (1, 1), 0);
    // What one variant has run, the other finds in the cache; that does not make it a cached step.
    check(&[(0, done.clone()), (1, cached.clone())], (1, 0), 0);
    check(&[(0, done), (1, running.clone())], (1, 0), 0);
    check(
        &[
            (0, running.clone()),
            (0, vertex(false, "exit code: 1", true)),
        ],
        (0, 0),
        1,
    );
    check(
        &[
            (0, running),
            (0, vertex(false, "context canceled: x", true)),
        ],
        (0, 0),
        0,
    );
}
