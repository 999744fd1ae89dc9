//! Laws that hold for every graph.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use buildkit_llb::{
    BindMount, CacheMount, Constraints, Copy, Definition, Diff, Exec, ExportCache, FileActions,
    Image, Local, Merge, Mkdir, Mkfile, OpDigest, Platform, Rm, SecretFile, State, Symlink,
    TmpfsMount,
};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

/// One step in the making of a graph; an `Index` picks an existing state.
#[derive(Debug, Clone)]
enum Step {
    Image(String),
    Local(String, Vec<String>),
    Env(Index, String, String),
    Dir(Index, String),
    Run(Index, Vec<String>, Vec<(String, Index)>, bool),
    Mounted(Index, String, Index),
    Files(Index, Vec<(String, Vec<u8>, Option<Index>)>),
    Merge(Vec<Index>),
    Diff(Index, Index),
}

fn step() -> impl Strategy<Value = Step> {
    let word = "[a-z]{1,3}";
    let path = "(/?[a-z.]{1,3}){1,3}/?";
    let state = any::<Index>;
    prop_oneof![
        word.prop_map(Step::Image),
        (word, prop::collection::vec(".{0,4}", 0..3))
            .prop_map(|(name, patterns)| Step::Local(name, patterns)),
        (state(), "[A-C]", ".{0,3}").prop_map(|(state, name, value)| Step::Env(state, name, value)),
        (state(), path).prop_map(|(state, dir)| Step::Dir(state, dir)),
        (
            state(),
            prop::collection::vec(".{0,4}", 1..4),
            prop::collection::vec((path, state()), 0..4),
            any::<bool>(),
        )
            .prop_map(|(state, args, mounts, ignore)| Step::Run(state, args, mounts, ignore)),
        (state(), path, state())
            .prop_map(|(state, target, source)| Step::Mounted(state, target, source)),
        (
            state(),
            prop::collection::vec((path, any::<Vec<u8>>(), prop::option::of(state())), 1..5)
        )
            .prop_map(|(state, actions)| Step::Files(state, actions)),
        prop::collection::vec(state(), 0..5).prop_map(Step::Merge),
        (state(), state()).prop_map(|(lower, upper)| Step::Diff(lower, upper)),
    ]
}

/// The graph of some steps; its head merges all states.
fn build(steps: &[Step]) -> State {
    let mut states = vec![State::scratch()];
    for step in steps {
        let at = |index: &Index| index.get(&states).clone();
        let state = match step {
            Step::Image(name) => Image::new(name.parse().unwrap()).state(),
            Step::Local(name, patterns) => Local::new(name).unique("id").include(patterns).state(),
            Step::Env(state, name, value) => at(state).env(name, value),
            Step::Dir(state, dir) => at(state).dir(dir),
            Step::Run(state, args, mounts, ignore) => {
                let exec = Exec::new(args.clone());
                let exec = mounts.iter().fold(exec, |exec, (target, source)| {
                    exec.mount(BindMount::new(target, &at(source)).readonly())
                });
                at(state).run(if *ignore { exec.ignore_cache() } else { exec })
            }
            Step::Mounted(state, target, source) => {
                let outputs =
                    at(state).exec(Exec::new(["x"]).mount(BindMount::new(target, &at(source))));
                outputs.mount(target).unwrap()
            }
            Step::Files(state, actions) => {
                let add =
                    |chain: FileActions,
                     (path, data, source): &(String, Vec<u8>, Option<Index>)| {
                        match source {
                            Some(source) => chain.copy(Copy::new(at(source), path, path)),
                            None => chain.mkfile(Mkfile::new(path, data.clone())),
                        }
                    };
                at(state).file(actions.iter().fold(FileActions::new(), add))
            }
            Step::Merge(inputs) => Merge::new(inputs.iter().map(at)).state(),
            Step::Diff(lower, upper) => Diff::new(&at(lower), &at(upper)).state(),
        };
        states.push(state);
    }
    Merge::new(states).state()
}

fn marshal(state: &State) -> Definition {
    state
        .marshal(&Constraints::new(Platform::new("linux", "amd64")))
        .unwrap()
}

