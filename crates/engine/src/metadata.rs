//! The metadata file: the outputs of a build, for programs.

use std::{io, path::Path};

use serde::Serialize;

use crate::{
    delivered::Output,
    moves::UnfinishedTags,
    output::{Draft, OutputError},
};

#[derive(Serialize)]
struct Metadata<'a> {
    outputs: &'a [Output],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unfinished: &'a [UnfinishedTags],
}

/// A metadata file in the making.
#[derive(Debug)]
pub struct MetadataFile(Draft);

impl MetadataFile {
    /// Checks that `path` can be written to, and removes the file of an earlier build, so that a failed build does not
    /// leave it there.
    pub fn begin(path: &Path) -> Result<Self, OutputError> {
        let draft = Draft::create(path)?;
        draft.remove_earlier()?;
        Ok(Self(draft))
    }

    /// Writes `outputs`, and the tags that a call left as they were, as JSON, whole or not at all.
    pub fn finish(
        self,
        outputs: &[Output],
        unfinished: &[UnfinishedTags],
    ) -> Result<(), OutputError> {
        let Self(draft) = self;
        let mut json = serde_json::to_vec_pretty(&Metadata {
            outputs,
            unfinished,
        })
        .map_err(|error| OutputError::File {
            path: draft.path().to_owned(),
            source: io::Error::from(error),
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
        file.finish(&[], &[]).unwrap();
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
