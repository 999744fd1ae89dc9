//! `buildctl debug dump-llb`: BuildKit's own reading of what the example and `emit` write.

use std::{collections::BTreeSet, fs, path::Path};

use llbgen_tests::{
    command::{clean, llbgen, locked, run},
    context::{PROGRAMS, made_up_lock, programs},
    machine,
};
use serde_json::{Value, json};

use super::example;

/// What is read, in the directory of the test.
const GRAPH: &str = "graph.llb";

const KINDS: [&str; 8] = [
    "build",
    "diff",
    "exec",
    "file",
    "merge",
    "passthrough",
    "source",
    "terminal",
];

const SCHEMES: [&str; 7] = [
    "docker-image",
    "docker-image+blob",
    "git",
    "https",
    "local",
    "oci-layout",
    "oci-layout+blob",
];

/// File actions as the labels of `--dot` have them; buildctl's JSON leaves symlinks out.
const FILE_ACTIONS: [&str; 5] = [
    "copy{src=/in*, dest=/files/}",
    "mkdir{path=/files/sub}",
    "mkfile{path=/files/text}",
    "rm{path=/files/gone}",
    "symlink{oldpath=text, newpath=/files/link}",
];

/// Bind mounts, which have no number; secrets, ssh, caches and tmpfs.
const MOUNT_TYPES: [u64; 5] = [0, 1, 2, 3, 4];

/// One vertex, as buildctl reads it and `emit --format json` shows it.
#[derive(Debug, PartialEq)]
struct Vertex {
    digest: String,
    kind: String,
    inputs: Value,
    metadata: Value,
}

impl Vertex {
    /// A line of `dump-llb`. Only the last vertex has no operation.
    fn dumped(line: &Value) -> Self {
        let operation = line["Op"]["Op"].as_object().unwrap();
        let kind = operation.keys().next().map_or("terminal", String::as_str);
        Self {
            digest: text(&line["Digest"]),
            kind: kind.to_owned(),
            inputs: line["Op"]["inputs"].clone(),
            metadata: line["OpMetadata"].clone(),
        }
    }

    /// A vertex of `emit --format json`.
    fn emitted(vertex: &Value) -> Self {
        Self {
            digest: text(&vertex["digest"]),
            kind: text(&vertex["kind"]),
            inputs: numbered(vertex["op"]["inputs"].clone()),
            metadata: vertex["metadata"].clone(),
        }
    }

