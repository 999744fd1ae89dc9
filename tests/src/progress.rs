//! What `--progress rawjson` said: the daemon's status messages, one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What became of one vertex.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vertex {
    /// Its name.
    pub name: String,
    /// Whether it was started.
    pub started: bool,
    /// Whether it came to an end.
    pub completed: bool,
    /// Whether its result was there already.
    pub cached: bool,
    /// What it failed with.
    pub error: Option<String>,
}

/// The vertices of a build by digest; a digest that is reported several times is merged.
///
/// # Errors
/// A line that is no JSON object.
pub fn vertices(rawjson: &str) -> Result<BTreeMap<String, Vertex>, String> {
    let mut vertices = BTreeMap::<String, Vertex>::new();
    for line in rawjson.lines() {
        let status: Value =
            serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        for vertex in status["vertexes"].as_array().into_iter().flatten() {
            let digest = vertex["digest"]
                .as_str()
                .ok_or_else(|| format!("a vertex without digest: {line}"))?;
            let merged = vertices.entry(digest.to_owned()).or_default();
            vertex["name"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut merged.name);
            merged.started |= !vertex["started"].is_null();
            merged.completed |= !vertex["completed"].is_null();
            merged.cached |= vertex["cached"].as_bool().unwrap_or_default();
            let error = vertex["error"].as_str().filter(|error| !error.is_empty());
            merged.error = error.map(ToOwned::to_owned).or(merged.error.take());
        }
    }
    Ok(vertices)
}

/// The digests of the vertices that run a command, in what `buildctl debug dump-llb` prints.
///
/// # Errors
/// A line that is no JSON object.
pub fn execs(dump: &str) -> Result<BTreeSet<String>, String> {
    let mut digests = BTreeSet::new();
    for line in dump.lines() {
        let vertex: Value =
            serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        if !vertex["Op"]["Op"]["exec"].is_null() || !vertex["Op"]["exec"].is_null() {
            digests.extend(vertex["Digest"].as_str().map(ToOwned::to_owned));
        }
    }
    Ok(digests)
}
