//! Sequences of file actions.

use std::sync::Arc;

use super::action::{Mkdir, Mkfile, Rm, Symlink};
use super::copy::{Copy, Source};
use super::encode::FileOp;
use super::flatten::flatten;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::path;
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// The number of actions that room is made for at once: lists of actions are often longer than a few.
const USUAL_ACTIONS: usize = 6;

/// File actions that are carried out in order, each on the result of the one before, in one vertex. Mirrors
/// `llb.FileAction`.
#[derive(Debug, Clone, Default)]
#[must_use = "file actions do nothing until they are applied to a state"]
pub struct FileActions {
    actions: Vec<Action>,
    options: Options,
}

/// File actions on a state, to copy from within the same vertex. Mirrors `FileAction.WithState`.
///
/// A tree that is used twice in one vertex is made once there.
#[derive(Debug, Clone)]
pub struct FileTree(pub(super) Arc<Tree>);

/// Actions with absolute paths, and the state that they start from.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) base: Option<Output>,
    pub(super) dir: Arc<str>,
    pub(super) actions: Vec<Action>,
}

/// Any action.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Mkdir(Mkdir),
    Mkfile(Mkfile),
    Symlink(Symlink),
    Rm(Rm),
    Copy(Copy),
}

impl FileActions {
    /// No action yet; at least one is needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a directory.
    pub fn mkdir(self, action: Mkdir) -> Self {
        self.then(Action::Mkdir(action))
    }

    /// Makes a file.
    pub fn mkfile(self, action: Mkfile) -> Self {
        self.then(Action::Mkfile(action))
    }

    /// Makes a symbolic link.
    pub fn symlink(self, action: Symlink) -> Self {
        self.then(Action::Symlink(action))
    }

    /// Removes a file or directory.
    pub fn rm(self, action: Rm) -> Self {
        self.then(Action::Rm(action))
    }

    /// Copies from another state.
    pub fn copy(self, action: Copy) -> Self {
        self.then(Action::Copy(action))
    }

    vertex_option_methods!();

    /// These actions on `state`, to copy from. Their options are not used.
    pub fn on(self, state: &State) -> FileTree {
        FileTree(Arc::new(self.resolve(state).0))
    }

    /// `state` after these actions.
    pub(crate) fn apply_to(self, state: &State) -> State {
        let fault = self.actions.is_empty().then_some(OpError::NoFileAction);
        let (tree, options) = self.resolve(state);
        let (op, inputs): (FileOp, _) = flatten(tree);
        let vertex = Vertex::new(Op::File(op), options, inputs.0, fault);
        state.with_output(Some(Output::new(vertex, 0)))
    }

    fn then(mut self, action: Action) -> Self {
        if self.actions.capacity() == 0 {
            self.actions.reserve_exact(USUAL_ACTIONS);
        }
        self.actions.push(action);
        self
    }

    fn resolve(mut self, state: &State) -> (Tree, Options) {
        let dir = &state.values.dir;
        self.actions
            .iter_mut()
            .for_each(|action| action.resolve(dir));
        (
            Tree {
                base: state.output.clone(),
                dir: dir.clone(),
                actions: self.actions,
            },
            self.options,
        )
    }
}

vertex_options!(FileActions);

impl FileTree {
    /// The directory that relative paths in it start from.
    pub(super) fn dir(&self) -> &Arc<str> {
        &self.0.dir
    }
}

impl Drop for Tree {
    /// Takes trees that copy from trees apart without recursion.
    fn drop(&mut self) {
        let mut pending = std::mem::take(&mut self.actions);
        while let Some(action) = pending.pop() {
            if let Action::Copy(Copy { source, .. }) = action
                && let Source::Tree(tree) = source
                && let Some(mut tree) = Arc::into_inner(tree.0)
            {
                pending.append(&mut tree.actions);
            }
        }
    }
}

impl Action {
    /// The state that it copies from, if it is a copy.
    pub(super) fn source(&self) -> Option<&Source> {
        match self {
            Self::Copy(copy) => Some(&copy.source),
            _ => None,
        }
    }

    /// The state that it copies from, if it is a copy.
    pub(super) fn source_mut(&mut self) -> Option<&mut Source> {
        match self {
            Self::Copy(copy) => Some(&mut copy.source),
            _ => None,
        }
    }

    /// Makes the paths absolute.
    fn resolve(&mut self, dir: &str) {
        let path = match self {
            Self::Mkdir(mkdir) => &mut mkdir.path,
            Self::Mkfile(mkfile) => &mut mkfile.path,
            Self::Rm(rm) => &mut rm.path,
            Self::Copy(copy) => return copy.resolve(dir),
            Self::Symlink(_) => return,
        };
        if let std::borrow::Cow::Owned(absolute) = path::absolute(dir, path) {
            *path = absolute.into();
        }
    }
}

macro_rules! from_one_action {
    ($($action:ident),*) => {
        $(impl From<$action> for FileActions {
            fn from(action: $action) -> Self {
                Self { actions: vec![Action::$action(action)], options: Options::default() }
            }
        })*
    };
}
from_one_action!(Mkdir, Mkfile, Symlink, Rm, Copy);
