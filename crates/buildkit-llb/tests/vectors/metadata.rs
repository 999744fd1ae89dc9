//! Metadata of vertices.

use buildkit_llb::{Constraints, Exec, ExportCache, Image, Platform, Range, SourceMap, State};

use crate::{alpine, standard};

fn run(name: &str) -> Exec {
    Exec::new([name])
}

fn alpine_image() -> Image {
    Image::new("alpine".parse().unwrap())
}

pub(crate) fn metadata_marshal_level() -> (State, Constraints) {
    (
        alpine().run(run("a")),
        standard().ignore_cache().export_cache(ExportCache::Always),
    )
}

pub(crate) fn metadata_marshal_level_description() -> (State, Constraints) {
    let image = alpine_image().custom_name("img").state();
    let state = image.run(run("a").description("only", "run")).run(run("b"));
    let constraints = standard().description("all", "yes");
    // Each vertex has the notes for all and its own, and nothing of the vertices before it.
    let definition = state.marshal(&constraints).unwrap();
    let described: Vec<Vec<_>> = definition
        .vertices()
        .map(|vertex| vertex.metadata().description().collect())
        .collect();
    assert_eq!(
        described,
        [
            vec![("all", "yes"), ("llb.customname", "img")],
            vec![("all", "yes"), ("only", "run")],
            vec![("all", "yes")]
        ]
    );
    (state, constraints)
}

pub(crate) fn marshal_defaults() -> State {
    let defaults =
        Constraints::new(Platform::new("linux", "arm").with_variant("v7")).require_worker("d==1");
    alpine().run(run("a")).marshal_defaults(defaults)
}

pub(crate) fn source_map() -> State {
    let dockerfile = || SourceMap::new("Dockerfile", "Dockerfile", *b"FROM alpine\nRUN a\n");
    let hcl = SourceMap::new("lib/b.hcl", "HCL", *b"b");
    let image = alpine_image()
        .location(dockerfile().location([Range::new((1, 0), (1, 11))]))
        .state();
    let a = run("a")
        .location(dockerfile().location([Range::new((2, 0), (2, 5))]))
        .location(hcl.location([Range::new((1, 0), (1, 1)), Range::new((3, 2), (4, 0))]));
    image.run(a).run(run("b"))
}
