//! Copies from many places, and from actions.

use buildkit_llb::{Copy, FileActions, Mkdir, Mkfile, Owner, Rm, State, User};

use crate::{alpine, image, local};

pub(crate) fn copy_many() -> State {
    let a = local("a");
    alpine().file(
        FileActions::new()
            .copy(Copy::new(&a, "/", "/a"))
            .copy(Copy::new(local("b"), "/", "/b"))
            .copy(Copy::new(&a, "/x", "/x"))
            .copy(Copy::new(local("c"), "/", "/c")),
    )
}

pub(crate) fn copy_wide() -> State {
    let copy = |i: usize| Copy::new(local(&format!("l{}", i % 40)), "/", format!("/{i}"));
    State::scratch().file((0..60).fold(FileActions::new(), |actions, i| actions.copy(copy(i))))
}

pub(crate) fn copy_options() -> State {
    let source = local("context").dir("/in");
    let filtered = Copy::new(&source, "src", "dest")
        .include(["*.go", "a/**"])
        .exclude(["*_test.go"])
        .require_paths(["go.mod"])
        .unpack()
        .always_replace()
        .owner(Owner::new(User::Name("app".to_owned()), User::Id(0)))
        .created(12_000_000_034);
    let all = Copy::new(&source, "all", "all")
        .mode(0o644)
        .owner(Owner::ids(0, 7));
    let actions = FileActions::new()
        .mkdir(Mkdir::new("d").mode(0o700))
        .copy(filtered)
        .copy(all);
    alpine().dir("/out").file(actions.ignore_cache())
}

pub(crate) fn file_tree() -> State {
    let inner = FileActions::new()
        .mkdir(Mkdir::new("i"))
        .mkfile(Mkfile::new("i/f", "f"));
    let inner = inner.on(&local("tree").dir("/t"));
    let outer = FileActions::new()
        .mkfile(Mkfile::new("o", "o"))
        .copy(Copy::new(&inner, "i", "copied"))
        .copy(Copy::new(local("other"), "/", "/other"))
        .on(&State::scratch().dir("/s"));
    alpine().dir("/w").file(
        FileActions::new()
            .mkdir(Mkdir::new("here"))
            .copy(Copy::new(&outer, "copied", "here/"))
            .copy(Copy::new(&inner, "i/f", "here/f").owner("app"))
            .copy(Copy::new(&outer, "o", "o"))
            .rm(Rm::new("gone")),
    )
}

pub(crate) fn file_tree_first() -> State {
    let tree = FileActions::new()
        .mkfile(Mkfile::new("/f", "f").mode(0o600))
        .copy(Copy::new(local("z"), "/", "/z"));
    let tree = tree.on(&image("busybox"));
    let actions = FileActions::new()
        .copy(Copy::new(tree, "/f", "/f"))
        .copy(Copy::new(local("y"), "/", "/y"));
    alpine().file(actions)
}
