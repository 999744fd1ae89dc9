//! What the edge hands to the pure core: Dockerfile twins, declared files, and what stands in for a base.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use buildkit_llb::{ContentDigest, Definition, ImageRef, Platform, ProxyEnv};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    lock::{BaseConfig, CacheNamespace, Lock},
    name::ContextName,
    pack::Packer,
    path::ContextPath,
    step::Read,
};

/// What a selection has to have read before it can be planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Dockerfiles whose FROM line names a base.
    pub dockerfiles: BTreeSet<ContextPath>,
    /// Files, directories and globs that steps declare.
    pub files: BTreeSet<ContextPath>,
    /// The same, for steps that read a directory of a user's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<ContextName, BTreeSet<ContextPath>>,
    /// Whether the graph runs the packer: to put files into a tree, or to pack one.
    pub packer: bool,
}

impl Needs {
    /// Adds what a step reads, as far as it is read from the disk.
    pub(crate) fn add(&mut self, read: Read) {
        match read {
            Read::Files(path) => _ = self.files.insert(path),
            Read::Context { name, path } => {
                self.contexts.entry(name).or_default().insert(path);
            }
            Read::FromLine(path) => _ = self.dockerfiles.insert(path),
            Read::Tar(_) | Read::Packer => self.packer = true,
            Read::Tree(_)
            | Read::Http { .. }
            | Read::Git(_)
            | Read::Secret { .. }
            | Read::Ssh { .. } => {}
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The text of every needed Dockerfile.
    pub dockerfiles: BTreeMap<ContextPath, String>,
    /// The files that every declared path or glob stands for.
    pub files: BTreeMap<ContextPath, FileSet>,
    /// What `--build-context NAME=…` gives: something in the place of a base, or a directory that steps read.
    pub contexts: BTreeMap<String, NamedContext>,
    /// What references stand for.
    pub lock: Lock,
    /// The program that puts files into trees and packs them inside the graph. The default stands for any: enough for an
    /// id, and not to be built with.
    pub packer: Packer,
    /// The context directory, where it is no directory of the client: a git repository, or a tar.
    pub tree: Option<Definition>,
    /// What stands before the ids of cache mounts, in the place of what the lock says.
    pub cache_namespace: Option<CacheNamespace>,
    /// Proxies for steps that reach the network. They are in the graph that is solved, and in nothing else.
    pub proxy: Option<ProxyEnv>,
}

/// The files that one declared path stands for, by their paths in the context directory. There may be very many: a clone
/// shares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSet(Arc<BTreeMap<ContextPath, InputFile>>);

impl FileSet {
    /// No file.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same without texts, which a graph cannot hold when they are so many.
    pub fn without_texts(self) -> Self {
        let files = Arc::unwrap_or_clone(self.0).into_iter();
        files
            .map(|(path, file)| (path, file.without_text()))
            .collect()
    }

    /// Adds the files of another set.
    pub(crate) fn add(&mut self, others: &Self) {
        if self.is_empty() {
            *self = others.clone();
            return;
        }
        let others = others.iter();
        self.extend(others.map(|(path, file)| (path.clone(), file.clone())));
    }
}

impl Deref for FileSet {
    type Target = BTreeMap<ContextPath, InputFile>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for FileSet {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(ContextPath, InputFile)> for FileSet {
    fn from_iter<I: IntoIterator<Item = (ContextPath, InputFile)>>(files: I) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}

impl<const N: usize> From<[(ContextPath, InputFile); N]> for FileSet {
    fn from(files: [(ContextPath, InputFile); N]) -> Self {
        files.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a FileSet {
    type Item = (&'a ContextPath, &'a InputFile);
    type IntoIter = btree_map::Iter<'a, ContextPath, InputFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// One declared file: what the graph depends on, and so neither mtime nor owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Whether its owner may execute it; 0755 then, else 0644, whatever the umask it was checked out with.
    pub executable: bool,
    /// What it holds.
    pub content: FileContent,
}

/// What a declared file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// Text of at most [`MAX_INLINE_FILE`] bytes, which becomes part of the graph.
    Text(Vec<u8>),
    /// Anything else, sent when the daemon asks for it and named by its hash.
    Hashed {
        /// The sha256 of the bytes.
        sha256: [u8; 32],
        /// How many bytes.
        size: u64,
    },
    /// A symbolic link that stays in the context directory, kept as one.
    Symlink(String),
}

/// The largest text that becomes part of the graph: 64 KiB (a definition must stay under 16 MiB).
pub const MAX_INLINE_FILE: u64 = 64 * 1024;

impl InputFile {
    /// A file of at most [`MAX_INLINE_FILE`] bytes: inline when it is text, hashed otherwise.
    pub fn from_bytes(executable: bool, bytes: Vec<u8>) -> Self {
        let is_text = bytes.len() as u64 <= MAX_INLINE_FILE
            && !bytes.contains(&0)
            && str::from_utf8(&bytes).is_ok();
        let content = if is_text {
            FileContent::Text(bytes)
        } else {
            FileContent::Hashed {
                sha256: Sha256::digest(&bytes).into(),
                size: bytes.len() as u64,
            }
        };
        Self {
            executable,
            content,
        }
    }

    /// The permission bits that the file gets in the graph.
    pub fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }

    /// What the digest of a set of files says that it is.
    pub fn kind(&self) -> file_set::Kind {
        match &self.content {
            FileContent::Symlink(_) => file_set::Kind::Symlink,
            FileContent::Text(_) | FileContent::Hashed { .. } => file_set::Kind::File {
                executable: self.executable,
            },
        }
    }

    /// The same without its text, for a file that is never data in a graph.
    pub fn without_text(self) -> Self {
        let FileContent::Text(text) = &self.content else {
            return self;
        };
        Self {
            executable: self.executable,
            content: FileContent::Hashed {
                sha256: self.sha256(),
                size: text.len() as u64,
            },
        }
    }

    /// The sha256 of its bytes (of the target, for a link).
    pub fn sha256(&self) -> [u8; 32] {
        match &self.content {
            FileContent::Text(bytes) => Sha256::digest(bytes).into(),
            FileContent::Hashed { sha256, .. } => *sha256,
            FileContent::Symlink(target) => Sha256::digest(target).into(),
        }
    }
}

/// What a `--build-context` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContext {
    /// `docker-image://…`
    Image(ImageRef),
    /// `oci-layout://…`
    Layout(LayoutImage),
    /// A root filesystem tar for each platform that one was found for.
    Rootfs(BTreeMap<Platform, RootfsTar>),
    /// Of a directory, the files that every declared path or glob stands for.
    Directory(BTreeMap<ContextPath, FileSet>),
    /// A tree that is made elsewhere in the graph: in the place of a base, or with files that steps read.
    Tree(Box<GivenTrees>),
}

/// What one name gives that is made elsewhere in the graph: one tree for all platforms, or one for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenTrees {
    /// That of every platform that has none of its own.
    pub all: Option<GivenTree>,
    /// Those of single platforms.
    pub platforms: BTreeMap<Platform, GivenTree>,
}

impl GivenTrees {
    /// That of one platform.
    pub fn of(&self, platform: &Platform) -> Option<&GivenTree> {
        self.platforms.get(platform).or(self.all.as_ref())
    }
}

/// A tree that is made elsewhere in the graph: a git repository, a tar, or what another target of a bake leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenTree {
    /// How it is made.
    pub definition: Definition,
    /// What an image of it is run with, if it is one of an image.
    pub config: Option<BaseConfig>,
    /// The files that every declared path or glob stands for in it.
    pub files: BTreeMap<ContextPath, FileSet>,
}

/// The repository in the reference of an image of an OCI layout: the daemon wants one of two parts at least, and looks at
/// the digest alone.
const LAYOUT_REPOSITORY: &str = "llbgen/layout";

/// An image of an OCI layout on the client's disk, named by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutImage {
    /// The id of the store that the daemon reads it from.
    pub store: String,
    /// The digest of its index, or of its manifest where it has no index.
    pub digest: ContentDigest,
    /// Its config for each platform that was asked for and that it has.
    pub configs: BTreeMap<Platform, BaseConfig>,
    /// All platforms that it has.
    pub platforms: BTreeSet<Platform>,
}

