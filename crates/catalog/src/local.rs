//! Declared files as a state: text as data in the graph, the rest from a local source that is named by its content.

use std::collections::BTreeMap;

use buildkit_llb::{Copy, Definition, FileActions, Local, Mkdir, Mkfile, SourceLocation, State};
use sha2::{Digest, Sha256};

use crate::{
    inputs::{FileContent, FileSet, InputFile, RootfsTar},
    path::ContextPath,
};

/// The name of the local source that the context directory is sent under.
pub const CONTEXT_LOCAL: &str = "context";

/// The most text that one set of files puts into the graph: 1 MiB; a larger set is sent as files.
const MAX_INLINE_SET: usize = 1024 * 1024;

/// The most files that one set puts into the graph: a graph of a whole source tree would be all names.
const MAX_INLINE_FILES: usize = 64;

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

/// Declared files at their paths in the context directory.
pub(crate) struct FilesSource {
    pub(crate) state: State,
    /// The local source that it comes from, with what is in it. Who sends it decides on owners and modes then.
    pub(crate) local: Option<LocalSource>,
}

/// A state with `files`: a few short texts are data in the graph, all else comes `from` there.
///
/// `declared` are the paths that they were declared by, `location` where. As data, modes are 0644 and 0755, owners 0:0 and
/// mtimes 0, so that equal content makes an equal tree wherever it comes from.
pub(crate) fn files_source(
    from: FilesFrom<'_>,
    declared: &[ContextPath],
    files: &FileSet,
    location: Option<&SourceLocation>,
) -> FilesSource {
    let at = || location.cloned().into_iter();
    if let Some(texts) = inline_texts(files) {
        let mut actions = at().fold(FileActions::new(), FileActions::location);
        for directory in directories(files.keys().cloned()) {
            let make = Mkdir::new(absolute(&directory)).mode(0o755).created(0);
            actions = actions.mkdir(make);
        }
        for (path, mode, text) in texts {
            let make = Mkfile::new(absolute(path), text.to_vec());
            actions = actions.mkfile(make.mode(mode).created(0));
        }
        let state = if files.is_empty() {
            State::scratch()
        } else {
            State::scratch().file(actions)
        };
        return FilesSource { state, local: None };
    }
    match from {
        FilesFrom::Client { name, session } => {
            let source = source(name, session, declared, files);
            FilesSource {
                state: at().fold(source, Local::location).state(),
                local: Some(LocalSource {
                    name: name.to_owned(),
                    content: LocalContent::Files(files.clone()),
                }),
            }
        }
        FilesFrom::Tree(tree) => FilesSource {
            state: picked(&State::from_definition(tree), files, location),
            local: None,
        },
    }
}

/// The files out of a tree that has others, too.
fn picked(tree: &State, files: &FileSet, location: Option<&SourceLocation>) -> State {
    let at = location.cloned().into_iter();
    let mut actions = at.fold(FileActions::new(), FileActions::location);
    for directory in directories(files.keys().cloned()) {
        let make = Mkdir::new(absolute(&directory)).mode(0o755).created(0);
        actions = actions.mkdir(make);
    }
    for (path, file) in files {
        let copy = Copy::new(tree, absolute(path), absolute(path));
        actions = actions.copy(copy.mode(file.mode()).created(0));
    }
    State::scratch().file(actions)
}

/// Whether the graph can hold all of the files.
pub(crate) fn is_inline(files: &FileSet) -> bool {
    inline_texts(files).is_some()
}

/// The texts, with their modes, if the graph can hold all of the files.
fn inline_texts(files: &FileSet) -> Option<Vec<(&ContextPath, u32, &[u8])>> {
    if files.len() > MAX_INLINE_FILES {
        return None;
    }
    let texts = files.iter().map(|(path, file)| match &file.content {
        FileContent::Text(text) => Some((path, file.mode(), &**text)),
        FileContent::Hashed { .. } | FileContent::Symlink(_) => None,
    });
    let texts: Vec<_> = texts.collect::<Option<_>>()?;
    let bytes: usize = texts.iter().map(|(_, _, text)| text.len()).sum();
    (bytes <= MAX_INLINE_SET).then_some(texts)
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

fn source(name: &str, session: Option<&str>, declared: &[ContextPath], files: &FileSet) -> Local {
    let source = Local::new(name)
        .unique(content_name(files))
        .differ_none()
        .include(patterns(declared, files));
    match session {
        Some(session) => source.session(session),
        None => source,
    }
}

/// The patterns that the files match: a declared path is one, whatever is below it; for a glob, whose signs mean other
/// things to a daemon, every file is.
fn patterns(declared: &[ContextPath], files: &FileSet) -> Vec<String> {
    let (globs, paths): (Vec<_>, Vec<_>) = declared.iter().partition(|path| path.is_glob());
    let is_in_a_path = |file: &ContextPath| {
        let mut paths = paths.iter();
        paths.any(|path| file == *path || file.strip_prefix(path).is_some())
    };
    let own = paths.iter().map(|path| escape_pattern(path.as_str()));
    let of_globs = files
        .keys()
        .filter(|file| !globs.is_empty() && !is_in_a_path(file));
    own.chain(of_globs.map(|file| escape_pattern(file.as_str())))
        .collect()
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

/// The pattern that matches `path`. Patterns travel as headers of gRPC, which hold no control characters, and a daemon
/// trims them: `?` stands for such a character.
fn escape_pattern(path: &str) -> String {
    let start = path.len() - path.trim_start().len();
    let end = path.trim_end().len();
    let mut pattern = String::new();
    for (at, c) in path.char_indices() {
        if at < start || at >= end || c.is_control() {
            pattern.push('?');
            continue;
        }
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
