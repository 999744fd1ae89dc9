//! Why an image of an OCI layout cannot stand in for a base.

use std::{io, path::PathBuf};

use buildkit_client::{BlobDigest, BlobError};
use catalog::BaseConfigError;

/// An OCI layout that cannot stand in for a base.
#[derive(Debug, thiserror::Error)]
#[error("`{}`, the build context `{context}`, {}", directory.display(), problem.predicate())]
pub struct LayoutError {
    /// The context's name.
    pub context: String,
    /// The layout's directory.
    pub directory: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: LayoutProblem,
}

/// A problem of an OCI layout.
#[derive(Debug, thiserror::Error)]
pub enum LayoutProblem {
    /// The directory is not there, or is no directory.
    #[error(transparent)]
    Open(#[from] io::Error),
    /// A file that every layout has.
    #[error("`{name}` cannot be used")]
    File {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// A file or blob breaks off.
    #[error("`{name}` cannot be read")]
    Read {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A layout of another version.
    #[error("its version is `{found}`, and not one that begins with `1.`")]
    Version {
        /// The version.
        found: String,
    },
    /// A file or blob that is not the JSON that it should be.
    #[error("`{name}` is not what the OCI image specification has in its place")]
    Json {
        /// Its name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file or blob that is too long to be what it should be.
    #[error("`{name}` has {size} bytes, more than any index, manifest or config")]
    TooLarge {
        /// Its name.
        name: String,
        /// Its size.
        size: u64,
    },
    /// The tag that is asked for is not there.
    #[error("no image in its `index.json` is called `{tag}`")]
    NoTag {
        /// The tag.
        tag: String,
        /// The tags that there are.
        valid: Vec<String>,
    },
    /// The only image is asked for, and there are none or several.
    #[error("an index in it has {images} images, and not one")]
    NotOne {
        /// Their number.
        images: usize,
    },
    /// The digest that is asked for is not there.
    #[error("it has no blob `{digest}`")]
    NoDigest {
        /// The digest.
        digest: BlobDigest,
        /// The digests in `index.json`.
        valid: Vec<String>,
    },
    /// A blob cannot be used.
    #[error("its blob `{digest}` cannot be used")]
    Blob {
        /// Its digest.
        digest: BlobDigest,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// A blob is not what its name says.
    #[error("its blob `{digest}` has another digest than its name says")]
    Content {
        /// Its name.
        digest: BlobDigest,
    },
    /// A blob in the place of an image.
    #[error("its blob `{digest}` is neither an image index nor a manifest")]
    NotAnImage {
        /// Its digest.
        digest: BlobDigest,
    },
    /// An index within the index of an image.
    #[error("its blob `{digest}` is an index within an index")]
    Nested {
        /// Its digest.
        digest: BlobDigest,
    },
    /// A config that says neither of an operating system nor of an architecture.
    #[error("its blob `{digest}`, the config of an image, does not say for which platform it is")]
    NoPlatform {
        /// Its digest.
        digest: BlobDigest,
    },
    /// A config that cannot be read.
    #[error("its blob `{digest}` cannot be used")]
    Config {
        /// Its digest.
        digest: BlobDigest,
        /// Why.
        #[source]
        source: BaseConfigError,
    },
}

impl LayoutProblem {
    /// The predicate of the sentence about the directory; the problem itself is the cause.
    fn predicate(&self) -> &'static str {
        match self {
            Self::Open(_) => "cannot be opened",
            Self::File { .. } | Self::Version { .. } => "is not an OCI layout",
            Self::NoTag { .. } | Self::NoDigest { .. } | Self::NotOne { .. } => {
                "does not have the image"
            }
            _ => "is a broken OCI layout",
        }
    }
}