    fn inputs(&self) -> impl Iterator<Item = &str> {
        let inputs = self.inputs.as_array().map_or(&[][..], Vec::as_slice);
        inputs.iter().map(|input| input["digest"].as_str().unwrap())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What buildctl reads in a definition, a line per vertex. It computes the digests from the bytes.
fn dump(home: &Path, graph: &[u8]) -> Vec<Value> {
    fs::write(home.join(GRAPH), graph).unwrap();
    let dump = run(clean("buildctl", home).args(["debug", "dump-llb", GRAPH])).success();
    let lines = dump.text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The sample with all that it can have. Nothing is fetched, so the addresses need not exist.
fn sample(home: &Path) -> Vec<Value> {
    let digest = format!("sha256:{}", "1".repeat(64));
    let graph = run(clean(example(), home)
        .args(["--all", "--git", "https://git.example/repository.git"])
        .args(["--http", "https://web.example/page"])
        .args(["--image-blob", &format!("registry.example/image@{digest}")])
        .args(["--oci-layout", &digest, "--oci-layout-blob", &digest]))
    .success();
    dump(home, &graph.stdout)
}

/// The operations of one kind.
fn operations<'a>(lines: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    lines
        .iter()
        .filter_map(move |line| line["Op"]["Op"].get(kind))
}

#[test]
fn buildctl_reads_every_operation() {
    if !machine::ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let lines = sample(home.path());
    let vertices: Vec<Vertex> = lines.iter().map(Vertex::dumped).collect();
    let kinds: BTreeSet<&str> = vertices.iter().map(|vertex| vertex.kind.as_str()).collect();
    assert_eq!(kinds, KINDS.into());
    let mut known = BTreeSet::new();
    for vertex in &vertices {
        assert!(
            vertex.inputs().all(|input| known.contains(input)),
            "{vertex:?} comes before what it takes"
        );
        assert!(
            known.insert(vertex.digest.as_str()),
            "{vertex:?} is there twice"
        );
    }
    let schemes: BTreeSet<&str> = operations(&lines, "source")
        .map(|source| source["identifier"].as_str().unwrap())
        .map(|identifier| identifier.split_once("://").unwrap().0)
        .collect();
    assert_eq!(schemes, SCHEMES.into());
    let dot = run(clean("buildctl", home.path()).args(["debug", "dump-llb", "--dot", GRAPH]));
    let dot = dot.success();
    for action in FILE_ACTIONS {
        assert!(dot.text().contains(action), "no {action} in {}", dot.text());
    }
}

#[test]
fn buildctl_reads_what_the_daemon_would_refuse() {
    if !machine::ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let lines = sample(home.path());
    let line = lines
        .iter()
        .find(|line| line["Op"]["Op"].get("exec").is_some())
        .unwrap();
    let exec = &line["Op"]["Op"]["exec"];
    let device = json!([{"name": "vendor.com/device=0", "optional": true}]);
    assert_eq!(exec["cdiDevices"], device);
    // Insecure mode.
    assert_eq!(exec["security"], 1);
    let resources = json!({"memory": 64 << 20, "cpuShares": 512});
    assert_eq!(line["OpMetadata"]["linux_resources"], resources);
    let types: BTreeSet<u64> = exec["mounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| mount["mountType"].as_u64().unwrap_or_default())
        .collect();
    assert_eq!(types, MOUNT_TYPES.into());
}

#[test]
fn buildctl_reads_every_artifact() {
    if !machine::ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    programs(home.path());
    let list = run(llbgen(home.path()).args(["list", "--format", "json"])).success();
    let artifacts: Value = serde_json::from_slice(&list.stdout).unwrap();
    let mut graphs = 0;
    for artifact in artifacts.as_array().unwrap() {
        for platform in artifact["platforms"].as_array().unwrap() {
            let (name, platform) = (text(&artifact["name"]), text(platform));
            let mut emit = vec!["emit", &name, "--platform", &platform];
            if name == "oocana-runtime" {
                emit.extend(PROGRAMS);
            }
            agree(home.path(), &emit);
            graphs += 1;
        }
    }
    assert!(graphs >= 4, "only {graphs} graphs were read");
}

/// Inputs with their indexes as numbers: `emit` shows 64-bit numbers as text, as JSON of protocol buffers has it.
fn numbered(mut inputs: Value) -> Value {
    for input in inputs.as_array_mut().into_iter().flatten() {
        let index = input["index"]
            .as_str()
            .and_then(|index| index.parse::<i64>().ok());
        if let Some(index) = index {
            input["index"] = index.into();
        }
    }
    inputs
}

/// Checks that buildctl reads the same vertices in the bytes of `emit` as `emit` shows itself.
fn agree(home: &Path, emit: &[&str]) {
    let graph = run(locked(home, &made_up_lock()).args(emit))
        .success()
        .stdout;
    let shown = run(locked(home, &made_up_lock())
        .args(emit)
        .args(["--format", "json"]))
    .success();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let vertices = shown["vertices"].as_array().unwrap();
    let ours: Vec<Vertex> = vertices.iter().map(Vertex::emitted).collect();
    let theirs: Vec<Vertex> = dump(home, &graph).iter().map(Vertex::dumped).collect();
    assert_eq!(ours, theirs, "{emit:?}");
    assert_eq!(shown["vertexCount"], theirs.len(), "{emit:?}");
    let terminal = theirs.last().unwrap();
    assert_eq!(
        shown["terminalDigest"],
        terminal.digest.as_str(),
        "{emit:?}"
    );
    let head = shown["head"]["digest"].as_str().unwrap();
    assert!(terminal.inputs().eq([head]), "{emit:?}");
}
