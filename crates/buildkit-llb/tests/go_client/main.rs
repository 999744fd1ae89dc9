//! Graphs beyond the golden vectors, with the sha256 of the definition that BuildKit's Go client v0.32.2 encodes, its
//! maps sorted: this covers op bytes, metadata and sources at once. `scripts/dev/bench-go` builds the same graphs and
//! prints the list (`bench-go cases`), or one of them (`bench-go cases NAME`).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod exec;
mod file;
mod graph;
mod notes;
mod sources;

use buildkit_llb::{Constraints, Definition, Exec, Image, Local, OpDigest, Platform, State};

/// A graph and the constraints of its marshal call.
type Case = (State, Constraints);

/// A name, the builder of the graph, and the sha256.
type Expectation = (&'static str, fn() -> Case, &'static str);

const CASES: &[Expectation] = &[
    (
        "build-platform",
        || of(graph::build_platform()),
        "183ef0ff231d72dda39bc3eba00a912407d052c3a042bac87a846a2118a36d2c",
    ),
    (
        "copy-many",
        || of(file::copy_many()),
        "7968463f501719669c0cc99334112683f69ce12d89adef06ab0aa3370f55e855",
    ),
    (
        "copy-options",
        || of(file::copy_options()),
        "b647027c2cb5dfd2cbdaa5417353bce8dcdbc63c73184b0180103bd3038eeef0",
    ),
    (
        "copy-wide",
        || of(file::copy_wide()),
        "39020cb05be77c47ed60171ddc771d2e8fead46f48101fe9c272456ad2992a93",
    ),
    (
        "devices",
        || of(exec::devices()),
        "e33acacd5ad5f64b2d04a80e58a14ae6414615e221ea25d173b107c4375924a8",
    ),
    (
        "diff-of-nothing",
        || of(graph::diff_of_nothing()),
        "14fd1942e9f3e3dd4448ce3df0549880deffd8707242b64ebad1a418cc821cda",
    ),
    (
        "diff-upper-scratch",
        || of(graph::diff_upper_scratch()),
        "bb408c6c45d379c86c5bb705af46596b35dba48645a7c09fa2117321b68aa275",
    ),
    (
        "equal-mounts",
        || of(exec::equal_mounts()),
        "56373b90854415040885bd1eb75515047ebec28c3a00ed74e21fe60d9cb1f216",
    ),
    (
        "equal-vertices",
        || of(graph::equal_vertices()),
        "b4e80713a3695add61c4d4baa89d3cb356278a2e48bae3972374f8f6143b194c",
    ),
    (
        "file-tree",
        || of(file::file_tree()),
        "b35ff32ac925c88b4a3bd4536dc3984c40e1d57ba861a93fdf0a7018f1343f10",
    ),
    (
        "file-tree-first",
        || of(file::file_tree_first()),
        "bc00bae3395e7442b14665d83c0f95df6579ac3b200419422d69b2becf2b5515",
    ),
    (
        "filters",
        notes::filters,
        "9a3f3f7ad5378837ae997236c6bacd4c0f3c657c71832de9f59ad87419d71351",
    ),
    (
        "git-bundle",
        || of(sources::git_bundle()),
        "2b9911570b83adf01ec0ce048021c26e436bece070d05f642d7a6595e7c91a6a",
    ),
    (
        "git-full",
        || of(sources::git_full()),
        "ae98fd3e279411024165f4d131fa1de02614ca5ab8a4a867990a94bd0a63ad26",
    ),
    (
        "git-userinfo",
        || of(sources::git_userinfo()),
        "9f374b325c337baec3f92cb16659064e9fc2d2242183445bcc738a9681738d5e",
    ),
    (
        "hosts",
        || of(exec::hosts()),
        "fda794fefc99b0309b77aac832769aa453919bda82504ea4005621426756f129",
    ),
    (
        "image-config-null",
        || of(sources::image_config_null()),
        "e5eaf84dcdebdf9227027760c503e67b50d37cf641141bc5d629a2f5be6f52be",
    ),
    (
        "image-prefer-local",
        || of(sources::image_prefer_local()),
        "72942f90141a869ce2dd8beea146291589732174b9060754e5b1cd1633c3cd92",
    ),
    (
        "loaded-twice",
        || of(graph::loaded_twice()),
        "f38dbc863d2fec1ed4b40d4bad80aee47bb3d280a103747a8caa3dbdcfc6276e",
    ),
    (
        "local-empty-ids",
        || of(sources::local_empty_ids()),
        "8ac1cfb27614648ec44eed489bc9d4730ebc312d99a205b6c1089ee3c823408c",
    ),
    (
        "merge-of-one",
        || of(graph::merge_of_one()),
        "ce4b7d9aaebcbb84ff876e0512e4074e093bd3b4eb7a833caf0e7b333095f604",
    ),
    (
        "merge-wide",
        || of(graph::merge_wide()),
        "68f57c4adf9e0ac980e13c87a5fd9889746b2fc70140fd3e9e826c455f7f87ea",
    ),
    (
        "mount-options",
        || of(exec::mount_options()),
        "5482be831d8dac6c7fa4724ab810090b787173ddd7cb6343dc39ac8dd72c08f7",
    ),
    (
        "mounts",
        || of(exec::mounts()),
        "67b50ac83787776fc37dd9b5730ea9c29f749ea65d3129fcb1d1ea5518f3df75",
    ),
    (
        "notes",
        || of(notes::notes()),
        "5ccab648e86d9067db58d4003bb4afa8210fec3591cde1c70d0c3a722065c4f2",
    ),
    (
        "notes-marshal-level",
        notes::marshal_level,
        "f194f0b19290734b54526886eeb61086114d7b22b7d32c72252cfb10e62679d9",
    ),
    (
        "passthrough",
        || of(graph::passthrough()),
        "af2392dc37b04bd25c593e9c40bce5ae10b9028c6d07e6f532bd08b1c2248bd1",
    ),
    (
        "platform-full",
        || of(sources::platform_full()),
        "b824f35797fa8b9a285c110cbdbecae38a62eb7ff33a5a35c9ca4428de17ff15",
    ),
    (
        "readonly-mount",
        || of(exec::readonly_mount()),
        "85062b716bc282baf9b6995048ee1cc2dafbe04cc77fba2566ea71512ac34e1a",
    ),
    (
        "requires",
        || of(graph::requires()),
        "c2eb077acae961872fdaa7d56deaf9850df236d1fef68f99f9c6880fde3e3754",
    ),
    (
        "reset",
        || of(exec::reset()),
        "ddacc3d3c5f8b933695c9d01b0521099229ebe85cc0265b9f6adb7304ec77fab",
    ),
    (
        "reset-own-platform",
        || of(exec::reset_own_platform()),
        "df30692e8a64d627515f105a87b11ca6199cee759a57560abf928d60a066a4a8",
    ),
    (
        "source-attrs",
        || of(sources::source_attrs()),
        "c28b044e10e650c3c587a6440a1717df11d7917b40b935a676818caa868336d3",
    ),
    (
        "source-map-state",
        || of(notes::source_map_state()),
        "ed0dc5056ce7a7e43f49a68b0815b37fe9391bad3c091d0a117614de197ede52",
    ),
    (
        "windows",
        exec::windows,
        "72e47586a53b708e8a7cdbc99ac2985ae77794057c83de9d5ba6e895faf0b572",
    ),
];

