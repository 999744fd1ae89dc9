//! Symlinks that a request wants resolved: their targets are included with them.
//!
//! Mirrors `FollowLinks` in fsutil's `followlinks.go`. Targets are resolved as if the directory were the root of the
//! system, so none leads out of it.

use std::collections::BTreeSet;

use rustix::fs::FileType;

use super::error::FileSyncError;
use super::path;
use super::pattern::{Matched, Matcher};
use super::tree::Tree;

/// The include patterns of a request, with the targets of `follow`. An empty list includes everything.
pub(super) fn includes(
    tree: &Tree,
    include: Vec<String>,
    follow: &[String],
) -> Result<Vec<String>, FileSyncError> {
    if follow.is_empty() {
        return Ok(include);
    }
    let mut links = Links {
        tree,
        resolved: BTreeSet::new(),
    };
    for path in follow {
        links.add(path)?;
    }
    let targets: Vec<_> = links.resolved.into_iter().collect();
    match without_nested(targets) {
        Some(targets) => Ok(without_nested([include, targets].concat()).unwrap_or_default()),
        None => Ok(include),
    }
}

/// Leaves out paths below the one before them; none if one of them is the root, which includes everything.
fn without_nested(paths: Vec<String>) -> Option<Vec<String>> {
    let mut kept: Vec<String> = Vec::with_capacity(paths.len());
    let mut last = String::new();
    for path in paths {
        if path == "." {
            return None;
        }
        if !path.starts_with(&format!("{last}/")) {
            last.clone_from(&path);
            kept.push(path);
        }
    }
    Some(kept)
}

struct Links<'tree> {
    tree: &'tree Tree,
    resolved: BTreeSet<String>,
}

impl Links<'_> {
    /// Adds a path: itself if nothing on the way is a symlink, else the first symlink and what it leads to.
    ///
    /// A loop ends because a symlink that was resolved before is not resolved again.
    fn add(&mut self, path: &str) -> Result<(), FileSyncError> {
        let mut pending = vec![path::join(".", path)];
        while let Some(path) = pending.pop() {
            let names: Vec<&str> = path.split('/').collect();
            for upto in 1..=names.len() {
                let current = path::join(".", &names[..upto].join("/"));
                let targets = self.targets(&current)?;
                let is_last = upto == names.len();
                if targets.is_empty() && !is_last {
                    continue;
                }
                if self.resolved.insert(current) {
                    let rest = names[upto..].join("/");
                    pending.extend(
                        targets
                            .iter()
                            .rev()
                            .map(|target| path::join(".", &path::join(target, &rest))),
                    );
                }
                break;
            }
        }
        Ok(())
    }

    /// The targets of the symlinks that `path` names; its last name may be a pattern.
    fn targets(&self, path: &str) -> Result<Vec<String>, FileSyncError> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !has_wildcards(name) {
            return Ok(self.target(path)?.into_iter().collect());
        }
        let Some(parent) = self.tree.dir(dir.as_bytes())? else {
            return Ok(Vec::new());
        };
        let Ok(pattern) = Matcher::try_new(&[name.to_owned()]) else {
            return Ok(Vec::new());
        };
        let mut targets = Vec::new();
        for name in parent.visible()? {
            let (matches, _below) = pattern.matches(&name, &Matched::default());
            if let (true, Ok(name)) = (matches, String::from_utf8(name)) {
                targets.extend(self.target(&path::join(dir, &name))?);
            }
        }
        Ok(targets)
    }

    /// The target of a symlink, as a path from the root; `None` if `path` is missing or no symlink.
    fn target(&self, path: &str) -> Result<Option<String>, FileSyncError> {
        // `..` at the front would lead out of the directory.
        if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Ok(None);
        }
        let Some((dir, entry)) = self.tree.entry(path.as_bytes())? else {
            return Ok(None);
        };
        if entry.file_type() != FileType::Symlink {
            return Ok(None);
        }
        let Ok(target) = String::from_utf8(dir.link_target(&entry)?) else {
            return Ok(None);
        };
        if target.starts_with('/') {
            return Ok(Some(path::clean(&target)));
        }
        let parent = path.rsplit_once('/').map_or("", |(parent, _name)| parent);
        Ok(Some(path::clean(&format!("/{parent}/{target}"))))
    }
}

fn has_wildcards(name: &str) -> bool {
    let mut chars = name.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}
