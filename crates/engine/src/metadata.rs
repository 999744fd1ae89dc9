//! The metadata file: what a build wrote, for programs.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog::Id;
use serde::Serialize;

use crate::output::{Draft, OutputError};

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
    /// The id of what it was built from; `None` when not everything was pinned.
    pub id: Option<Id>,
    /// The file, as the output directory was given; empty for an image that was pushed.
    #[serde(skip_serializing_if = "is_empty")]
    pub path: PathBuf,
    /// What an image was pushed under, each with its digest; or what its archive calls it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The digest of an image's index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The sha256 of the file, or the digest of an image that was pushed, as `sha256:` and hex digits.
    pub digest: String,
    /// The file's size in bytes.
    pub size: u64,
    /// How many entries the tar has; 0 for an image.
    pub entries: u64,
    /// The digest of the vertex that the tar was exported from; empty for an image, which has one for each platform.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vertex: String,
    /// Whether it was there already.
    pub up_to_date: bool,
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

#[derive(Serialize)]
struct Metadata<'a> {
    outputs: &'a [Output],
}

/// A metadata file in the making.
#[derive(Debug)]
pub struct MetadataFile(Draft);

impl MetadataFile {
    /// Makes sure that `path` can be written to, and removes what an earlier build said there, so that a failed one
    /// does not leave it standing.
    pub fn begin(path: &Path) -> Result<Self, OutputError> {
        let draft = Draft::create(path)?;
        draft.remove_earlier()?;
        Ok(Self(draft))
    }

    /// Writes `outputs` as JSON, whole or not at all.
    pub fn finish(self, outputs: &[Output]) -> Result<(), OutputError> {
        let Self(draft) = self;
        let mut json = serde_json::to_vec_pretty(&Metadata { outputs }).map_err(|error| {
            OutputError::File {
                path: draft.path().to_owned(),
                source: io::Error::from(error),
            }
        })?;
        json.push(b'\n');
        draft.publish_bytes(&json)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_an_earlier_build_said_goes_before_anything_else_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/metadata.json");
        fs::create_dir(directory.path().join("deep")).unwrap();
        fs::write(&path, "old").unwrap();
        let file = MetadataFile::begin(&path).unwrap();
        assert!(!path.exists());
        file.finish(&[]).unwrap();
        let written = fs::read_to_string(&path).unwrap();
        assert_eq!(written, "{\n  \"outputs\": []\n}\n");
    }

    #[test]
    fn a_path_that_cannot_be_written_to_is_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "").unwrap();
        let error = MetadataFile::begin(&directory.path().join("file/m.json")).unwrap_err();
        assert!(matches!(error, OutputError::Directory { .. }), "{error}");
        let error = MetadataFile::begin(directory.path()).unwrap_err();
        assert!(matches!(error, OutputError::File { .. }), "{error}");
    }
}
