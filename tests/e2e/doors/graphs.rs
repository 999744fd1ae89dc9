//! The graphs of all doors are the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
};

use llbgen_tests::{
    bed::Bed,
    command::{llbgen, run},
    context::{PROGRAMS, context, programs},
    frontend::buildx,
    image::ARCHITECTURES,
    progress,
};
use serde_json::Value;

use super::on_each;
use crate::oocana::built;

const ARTIFACTS: [&str; 6] = [
    "base-rootfs",
    "server-base",
    "executor-layer",
    "cloud-executor-layer",
    "oocana-mount",
    "oocana-runtime",
];

/// What gives an artifact the directories that it asks for.
fn programs_of(artifact: &str) -> &'static [&'static str] {
    match artifact {
        "oocana-runtime" => &PROGRAMS,
        _ => &[],
    }
}

/// The ops of a graph, by digest.
type Ops = BTreeMap<String, Value>;

/// R03, R04: the graphs of `llbgen emit` and of the frontend are the same, vertex by vertex, but for where the packer
/// comes from.
#[test]
fn graphs_are_the_same_through_all_doors() {
    on_each(|shared, bed| {
        let home = tempfile::tempdir().unwrap();
        programs(home.path());
        let address = bed.address();
        run(llbgen(home.path()).args(["--addr", &address, "lock"])).success();
        let counted = counted(shared, bed, home.path());
        // Not by a macro, whose words are kept from who looks at a test that passes.
        let said = format!("vertices with equal digests: {counted:?}\n");
        std::io::stdout().write_all(said.as_bytes()).unwrap();
        assert!(counted["executor-layer"] > 10, "{counted:?}");
    });
}

/// How many vertices each artifact has, after a comparison of all of them.
fn counted(shared: &Bed, bed: &Bed, home: &Path) -> BTreeMap<&'static str, usize> {
    let mut counted = BTreeMap::new();
    for artifact in ARTIFACTS {
        let mut all = BTreeSet::new();
        for arch in ARCHITECTURES {
            let platform = format!("linux/{arch}");
            let flags = ["--platform", &platform];
            let programs = programs_of(artifact);
            let emitted = emitted(home, artifact, &[&flags[..], programs].concat());
            let call = ["--call", "convertllb,format=json", "--target", artifact];
            let flags = [&call[..], &flags, programs].concat();
            let through_door = || converted(shared, bed, home, &flags);
            let graph = through_door();
            // Made twice, it is the same.
            assert_eq!(graph, through_door());
            let (ours, theirs) = (neutral(&emitted), neutral(&graph));
            assert_eq!(ours, theirs, "{artifact} {arch}");
            all.extend(ours);
        }
        counted.insert(artifact, all.len());
    }
    counted
}

fn emitted(home: &Path, artifact: &str, flags: &[&str]) -> Ops {
    let mut command = llbgen(home);
    command
        .args(["emit", artifact, "--format", "json"])
        .args(flags);
    let graph: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    let vertices = graph["vertices"].as_array().unwrap().iter();
    let op = |vertex: &Value| {
        (
            vertex["digest"].as_str().unwrap().to_owned(),
            vertex["op"].clone(),
        )
    };
    vertices.map(op).collect()
}

fn converted(shared: &Bed, bed: &Bed, home: &Path, flags: &[&str]) -> Ops {
    let mut command = buildx(shared, bed, home);
    command.args(flags).arg(context(home));
    let graph: Value = serde_json::from_slice(&run(&mut command).success().stdout).unwrap();
    let ops = graph["def"].as_object().unwrap().clone();
    ops.into_iter().collect()
}

/// What `llbgen build` has solved is what `llbgen emit` writes, up to the files that are bound to its session.
#[test]
fn graphs_are_those_that_were_built() {
    let Some(shared) = Bed::shared() else { return };
    let built = built(shared);
    let solved = progress::vertices(&built.rawjson).unwrap();
    for artifact in ARTIFACTS {
        for arch in ARCHITECTURES {
            let platform = format!("linux/{arch}");
            let flags = [&["--platform", &platform][..], programs_of(artifact)].concat();
            let emitted = emitted(&built.home, artifact, &flags);
            let operations = emitted
                .iter()
                .filter(|(digest, op)| !is_end(op) && !is_bound(&emitted, digest));
            assert!(operations.clone().count() > 1, "{artifact} {arch}");
            let unknown = operations.filter(|(digest, _)| !solved.contains_key(*digest));
            assert_eq!(unknown.count(), 0, "{artifact} {arch}");
        }
    }
}

/// Whether files of the client are in it.
fn is_bound(ops: &Ops, digest: &str) -> bool {
    let op = &ops[digest];
    let source = op["source"]["identifier"].as_str().unwrap_or_default();
    let mut inputs = op["inputs"].as_array().into_iter().flatten();
    source.starts_with("local://")
        || inputs.any(|input| is_bound(ops, input["digest"].as_str().unwrap()))
}

/// Whether it is the last vertex, which only says what the result is.
fn is_end(op: &Value) -> bool {
    op.as_object()
        .is_none_or(|op| op.keys().all(|key| key == "inputs"))
}

/// The digests of the vertices; of those that the packer is below, with one packer in place of each.
fn neutral(ops: &Ops) -> BTreeSet<String> {
    let mut digests = BTreeMap::new();
    for digest in ops.keys() {
        neutral_digest(ops, digest, &mut digests);
    }
    digests.into_values().collect()
}

/// Whether the op is the packer itself, as data.
fn makes_packer(op: &Value) -> bool {
    let actions = op["file"]["actions"].as_array();
    let mut actions = actions.into_iter().flatten();
    actions.any(|action| action["mkfile"]["path"] == "/llbgen-pack")
}

fn neutral_digest(ops: &Ops, digest: &str, known: &mut BTreeMap<String, String>) -> String {
    if let Some(known) = known.get(digest) {
        return known.clone();
    }
    let mut op = ops[digest].clone();
    let source = op["source"]["identifier"].as_str().unwrap_or_default();
    let mut is_ours = source.contains("/llbgen-frontend") || makes_packer(&op);
    if is_ours {
        op = serde_json::json!({ "source": "the packer" });
    }
    for input in op["inputs"].as_array_mut().into_iter().flatten() {
        let below = input["digest"].as_str().unwrap().to_owned();
        let neutral = neutral_digest(ops, &below, known);
        is_ours |= neutral != below;
        input["digest"] = neutral.into();
    }
    let neutral = if is_ours {
        archive::Digest::of(op.to_string().as_bytes()).to_string()
    } else {
        digest.to_owned()
    };
    known.insert(digest.to_owned(), neutral.clone());
    neutral
}
