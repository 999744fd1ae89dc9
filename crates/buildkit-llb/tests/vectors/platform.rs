//! One graph for two platforms.

use buildkit_llb::{Args, BindMount, Constraints, Copy, Diff, Exec, Local, Merge, Platform, State};

use crate::image;

fn portable() -> State {
    let context = Local::new("context").state();
    let command = Exec::new(Args::shell("make")).mount(BindMount::new("/src", &context));
    let made = image("alpine:3.20")
        .env("TARGET", "app")
        .dir("/src")
        .run(command);
    let copied = made.file(Copy::new(&context, "/etc", "/etc"));
    let stripped = copied.run(Exec::new(Args::shell("strip app")));
    let diff = Diff::new(&copied, &stripped).state();
    Merge::new([copied, diff]).state()
}

pub(crate) fn multiplatform_amd64() -> State {
    portable()
}

pub(crate) fn multiplatform_arm64v8() -> (State, Constraints) {
    let arm = Platform::new("linux", "arm64").with_variant("v8");
    (
        portable(),
        Constraints::new(arm).local_unique_id("oracle-unique-id"),
    )
}
