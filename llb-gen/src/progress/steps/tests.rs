//! Steps that count as done, cached or failed.

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
    check(&[b"bell\x07 back\x08\n"], Some("bell back"));
    check(&[b"\x1b[2Jgone\n"], Some("gone"));
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
    // A step that one variant has run is in the cache for the other; that does not make it a cached step.
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

/// Reports of endless steps with endless output.
#[test]
fn no_flood_of_output_grows_in_memory() {
    let (variants, mut steps) = (variants(), Steps::default());
    let digest = |number: usize| VertexDigest::from(format!("sha256:{number}"));
    let megabyte = vec![b'x'; 1 << 20];
    for number in 0..200 {
        let mut begun = vertex(false, "", false);
        begun.vertexes[0].digest = digest(number);
        steps.take(&variants[0], &begun);
        for _ in 0..2 {
            let mut written = log(&megabyte);
            written.logs[0].vertex = digest(number);
            steps.take(&variants[0], &written);
        }
    }
    let kept: usize = (0..200)
        .map(|number| steps.get(&digest(number)).unwrap().log.len())
        .sum();
    assert_eq!(kept, steps.kept);
    assert_eq!(kept, super::MAX_LOGS);
    // Those that have ended make room for others.
    for number in 0..200 {
        let mut ended = vertex(false, "", true);
        ended.vertexes[0].digest = digest(number);
        steps.take(&variants[0], &ended);
    }
    assert_eq!(steps.kept, 0);
    let mut many = vertex(false, "", false);
    many.vertexes = (0..super::MAX_STEPS + 10)
        .map(|number| Vertex {
            digest: digest(number),
            ..Vertex::default()
        })
        .collect();
    steps.take(&variants[0], &many);
    assert_eq!(steps.known.len(), super::MAX_STEPS);
}

#[test]
fn the_output_of_a_failed_step_keeps_its_colours_alone() {
    let (variants, mut steps) = (variants(), Steps::default());
    steps.take(&variants[0], &vertex(false, "", false));
    let written = b"\x1b[31mred\r\n\x1b]0;title\x07\x1b[2Jold\rnew\n";
    steps.take(&variants[0], &log(written));
    steps.take(&variants[0], &vertex(false, "exit code: 1\x1b[2J", true));
    let failed = steps.take_failed();
    let lines: Vec<&str> = failed[0].lines().collect();
    assert_eq!(lines[1..3], ["\x1b[31mred\x1b[0m", "new"]);
    let state = &steps
        .get(&VertexDigest::from("sha256:1".to_owned()))
        .unwrap()
        .state;
    assert_eq!(
        *state,
        super::State::Failed("exit code: 1\\u{1b}[2J".to_owned())
    );
}
