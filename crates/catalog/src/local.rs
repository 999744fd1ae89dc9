//! Declared files as a state: texts are data in the graph, the rest is from a local source that is named by its
//! content.

use std::collections::BTreeSet;

use buildkit_llb::{Copy, Definition, FileActions, Local, Mkdir, Mkfile, SourceLocation, State};
use file_set::FileSetDigest;
use sha2::{Digest as _, Sha256};

use crate::{
    hex::hex,
    inputs::{FileContent, FileSet, InputFile, RootfsTar},
    path::ContextPath,
};

/// The name of the local source of the context directory.
pub const CONTEXT_LOCAL: &str = "context";

/// The limit on the text of one set of files in the graph: 1 MiB. A larger set is sent as files.
pub const MAX_INLINE_SET: usize = 1024 * 1024;

/// The limit on the files of one set in the graph. The graph of a whole source tree would be mostly names.
const MAX_INLINE_FILES: usize = 64;

/// The limit on files that are sent one by one. The daemon asks for each of them: with more files than about this many,
/// that takes longer than one more vertex for a bundle.
const MAX_LOOSE_FILES: usize = 256;

/// The directory of bundles, both from a client and from the packer.
pub const BUNDLES: &str = "bundles";

/// Files on the client's disk that a definition reads when it is solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSource {
    /// The name that the daemon asks for (`--local NAME=DIR`).
    pub name: String,
    /// Its content.
    pub content: LocalContent,
    /// Its bundles in a build by llbgen, if it is not sent as files.
    pub bundles: Option<BundleSource>,
}

/// A local source with many files as bundles, in the directory [`BUNDLES`].
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
    /// As files, from any client; the packer makes bundles of them.
    Files,
    /// As bundles, made by llbgen as the client.
    Bundles,
}

/// The content of a local source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalContent {
    /// These files of the context directory, or of another one.
    Files(FileSet),
    /// This one file.
    Rootfs(RootfsTar),
}

/// The source of files that are no data in the graph.
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
    /// The local source of the files, with its content. The client that sends it decides on owners and modes.
    pub(crate) local: Option<LocalSource>,
    /// Whether the graph only names the files. Their content must then be checked after it is sent.
    pub(crate) is_named: bool,
}

/// A state with `files`: a few short texts are data in the graph, all others are from `from`.
///
/// `declared` are the declared paths, `location` is the place of the declaration. As data, files have mode 0644 or
/// 0755, owner 0:0 and mtime 0, so that equal content makes an equal tree, wherever it comes from.
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

/// The files alone, out of a tree that may have others, too.
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

/// Whether all of the files can be data in the graph: they are few, texts, and short all together.
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

/// The source has an id made from its content, so that equal ids mean equal content. A client binds it to its session,
/// since otherwise the daemon takes the content of an id from the first client that sends it.
fn source(name: &str, declared: &[ContextPath], files: &FileSet) -> Local {
    Local::new(name)
        .unique(hex(&files_digest(files, "")))
        .differ_none()
        .include(patterns(declared, files))
}

/// Whether the files are so many that they are sent as bundles.
pub(crate) fn are_bundled(files: &FileSet) -> bool {
    files.len() > MAX_LOOSE_FILES
}

impl BundleSource {
    /// The bundles of a set of files out of the local source `name`. Their own name does not depend on the content of
    /// the files, so that a daemon can reuse what it was sent before.
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

    /// The source, with the digest of its files, in a vertex of this name: the name of the source itself says nothing
    /// to a reader.
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

/// The patterns of the files. A declared path is one pattern, whatever is below it. For a glob, every file is one,
/// since its signs have another meaning to a daemon.
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

/// The directories above some paths, each once, outer ones first.
fn directories<'a>(
    paths: impl Iterator<Item = &'a ContextPath>,
) -> impl Iterator<Item = ContextPath> {
    let above = paths.flat_map(|path| std::iter::successors(path.parent(), ContextPath::parent));
    above.collect::<BTreeSet<_>>().into_iter()
}

fn absolute(path: &ContextPath) -> String {
    format!("/{path}")
}

/// The pattern that matches `path`. Patterns are sent as headers of gRPC, which hold no control characters, and a
/// daemon trims them: `?` stands for a character that would be lost.
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