impl LayoutImage {
    /// An image of which nothing is known yet. Its store is named by the digest, so that neither the context's name nor the
    /// directory enters the graph.
    pub fn new(digest: ContentDigest) -> Self {
        let hex = digest.as_str();
        let hex = hex.split_once(':').map_or(hex, |(_, hex)| hex);
        Self {
            store: format!("layout-{}", &hex[..12]),
            digest,
            configs: BTreeMap::new(),
            platforms: BTreeSet::new(),
        }
    }

    /// What the daemon is told to read from the store.
    pub fn reference(&self) -> String {
        format!("{LAYOUT_REPOSITORY}@{}", self.digest)
    }
}

/// A root filesystem tar on the client's disk, complete and named by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootfsTar {
    /// The name of its local source.
    pub local: String,
    /// Its file name.
    pub file_name: String,
    /// The sha256 of the file.
    pub sha256: [u8; 32],
    /// The file's size in bytes.
    pub size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_text_is_inline() {
        let check = |bytes: Vec<u8>, inline: bool| {
            let file = InputFile::from_bytes(false, bytes);
            assert_eq!(matches!(file.content, FileContent::Text(_)), inline);
        };
        check(b"a==1\n".to_vec(), true);
        check(Vec::new(), true);
        check(vec![b'x'; 64 * 1024], true);
        check(vec![b'x'; 64 * 1024 + 1], false);
        check(b"nul\0".to_vec(), false);
        check(vec![0xff, 0xfe], false);
    }
}
