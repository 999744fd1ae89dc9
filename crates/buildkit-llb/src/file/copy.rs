//! Copying between states.

use super::action::{Attributes, UNSET, attribute_methods};
use super::chain::FileTree;
use crate::path;
use crate::state::State;
use crate::vertex::Output;
use crate::wire::Writer;

/// Copies a file or a directory from another state, or from file actions that are not a state of their own.
#[derive(Debug, Clone)]
pub struct Copy {
    pub(super) source: CopySource,
    src: String,
    dest: String,
    mode: Option<Mode>,
    filter: Option<Box<Filter>>,
    flags: Flags,
    attributes: Attributes,
}

/// What is copied from: a [`State`], or a [`FileTree`].
#[derive(Debug, Clone)]
pub struct CopySource(pub(super) SourceVariant);

#[derive(Debug, Clone)]
pub(super) enum SourceVariant {
    State {
        output: Option<Output>,
        dir: std::sync::Arc<str>,
    },
    Tree(FileTree),
}

/// A mode for what is copied.
#[derive(Debug, Clone)]
enum Mode {
    /// All its bits, set-user-id and the like included.
    Bits(u32),
    /// As chmod reads it.
    Symbolic(String),
}

#[derive(Debug, Clone, Default)]
struct Filter {
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
        Self {
            source: source.into(),
            src: src.into(),
            dest: dest.into(),
            mode: None,
            filter: None,
            flags: Flags::default(),
            attributes: Attributes::default(),
        }
    }

    /// Sets the mode, all bits of it. Default: the source's.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(Mode::Bits(mode));
        self
    }

    /// Sets the mode as chmod reads it, such as `u=rwX,go=rX`. Default: the source's.
    pub fn symbolic_mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(Mode::Symbolic(mode.into()));
        self
    }

    /// Copies what a symbolic link points to, if `src` is one.
    pub fn follow_symlinks(mut self) -> Self {
        self.flags.follow_symlinks = true;
        self
    }

    /// Copies what is in `src`, if it is a directory, and not the directory itself.
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

    /// Replaces what is at `dest` when it is of another type. Default: an error.
    pub fn always_replace(mut self) -> Self {
        self.flags.always_replace = true;
        self
    }

    /// Copies only what matches one of these patterns. Default: everything.
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.filter
            .get_or_insert_default()
            .include
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Leaves out what matches one of these patterns, even when it is included.
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.filter
            .get_or_insert_default()
            .exclude
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Names paths that must be there; has an effect only beside [`include`](Self::include).
    pub fn require_paths<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.filter
            .get_or_insert_default()
            .required
            .extend(paths.into_iter().map(Into::into));
        self
    }

    attribute_methods!();

    /// Makes the paths absolute: `dest` below `dir`, `src` below the directory of the source.
    pub(super) fn resolve(&mut self, dir: &str) {
        let src_dir = match &self.source.0 {
            SourceVariant::State { dir, .. } => dir,
            SourceVariant::Tree(tree) => tree.dir(),
        };
        let src = path::clean(&self.src);
        let src = if src.starts_with('/') {
            src
        } else {
            path::join(&[src_dir, &src]).into()
        };
        if let std::borrow::Cow::Owned(src) = src {
            self.src = src;
        }
        if let std::borrow::Cow::Owned(dest) = path::absolute_destination(dir, &self.dest) {
            self.dest = dest;
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.string(1, &self.src);
        writer.string(2, &self.dest);
        self.attributes.encode_owner(writer, 3, base);
        writer.int(
            4,
            match &self.mode {
                None => UNSET,
                // The field is an int32: bit 31 of the mode is its sign.
                Some(Mode::Bits(bits)) => bits.cast_signed().into(),
                Some(Mode::Symbolic(_)) => 0,
            },
        );
        writer.bool(5, self.flags.follow_symlinks);
        writer.bool(6, self.flags.contents_only);
        writer.bool(7, self.flags.unpack);
        writer.bool(8, self.flags.create_dest_path);
        writer.bool(9, self.flags.allow_wildcard);
        writer.bool(10, self.flags.allow_empty_wildcard);
        self.attributes.encode_created(writer, 11);
        if let Some(filter) = &self.filter {
            writer.strings(12, &filter.include);
            writer.strings(13, &filter.exclude);
        }
        writer.bool(14, self.flags.always_replace);
        if let Some(Mode::Symbolic(mode)) = &self.mode {
            writer.string(15, mode);
        }
        if let Some(filter) = &self.filter {
            writer.strings(16, &filter.required);
        }
    }
}

impl From<&State> for CopySource {
    fn from(state: &State) -> Self {
        Self(SourceVariant::State {
            output: state.output.clone(),
            dir: state.values.dir.clone(),
        })
    }
}

impl From<State> for CopySource {
    fn from(state: State) -> Self {
        Self::from(&state)
    }
}

impl From<&FileTree> for CopySource {
    fn from(tree: &FileTree) -> Self {
        Self(SourceVariant::Tree(tree.clone()))
    }
}

impl From<FileTree> for CopySource {
    fn from(tree: FileTree) -> Self {
        Self(SourceVariant::Tree(tree))
    }
}
