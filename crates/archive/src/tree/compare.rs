//! The differences between two trees.

use std::collections::BTreeSet;

use super::{File, Tree};
use crate::entry::{DeviceClass, Kind, Xattrs};
use crate::path::{EntryPath, printable};

/// A path at which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The path is in the first tree alone.
    Added {
        /// The path; of a directory, all below it is meant, too.
        path: EntryPath,
        /// The number of paths below it.
        below: usize,
    },
    /// The path is in the second tree alone.
    Missing {
        /// The path; of a directory, all below it is meant, too.
        path: EntryPath,
        /// The number of paths below it.
        below: usize,
    },
    /// The path is in both trees, and is not the same.
    Changed {
        /// The path.
        path: EntryPath,
        /// The properties that differ; at least one.
        aspects: Vec<Aspect>,
    },
}

/// A property of a file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aspect {
    /// Its name: `type`, `mode`, `owner`, `target`, `device`, `content`, `attributes` or `hard link`.
    pub name: &'static str,
    /// Its value in the first tree, for people.
    pub first: String,
    /// Its value in the second tree.
    pub second: String,
}

impl Tree {
    /// The paths at which this tree and `other` differ, in order: in type, mode, owner, extended attributes, content,
    /// the target of a symbolic link, the number of a device, or in the other names of the same file.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let paths: BTreeSet<&EntryPath> = self.names.keys().chain(other.names.keys()).collect();
        let (links, of_other) = (self.first_names(), other.first_names());
        let mut differences = Vec::new();
        let mut reported: Option<&EntryPath> = None;
        for path in paths {
            let is_reported = reported.is_some_and(|above| path.is_within(above.as_bytes()));
            match (self.names.get(path), other.names.get(path)) {
                (Some(ours), Some(theirs)) => {
                    let mut aspects = self.files[*ours].aspects(&other.files[*theirs]);
                    let (ours, theirs) = (links.get(ours), of_other.get(theirs));
                    aspects.extend(aspect("hard link", named(ours), named(theirs)));
                    if !aspects.is_empty() {
                        let path = path.clone();
                        differences.push(Difference::Changed { path, aspects });
                    }
                }
                _ if is_reported => {}
                (Some(_), None) => {
                    reported = Some(path);
                    let (path, below) = (path.clone(), self.below(path).count());
                    differences.push(Difference::Added { path, below });
                }
                (None, _) => {
                    reported = Some(path);
                    let (path, below) = (path.clone(), other.below(path).count());
                    differences.push(Difference::Missing { path, below });
                }
            }
        }
        differences
    }
}

impl File {
    fn aspects(&self, other: &Self) -> Vec<Aspect> {
        if kind(&self.kind) != kind(&other.kind) {
            let kinds = (kind(&self.kind), kind(&other.kind));
            return aspect("type", kinds.0.to_owned(), kinds.1.to_owned())
                .into_iter()
                .collect();
        }
        let of_both = |of: &dyn Fn(&Self) -> String| (of(self), of(other));
        let aspects = [
            ("mode", of_both(&|file| format!("{:04o}", file.mode))),
            (
                "owner",
                of_both(&|file| format!("{}:{}", file.owner.0, file.owner.1)),
            ),
            ("target", of_both(&|file| target(&file.kind))),
            ("device", of_both(&|file| device(&file.kind))),
            ("content", of_both(&File::content)),
            ("attributes", of_both(&|file| attributes(&file.xattrs))),
        ];
        let aspects = aspects.into_iter();
        aspects
            .filter_map(|(name, (first, second))| aspect(name, first, second))
            .collect()
    }

    fn content(&self) -> String {
        match (&self.kind, &self.content) {
            (Kind::File { size }, Some(digest)) => format!("{digest} ({size} bytes)"),
            _ => String::new(),
        }
    }
}

fn aspect(name: &'static str, first: String, second: String) -> Option<Aspect> {
    let aspect = Aspect {
        name,
        first,
        second,
    };
    (aspect.first != aspect.second).then_some(aspect)
}

/// The first name of a file that has several.
fn named(link: Option<&&EntryPath>) -> String {
    link.map_or_else(|| "none".to_owned(), |first| format!("with {first}"))
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::File { .. } => "file",
        Kind::Directory => "directory",
        Kind::Symlink { .. } => "symbolic link",
        Kind::HardLink { .. } => "hard link",
        Kind::Fifo => "pipe",
        Kind::Device { class, .. } => match class {
            DeviceClass::Character => "character device",
            DeviceClass::Block => "block device",
        },
    }
}

fn target(kind: &Kind) -> String {
    match kind {
        Kind::Symlink { target } => printable(target),
        _ => String::new(),
    }
}

fn device(kind: &Kind) -> String {
    match kind {
        Kind::Device { major, minor, .. } => format!("{major}:{minor}"),
        _ => String::new(),
    }
}

fn attributes(xattrs: &Xattrs) -> String {
    let attributes = xattrs
        .iter()
        .map(|(name, value)| format!("{}={}", printable(name), value.escape_ascii()));
    let attributes: Vec<String> = attributes.collect();
    if attributes.is_empty() {
        "none".to_owned()
    } else {
        attributes.join(" ")
    }
}
