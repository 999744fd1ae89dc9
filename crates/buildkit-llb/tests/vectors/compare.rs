//! Reading vectors, and comparing.

use std::path::PathBuf;

use buildkit_llb::Definition;
use serde_json::Value;

use crate::Case;

/// Go lets descriptions leak from vertex to vertex here; this crate does not, so metadata is compared by the case.
const OTHER_METADATA: &str = "metadata-marshal-level-description";

/// Builds a case and compares it with the vector `name`.
pub(crate) fn check(name: &str, case: impl Into<Case>) {
    let Case { state, constraints } = case.into();
    let definition = state.marshal(&constraints).unwrap();
    let expected: Value = serde_json::from_slice(&read(&format!("{name}.json"))).unwrap();
    let actual = serde_json::to_value(&definition).unwrap();
    check_vertices(&actual, &expected, name);
    let mut summary = vec![
        "head",
        "terminalDigest",
        "vertexCount",
        "defBytes",
        "digestsSha256",
    ];
    if name != OTHER_METADATA {
        summary.extend(["pbSize", "pbSha256"]);
        let bytes = definition.to_bytes();
        // Of big graphs there is no .pb; its size and sha256 are in the summary.
        if let Some(pb) = read_if_there(&format!("{name}.pb")) {
            assert!(bytes == pb, "{name}: the encoded definition differs");
        }
        assert_eq!(
            Definition::from_bytes(&bytes).unwrap(),
            definition,
            "{name}: decoding gives the definition back"
        );
    }
    for key in summary {
        assert_eq!(actual.get(key), expected.get(key), "{name}: {key}");
    }
    // Scratch has none. Big graphs are a summary, where the hash of the whole stands for it.
    if expected.get("source").is_some() {
        assert_eq!(
            actual.get("source"),
            expected.get("source"),
            "{name}: source"
        );
    }
}

/// The names of all vectors.
#[expect(clippy::disallowed_methods, reason = "the vectors are files")]
pub(crate) fn names() -> Vec<String> {
    let directory = directory();
    let entries = std::fs::read_dir(&directory).unwrap_or_else(|error| missing(&directory, &error));
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files
        .filter_map(|file| file.strip_suffix(".json").map(str::to_owned))
        .collect()
}

/// Compares the vertices that the vector shows, by their place in the definition.
fn check_vertices(actual: &Value, expected: &Value, name: &str) {
    let none = Vec::new();
    for expected in expected["vertices"].as_array().unwrap_or(&none) {
        let index = usize::try_from(expected["index"].as_u64().unwrap()).unwrap();
        let actual = &actual["vertices"][index];
        for key in ["op", "digest", "kind", "size", "metadata", "raw"] {
            let is_excepted = key == "metadata" && name == OTHER_METADATA;
            // Vectors of more than 60 vertices leave the bytes out.
            if !is_excepted && expected.get(key).is_some() {
                assert_eq!(
                    actual[key], expected[key],
                    "{name}: {key} of vertex {index}"
                );
            }
        }
    }
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read(file: &str) -> Vec<u8> {
    read_if_there(file).unwrap_or_else(|| missing(&directory().join(file), &"no such file"))
}

#[expect(clippy::disallowed_methods, reason = "the vectors are files")]
fn read_if_there(file: &str) -> Option<Vec<u8>> {
    let path = directory().join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => missing(&path, &error),
    }
}

fn missing(path: &std::path::Path, why: &dyn std::fmt::Display) -> ! {
    panic!("a golden vector cannot be read: {}: {why}", path.display())
}