fn of(state: State) -> Case {
    (state, standard())
}

fn standard() -> Constraints {
    Constraints::new(Platform::new("linux", "amd64")).local_unique_id("oracle-unique-id")
}

fn image(reference: &str) -> State {
    Image::new(reference.parse().unwrap()).state()
}

fn alpine() -> State {
    image("alpine")
}

fn local(name: &str) -> State {
    Local::new(name).state()
}

fn run(name: &str) -> Exec {
    Exec::new([name])
}

#[test]
fn graphs_are_those_of_the_go_client() {
    let mut different = Vec::new();
    for (name, build, expected) in CASES {
        let (state, constraints) = build();
        let definition = state.marshal(&constraints).unwrap();
        let bytes = definition.to_bytes();
        if OpDigest::of(&bytes).to_string() != format!("sha256:{expected}") {
            different.push((*name, serde_json::to_string_pretty(&definition).unwrap()));
        }
        assert_eq!(
            Definition::from_bytes(&bytes).unwrap(),
            definition,
            "{name}"
        );
        let again = State::from_definition(&definition)
            .marshal(&constraints)
            .unwrap();
        assert_eq!(
            again.head(),
            definition.head(),
            "{name}: going on from a definition keeps its vertices"
        );
    }
    let names: Vec<&str> = different.iter().map(|(name, _)| *name).collect();
    for (name, json) in &different {
        println!("{name}: {json}");
    }
    assert!(
        names.is_empty(),
        "these differ from what `bench-go cases NAME` writes: {names:?}"
    );
}
