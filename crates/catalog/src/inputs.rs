//! The inputs of the pure core: Dockerfile twins, declared files, and the contexts that replace bases.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use buildkit_llb::{ContentDigest, Definition, ImageRef, Platform, ProxyEnv};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    declared::Declared,
    lock::{BaseConfig, CacheNamespace, Lock},
    mirror::Mirrors,
    name::ContextName,
    pack::Packer,
    path::ContextPath,
    read::Read,
};

/// The files that must be read before a selection can be planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Dockerfiles whose FROM line names a base.
    pub dockerfiles: BTreeSet<ContextPath>,
    /// Files, directories and globs that steps declare.
    pub files: BTreeSet<Declared>,
    /// The same for each directory that a user gives by `--build-context`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<ContextName, BTreeSet<Declared>>,
    /// Whether the graph runs the packer: to put files into a tree, or to pack one.
    pub packer: bool,
}

impl Needs {
    /// Adds the read of a step, if it is from the disk.
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

/// The inputs that were read.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The text of every needed Dockerfile.
    pub dockerfiles: BTreeMap<ContextPath, String>,
    /// The files of every declared path or glob.
    pub files: BTreeMap<Declared, FileSet>,
    /// The contexts of `--build-context NAME=…`: each replaces a base, or is a directory that steps read.
    pub contexts: BTreeMap<String, NamedContext>,
    /// The lock.
    pub lock: Lock,
    /// The program that puts files into trees and packs them inside the graph. The default stands for any such program:
    /// it is enough for an id, but not for a build.
    pub packer: Packer,
    /// The context directory, if it is not a directory of the client but a git repository or a tar.
    pub tree: Option<Definition>,
    /// The prefix of the ids of cache mounts, instead of the one in the lock.
    pub cache_namespace: Option<CacheNamespace>,
    /// The proxies for steps that reach the network. They are in the graph that is solved, and in nothing else.
    pub proxy: Option<ProxyEnv>,
    /// The mirrors of downloads. The graphs that are emitted, returned and solved fetch from them; ids, records and
    /// comparisons are made from the graph without them.
    pub mirrors: Mirrors,
}

/// The files of one declared path or glob, by their paths in the context directory. There may be very many, so clones
/// share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSet(Arc<BTreeMap<ContextPath, InputFile>>);

impl FileSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same set without texts, for a set that is too large to be data in a graph.
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

/// One declared file, as far as the graph depends on it: without mtime and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Whether its owner may execute it. Its mode is then 0755, else 0644, whatever the umask of the checkout.
    pub executable: bool,
    /// Its permission bits, if a step keeps them.
    pub kept: Option<u32>,
    /// Its content.
    pub content: FileContent,
}

/// The content of a declared file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// Text of at most [`MAX_INLINE_FILE`] bytes, which becomes part of the graph.
    Text(Vec<u8>),
    /// Any other content. The graph has its hash; the client sends it when the daemon asks for it.
    Hashed {
        /// The sha256 of the bytes.
        sha256: [u8; 32],
        /// The number of bytes.
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
            kept: None,
            content,
        }
    }

    /// The same file with the permission bits that it has on the disk.
    pub fn with_mode(self, bits: u32) -> Self {
        Self {
            kept: Some(bits & 0o7777),
            ..self
        }
    }

    /// The permission bits that the file gets in the graph.
    pub fn mode(&self) -> u32 {
        match (self.kept, self.executable) {
            (Some(bits), _) => bits,
            (None, true) => 0o755,
            (None, false) => 0o644,
        }
    }

    /// Its kind in the digest of a set of files.
    pub fn kind(&self) -> file_set::Kind {
        match &self.content {
            FileContent::Symlink(_) => file_set::Kind::Symlink,
            FileContent::Text(_) | FileContent::Hashed { .. } => match self.kept {
                Some(bits) => file_set::Kind::Kept(bits),
                None => file_set::Kind::File {
                    executable: self.executable,
                },
            },
        }
    }

    /// The same file without its text, for a file that is never data in a graph.
    pub fn without_text(self) -> Self {
        let FileContent::Text(text) = &self.content else {
            return self;
        };
        let content = FileContent::Hashed {
            sha256: self.sha256(),
            size: text.len() as u64,
        };
        Self { content, ..self }
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

/// The value of a `--build-context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContext {
    /// `docker-image://…`
    Image(ImageRef),
    /// `oci-layout://…`
    Layout(LayoutImage),
    /// A root filesystem tar for each platform that has one.
    Rootfs(BTreeMap<Platform, RootfsTar>),
    /// A directory: the files of every declared path or glob.
    Directory(BTreeMap<Declared, FileSet>),
    /// A tree that is made elsewhere in the graph. It replaces a base, or has files that steps read.
    Tree(Box<GivenTrees>),
}

/// The trees of one name that are made elsewhere in the graph: one for all platforms, or one for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenTrees {
    /// The tree of every platform that has none of its own.
    pub all: Option<GivenTree>,
    /// The trees of single platforms.
    pub platforms: BTreeMap<Platform, GivenTree>,
}

impl GivenTrees {
    /// The tree of one platform.
    pub fn of(&self, platform: &Platform) -> Option<&GivenTree> {
        self.platforms.get(platform).or(self.all.as_ref())
    }
}

/// A tree that is made elsewhere in the graph: a git repository, a tar, or the result of another target of a bake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenTree {
    /// The graph that makes it.
    pub definition: Definition,
    /// The config of its image, if it is the tree of an image.
    pub config: Option<BaseConfig>,
    /// The files of every declared path or glob in it.
    pub files: BTreeMap<Declared, FileSet>,
}

/// The repository in the reference of an image of an OCI layout. The daemon needs one with two parts or more, but uses
/// the digest alone.
const LAYOUT_REPOSITORY: &str = "llbgen/layout";

/// An image of an OCI layout on the client's disk, named by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutImage {
    /// The id of the store that the daemon reads it from.
    pub store: String,
    /// The digest of its index, or of its manifest where it has no index.
    pub digest: ContentDigest,
    /// Its config for each requested platform that it has.
    pub configs: BTreeMap<Platform, BaseConfig>,
    /// All platforms that it has.
    pub platforms: BTreeSet<Platform>,
}

impl LayoutImage {
    /// An image of which only the digest is known. The digest names its store, so that neither the context's name nor
    /// the directory is in the graph.
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

    /// The reference that the daemon reads from the store.
    pub fn reference(&self) -> String {
        format!("{LAYOUT_REPOSITORY}@{}", self.digest)
    }
}

/// A complete root filesystem tar on the client's disk, named by its content.
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
