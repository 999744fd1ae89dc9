//! A tree as data, and the result of applying a layer to it: by the rules of image layers, and by those of overlays.
#![expect(
    clippy::unwrap_used,
    reason = "only tests use it, and a panic is how they fail"
)]

use std::collections::{BTreeMap, BTreeSet};

use archive::{Digest, Entry, EntryPath, Kind, Whiteouts, list};

/// A file, whatever its names, with everything that a tar says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inode {
    kind: Kind,
    mode: u32,
    owner: (u32, u32),
    /// The time, but for a directory.
    mtime: Option<i64>,
    xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    content: Option<Digest>,
}

/// A tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    names: BTreeMap<EntryPath, usize>,
    inodes: Vec<Inode>,
}

impl Applied {
    pub(crate) fn new(tar: &[u8]) -> Self {
        let mut tree = Self::default();
        for entry in list(tar).unwrap() {
            tree.put(entry);
        }
        tree
    }

    /// Applies a layer whose whiteouts are of this form.
    pub(crate) fn apply(&mut self, layer: &[u8], whiteouts: Whiteouts) {
        match whiteouts {
            Whiteouts::Oci => self.apply_image_layer(layer),
            Whiteouts::Overlay => self.lay_over(&Self::new(layer)),
        }
    }

    /// As in the OCI image specification: first the whiteouts of a layer, then its entries one by one.
    fn apply_image_layer(&mut self, layer: &[u8]) {
        let entries = list(layer).unwrap();
        for entry in &entries {
            if let Some(gone) = removed(&entry.path) {
                self.remove(gone.as_bytes());
            }
        }
        for entry in entries {
            if removed(&entry.path).is_none() {
                self.put(entry);
            }
        }
    }

    /// As the kernel shows the two directories of an overlay: a directory that both have is the upper one, with the
    /// names of both in it; any other name is that of the upper directory; a whiteout hides the name.
    fn lay_over(&mut self, upper: &Self) {
        for (name, inode) in &upper.names {
            let inode = &upper.inodes[*inode];
            if inode.kind != Kind::Directory || !self.is_directory(name) {
                self.remove(name.as_bytes());
            }
        }
        let first = self.inodes.len();
        self.inodes.extend(upper.inodes.iter().cloned());
        for (name, inode) in &upper.names {
            if upper.inodes[*inode].kind != Kind::WHITEOUT {
                self.names.insert(name.clone(), first + inode);
            }
        }
    }

    fn is_directory(&self, name: &EntryPath) -> bool {
        let inode = self.names.get(name);
        inode.is_some_and(|inode| self.inodes[*inode].kind == Kind::Directory)
    }

    fn remove(&mut self, path: &[u8]) {
        self.names.retain(|name, _| {
            let rest = name.as_bytes().strip_prefix(path);
            !rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        });
    }

    fn put(&mut self, entry: Entry) {
        let parent = entry.path.parent().to_vec();
        assert!(
            parent.is_empty()
                || self
                    .names
                    .contains_key(&EntryPath::try_new(parent).unwrap()),
            "`{}` comes before its directory",
            entry.path
        );
        if let Kind::HardLink { target } = &entry.kind {
            let inode = self.names[target];
            self.remove(entry.path.as_bytes());
            self.names.insert(entry.path, inode);
            return;
        }
        let is_directory = entry.kind == Kind::Directory;
        if !(is_directory && self.is_directory(&entry.path)) {
            self.remove(entry.path.as_bytes());
        }
        self.inodes.push(Inode {
            kind: entry.kind,
            mode: entry.mode,
            owner: (entry.uid, entry.gid),
            mtime: (!is_directory).then_some(entry.mtime),
            xattrs: entry.xattrs,
            content: entry.content,
        });
        self.names.insert(entry.path, self.inodes.len() - 1);
    }

    /// Go's reader of tars, and so umoci, knows no attribute whose value is empty.
    pub(crate) fn without_empty_attributes(mut self) -> Self {
        for inode in &mut self.inodes {
            inode.xattrs.retain(|_, value| !value.is_empty());
        }
        self
    }

    /// The file under each name, and the names that are of one file.
    pub(crate) fn facts(&self) -> BTreeMap<EntryPath, (Inode, BTreeSet<EntryPath>)> {
        let mut of: BTreeMap<usize, BTreeSet<EntryPath>> = BTreeMap::new();
        for (name, inode) in &self.names {
            of.entry(*inode).or_default().insert(name.clone());
        }
        let fact = |inode: &usize| (self.inodes[*inode].clone(), of[inode].clone());
        self.names
            .iter()
            .map(|(name, inode)| (name.clone(), fact(inode)))
            .collect()
    }
}

/// The path that a whiteout file removes.
pub(crate) fn removed(path: &EntryPath) -> Option<EntryPath> {
    let bytes = path.as_bytes();
    let start = bytes
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |slash| slash + 1);
    let name = bytes[start..].strip_prefix(b".wh.")?;
    EntryPath::try_new([&bytes[..start], name].concat()).ok()
}
