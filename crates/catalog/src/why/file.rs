//! The differences between two vertices that change files.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{FileActionContent, FileChange};

use super::{Difference, own::setting};

/// The changes by the path that they make.
type ByPath<'a> = BTreeMap<&'a str, &'a FileChange>;

pub(super) fn differences(from: &[FileActionContent], to: &[FileActionContent]) -> Vec<Difference> {
    let mut found = copies(from, to);
    let (from, to) = (made(from), made(to));
    let paths: BTreeSet<&str> = from.keys().chain(to.keys()).copied().collect();
    for path in paths {
        let name = path.trim_start_matches('/').to_owned();
        match (from.get(path), to.get(path)) {
            (Some(from), Some(to)) => found.extend(one(&name, from, to)),
            (None, Some(change)) if is_file(change) => {
                found.push(Difference::FileAdded { path: name });
            }
            (Some(change), None) if is_file(change) => {
                found.push(Difference::FileRemoved { path: name });
            }
            _ => {}
        }
    }
    found
}

/// Directories come and go with the files in them.
fn is_file(change: &FileChange) -> bool {
    !matches!(change, FileChange::Mkdir { .. })
}

fn made(actions: &[FileActionContent]) -> ByPath<'_> {
    let path = |action: &'_ FileActionContent| match &action.change {
        FileChange::Mkfile { .. }
        | FileChange::Mkdir { .. }
        | FileChange::Symlink { .. }
        | FileChange::Rm { .. } => true,
        _ => action.source.is_some() && actions.len() > 1,
    };
    actions
        .iter()
        .filter(|action| path(action))
        .filter_map(|action| {
            let path = match &action.change {
                FileChange::Mkfile { path, .. }
                | FileChange::Mkdir { path, .. }
                | FileChange::Symlink { path, .. }
                | FileChange::Rm { path } => path,
                FileChange::Copy { dest, .. } => dest,
                _ => return None,
            };
            Some((path.as_str(), &action.change))
        })
        .collect()
}

/// The differences of a step that copies: its source and its destination.
fn copies(from: &[FileActionContent], to: &[FileActionContent]) -> Vec<Difference> {
    let ([from], [to]) = (from, to) else {
        return Vec::new();
    };
    match (&from.change, &to.change) {
        (
            FileChange::Copy { src, dest, mode },
            FileChange::Copy {
                src: new_src,
                dest: new_dest,
                mode: new_mode,
            },
        ) => setting("copied", src, new_src)
            .into_iter()
            .chain(setting("copied to", dest, new_dest))
            .chain(mode_difference(new_dest, *mode, *new_mode))
            .collect(),
        (FileChange::Mkdir { path, .. }, FileChange::Mkdir { path: to, .. }) => {
            // A step that sets the working directory, and makes it.
            setting("working directory", path, to).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn one(name: &str, from: &FileChange, to: &FileChange) -> Vec<Difference> {
    match (from, to) {
        (
            FileChange::Mkfile { mode, data, .. },
            FileChange::Mkfile {
                mode: new_mode,
                data: new_data,
                ..
            },
        ) => content(name, data, new_data)
            .into_iter()
            .chain(mode_difference(name, *mode, *new_mode))
            .collect(),
        (FileChange::Mkdir { mode, .. }, FileChange::Mkdir { mode: new_mode, .. })
        | (FileChange::Copy { mode, .. }, FileChange::Copy { mode: new_mode, .. }) => {
            mode_difference(name, *mode, *new_mode)
                .into_iter()
                .collect()
        }
        (FileChange::Symlink { target, .. }, FileChange::Symlink { target: to, .. }) => {
            setting(&format!("link {name}"), target, to)
                .into_iter()
                .collect()
        }
        (from, to) if from == to => Vec::new(),
        _ => vec![Difference::FileContent {
            path: name.to_owned(),
        }],
    }
}

fn mode_difference(path: &str, from: i32, to: i32) -> Option<Difference> {
    let bits = |mode: i32| u32::try_from(mode).unwrap_or(0) & 0o7777;
    (from != to).then(|| Difference::Mode {
        path: path.trim_start_matches('/').to_owned(),
        from: bits(from),
        to: bits(to),
    })
}

/// The first line that differs, of files that are text.
fn content(path: &str, from: &[u8], to: &[u8]) -> Option<Difference> {
    if from == to {
        return None;
    }
    let path = path.to_owned();
    let (Ok(from), Ok(to)) = (str::from_utf8(from), str::from_utf8(to)) else {
        return Some(Difference::FileContent { path });
    };
    Some(match first_line(from, to) {
        Some((line, from, to)) => Difference::FileLine {
            path,
            line,
            from,
            to,
        },
        None => Difference::FileContent { path },
    })
}

/// The first line in which two texts differ, with its number; `None` if they differ only in their ends of lines.
pub(super) fn first_line(from: &str, to: &str) -> Option<(usize, Option<String>, Option<String>)> {
    let (mut from, mut to) = (from.lines(), to.lines());
    for number in 1.. {
        match (from.next(), to.next()) {
            (None, None) => return None,
            (from, to) if from != to => {
                return Some((number, from.map(str::to_owned), to.map(str::to_owned)));
            }
            _ => {}
        }
    }
    None
}
