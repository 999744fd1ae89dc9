//! An image of an OCI layout on the user's disk: which image is meant, what is in it, and what the daemon may read.
//!
//! Format: `image-layout.md` of the OCI image specification. Which image is meant follows buildx (`util/ocilayout` and
//! `build/opt.go`).

mod content;
mod document;
mod error;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::PathBuf,
    str::FromStr,
};

use archive::Digest;
use buildkit_client::{BlobDigest, BlobDigestError, ContentStore, LayoutDir};
use catalog::{BaseConfig, LayoutImage, Platform};

pub(crate) use self::content::unpack;
use self::document::{Descriptor, Document, Header, Index, platform_of_config};
pub use self::{
    content::{ImageContent, ImageTreeError, ReadLayers},
    error::{LayoutError, LayoutProblem},
};

/// The tag that is meant when none is given. Where no image has it, the only image is meant.
const DEFAULT_TAG: &str = "latest";

/// The file that marks a directory as an OCI layout, and the file that lists its images.
const HEADER: &str = "oci-layout";
const INDEX: &str = "index.json";

/// The longest index, manifest or config that is read, 4 MiB: BuildKit reads no longer ones (`maxReadSize` in its
/// `source/containerimage/ocilayout.go`).
const MAX_DOCUMENT: u64 = 4 << 20;

/// The longest tag, as registries have it.
const MAX_TAG: usize = 128;

/// `oci-layout://DIR[:TAG][@DIGEST]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutSource {
    /// The directory.
    pub directory: PathBuf,
    /// The tag of the image, unless the digest says more. Without both: `latest`, or else the only image.
    pub tag: Option<String>,
    /// The digest of the image's index or manifest.
    pub digest: Option<BlobDigest>,
}

impl FromStr for LayoutSource {
    type Err = BlobDigestError;

    /// Reads the text behind `oci-layout://`. Text that looks like neither a tag nor a digest is a part of the
    /// directory.
    fn from_str(given: &str) -> Result<Self, BlobDigestError> {
        let (rest, digest) = match given.rsplit_once('@') {
            Some((rest, digest)) if digest.contains(':') && !digest.contains('/') => {
                (rest, Some(digest.parse()?))
            }
            _ => (given, None),
        };
        let (directory, tag) = match rest.rsplit_once(':') {
            Some((directory, tag)) if is_tag(tag) => (directory, Some(tag.to_owned())),
            _ => (rest, None),
        };
        Ok(Self {
            directory: directory.into(),
            tag,
            digest,
        })
    }
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(is_word)
        && text.len() <= MAX_TAG
        && text.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
}

/// An image that was read: what a plan needs of it, and what the daemon may read.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) image: LayoutImage,
    pub(crate) store: ContentStore,
}

/// Reads the image that `source` means, for `platforms`: indexes, manifests and configs whole, with their digests
/// checked; of layers, whether they are there and have the declared size.
pub(crate) fn read(
    context: &str,
    source: &LayoutSource,
    platforms: &BTreeSet<Platform>,
) -> Result<Layout, LayoutError> {
    let failed = |problem| LayoutError {
        context: context.to_owned(),
        directory: source.directory.clone(),
        problem,
    };
    let directory = LayoutDir::open(&source.directory).map_err(|error| failed(error.into()))?;
    let reader = Reader::new(directory, platforms);
    reader.read(source).map_err(failed)
}

struct Reader<'a> {
    layout: LayoutDir,
    wanted: &'a BTreeSet<Platform>,
    sizes: BTreeMap<BlobDigest, u64>,
    configs: BTreeMap<Platform, BaseConfig>,
    platforms: BTreeSet<Platform>,
}

impl<'a> Reader<'a> {
    fn new(layout: LayoutDir, wanted: &'a BTreeSet<Platform>) -> Self {
        Self {
            layout,
            wanted,
            sizes: BTreeMap::new(),
            configs: BTreeMap::new(),
            platforms: BTreeSet::new(),
        }
    }

    fn read(mut self, source: &LayoutSource) -> Result<Layout, LayoutProblem> {
        let header: Header = document::parse(HEADER, &self.file(HEADER)?)?;
        header.check()?;
        let index: Index = document::parse(INDEX, &self.file(INDEX)?)?;
        let digest = meant(&index, source)?;
        let size = index.size(&digest);
        match self.document(&digest, size) {
            Ok(Document::Index(index)) => self.index(&index)?,
            Ok(Document::Manifest { config, layers }) => {
                let image = self.config(&config)?;
                self.image(
                    platform_of_config(&config.digest, &image)?,
                    (&config, &image),
                    &layers,
                )?;
            }
            Err(LayoutProblem::Blob { digest, source }) if source.is_missing() => {
                return Err(LayoutProblem::NoDigest {
                    digest,
                    valid: index.digests(),
                });
            }
            Err(problem) => return Err(problem),
        }
        let digest = digest
            .as_str()
            .parse()
            .expect("both types take `sha256:` and 64 hex digits");
        let image = LayoutImage {
            configs: self.configs,
            platforms: self.platforms,
            ..LayoutImage::new(digest)
        };
        let store = ContentStore::new(image.store.clone(), self.layout, self.sizes);
        Ok(Layout { image, store })
    }

