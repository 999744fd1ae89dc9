//! The graphs that are measured, which are also golden vectors.

use buildkit_llb::{
    Args, BindMount, CacheMount, Copy, Exec, FileActions, Image, Local, Mkdir, Mkfile, Owner, State,
};

/// The environment that package builds of [`realistic`] start from.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `length` commands, one after the other, as in the vector `chain-1000`.
pub(crate) fn chain(base: &State, length: usize) -> State {
    (0..length).fold(base.clone(), |state, step| {
        let exec = Exec::new(Args::shell(format!("echo step-{step} >> /log")));
        state.run(exec.custom_name(format!("step {step}")))
    })
}

/// A graph of `count` vertices of the kinds that real builds have, as in the vector `bench-10k`.
pub(crate) fn realistic(count: usize) -> State {
    let image =
        |number| Image::new(format!("base-{number}:1.0").parse().expect("a reference")).state();
    let mut states: Vec<State> = Vec::with_capacity(count);
    states.extend((0..4).map(image));
    states.push(Local::new("context").state());
    for i in 5..count {
        let number = i - 5;
        let package = number / 100;
        let root = if number % 100 == 0 {
            let state = states[package % 4]
                .clone()
                .env("PATH", PATH)
                .env("PKG", format!("pkg-{package}"));
            state.dir(format!("/work/pkg-{package}"))
        } else {
            states[i - 1].clone()
        };
        let inputs = [i - 2, i - 3, i - 4, number / 2].map(|input| &states[input]);
        let state = if i % 2 == 0 {
            root.run(compile(i, inputs))
        } else {
            root.file(collect(i, inputs))
        };
        states.push(state);
    }
    states.pop().expect("at least five vertices")
}

fn compile(i: usize, inputs: [&State; 4]) -> Exec {
    Exec::new(Args::shell(format!("step {i} && make -j4 target-{i}")))
        .env("STEP", i.to_string())
        .mount(
            BindMount::new("/in/a", inputs[0])
                .readonly()
                .selector("/out"),
        )
        .mount(BindMount::new("/in/b", inputs[1]).readonly())
        .mount(
            BindMount::new("/in/c", inputs[2])
                .readonly()
                .selector("/etc/step"),
        )
        .mount(BindMount::new("/in/d", inputs[3]).readonly())
        .mount(CacheMount::new("/cache", format!("cache-{}", i % 8)))
        .custom_name(format!("step {i}"))
}

fn collect(i: usize, inputs: [&State; 4]) -> FileActions {
    let copy = |from: &State, src: &str, dest: &str| {
        Copy::new(from, src, format!("/step/{i}/{dest}")).create_dest_path()
    };
    FileActions::new()
        .mkdir(Mkdir::new(format!("/step/{i}")).parents())
        .copy(
            copy(inputs[0], "/out", "a/")
                .allow_wildcard()
                .allow_empty_wildcard(),
        )
        .copy(copy(inputs[1], "/etc/step", "b").follow_symlinks())
        .copy(
            copy(inputs[2], "/", "c/")
                .contents_only()
                .exclude(["*.tmp"]),
        )
        .copy(copy(inputs[3], "/bin", "d").owner(Owner::ids(1000, 1000)))
        .mkfile(Mkfile::new(
            format!("/step/{i}/stamp"),
            format!("step {i}\n"),
        ))
        .custom_name(format!("step {i}"))
}
