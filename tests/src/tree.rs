//! File trees as tars hold them, for comparison: path, type, mode, owner, link target, content. No times.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use sha2::{Digest, Sha256};
use tar::EntryType;

/// One file, without its path.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    kind: char,
    mode: u32,
    owner: (u64, u64),
    /// The target of a symlink, the number of a device.
    target: String,
    sha256: Option<[u8; 32]>,
}

/// A file tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Reads the tar at `path`.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::read(BufReader::with_capacity(1 << 20, File::open(path)?))
    }

    /// Reads a tar. A hard link is what it links to; the root itself is left out.
    pub fn read(reader: impl Read) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.each(reader, |tree, path, node| {
            tree.nodes.insert(path, node);
        })?;
        Ok(tree)
    }

    /// Lays an image layer over the tree: whiteouts take away, everything else is put in its place.
    pub fn apply_layer(&mut self, reader: impl Read) -> io::Result<()> {
        self.each(reader, |tree, path, node| {
            let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if name == ".wh..wh..opq" {
                tree.remove_below(dir);
            } else if let Some(gone) = name.strip_prefix(".wh.") {
                let gone = if dir.is_empty() {
                    gone.to_owned()
                } else {
                    format!("{dir}/{gone}")
                };
                tree.remove_below(&gone);
                tree.nodes.remove(&gone);
            } else {
                if node.kind != 'd' {
                    tree.remove_below(&path);
                }
                tree.nodes.insert(path, node);
            }
        })
    }

    /// All paths.
    pub fn paths(&self) -> BTreeSet<&str> {
        self.nodes.keys().map(String::as_str).collect()
    }

    /// What is at `path`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// The paths at which the trees differ, each with what is there in this and in the other.
    pub fn differences(&self, other: &Self) -> BTreeMap<String, String> {
        let show =
            |node: Option<&Node>| node.map_or("nothing".to_owned(), |node| format!("{node:?}"));
        let paths: BTreeSet<&String> = self.nodes.keys().chain(other.nodes.keys()).collect();
        let pairs = paths
            .into_iter()
            .map(|path| (path, self.get(path), other.get(path)));
        pairs
            .filter(|(_, ours, theirs)| ours != theirs)
            .map(|(path, ours, theirs)| {
                (path.clone(), format!("{} | {}", show(ours), show(theirs)))
            })
            .collect()
    }

    /// What is in the directory `dir`, as a tree of its own. BuildKit, which has such a directory for each platform, puts
    /// its name in front of absolute link targets, too.
    #[must_use]
    pub fn below(&self, dir: &str) -> Self {
        let prefix = format!("{dir}/");
        let inside = self.nodes.iter().filter_map(|(path, node)| {
            let (path, mut node) = (path.strip_prefix(&prefix)?, node.clone());
            if let Some(target) = node.target.strip_prefix(&format!("/{prefix}")) {
                node.target = format!("/{target}");
            }
            Some((path.to_owned(), node))
        });
        Self {
            nodes: inside.collect(),
        }
    }

    fn remove_below(&mut self, dir: &str) {
        let prefix = format!("{dir}/");
        self.nodes
            .retain(|path, _| !(dir.is_empty() || path.starts_with(&prefix)));
    }

    fn each(
        &mut self,
        reader: impl Read,
        mut put: impl FnMut(&mut Self, String, Node),
    ) -> io::Result<()> {
        for entry in tar::Archive::new(reader).entries()? {
            let mut entry = entry?;
            let path = plain(&entry.path_bytes());
            if path.is_empty() || entry.header().entry_type().is_pax_global_extensions() {
                continue;
            }
            let node = match entry.header().entry_type() {
                EntryType::Link => {
                    let target = plain(&entry.link_name_bytes().unwrap_or_default());
                    let node = self.nodes.get(&target).cloned();
                    node.ok_or_else(|| {
                        io::Error::other(format!(
                            "`{path}` links to `{target}`, which is not there"
                        ))
                    })?
                }
                _ => Node::read(&mut entry)?,
            };
            put(self, path, node);
        }
        Ok(())
    }
}

impl Node {
    /// Whether it is a file with exactly these bytes.
    pub fn has_content(&self, bytes: &[u8]) -> bool {
        self.sha256 == Some(Sha256::digest(bytes).into())
    }

    fn read(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<Self> {
        let header = entry.header();
        let (kind, mode, owner) = (
            header.entry_type(),
            header.mode()? & 0o7777,
            (header.uid()?, header.gid()?),
        );
        let device = || -> io::Result<String> {
            Ok(format!(
                "{:?}:{:?}",
                header.device_major()?,
                header.device_minor()?
            ))
        };
        let (letter, target) = match kind {
            EntryType::Directory => ('d', String::new()),
            EntryType::Symlink => (
                'l',
                String::from_utf8_lossy(&entry.link_name_bytes().unwrap_or_default()).into(),
            ),
            EntryType::Char => ('c', device()?),
            EntryType::Block => ('b', device()?),
            EntryType::Fifo => ('p', String::new()),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                ('-', String::new())
            }
            other => return Err(io::Error::other(format!("an entry of type {other:?}"))),
        };
        // The mode of a symlink means nothing, and writers differ in it.
        let mode = if letter == 'l' { 0o777 } else { mode };
        let sha256 = if letter == '-' {
            Some(digest(entry)?)
        } else {
            None
        };
        Ok(Self {
            kind: letter,
            mode,
            owner,
            target,
            sha256,
        })
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{:04o} {}:{} {}",
            self.kind, self.mode, self.owner.0, self.owner.1, self.target
        )?;
        self.sha256
            .iter()
            .try_for_each(|sha256| write!(f, "{:02x}{:02x}{:02x}", sha256[0], sha256[1], sha256[2]))
    }
}

/// The path without `./` in front and `/` at the end. Bytes that are no UTF-8 are compared as what stands for them.
fn plain(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." {
        String::new()
    } else {
        path.to_owned()
    }
}

fn digest(reader: &mut impl Read) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}