    /// The images of an index. Nothing is read of images for other platforms.
    fn index(&mut self, index: &Index) -> Result<(), LayoutProblem> {
        for entry in &index.manifests {
            let declared = entry
                .platform
                .as_ref()
                .map(document::PlatformJson::platform);
            match declared {
                // An attestation.
                Some(None) => continue,
                Some(Some(platform)) if !self.wanted.contains(&platform) => {
                    self.platforms.insert(platform);
                    continue;
                }
                _ => {}
            }
            let (config, layers) = match self.document(&entry.digest, Some(entry.size)) {
                Ok(Document::Manifest { config, layers }) => (config, layers),
                Ok(Document::Index(_)) => {
                    return Err(LayoutProblem::Nested {
                        digest: entry.digest.clone(),
                    });
                }
                // The copy of the image lacks this platform.
                Err(LayoutProblem::Blob { source, .. }) if source.is_missing() => continue,
                Err(problem) => return Err(problem),
            };
            let image = self.config(&config)?;
            let platform = match declared.flatten() {
                Some(platform) => platform,
                None => platform_of_config(&config.digest, &image)?,
            };
            self.image(platform, (&config, &image), &layers)?;
        }
        Ok(())
    }

    fn image(
        &mut self,
        platform: Platform,
        (config, json): (&Descriptor, &[u8]),
        layers: &[Descriptor],
    ) -> Result<(), LayoutProblem> {
        for layer in layers {
            let file = self.layout.sized_blob(&layer.digest, layer.size);
            file.map_err(|source| LayoutProblem::Blob {
                digest: layer.digest.clone(),
                source,
            })?;
            self.sizes.insert(layer.digest.clone(), layer.size);
        }
        // Of several for one platform the daemon takes the first.
        if self.platforms.insert(platform.clone()) {
            let read = BaseConfig::from_json(json).map_err(|source| LayoutProblem::Config {
                digest: config.digest.clone(),
                source,
            })?;
            self.configs.insert(platform, read);
        }
        Ok(())
    }

    fn config(&mut self, config: &Descriptor) -> Result<Vec<u8>, LayoutProblem> {
        self.blob(&config.digest, Some(config.size))
    }

    fn document(
        &mut self,
        digest: &BlobDigest,
        size: Option<u64>,
    ) -> Result<Document, LayoutProblem> {
        let bytes = self.blob(digest, size)?;
        document::of_image(digest, &bytes)
    }

    fn file(&self, name: &'static str) -> Result<Vec<u8>, LayoutProblem> {
        let unread = |source| LayoutProblem::File { name, source };
        let (file, size) = self.layout.file(name).map_err(unread)?;
        whole(name, file, size)
    }

    /// A whole blob, which the daemon may then read.
    fn blob(&mut self, digest: &BlobDigest, size: Option<u64>) -> Result<Vec<u8>, LayoutProblem> {
        let opened = match size {
            Some(size) => self
                .layout
                .sized_blob(digest, size)
                .map(|file| (file, size)),
            None => self.layout.blob(digest),
        };
        let (file, size) = opened.map_err(|source| LayoutProblem::Blob {
            digest: digest.clone(),
            source,
        })?;
        let bytes = whole(digest.as_str(), file, size)?;
        if Digest::of(&bytes).hex() != digest.hex() {
            return Err(LayoutProblem::Content {
                digest: digest.clone(),
            });
        }
        self.sizes.insert(digest.clone(), size);
        Ok(bytes)
    }
}

/// The digest of the image that is meant. A digest counts more than a tag.
fn meant(index: &Index, source: &LayoutSource) -> Result<BlobDigest, LayoutProblem> {
    if let Some(digest) = &source.digest {
        return Ok(digest.clone());
    }
    let tag = source.tag.as_deref().unwrap_or(DEFAULT_TAG);
    let tagged = index.manifests.iter().find(|entry| entry.is_called(tag));
    let ((Some(entry), ..) | (None, [entry], None)) = (tagged, &index.manifests[..], &source.tag)
    else {
        return Err(LayoutProblem::NoTag {
            tag: tag.to_owned(),
            valid: index.tags(),
        });
    };
    Ok(entry.digest.clone())
}

fn whole(name: &str, file: File, size: u64) -> Result<Vec<u8>, LayoutProblem> {
    if size > MAX_DOCUMENT {
        return Err(LayoutProblem::TooLarge {
            name: name.to_owned(),
            size,
        });
    }
    let mut bytes = Vec::new();
    let read = file.take(MAX_DOCUMENT).read_to_end(&mut bytes);
    read.map_err(|source: io::Error| LayoutProblem::Read {
        name: name.to_owned(),
        source,
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
