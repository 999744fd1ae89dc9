//! File actions.

use buildkit_llb::{
    Copy, Exec, FileActions, Local, Mkdir, Mkfile, Owner, Platform, Rm, State, Symlink,
};

use crate::{alpine, image};

/// 2020-01-02T03:04:05.000000678Z
const TIMESTAMP: i64 = 1_577_934_245_000_000_678;

fn context() -> State {
    Local::new("context").state()
}

pub(crate) fn file_mkdir() -> State {
    alpine().file(
        FileActions::new()
            .mkdir(Mkdir::new("/plain").mode(0o755))
            .mkdir(Mkdir::new("/deep/er").mode(0o4711).parents())
            .mkdir(Mkdir::new("/ids").mode(0o700).owner(Owner::ids(1000, 0)))
            .mkdir(Mkdir::new("/named").mode(0o700).owner("app:staff"))
            .mkdir(Mkdir::new("/ts").mode(0o755).created(TIMESTAMP)),
    )
}

pub(crate) fn file_mkfile() -> State {
    State::scratch().file(
        FileActions::new()
            .mkfile(Mkfile::new("/hello", "hello\n").mode(0o644))
            .mkfile(Mkfile::new("/empty", "").mode(0))
            .mkfile(Mkfile::new("/bin", [0x00, 0x01, 0xfe, 0xff, 0x0a]).mode(0o755))
            .mkfile(Mkfile::new("/u", "x").owner("root"))
            .mkfile(Mkfile::new("/n", "x").owner("0:daemon"))
            .mkfile(Mkfile::new("/epoch", "x").created(0)),
    )
}

pub(crate) fn file_symlink() -> State {
    alpine().dir("/work").file(
        FileActions::new()
            .symlink(Symlink::new("target/../x", "link"))
            .symlink(
                Symlink::new("/abs", "/l2")
                    .owner(Owner::ids(5, 6))
                    .created(TIMESTAMP),
            ),
    )
}

pub(crate) fn file_rm() -> State {
    alpine().dir("/w").file(
        FileActions::new()
            .rm(Rm::new("/etc/motd"))
            .rm(Rm::new("rel/*.tmp").allow_wildcard())
            .rm(Rm::new("/gone/").allow_not_found())
            .rm(Rm::new("/x*").allow_not_found().allow_wildcard()),
    )
}

pub(crate) fn file_copy_basic() -> State {
    alpine().file(Copy::new(context(), "/src/app", "/usr/bin/app"))
}

pub(crate) fn file_copy_mode() -> State {
    let context = context();
    alpine().file(
        FileActions::new()
            .copy(Copy::new(&context, "/a", "/a").mode(0o4755))
            .copy(Copy::new(&context, "/b", "/b").symbolic_mode("u=rwX,go=rX"))
            .copy(Copy::new(&context, "/c", "/c").mode(0)),
    )
}

pub(crate) fn file_paths() -> State {
    let source = image("busybox").dir("/srcdir");
    let copy = |src: &str, dest: &str| Copy::new(&source, src, dest);
    alpine().dir("/base").file(
        FileActions::new()
            .mkdir(Mkdir::new("rel/./x/"))
            .mkfile(Mkfile::new("../up", "1"))
            .copy(copy("in", "out"))
            .copy(copy("./in/.", "out/"))
            .copy(copy("/abs/../y/", "/d/."))
            .copy(copy(".", "."))
            .copy(copy("", "/"))
            .copy(copy("/", "/.")),
    )
}

pub(crate) fn file_chain() -> State {
    let chain = FileActions::new()
        .mkdir(Mkdir::new("/d"))
        .mkfile(Mkfile::new("/d/f", "a"))
        .rm(Rm::new("/d/f"))
        .symlink(Symlink::new("/d", "/l"));
    State::scratch()
        .file(chain)
        .file(Mkfile::new("/x", "b").mode(0o600))
}

pub(crate) fn file_copy_scratch_source() -> State {
    let actions =
        FileActions::new()
            .mkdir(Mkdir::new("/a"))
            .copy(Copy::new(State::scratch(), "/", "/b"));
    State::scratch().file(actions)
}

pub(crate) fn file_constraints() -> State {
    let actions = FileActions::from(Mkdir::new("/x"))
        .custom_name("make x")
        .platform(Platform::new("linux", "arm64").with_variant("v8"))
        .ignore_cache();
    alpine().file(actions).run(Exec::new(["after"]))
}
