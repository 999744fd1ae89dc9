//! What is built again, what is not, and whose files a build gets.

use std::{collections::BTreeSet, fs, path::Path};

use llbgen_tests::{
    bed::Bed,
    command::{Running, fixture, locked, run},
    progress::{self, Vertex},
    tree::Tree,
};

use crate::built::{buildctl, built};

/// The digests of the commands that `emit` plans for an artifact.
fn planned_execs(bed: &Bed, home: &Path, artifact: &str, platform: &str) -> BTreeSet<String> {
    let graph = home.join("graph.pb");
    let emit = ["emit", artifact, "--platform", platform];
    let emitted = run(locked(home, &built(bed).lock).args(emit)).success();
    fs::write(&graph, emitted.stdout).unwrap();
    let graph = fs::File::open(graph).unwrap();
    let dump = run(buildctl(bed, home).args(["debug", "dump-llb"]).stdin(graph)).success();
    progress::execs(dump.text()).unwrap()
}

fn was_cached(vertex: &Vertex) -> bool {
    vertex.completed && vertex.cached && vertex.error.is_none()
}

#[test]
fn a_second_build_runs_nothing() {
    let Some(bed) = Bed::shared() else { return };
    built(bed);
    let home = tempfile::tempdir().unwrap();
    let mut planned = BTreeSet::new();
    for artifact in ["base-rootfs", "server-base"] {
        for platform in ["linux/amd64", "linux/arm64"] {
            planned.extend(planned_execs(bed, home.path(), artifact, platform));
        }
    }
    assert_eq!(planned.len(), 2, "apt on two platforms");
    let again = run(locked(home.path(), &built(bed).lock)
        .args(["--addr", &bed.address(), "--progress", "rawjson"])
        .args([
            "build",
            "base-rootfs",
            "server-base",
            "--platform",
            "linux/amd64,linux/arm64",
        ]))
    .success();
    let vertices = progress::vertices(&again.stderr).unwrap();
    for digest in planned {
        assert!(
            vertices.get(&digest).is_some_and(was_cached),
            "{digest}: {:?}",
            vertices.get(&digest)
        );
    }
    let written = fs::read_dir(home.path().join("out")).unwrap();
    let is_tar = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|end| end == "tar");
    assert_eq!(written.map(Result::unwrap).filter(is_tar).count(), 4);
}

#[test]
fn a_file_that_nobody_declared_changes_nothing() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("declared"), "one").unwrap();
    let steps = |name: &str| -> Vec<Vertex> {
        let built = run(fixture("steps", home.path()).args([
            "--addr",
            &bed.address(),
            "--progress",
            "rawjson",
            "build",
            "--no-skip",
            name,
        ]));
        let vertices = progress::vertices(&built.success().stderr).unwrap();
        vertices
            .into_values()
            .filter(|vertex| vertex.name.contains("cp declared"))
            .collect()
    };
    assert!(steps("declares").iter().any(|step| !step.cached));
    fs::write(home.path().join("unrelated"), "new").unwrap();
    let again = steps("declares");
    assert!(
        !again.is_empty() && again.iter().all(was_cached),
        "{again:?}"
    );
    fs::write(home.path().join("declared"), "two").unwrap();
    assert!(steps("declares").iter().any(|step| !step.cached));
}

/// Too large to be data in the graph, and as large as every other user's.
fn large(user: &str) -> String {
    format!("{user:>50}").repeat(2000)
}

#[test]
fn users_at_the_same_time_get_their_own_files() {
    let Some(bed) = Bed::shared() else { return };
    let users = ["first", "second"].map(|user| {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("small"), user).unwrap();
        // As old as each other, too: nothing but the content tells them apart.
        fs::write(home.path().join("large"), large(user)).unwrap();
        for name in ["small", "large"] {
            let file = fs::File::options()
                .append(true)
                .open(home.path().join(name))
                .unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
        let build = Running::start(fixture("steps", home.path()).args([
            "--addr",
            &bed.address(),
            "build",
            "slow",
        ]));
        (user, home, build)
    });
    for (user, home, build) in users {
        build.wait().success();
        let tree = Tree::open(&home.path().join("out/slow.tar")).unwrap();
        for (path, content) in [("small", user.to_owned()), ("large", large(user))] {
            assert!(
                tree.get(path).unwrap().has_content(content.as_bytes()),
                "{path} is not that of the {user}"
            );
        }
    }
}
