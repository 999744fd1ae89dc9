//! Declared files as a state: text as data in the graph, the rest from a local source that is named by its content.

use std::collections::BTreeSet;

use buildkit_llb::{Copy, Definition, FileActions, Local, Mkdir, Mkfile, SourceLocation, State};
use file_set::FileSetDigest;
use sha2::{Digest as _, Sha256};

use crate::{
    inputs::{FileContent, FileSet, InputFile, RootfsTar},
    path::ContextPath,
};

/// The name of the local source that the context directory is sent under.
pub const CONTEXT_LOCAL: &str = "context";

/// The most text that one set of files puts into the graph: 1 MiB; a larger set is sent as files.
pub const MAX_INLINE_SET: usize = 1024 * 1024;

/// The most files that one set puts into the graph: a graph of a whole source tree would be all names.
const MAX_INLINE_FILES: usize = 64;

/// The most files that travel by themselves: a daemon asks for each, which takes longer than one more vertex from about
/// here on.
const MAX_LOOSE_FILES: usize = 256;

/// The directory of bundles, in what a client sends and in what the packer makes.
pub const BUNDLES: &str = "bundles";

/// Files on the client's disk that a definition reads when it is solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSource {
    /// The name that the daemon asks for (`--local NAME=DIR`).
    pub name: String,
    /// What is in it.
    pub content: LocalContent,
    /// How a build of ours sends it, where that is not as files.
    pub bundles: Option<BundleSource>,
}

/// A local source that has many files as bundles, in the directory [`BUNDLES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleSource {
    /// Its name.
    pub name: String,
    /// The directory that paths in bundles are relative to; empty for the context directory.
    pub below: String,
}

/// The form in which many files come to a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// As files, whoever sends them; the packer makes bundles of them.
    Files,
    /// As bundles, which a client of ours makes.
    Bundles,
}

/// What a local source serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalContent {
    /// These files of the context directory, or of another one.
    Files(FileSet),
    /// This one file.
    Rootfs(RootfsTar),
}

/// Where files come from that the graph cannot hold.
#[derive(Clone, Copy)]
pub(crate) enum FilesFrom<'a> {
    /// From the client, by a local source of this name.
    Client(&'a str),
    /// From a tree that is made elsewhere in the graph.
    Tree(&'a Definition),
}

/// Declared files at their paths in the context directory.
pub(crate) struct FilesSource {
    pub(crate) state: State,
    /// The local source that it comes from, with what is in it. Who sends it decides on owners and modes then.
    pub(crate) local: Option<LocalSource>,
    /// Whether the graph only names the files, so that somebody has to check what comes.
    pub(crate) is_named: bool,
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
    if are_inline(files.iter()) {
        return FilesSource {
            state: inline(files, location),
            local: None,
            is_named: false,
        };
    }
    match from {
        FilesFrom::Client(name) => {
            let source = source(name, declared, files);
            let at = location.cloned().into_iter();
            FilesSource {
                state: at.fold(source, Local::location).state(),
                local: Some(LocalSource {
                    name: name.to_owned(),
                    content: LocalContent::Files(files.clone()),
                    bundles: None,
                }),
                is_named: true,
            }
        }
        FilesFrom::Tree(tree) => FilesSource {
            state: picked(&State::from_definition(tree), files, location),
            local: None,
            is_named: true,
        },
    }
}

/// Files as data.
fn inline(files: &FileSet, location: Option<&SourceLocation>) -> State {
    if files.is_empty() {
        return State::scratch();
    }
    let made = files.iter().fold(
        made_directories(files, location),
        |actions, (path, file)| {
            let FileContent::Text(text) = &file.content else {
                unreachable!("`are_inline` holds for them");
            };
            actions.mkfile(
                Mkfile::new(absolute(path), text.clone())
                    .mode(file.mode())
                    .created(0),
            )
        },
    );
    State::scratch().file(made)
}

/// The files out of a tree that has others, too.
fn picked(tree: &State, files: &FileSet, location: Option<&SourceLocation>) -> State {
    let made = files.iter().fold(
        made_directories(files, location),
        |actions, (path, file)| {
            let copy = Copy::new(tree, absolute(path), absolute(path));
            actions.copy(copy.mode(file.mode()).created(0))
        },
    );
    State::scratch().file(made)
}

/// The directories that files are in.
fn made_directories(files: &FileSet, location: Option<&SourceLocation>) -> FileActions {
    let at = location.cloned().into_iter();
    let actions = at.fold(FileActions::new(), FileActions::location);
    directories(files.keys()).fold(actions, |actions, directory| {
        actions.mkdir(Mkdir::new(absolute(&directory)).mode(0o755).created(0))
    })
}

/// Whether the graph can hold all of the files: if they are few, and texts, and short all together.
pub(crate) fn are_inline<'a>(
    files: impl Iterator<Item = (&'a ContextPath, &'a InputFile)>,
) -> bool {
    let (mut count, mut bytes) = (0, 0);
    for (_, file) in files {
        let FileContent::Text(text) = &file.content else {
            return false;
        };
        count += 1;
        bytes += text.len();
        if count > MAX_INLINE_FILES || bytes > MAX_INLINE_SET {
            return false;
        }
    }
    true
}

