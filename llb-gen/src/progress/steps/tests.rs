//! What counts as done, cached and failed.

use std::{sync::Arc, time::SystemTime};

use buildkit_client::{Progress, Vertex, VertexDigest};
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

#[test]
fn a_step_counts_once_however_often_it_is_told() {
    let check = |told: &[(usize, Progress)], ended: (usize, usize), failed: usize| {
        let (variants, mut steps) = (variants(), Steps::default());
        for (variant, progress) in told {
            steps.take(&variants[*variant], progress);
        }
        assert_eq!(
            (steps.ended(), steps.failed().count()),
            (ended, failed),
            "{told:?}"
        );
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
