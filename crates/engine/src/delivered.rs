//! Outputs: what a build made, or found there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use catalog::Id;
use serde::{Serialize, Serializer};

/// The output of a product, which a build made or found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The artifact.
    pub artifact: String,
    /// The platform; for an image, all its platforms, separated by commas.
    pub platform: String,
    /// The values of axes and options.
    pub values: BTreeMap<String, String>,
    /// Its id; `None` when not everything was pinned.
    pub id: Option<Id>,
    /// Its form and its place.
    pub form: Form,
    /// Whether it was there already.
    pub up_to_date: bool,
}

/// The form of an output, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A tar of one platform.
    Tar {
        /// The file.
        file: WrittenOutput,
        /// The number of its entries.
        entries: u64,
        /// The digest of the vertex that it was exported from.
        vertex: String,
    },
    /// Plain files in a directory, of one platform.
    Files {
        /// The directory. Its digest is that of its files as a canonical tar of root, without a compression; its size is
        /// the sum of their sizes.
        directory: WrittenOutput,
        /// The number of files, directories and links below it.
        entries: u64,
        /// The digest of the vertex that it was exported from.
        vertex: String,
    },
    /// An image in an archive.
    Archive {
        /// The file.
        file: WrittenOutput,
        /// The digest of the image's index.
        image: String,
        /// The names of the image in the archive.
        references: Vec<String>,
        /// The digest of its annotations and of the labels of a call; `None` if there are none.
        metadata: Option<String>,
    },
    /// An image in registries.
    Pushed {
        /// The digest of the image's index.
        image: String,
        /// The references that it was pushed under, each with its digest.
        references: Vec<String>,
    },
}

/// A file or a directory that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenOutput {
    /// Its path, as the output directory was given; `-` for stdout; `None` when docker or podman has taken it.
    pub path: Option<PathBuf>,
    /// Its sha256, as `sha256:` and hex digits.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Output {
    /// The file or directory, where there is one.
    pub fn written(&self) -> Option<&WrittenOutput> {
        match &self.form {
            Form::Tar { file: written, .. }
            | Form::Files {
                directory: written, ..
            }
            | Form::Archive { file: written, .. } => Some(written),
            Form::Pushed { .. } => None,
        }
    }

    /// The path of the file or directory, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.written()?.path.as_deref()
    }

    /// Sets the path of the file or directory; `None` when somebody has taken it.
    pub fn moved_to(&mut self, path: Option<&Path>) {
        match &mut self.form {
            Form::Tar { file: written, .. }
            | Form::Files {
                directory: written, ..
            }
            | Form::Archive { file: written, .. } => written.path = path.map(Path::to_owned),
            Form::Pushed { .. } => {}
        }
    }

    /// The names of an image, in registries or in its archive.
    pub fn references(&self) -> &[String] {
        match &self.form {
            Form::Tar { .. } | Form::Files { .. } => &[],
            Form::Archive { references, .. } | Form::Pushed { references, .. } => references,
        }
    }

    /// The digest of the annotations of an image in an archive, and of the labels of a call.
    pub fn metadata(&self) -> Option<&str> {
        match &self.form {
            Form::Archive { metadata, .. } => metadata.as_deref(),
            Form::Tar { .. } | Form::Files { .. } | Form::Pushed { .. } => None,
        }
    }

    /// The digest of an image's index.
    pub fn image(&self) -> Option<&str> {
        match &self.form {
            Form::Tar { .. } | Form::Files { .. } => None,
            Form::Archive { image, .. } | Form::Pushed { image, .. } => Some(image),
        }
    }

    /// The sha256 of the file or of the directory's files, or the digest of an image that was pushed.
    pub fn digest(&self) -> &str {
        match &self.form {
            Form::Tar { file: written, .. }
            | Form::Files {
                directory: written, ..
            }
            | Form::Archive { file: written, .. } => &written.digest,
            Form::Pushed { image, .. } => image,
        }
    }

    /// The number of entries of a tar or a directory.
    pub fn entries(&self) -> Option<u64> {
        match self.form {
            Form::Tar { entries, .. } | Form::Files { entries, .. } => Some(entries),
            _ => None,
        }
    }
}

/// An output as programs read it: one flat table, whatever it is.
#[derive(Serialize)]
struct Row<'a> {
    artifact: &'a str,
    platform: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: &'a BTreeMap<String, String>,
    id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a Path>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    digest: &'a str,
    size: u64,
    entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    vertex: Option<&'a str>,
    up_to_date: bool,
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = Row {
            artifact: &self.artifact,
            platform: &self.platform,
            values: &self.values,
            id: self.id,
            path: self.path(),
            references: self.references(),
            image: self.image(),
            digest: self.digest(),
            size: self.written().map_or(0, |written| written.size),
            entries: self.entries().unwrap_or(0),
            vertex: match &self.form {
                Form::Tar { vertex, .. } | Form::Files { vertex, .. } => Some(vertex),
                _ => None,
            },
            up_to_date: self.up_to_date,
        };
        row.serialize(serializer)
    }
}
