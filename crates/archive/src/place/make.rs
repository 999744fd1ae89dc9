//! Makes files, directories and links in a tree, and removes what is there.

use std::fs::File;
use std::io;
use std::path::Path;

use file_set::{Mode, Owner};

use super::PlaceError;
use super::copy::trimmed;
use super::dress::Dress;
use super::glob;
use super::owner::{Ids, ids};
use super::root::{Last, Root};
use super::tree::{Special, Tree, unusable};
use crate::path::printable;

/// The mode and owner that something new gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The mode; changes are those of 0644 for a file and of 0755 for a directory.
    pub mode: Option<Mode>,
    /// The owner; by default root.
    pub owner: Option<Owner>,
}

/// Makes directories and their parents in the tree below `target`, with time 0. Parents are 0755, of root. An existing
/// directory keeps its content, and the mode and owner that `attributes` do not have.
pub fn make_directories(
    target: &Path,
    paths: &[&[u8]],
    attributes: &Attributes,
) -> Result<(), PlaceError> {
    let (mut tree, owner) = open(target, attributes)?;
    let new = new_directory(owner, attributes);
    for path in paths {
        tree.own_directory(&trimmed(path), &new, owner, attributes.mode.as_ref())?;
    }
    tree.finish()
}

/// Makes those directories below `target` that are missing, those above `paths` among them, with time 0 and with the
/// mode and owner of `attributes`; by default 0755, of root. What is there stays as it is.
pub fn make_missing_directories(
    target: &Path,
    paths: &[&[u8]],
    attributes: &Attributes,
) -> Result<(), PlaceError> {
    let (mut tree, owner) = open(target, attributes)?;
    let new = new_directory(owner, attributes);
    for path in paths {
        let path = trimmed(path);
        let ends = (1..path.len()).filter(|end| path[*end] == b'/');
        for end in ends.chain([path.len()]) {
            tree.directory(&path[..end], &new)?;
        }
    }
    tree.finish()
}

/// Makes copies of the file `content` at `paths` in the tree below `target`, with time 0. A file or link that is there
/// is replaced, a directory is an error. Missing parents are 0755, of root.
pub fn make_files(
    content: &Path,
    target: &Path,
    paths: &[&[u8]],
    attributes: &Attributes,
) -> Result<(), PlaceError> {
    let (mut tree, owner) = open(target, attributes)?;
    let mode = attributes.mode.as_ref();
    let dress = dress(owner, mode.map_or(0o644, |mode| mode.of_file(0o644)));
    for path in paths {
        let mut content = File::open(content).map_err(|source| PlaceError::Source {
            path: content.display().to_string(),
            source,
        })?;
        let path = trimmed(path);
        tree.file(&path, &dress, |file| {
            io::copy(&mut content, file).map_err(unusable(&path))?;
            Ok(())
        })?;
    }
    tree.finish()
}

/// Makes links at `paths` in the tree below `target`, which lead to `leads_to`, of root, with time 0. A file or link
/// that is there is replaced, a directory is an error.
pub fn make_links(target: &Path, leads_to: &[u8], paths: &[&[u8]]) -> Result<(), PlaceError> {
    let (mut tree, _) = open(target, &Attributes::default())?;
    let link = Special::Symlink(leads_to.to_vec());
    for path in paths {
        tree.special(&trimmed(path), &Dress::of_parent(), &link)?;
    }
    tree.finish()
}

/// Removes what `patterns` match in the tree below `target`: files, links but not what they lead to, and directories
/// with all that is in them. A path without a pattern must be there.
pub fn remove(target: &Path, patterns: &[&[u8]]) -> Result<(), PlaceError> {
    let (mut tree, _) = open(target, &Attributes::default())?;
    for pattern in patterns {
        let failed = unusable(pattern);
        for path in glob::expand(tree.root(), pattern).map_err(failed)? {
            let place = tree.resolve(&path, Last::Keep)?;
            if place.stat.is_none() {
                return Err(PlaceError::Missing {
                    path: printable(&path),
                    link: None,
                });
            }
            if place.path.is_empty() {
                return Err(failed(io::Error::other("it is the root of the tree")));
            }
            // Without links and `..`: the last part is a name in its directory.
            tree.remove(&place.path)?;
        }
    }
    tree.finish()
}

/// The metadata of a directory that is made.
fn new_directory(owner: Option<Ids>, attributes: &Attributes) -> Dress {
    let mode = attributes.mode.as_ref();
    dress(owner, mode.map_or(0o755, |mode| mode.of_directory(0o755)))
}

fn dress(owner: Option<Ids>, mode: u32) -> Dress {
    Dress {
        uid: owner.map_or(0, |owner| owner.uid),
        gid: owner.map_or(0, |owner| owner.gid),
        mode,
        ..Dress::of_parent()
    }
}

/// The tree below `target`, and the numbers of the owner.
fn open(target: &Path, attributes: &Attributes) -> Result<(Tree, Option<Ids>), PlaceError> {
    let root = Root::open(target).map_err(|source| PlaceError::Root {
        root: target.to_owned(),
        source,
    })?;
    let owner = attributes.owner.as_ref().map(|owner| ids(&root, owner));
    let owner = owner.transpose()?;
    Ok((Tree::new(root), owner))
}
