//! The metadata file: what a build wrote, for programs.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::output::{self, OutputError};

/// One written output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The artifact.
    pub artifact: String,
    /// The platform.
    pub platform: String,
    /// The values of axes and options.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub values: std::collections::BTreeMap<String, String>,
    /// The file, as the output directory was given.
    pub path: PathBuf,
    /// The sha256 of the file, as `sha256:` and hex digits.
    pub digest: String,
    /// The file's size in bytes.
    pub size: u64,
    /// How many entries the tar has.
    pub entries: u64,
    /// The digest of the vertex that the tar was exported from.
    pub vertex: String,
}

#[derive(Serialize)]
struct Metadata<'a> {
    outputs: &'a [Output],
}

/// Writes `outputs` as JSON to `path`, whole or not at all.
pub fn write(path: &Path, outputs: &[Output]) -> Result<(), OutputError> {
    let mut json =
        serde_json::to_vec_pretty(&Metadata { outputs }).map_err(|error| OutputError::File {
            path: path.to_owned(),
            source: io::Error::from(error),
        })?;
    json.push(b'\n');
    output::write_whole(path, &json)
}

/// Removes what an earlier build said, so that a failed build does not leave it standing.
pub fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(OutputError::File {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