proptest! {
    #[test]
    fn equal_graphs_give_equal_bytes(steps in prop::collection::vec(step(), 0..20)) {
        let state = build(&steps);
        let definition = marshal(&state);
        prop_assert_eq!(&marshal(&state), &definition);
        prop_assert_eq!(marshal(&build(&steps)).to_bytes(), definition.to_bytes());
    }

    #[test]
    fn definitions_survive_encoding(steps in prop::collection::vec(step(), 0..20)) {
        let definition = marshal(&build(&steps));
        let bytes = definition.to_bytes();
        let decoded = Definition::from_bytes(&bytes).unwrap();
        prop_assert_eq!(decoded.to_bytes(), bytes);
        prop_assert_eq!(serde_json::to_string(&decoded).unwrap(), serde_json::to_string(&definition).unwrap());
        prop_assert_eq!(decoded, definition);
    }

    #[test]
    fn vertices_are_named_by_content_and_read_what_stands_before(steps in prop::collection::vec(step(), 0..20)) {
        let definition = marshal(&build(&steps));
        let mut seen = std::collections::BTreeSet::new();
        for (place, entry) in definition.entries().iter().enumerate() {
            prop_assert_eq!(OpDigest::of(entry.op_bytes()), entry.digest());
            prop_assert!(entry.inputs().iter().all(|input| input.vertex() < place));
            prop_assert!(seen.insert(entry.digest()), "each vertex stands there once");
        }
        let readers = definition.readers();
        for (place, readers) in readers.iter().enumerate() {
            let is_last = place + 1 == readers.len().max(definition.entries().len());
            prop_assert_eq!(readers.is_empty(), is_last, "all but the terminal are read");
        }
    }

    #[test]
    fn going_on_from_a_definition_keeps_its_vertices(steps in prop::collection::vec(step(), 0..20)) {
        let definition = marshal(&build(&steps));
        let again = marshal(&State::from_definition(&definition));
        let sorted = |definition: &Definition| {
            let mut entries = definition.entries().to_vec();
            entries.sort_by_key(buildkit_llb::Entry::digest);
            entries.into_iter().map(|entry| (entry.digest(), entry.metadata().clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(sorted(&again), sorted(&definition));
        prop_assert_eq!(again.head(), definition.head());
    }

    #[test]
    fn the_order_of_mounts_and_options_does_not_matter(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()) {
        let other = Local::new("other").unique("id").state();
        let base = Image::new("alpine".parse().unwrap()).state();
        let exec = order.iter().fold(Exec::new(["x"]), |exec, option| match option {
            0 => exec.mount(BindMount::new("/a", &other).readonly()),
            1 => exec.mount(CacheMount::new("/b", "cache")),
            2 => exec.mount(TmpfsMount::new("/c")),
            3 => exec.description("k1", "v").mount(SecretFile::new("/s")),
            4 => exec.custom_name("name").export_cache(ExportCache::Never),
            _ => exec.description("k0", "v").user("u").hostname("h"),
        });
        let in_order = Exec::new(["x"])
            .mount(TmpfsMount::new("/c"))
            .mount(SecretFile::new("/s"))
            .mount(BindMount::new("/a", &other).readonly())
            .mount(CacheMount::new("/b", "cache"))
            .hostname("h")
            .user("u")
            .description("k0", "v")
            .description("k1", "v")
            .custom_name("name")
            .export_cache(ExportCache::Never);
        prop_assert_eq!(marshal(&base.run(exec)).to_bytes(), marshal(&base.run(in_order)).to_bytes());
    }

    #[test]
    fn file_actions_are_evaluated_in_their_order(order in subsequence((0..5).collect::<Vec<usize>>(), 1..=5).prop_shuffle()) {
        let actions = order.iter().fold(FileActions::new(), |actions, action| match action {
            0 => actions.mkdir(Mkdir::new("/0")),
            1 => actions.mkfile(Mkfile::new("/1", "")),
            2 => actions.symlink(Symlink::new("x", "/2")),
            3 => actions.rm(Rm::new("/3")),
            _ => actions.copy(Copy::new(State::scratch(), "/", "/4")),
        });
        let json = serde_json::to_value(marshal(&State::scratch().file(actions))).unwrap();
        let paths: Vec<String> = json["vertices"][0]["op"]["file"]["actions"].as_array().unwrap().iter().map(|action| {
            let fields = ["mkdir", "mkfile", "symlink", "rm", "copy"].iter().find_map(|kind| action.get(kind)).unwrap();
            let path = ["path", "newpath", "dest"].iter().find_map(|key| fields.get(key)).unwrap();
            path.as_str().unwrap().to_owned()
        }).collect();
        prop_assert_eq!(paths, order.iter().map(|action| format!("/{action}")).collect::<Vec<_>>());
    }
}
