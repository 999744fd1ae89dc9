//! Merges, diffs, passthroughs, loaded definitions, vertices that are equal.

use buildkit_llb::{
    BindMount, Build, Constraints, Diff, ExportCache, Image, Merge, Mkfile, Passthrough, Platform,
    ProgressGroup, State,
};

use crate::{alpine, image, local, run};

pub(crate) fn passthrough() -> State {
    let passthrough = Passthrough::new("both")
        .dependency(&alpine().run(run("dependency")))
        .output(&alpine())
        .output(&State::scratch())
        .output(&image("busybox"));
    passthrough.states().pop().unwrap().run(run("after"))
}

pub(crate) fn requires() -> State {
    let base = alpine().dir("/d").env("A", "1");
    base.requires("wait", &[base.run(run("test")), local("context")])
        .run(run("after"))
}

pub(crate) fn equal_vertices() -> State {
    let image = |name: &str| Image::new("alpine".parse().unwrap()).custom_name(name);
    let left = image("first")
        .state()
        .run(run("same").description("a", "1").description("b", "1"));
    let same = run("same")
        .description("b", "2")
        .export_cache(ExportCache::Always)
        .progress_group(ProgressGroup::new("g", "group"));
    let right = image("second").ignore_cache().state().run(same);
    Merge::new([left, right.run(run("more"))]).state()
}

pub(crate) fn merge_wide() -> State {
    let file = |i: usize| {
        State::scratch().file(Mkfile::new(format!("/{}", i % 450), (i % 450).to_string()))
    };
    Merge::new(std::iter::once(State::scratch()).chain((0..500).map(file)))
        .custom_name("wide")
        .state()
}

pub(crate) fn merge_of_one() -> State {
    let states = [
        State::scratch(),
        alpine().env("A", "1"),
        Merge::new([]).state(),
    ];
    Merge::new(states).ignore_cache().state().run(run("x"))
}

pub(crate) fn diff_upper_scratch() -> State {
    Diff::new(&alpine(), &State::scratch())
        .export_cache(ExportCache::Never)
        .state()
}

pub(crate) fn diff_of_nothing() -> State {
    let upper = State::scratch().dir("/d").env("A", "1");
    let lower = State::scratch().env("B", "1");
    let diff = Diff::new(&lower, &upper).ignore_cache().state();
    diff.run(run("x"))
}

pub(crate) fn loaded_twice() -> State {
    let base = Image::new("alpine".parse().unwrap())
        .custom_name("base")
        .state();
    let exec = base.exec(
        run("x")
            .require_worker("old")
            .mount(BindMount::new("/out", &State::scratch())),
    );
    let both = Merge::new([exec.mount("/out").unwrap(), exec.root()])
        .ignore_cache()
        .state();
    let arm = Constraints::new(Platform::new("linux", "arm").with_variant("v7"))
        .export_cache(ExportCache::Always);
    let first = both.marshal(&arm).unwrap();
    Merge::new([State::from_definition(&first).run(run("y")), alpine()]).state()
}

pub(crate) fn build_platform() -> State {
    let s390x = Platform::new("linux", "s390x");
    let source = Image::new("alpine".parse().unwrap())
        .platform(s390x)
        .state()
        .dir("/d");
    Build::new(&source).state().run(run("x"))
}
