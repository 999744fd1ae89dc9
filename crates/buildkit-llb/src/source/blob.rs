//! Single blobs, by digest.

use super::http::{FileInfo, file_info_methods};
use super::oci::Store;
use super::{SourceKind, SourceOp};
use crate::cap::Cap;
use crate::digest::ContentDigest;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::reference::ImageRef;
use crate::state::State;

/// One blob of a registry, as a file. Mirrors `llb.ImageBlob`.
#[derive(Debug, Clone)]
#[must_use = "a blob does nothing until its state is used"]
pub struct ImageBlob {
    reference: BlobRef,
    file: FileInfo,
    options: Options,
}

/// One blob of an OCI layout, as a file. Mirrors `llb.OCILayoutBlob`.
#[derive(Debug, Clone)]
#[must_use = "a blob does nothing until its state is used"]
pub struct OciLayoutBlob {
    reference: BlobRef,
    file: FileInfo,
    store: Store,
    options: Options,
}

/// The place of a blob: `repository@digest`, without a tag.
#[derive(Debug, Clone)]
struct BlobRef(Result<ImageRef, OpError>);

impl ImageBlob {
    /// The blob `digest` of `repository`, such as `example.com/repo`; a short name is completed as for images.
    pub fn new(repository: &str, digest: ContentDigest) -> Self {
        Self {
            reference: BlobRef::new(repository, digest),
            file: FileInfo::default(),
            options: Options::default(),
        }
    }

    file_info_methods!();
    vertex_option_methods!();

    /// A state with the blob in its root.
    pub fn state(self) -> State {
        self.reference.state(
            "docker-image+blob://",
            &self.file,
            &Store::default(),
            self.options,
        )
    }
}

vertex_options!(ImageBlob);

impl OciLayoutBlob {
    /// The blob `digest` of `repository`, such as `example.com/repo`; a short name is completed as for images.
    pub fn new(repository: &str, digest: ContentDigest) -> Self {
        let reference = BlobRef::new(repository, digest);
        Self {
            reference,
            file: FileInfo::default(),
            store: Store::default(),
            options: Options::default(),
        }
    }

    /// Names the session and the store in it. Default: any session, and the store named by the reference.
    pub fn store(mut self, session: impl Into<String>, id: impl Into<String>) -> Self {
        self.store = Store {
            session: session.into(),
            id: id.into(),
        };
        self
    }

    file_info_methods!();
    vertex_option_methods!();

    /// A state with the blob in its root.
    pub fn state(self) -> State {
        self.reference
            .state("oci-layout+blob://", &self.file, &self.store, self.options)
    }
}

vertex_options!(OciLayoutBlob);

impl BlobRef {
    fn new(repository: &str, digest: ContentDigest) -> Self {
        Self(match ImageRef::parse_untagged(repository) {
            Ok(reference) if reference.tag().is_none() && reference.digest().is_none() => {
                Ok(reference.with_digest(digest))
            }
            _ => Err(OpError::BlobRepository {
                repository: repository.to_owned(),
            }),
        })
    }

    fn state(self, scheme: &str, file: &FileInfo, store: &Store, options: Options) -> State {
        let (name, fault) = match self.0 {
            Ok(reference) => (reference.to_string(), None),
            Err(fault) => (String::new(), Some(fault)),
        };
        let mut source = SourceOp::new(format!("{scheme}{name}"), SourceKind::Portable);
        source.cap(Cap::SOURCE_IMAGE_BLOB);
        file.set_attrs(&mut source);
        store.set_attrs(&mut source);
        source.state(options, fault)
    }
}
