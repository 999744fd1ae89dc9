//! Where outputs are written to.

use std::path::{Path, PathBuf};

use catalog::{ContextPath, Template, TemplateError, Variant};

use crate::output::{Draft, OutputError};

/// Where outputs are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A directory, made when it is not there: each output under the path that the catalog gives it, with its record.
    Directory(PathBuf),
    /// Files whose paths are made from a template, without records.
    File(Template),
    /// One file, for the one output that there is.
    Only(PathBuf),
}

impl Destination {
    /// The file of a variant, which is `output` in an output directory.
    pub fn path(&self, variant: &Variant, output: &ContextPath) -> Result<PathBuf, TemplateError> {
        match self {
            Self::Directory(directory) => Ok(directory.join(output.as_str())),
            Self::File(template) => Ok(template.expand(&variant.variables())?.into()),
            Self::Only(path) => Ok(path.clone()),
        }
    }

    /// A draft of the output at `path`; in a directory, no link below it leads out of it.
    pub(crate) fn draft(&self, path: &Path) -> Result<Draft, OutputError> {
        match self {
            Self::Directory(directory) => Draft::create_in(directory, path),
            Self::File(_) | Self::Only(_) => Draft::create(path),
        }
    }

    /// The directory that has the records.
    pub(crate) fn records(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::File(_) | Self::Only(_) => None,
        }
    }
}
