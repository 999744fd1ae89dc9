//! Metadata of vertices, and the workers that may run them.

use buildkit_llb::{
    Constraints, ExportCache, Image, LinuxResources, Merge, ProgressGroup, Range, Rm,
    SourceLocation, SourceMap, State,
};

use crate::{alpine, local, run, standard};

fn alpine_image() -> Image {
    Image::new("alpine".parse().unwrap())
}

pub(crate) fn notes() -> State {
    let image = alpine_image()
        .export_cache(ExportCache::Never)
        .progress_group(ProgressGroup::new("g1", "").weak())
        .state();
    let step = run("x")
        .export_cache(ExportCache::Always)
        .ignore_cache()
        .linux_resources(LinuxResources {
            memory: 1,
            ..LinuxResources::default()
        })
        .progress_group(ProgressGroup::new("g2", "two"));
    let remove = buildkit_llb::FileActions::from(Rm::new("/x"));
    image.run(step).file(
        remove
            .description("z", "")
            .description("", "empty")
            .description("a", "ü"),
    )
}

pub(crate) fn marshal_level() -> (State, Constraints) {
    let a = run("a").linux_resources(LinuxResources {
        cpu_shares: 5,
        ..LinuxResources::default()
    });
    let state = alpine()
        .run(a)
        .run(run("b").progress_group(ProgressGroup::new("own", "")));
    let constraints = standard()
        .progress_group(ProgressGroup::new("all", "everything").weak())
        .linux_resources(LinuxResources {
            cpu_quota: -1,
            ..LinuxResources::default()
        })
        .export_cache(ExportCache::Never);
    (state, constraints)
}

pub(crate) fn filters() -> (State, Constraints) {
    let state = alpine_image()
        .require_worker("a==1")
        .state()
        .run(run("x").require_worker("b==2").require_worker("c"));
    (state, standard().require_worker("all"))
}

pub(crate) fn source_map_state() -> State {
    let file = SourceMap::new("build.hcl", "HCL", *b"x = 1\n").with_state(local("files"));
    let at = |line: i32| -> SourceLocation { file.location([Range::new((line, 0), (line, 3))]) };
    let image = |line| alpine_image().location(at(line)).state();
    let left = image(1).run(run("x").location(at(3)).location(at(4)));
    Merge::new([left, image(2).run(run("y"))]).state()
}
