//! Puts the files of bundles into a tree.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use crate::digest::{Digest, Tally};
use crate::entry::{Entry, Kind};
use crate::path::printable;
use crate::place::{Content, Dress, PlaceError, Root, Special, Tree, join, trimmed, unusable};
use crate::stream::Members;
use crate::walk::{open_file, sorted_names};

/// A buffer that keeps system calls rare.
const BUFFER: usize = 256 * 1024;

/// Puts the files of all bundles in the directory `source` into the directory `to` of the tree below `target`, as a
/// copy of plain files does. Fails if the files do not have the digest `content`; the tree must not be used then.
pub fn unbundle(
    source: &Path,
    target: &Path,
    to: &[u8],
    content: Digest,
) -> Result<(), PlaceError> {
    let open = |path: &Path| {
        Root::open(path).map_err(|source| PlaceError::Root {
            root: path.to_owned(),
            source,
        })
    };
    let (bundles, tree) = (open(source)?, Tree::new(open(target)?));
    let mut unbundler = Unbundler {
        tree,
        to: trimmed(to),
        content: Content::default(),
    };
    if !unbundler.to.is_empty() {
        let to = unbundler.to.clone();
        unbundler.tree.directory(&to, &Dress::of_parent())?;
    }
    let unreadable = |name: &[u8], source| PlaceError::Source {
        path: printable(name),
        source,
    };
    let names = sorted_names(bundles.as_fd()).map_err(|error| unreadable(b"", error))?;
    for name in names {
        let opened = open_file(bundles.as_fd(), &name);
        let opened = opened.map_err(|error| unreadable(name.as_bytes(), error))?;
        let reader = BufReader::with_capacity(BUFFER, File::from(opened));
        unbundler.bundle(reader)?;
    }
    unbundler.content.check(content)?;
    unbundler.tree.finish()
}

struct Unbundler {
    tree: Tree,
    to: Vec<u8>,
    content: Content,
}

impl Unbundler {
    fn bundle(&mut self, reader: impl BufRead) -> Result<(), PlaceError> {
        let mut members = Members::new(reader);
        while let Some(member) = members.next()? {
            self.entry(&Entry::try_from(member)?, &mut members)?;
        }
        Ok(())
    }

    fn entry<R: BufRead>(
        &mut self,
        entry: &Entry,
        members: &mut Members<R>,
    ) -> Result<(), PlaceError> {
        let below = entry.path.as_bytes();
        let path = join(&self.to, below);
        let (kind, digest) = match &entry.kind {
            Kind::File { .. } => self.file(&path, entry.mode & 0o100 != 0, members)?,
            Kind::Symlink { target } => {
                let link = Special::Symlink(target.clone());
                let dress = Dress::of_parent();
                self.tree.special(&path, &dress, &link)?;
                (file_set::Kind::Symlink, Digest::of(target))
            }
            // This file changes the digest, and so the bundles are refused at the end.
            _ => (file_set::Kind::Special, Digest::of(b"")),
        };
        self.content.note(below.to_vec(), kind, digest);
        Ok(())
    }

    fn file<R: BufRead>(
        &mut self,
        path: &[u8],
        executable: bool,
        members: &mut Members<R>,
    ) -> Result<(file_set::Kind, Digest), PlaceError> {
        let dress = Dress {
            mode: if executable { 0o755 } else { 0o644 },
            ..Dress::of_parent()
        };
        let mut tally = Tally::default();
        self.tree.file(path, &dress, |file| {
            while let Some(piece) = members.content()? {
                tally.add(piece);
                file.write_all(piece).map_err(unusable(path))?;
            }
            Ok(())
        })?;
        Ok((file_set::Kind::File { executable }, tally.digest()))
    }
}
