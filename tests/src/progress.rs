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
    /// When it was carried out to its end, instead of taken from the cache: once, or never, unless something is wrong. Solves
    /// that share one execution report the same time.
    pub executions: BTreeSet<String>,
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
            let is_cached = vertex["cached"].as_bool().unwrap_or_default();
            if !is_cached && error.is_none() && !vertex["completed"].is_null() {
                let started = vertex["started"].as_str().map(str::to_owned);
                merged.executions.extend(started);
            }
            merged.error = error.map(ToOwned::to_owned).or(merged.error.take());
        }
    }
    Ok(vertices)
}

/// The digests of the vertices that run a command of a step, none of the packer's, in what `buildctl debug dump-llb` prints.
///
/// # Errors
/// A line that is no JSON object.
pub fn execs(dump: &str) -> Result<BTreeSet<String>, String> {
    let is_exec = |op: &Value| {
        let exec = [&op["Op"]["exec"], &op["exec"]]
            .into_iter()
            .find(|exec| !exec.is_null());
        exec.is_some_and(|exec| exec["meta"]["args"][0] != "/packer")
    };
    dumped(dump, is_exec)
}

/// The digests of all vertices but the last, which only says what the result is.
///
/// # Errors
/// A line that is no JSON object.
pub fn operations(dump: &str) -> Result<BTreeSet<String>, String> {
    let is_operation = |op: &Value| op["Op"].as_object().is_some_and(|op| !op.is_empty());
    dumped(dump, is_operation)
}

fn dumped(dump: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<BTreeSet<String>, String> {
    let mut digests = BTreeSet::new();
    for line in dump.lines() {
        let vertex: Value =
            serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        if is_wanted(&vertex["Op"]) {
            digests.extend(vertex["Digest"].as_str().map(ToOwned::to_owned));
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one solve carries out, another one takes from the cache, and a third one shares.
    #[test]
    fn executions_are_counted_by_their_times() {
        let line = |started: &str, cached: bool| {
            let vertex = serde_json::json!({
                "digest": "sha256:1", "name": "run", "started": started, "completed": "later", "cached": cached,
            });
            serde_json::json!({ "vertexes": [vertex] }).to_string()
        };
        let count = |lines: &[String]| {
            let vertices = vertices(&lines.join("\n")).unwrap();
            vertices["sha256:1"].executions.len()
        };
        assert_eq!(count(&[line("1", true)]), 0);
        assert_eq!(count(&[line("1", false), line("2", true)]), 1);
        assert_eq!(count(&[line("1", false), line("1", false)]), 1);
        assert_eq!(count(&[line("1", false), line("2", false)]), 2);
    }
}