/// The source that has a root filesystem tar, a file at its root.
pub(crate) fn rootfs_source(tar: &RootfsTar) -> State {
    Local::new(tar.local.as_str())
        .unique(hex(&tar.sha256))
        .differ_none()
        .include([escape_pattern(&tar.file_name)])
        .state()
}

/// The source has an id of its content, so that equal names mean equal content. A client binds it to its session, since
/// the daemon takes what it knows by an id from whoever sends it first.
fn source(name: &str, declared: &[ContextPath], files: &FileSet) -> Local {
    Local::new(name)
        .unique(hex(&files_digest(files, "")))
        .differ_none()
        .include(patterns(declared, files))
}

/// Whether so many files travel as bundles.
pub(crate) fn are_bundled(files: &FileSet) -> bool {
    files.len() > MAX_LOOSE_FILES
}

impl BundleSource {
    /// That of a set of files out of the local source `name`. Its own name is the same whatever the files have, so that a
    /// daemon knows what it was sent before.
    pub(crate) fn new(name: &str, declared: &[ContextPath], below: &str) -> Self {
        let mut hash = Sha256::new();
        for text in declared.iter().map(ContextPath::as_str).chain([below]) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let mut digits = hex(&hash.finalize());
        digits.truncate(16);
        Self {
            name: format!("{name}-{digits}"),
            below: below.to_owned(),
        }
    }

    /// The source, with the digest of its files, in a vertex of this name: its own would tell nobody what it is.
    pub(crate) fn state(
        &self,
        content: &[u8; 32],
        name: String,
        location: Option<&SourceLocation>,
    ) -> State {
        let source = Local::new(&*self.name).unique(hex(content)).differ_none();
        let source = source.custom_name(name);
        let at = location.cloned().into_iter();
        at.fold(source, Local::location).state()
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

/// The digest of files in the directory `below`, which is empty for the context directory, or of the one file `below`.
pub fn files_digest(files: &FileSet, below: &str) -> [u8; 32] {
    let mut digest = FileSetDigest::new();
    for (path, file) in files {
        let path = path.as_str();
        let path = path.strip_prefix(below).unwrap_or(path);
        let path = path.strip_prefix('/').unwrap_or(path);
        digest.add(path.as_bytes(), file.kind(), &file.sha256());
    }
    digest.finish()
}

/// The directories above some paths, each once, those above others first.
fn directories<'a>(
    paths: impl Iterator<Item = &'a ContextPath>,
) -> impl Iterator<Item = ContextPath> {
    let above = paths.flat_map(|path| std::iter::successors(path.parent(), ContextPath::parent));
    above.collect::<BTreeSet<_>>().into_iter()
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
