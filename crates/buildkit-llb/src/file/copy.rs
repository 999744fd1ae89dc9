//! Copying between states.

use std::borrow::Cow;
use std::sync::Arc;

use super::action::{Attributes, UNSET, attribute_methods};
use super::chain::FileTree;
use crate::path;
use crate::state::State;
use crate::vertex::{Output, Slot};
use crate::wire::Writer;

/// Copies a file or a directory from another state, or from file actions that are not a state of their own.
#[derive(Debug, Clone)]
pub struct Copy {
    pub(super) source: Source,
    src: Box<str>,
    dest: Box<str>,
    mode: Option<u32>,
    flags: Flags,
    attributes: Attributes,
    rare: Option<Box<Rare>>,
}

/// The source of a copy: a [`State`], or a [`FileTree`].
#[derive(Debug, Clone)]
pub struct CopySource {
    source: Source,
    /// The directory that relative paths start from.
    dir: Arc<str>,
}

/// The source of a copy, on its way from a builder's value to a finished op.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Scratch,
    /// In a builder: another state.
    Output(Output),
    /// In a builder: actions that are not a state.
    Tree(FileTree),
    /// While an op is made: the number of a chain of actions.
    Chain(usize),
    /// In an op: one of its inputs.
    Slot(Slot),
    /// In an op: the result of an earlier action.
    Step(usize),
}

/// Settings that few copies have.
#[derive(Debug, Clone, Default)]
struct Rare {
    symbolic_mode: String,
    include: Vec<String>,
    exclude: Vec<String>,
    required: Vec<String>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "the independent switches of `pb.FileActionCopy`"
)]
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    follow_symlinks: bool,
    contents_only: bool,
    unpack: bool,
    create_dest_path: bool,
    allow_wildcard: bool,
    allow_empty_wildcard: bool,
    always_replace: bool,
}

impl Copy {
    /// Copies `src` of `source` (relative to the directory of that state) to `dest` (relative to the directory of the
    /// state that is changed). A `dest` with a trailing `/` or `/.` is a directory to copy into.
    pub fn new(
        source: impl Into<CopySource>,
        src: impl Into<String>,
        dest: impl Into<String>,
    ) -> Self {
        let CopySource { source, dir } = source.into();
        let mut src = src.into();
        if let Cow::Owned(absolute) = path::absolute(&dir, &src) {
            src = absolute;
        }
        Self {
            source,
            src: src.into(),
            dest: dest.into().into_boxed_str(),
            mode: None,
            flags: Flags::default(),
            attributes: Attributes::default(),
            rare: None,
        }
    }

    /// Sets the mode, all bits of it. Default: the source's.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets the mode as chmod reads it, such as `u=rwX,go=rX`. Default: the source's.
    pub fn symbolic_mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(0);
        self.rare.get_or_insert_default().symbolic_mode = mode.into();
        self
    }

    /// If `src` is a symbolic link, copies its target.
    pub fn follow_symlinks(mut self) -> Self {
        self.flags.follow_symlinks = true;
        self
    }

    /// If `src` is a directory, copies its entries, and not the directory itself.
    pub fn contents_only(mut self) -> Self {
        self.flags.contents_only = true;
        self
    }

    /// Unpacks `src` if it is a tar, compressed or not, as `ADD` of a Dockerfile does. A broken tar is copied as a
    /// file.
    pub fn unpack(mut self) -> Self {
        self.flags.unpack = true;
        self
    }

    /// Makes the missing parents of `dest`.
    pub fn create_dest_path(mut self) -> Self {
        self.flags.create_dest_path = true;
        self
    }

    /// Reads `*`, `?` and `[…]` in `src` as a pattern.
    pub fn allow_wildcard(mut self) -> Self {
        self.flags.allow_wildcard = true;
        self
    }

    /// Accepts that a pattern matches nothing.
    pub fn allow_empty_wildcard(mut self) -> Self {
        self.flags.allow_empty_wildcard = true;
        self
    }

    /// Replaces a file or directory at `dest` of another type. Default: an error.
    pub fn always_replace(mut self) -> Self {
        self.flags.always_replace = true;
        self
    }

    /// Copies only files that match one of these patterns. Default: all.
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.rare
            .get_or_insert_default()
            .include
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Leaves out files that match one of these patterns, even if they are included.
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.rare
            .get_or_insert_default()
            .exclude
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Names paths that must exist; has an effect only together with [`include`](Self::include).
    pub fn require_paths<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.rare
            .get_or_insert_default()
            .required
            .extend(paths.into_iter().map(Into::into));
        self
    }

    attribute_methods!();

    /// Makes the destination absolute, below `dir`.
    pub(super) fn resolve(&mut self, dir: &str) {
        if let Cow::Owned(dest) = path::absolute_destination(dir, &self.dest) {
            self.dest = dest.into();
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.string(1, &self.src);
        writer.string(2, &self.dest);
        self.attributes.encode_owner(writer, 3, base);
        // The field is an int32: bit 31 of a mode is its sign.
        writer.int(4, self.mode.map_or(UNSET, |mode| mode.cast_signed().into()));
        writer.bool(5, self.flags.follow_symlinks);
        writer.bool(6, self.flags.contents_only);
        writer.bool(7, self.flags.unpack);
        writer.bool(8, self.flags.create_dest_path);
        writer.bool(9, self.flags.allow_wildcard);
        writer.bool(10, self.flags.allow_empty_wildcard);
        self.attributes.encode_created(writer, 11);
        if let Some(rare) = &self.rare {
            writer.strings(12, &rare.include);
            writer.strings(13, &rare.exclude);
        }
        writer.bool(14, self.flags.always_replace);
        if let Some(rare) = &self.rare {
            writer.string(15, &rare.symbolic_mode);
            writer.strings(16, &rare.required);
        }
    }
}

impl From<&State> for CopySource {
    fn from(state: &State) -> Self {
        let source = state.output.clone().map_or(Source::Scratch, Source::Output);
        Self {
            source,
            dir: state.values.dir.clone(),
        }
    }
}

impl From<State> for CopySource {
    fn from(state: State) -> Self {
        Self::from(&state)
    }
}

impl From<&FileTree> for CopySource {
    fn from(tree: &FileTree) -> Self {
        Self {
            source: Source::Tree(tree.clone()),
            dir: tree.dir().clone(),
        }
    }
}

impl From<FileTree> for CopySource {
    fn from(tree: FileTree) -> Self {
        Self::from(&tree)
    }
}
