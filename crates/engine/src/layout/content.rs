//! The content of an image of one platform: its config, and the tree of its layers.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use archive::{Entry, ListError, Tree, TreeError};
use buildkit_client::{BlobDigest, BlobError, LayoutDir};
use serde_json::Value;

use super::{
    INDEX, LayoutProblem, Reader,
    document::{self, Descriptor, Document, Index},
};

/// An image of one platform, in an OCI layout on the disk.
#[derive(Debug)]
pub struct ImageContent {
    layout: LayoutDir,
    config: Value,
    layers: Vec<Descriptor>,
}

/// The entries of layers that were read, each once: images often have layers in common.
#[derive(Debug, Default)]
pub struct ReadLayers(BTreeMap<BlobDigest, Arc<Vec<Entry>>>);

/// Why an image has no tree.
#[derive(Debug, thiserror::Error)]
pub enum ImageTreeError {
    /// The layer is not there.
    #[error("the layer `{layer}` cannot be opened")]
    Open {
        /// Its digest.
        layer: BlobDigest,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// The layer is no tar.
    #[error("the layer `{layer}` cannot be read")]
    Read {
        /// Its digest.
        layer: BlobDigest,
        /// Why.
        #[source]
        source: ListError,
    },
    /// The layer does not fit on those below it.
    #[error("the layer `{layer}` cannot be laid over those below it")]
    Lay {
        /// Its digest.
        layer: BlobDigest,
        /// Why.
        #[source]
        source: TreeError,
    },
}

/// Unpacks the archive of an OCI layout into a directory.
pub(crate) fn unpack(archive: &mut dyn Read, directory: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    archive.set_preserve_mtime(false);
    archive.unpack(directory)?;
    // Read to its end, so that the daemon is not cut off while it writes.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

impl ImageContent {
    /// The image in the archive of an OCI layout, which is unpacked into `directory`.
    pub fn unpacked(archive: &Path, directory: &Path) -> Result<Self, LayoutProblem> {
        let mut file = std::fs::File::open(archive)?;
        unpack(&mut file, directory)?;
        Self::open(directory)
    }

    /// The only image of the OCI layout in a directory.
    pub fn open(directory: &Path) -> Result<Self, LayoutProblem> {
        let layout = LayoutDir::open(directory)?;
        let wanted = [].into();
        let mut reader = Reader::new(layout.clone(), &wanted);
        let mut index: Index = document::parse(INDEX, &reader.file(INDEX)?)?;
        loop {
            let [entry] = index.manifests.as_slice() else {
                let images = index.manifests.len();
                return Err(LayoutProblem::NotOne { images });
            };
            match reader.document(&entry.digest, Some(entry.size))? {
                Document::Index(inner) => index = inner,
                Document::Manifest { config, layers } => {
                    let json = reader.config(&config)?;
                    let config = document::parse(config.digest.as_str(), &json)?;
                    return Ok(Self {
                        layout,
                        config,
                        layers,
                    });
                }
            }
        }
    }

    /// Its config, as the OCI image specification has it.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// The digests of its layers, lowest first.
    pub fn layers(&self) -> impl Iterator<Item = &BlobDigest> {
        self.layers.iter().map(|layer| &layer.digest)
    }

    /// The tree of its layers. Those in `read` are not read again, and new ones are kept there.
    pub fn tree(&self, read: &mut ReadLayers) -> Result<Tree, ImageTreeError> {
        let mut tree = Tree::default();
        for layer in &self.layers {
            let laid = tree.lay(&self.entries(layer, read)?);
            laid.map_err(|source| ImageTreeError::Lay {
                layer: layer.digest.clone(),
                source,
            })?;
        }
        Ok(tree)
    }

    fn entries(
        &self,
        layer: &Descriptor,
        read: &mut ReadLayers,
    ) -> Result<Arc<Vec<Entry>>, ImageTreeError> {
        let digest = &layer.digest;
        if let Some(entries) = read.0.get(digest) {
            return Ok(Arc::clone(entries));
        }
        let file = self.layout.sized_blob(digest, layer.size);
        let file = file.map_err(|source| ImageTreeError::Open {
            layer: digest.clone(),
            source,
        })?;
        let entries = archive::list_layer(file).map_err(|source| ImageTreeError::Read {
            layer: digest.clone(),
            source,
        })?;
        let entries = Arc::new(entries);
        read.0.insert(digest.clone(), Arc::clone(&entries));
        Ok(entries)
    }
}
