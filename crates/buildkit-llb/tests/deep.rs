//! Graphs that are deeper than a stack: nothing may recurse along the graph.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use buildkit_llb::{
    Args, BindMount, Constraints, Copy, Definition, Exec, FileActions, FileTree, Image, Mkfile,
    Platform, State,
};

/// The depth. Each level of a recursion would take more than 5 bytes of the stack below.
const DEPTH: usize = 100_000;
/// A quarter of what a thread has by default.
const STACK: usize = 512 * 1024;

/// Runs a test on a small stack.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(test)
        .unwrap()
        .join()
        .unwrap();
}

fn base() -> State {
    Image::new("busybox".parse().unwrap()).state()
}

fn marshal(state: &State) -> Definition {
    state
        .marshal(&Constraints::new(Platform::new("linux", "amd64")))
        .unwrap()
}

#[test]
fn a_chain_of_commands_is_marshalled_decoded_loaded_and_dropped() {
    on_small_stack(|| {
        let step = |state: State, i: usize| state.run(Exec::new(Args::shell(format!("step {i}"))));
        let state = (0..DEPTH).fold(base(), step);
        let definition = marshal(&state);
        drop(state);
        assert_eq!(definition.vertices().len(), DEPTH + 1);
        let decoded = Definition::from_bytes(&definition.to_bytes()).unwrap();
        assert_eq!(decoded, definition);
        let loaded = State::from_definition(&decoded);
        assert_eq!(marshal(&loaded).head(), definition.head());
    });
}

#[test]
fn a_chain_through_mounts_is_marshalled_and_dropped() {
    on_small_stack(|| {
        let step = |state: State, i: usize| {
            let exec =
                Exec::new(Args::shell(format!("step {i}"))).mount(BindMount::new("/below", &state));
            base().exec(exec).mount("/below").unwrap()
        };
        let definition = marshal(&(0..DEPTH).fold(base(), step));
        assert_eq!(definition.vertices().len(), DEPTH + 1);
    });
}

#[test]
fn trees_that_copy_from_trees_are_one_vertex() {
    on_small_stack(|| {
        let step = |tree: FileTree, _| {
            FileActions::from(Copy::new(tree, "/f", "/f")).on(&State::scratch())
        };
        let first = FileActions::from(Mkfile::new("/f", "x")).on(&State::scratch());
        let state = State::scratch().file(Copy::new((0..DEPTH).fold(first, step), "/f", "/f"));
        assert_eq!(marshal(&state).vertices().len(), 1);
    });
}
