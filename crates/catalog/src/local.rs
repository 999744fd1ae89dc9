//! Declared files as a state: text as data in the graph, the rest from a local source that is named by its content.

use std::collections::BTreeMap;

use buildkit_llb::{
    Copy, Definition, FileActions, Local, Mkdir, Mkfile, SourceLocation, State, Symlink,
};
use sha2::{Digest, Sha256};

use crate::{
    inputs::{FileContent, FileSet, InputFile, RootfsTar},
    path::ContextPath,
};

/// The name of the local source that the context directory is sent under.
pub const CONTEXT_LOCAL: &str = "context";

/// The most text that one set of files puts into the graph: 1 MiB; a larger set is sent as files.
const MAX_INLINE_SET: usize = 1024 * 1024;

/// Files on the client's disk that a definition reads when it is solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSource {
    /// The name that the daemon asks for (`--local NAME=DIR`).
    pub name: String,
    /// What is in it.
    pub content: LocalContent,
}

/// What a local source serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalContent {
    /// These files of the context directory, or of another one.
    Files(BTreeMap<ContextPath, InputFile>),
    /// This one file.
    Rootfs(RootfsTar),
}

/// Where files come from that the graph cannot hold.
#[derive(Clone, Copy)]
pub(crate) enum FilesFrom<'a> {
    /// From the client, by a local source of this name, and of this session if it is not that of the build.
    Client {
        name: &'a str,
        session: Option<&'a str>,
    },
    /// From a tree that is made elsewhere in the graph.
    Tree(&'a Definition),
}

/// A state with `files` at the paths that `place` gives them, and the local source that it needs, if any.
///
/// What the graph cannot hold comes `from` there. Modes are 0644 and 0755, owners 0:0 and mtimes 0, so that equal content makes an equal tree wherever it comes from. `declared` is where the files are declared.
pub(crate) fn files_state(
    from: FilesFrom<'_>,
    files: &FileSet,
    place: impl Fn(&ContextPath) -> ContextPath,
    declared: Option<&SourceLocation>,
) -> (State, Option<LocalSource>) {
    let inline_bytes: usize = files
        .values()
        .map(|file| {
            if let FileContent::Text(text) = &file.content {
                text.len()
            } else {
                0
            }
        })
        .sum();
    let is_inline = |file: &InputFile| match file.content {
        FileContent::Text(_) => inline_bytes <= MAX_INLINE_SET,
        FileContent::Symlink(_) => true,
        FileContent::Hashed { .. } => false,
    };
    let at = || declared.cloned().into_iter();
    let mut actions = at().fold(FileActions::new(), FileActions::location);
    for directory in directories(files.keys().map(&place)) {
        actions = actions.mkdir(Mkdir::new(absolute(&directory)).mode(0o755).created(0));
    }
    let mut sent = FileSet::new();
    for (path, file) in files {
        let target = absolute(&place(path));
        match &file.content {
            FileContent::Text(text) if is_inline(file) => {
                actions = actions.mkfile(
                    Mkfile::new(target, text.clone())
                        .mode(file.mode())
                        .created(0),
                );
            }
            FileContent::Symlink(link) => {
                actions = actions.symlink(Symlink::new(link.clone(), target).created(0));
            }
            FileContent::Text(_) | FileContent::Hashed { .. } => {
                sent.insert(path.clone(), file.clone());
            }
        }
    }
    if !sent.is_empty() {
        let source = match from {
            FilesFrom::Client { name, session } => {
                let source = source(name, session, &sent);
                at().fold(source, Local::location).state()
            }
            FilesFrom::Tree(tree) => State::from_definition(tree),
        };
        for (path, file) in &sent {
            let copy = Copy::new(&source, absolute(path), absolute(&place(path)));
            actions = actions.copy(copy.mode(file.mode()).created(0));
        }
    }
    let local = match from {
        FilesFrom::Client { name, .. } if !sent.is_empty() => Some(LocalSource {
            name: name.to_owned(),
            content: LocalContent::Files(sent),
        }),
        _ => None,
    };
    if files.is_empty() {
        return (State::scratch(), None);
    }
    (State::scratch().file(actions), local)
}

/// A state with the content of a root filesystem tar, unpacked as `ADD` does.
pub(crate) fn rootfs_state(tar: &RootfsTar) -> State {
    let source = Local::new(tar.local.as_str())
        .unique(hex(&tar.sha256))
        .differ_none()
        .include([escape_pattern(&tar.file_name)])
        .state();
    State::scratch().file(
        FileActions::new().copy(Copy::new(&source, format!("/{}", tar.file_name), "/").unpack()),
    )
}

fn source(name: &str, session: Option<&str>, files: &FileSet) -> Local {
    let source = Local::new(name)
        .unique(content_name(files))
        .differ_none()
        .include(files.keys().map(|path| escape_pattern(path.as_str())));
    match session {
        Some(session) => source.session(session),
        None => source,
    }
}

/// A hash over path, mode and bytes of every file: equal names mean equal content, so sharing a source is right.
fn content_name(files: &FileSet) -> String {
    let mut hash = Sha256::new();
    for (path, file) in files {
        hash.update(format!("{}\0{:o}\0", path, file.mode()));
        hash.update(file.sha256());
    }
    hex(&hash.finalize())
}

fn directories(paths: impl Iterator<Item = ContextPath>) -> Vec<ContextPath> {
    let mut directories: Vec<ContextPath> = paths
        .flat_map(|path| std::iter::successors(path.parent(), ContextPath::parent))
        .collect();
    directories.sort();
    directories.dedup();
    directories
}

fn absolute(path: &ContextPath) -> String {
    format!("/{path}")
}

/// The pattern that matches exactly `path`.
fn escape_pattern(path: &str) -> String {
    let mut pattern = String::new();
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    bytes.iter().flat_map(digits).collect()
}
