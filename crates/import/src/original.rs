//! What an import came from: builds of Dockerfiles, each with the variants of the catalog that stand for it.

use std::collections::BTreeMap;

/// A build as Docker's own builder does it, and the variants that stand for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Original {
    /// The name of the target in the file, or of the artifact.
    pub name: String,
    /// The artifact that stands for it.
    pub artifact: String,
    /// The values on the artifact's axes that single out its variants.
    pub axes: Vec<(String, String)>,
    /// The Dockerfile.
    pub dockerfile: Recipe,
    /// Whether its `# syntax=` names a frontend that is not Docker's.
    pub has_frontend: bool,
    /// The directory of its files, below the catalog's; empty for that itself.
    pub context: String,
    /// The stage that is built, if it is not the last.
    pub stage: Option<String>,
    /// The values of arguments.
    pub args: BTreeMap<String, String>,
    /// The named contexts, as the file has them; directories are below the catalog's.
    pub contexts: BTreeMap<String, String>,
    /// The labels that the image has besides.
    pub labels: BTreeMap<String, String>,
    /// Options of the catalog, each with the argument that it stands for.
    pub options: Vec<(String, String)>,
}

/// A Dockerfile, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// A file, by its path below the catalog's directory.
    File(String),
    /// A text in the file that was imported.
    Inline(String),
}

impl Default for Recipe {
    fn default() -> Self {
        Self::File("Dockerfile".to_owned())
    }
}
