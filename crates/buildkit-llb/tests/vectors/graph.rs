//! Merge, diff, nested builds, loaded definitions, shared vertices.

use buildkit_llb::{
    Args, BindMount, Build, Constraints, Definition, Diff, Exec, Local, Merge, Mkfile, Platform,
    State,
};

use crate::alpine;

pub(crate) fn merge_three() -> State {
    let file = |name: &str| State::scratch().file(Mkfile::new(format!("/{name}"), name));
    let (a, b) = (file("a"), file("b"));
    Merge::new([alpine(), a.clone(), b, a]).state()
}

pub(crate) fn diff_two() -> State {
    let lower = alpine();
    let upper = lower.run(Exec::new(Args::shell("touch /f")));
    Diff::new(&lower, &upper).state()
}

pub(crate) fn diff_same() -> State {
    Diff::new(&alpine(), &alpine()).state()
}

pub(crate) fn diff_lower_scratch() -> State {
    Diff::new(&State::scratch(), &alpine())
        .state()
        .run(Exec::new(["x"]))
}

pub(crate) fn build_op() -> State {
    let source = State::scratch().file(Mkfile::new("/my.llb", "LLB"));
    let built = Build::new(&source).filename("my.llb").state();
    Build::new(&built).custom_name("nested").state()
}

pub(crate) fn definition_op() -> State {
    let exec = Exec::new(Args::shell("one"))
        .custom_name("one")
        .mount(BindMount::new("/out", &Local::new("context").state()));
    let out = alpine().exec(exec).mount("/out").unwrap();
    let arm = Platform::new("linux", "arm64").with_variant("v8");
    let first = out
        .marshal(&Constraints::new(arm).local_unique_id("first"))
        .unwrap();
    let first = Definition::from_bytes(&first.to_bytes()).unwrap();
    State::from_definition(&first).run(Exec::new(["two"]))
}

pub(crate) fn diamond() -> State {
    let common = alpine().run(Exec::new(["common"]));
    let right = common.run(Exec::new(["right"]));
    let join =
        Exec::new(["join"]).mount(BindMount::new("/right", &right).readonly().selector("/etc"));
    common.run(Exec::new(["left"])).run(join)
}
