//! Values that states pass on, and the inputs whose next states vertices are.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use buildkit_llb::{
    BindMount, CacheMount, Constraints, Entry, Exec, Image, OpContent, Platform, SecretFile, State,
};

fn image(name: &str) -> State {
    Image::new(name.parse().unwrap()).state()
}

/// The vertices of a state, inputs first.
fn vertices(state: &State) -> Vec<Entry> {
    let definition = state
        .marshal(&Constraints::new(Platform::new("linux", "amd64")))
        .unwrap();
    definition.vertices().cloned().collect()
}

/// The name of the image whose next state the last vertex of `state` is.
fn primary_input(state: &State) -> Option<String> {
    let vertices = vertices(state);
    let last = vertices.last().unwrap();
    let edge = last.inputs().get(last.primary_input()?).unwrap();
    let OpContent::Source(source) = vertices[edge.vertex()].content() else {
        panic!("not a source");
    };
    Some(source.identifier.rsplit('/').next().unwrap().to_owned())
}

#[test]
fn replacing_files_keeps_the_rest() {
    let arm = Platform::new("linux", "arm64");
    let before = image("base:1")
        .env("A", "1")
        .dir("/srv")
        .user("www")
        .platform(&arm);
    let tools = Image::new("tools:1".parse().unwrap())
        .platform(Platform::new("linux", "amd64"))
        .state();
    let exec = Exec::new(["/tidy"])
        .platform(Platform::new("linux", "amd64"))
        .mount(BindMount::new("/tree", &image("base:1")));
    let outputs = tools.exec(exec);
    for files in [outputs.mount("/tree").unwrap(), outputs.root()] {
        let after = before.replace_files(&files);
        assert_eq!(after.get_env("A"), Some("1"));
        assert_eq!(after.get_dir(), "/srv");
        assert_eq!(after.get_user(), "www");
        assert_eq!(after.get_platform(), Some(&arm));
        assert_eq!(
            vertices(&after).last().unwrap(),
            vertices(&files).last().unwrap()
        );
    }
    assert!(before.replace_files(&State::scratch()).is_scratch());
}

#[test]
fn a_command_goes_on_from_the_tree_that_it_leaves() {
    let tree = || BindMount::new("/tree", &image("tree:1"));
    let read = || BindMount::new("/a", &image("read:1")).readonly();
    let cache = || CacheMount::new("/b", "cache").from_state(&image("cache:1"));
    let secret = || SecretFile::new("/c");
    let exec = || {
        Exec::new(["/tidy"])
            .mount(read())
            .mount(cache())
            .mount(secret())
    };
    let scratch = State::scratch();
    let base = image("base:1");

    let root = base.exec(exec().mount(tree())).root();
    assert_eq!(primary_input(&root).as_deref(), Some("base:1"));
    let mounted = scratch.exec(exec().mount(tree())).mount("/tree").unwrap();
    assert_eq!(primary_input(&mounted).as_deref(), Some("tree:1"));
    let readonly_root = base.exec(exec().readonly_root().mount(tree()));
    let mounted = readonly_root.mount("/tree").unwrap();
    assert_eq!(primary_input(&mounted).as_deref(), Some("tree:1"));
    let packed = scratch.exec(exec().mount(BindMount::new("/out", &State::scratch())));
    assert_eq!(primary_input(&packed.mount("/out").unwrap()), None);
}
