//! Graphs that no daemon takes: marshalling reports the problem and the vertex.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use buildkit_llb::{
    BindMount, Build, CacheMount, Constraints, Exec, FileActions, Git, GitBundle, Http, Image,
    ImageBlob, Local, MarshalError, OciLayout, OpError, Passthrough, Platform, Source, State,
};

fn alpine() -> State {
    Image::new("alpine".parse().unwrap()).state()
}

fn git(url: &str) -> Git {
    Git::new(url.parse().unwrap())
}

fn check(state: &State, vertex: &str, reason: OpError) {
    let amd64 = Constraints::new(Platform::new("linux", "amd64"));
    assert_eq!(
        state.marshal(&amd64),
        Err(MarshalError {
            vertex: vertex.to_owned(),
            reason
        })
    );
}

#[test]
fn sources() {
    check(
        &Local::new("").unique("u").state(),
        "local://",
        OpError::EmptyLocalName,
    );
    check(
        &Local::new("a").state(),
        "local://a",
        OpError::NoLocalUniqueId {
            name: "a".to_owned(),
        },
    );
    check(
        &Http::new("ftp://x").state(),
        "ftp://x",
        OpError::NotHttp {
            url: "ftp://x".to_owned(),
        },
    );
    check(
        &OciLayout::new("a@b").state(),
        "oci-layout://a@b",
        OpError::OciReference {
            reference: "a@b".to_owned(),
        },
    );
    check(
        &OciLayout::new("a/b").state(),
        "oci-layout://a/b",
        OpError::OciReference {
            reference: "a/b".to_owned(),
        },
    );
    let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
    let tagged = OpError::BlobRepository {
        repository: "a:tag".to_owned(),
    };
    check(
        &ImageBlob::new("a:tag", digest)
            .custom_name("a blob")
            .state(),
        "a blob",
        tagged,
    );
}

#[test]
fn git_sources() {
    let ssh = "git@example.com:a";
    check(
        &git(ssh).state(),
        "git://example.com/a",
        OpError::NoKnownSshHosts {
            url: ssh.to_owned(),
        },
    );
    let url = "https://example.com/a".to_owned();
    let bundle = GitBundle::image_blob("x@sha256:1");
    let no_checksum = OpError::BundleWithoutChecksum { url: url.clone() };
    check(
        &git(&url).bundle(bundle).state(),
        "git://example.com/a",
        no_checksum,
    );
    let part = OpError::BundleOfPart { url: url.clone() };
    check(
        &git(&url).checkout_bundle().keep_git_dir().state(),
        "git://example.com/a",
        part.clone(),
    );
    check(
        &git(&url).checkout_bundle().subdir("d").state(),
        "git://example.com/a#:d",
        part,
    );
}

#[test]
fn execs() {
    check(
        &alpine().run(Exec::new(Vec::<String>::new())),
        "",
        OpError::NoArguments,
    );
    // The state after a command on a read-only root is the one before it, so the result is taken from a mount.
    let out = BindMount::new("/out", &State::scratch());
    let outputs =
        State::scratch().exec(Exec::new(["x"]).readonly_root().mount(out).custom_name("z"));
    check(
        &outputs.mount("/out").unwrap(),
        "z",
        OpError::ReadonlyScratchRoot,
    );
}

#[test]
fn execs_with_settings_and_mounts() {
    let env = |name: &str| alpine().run(Exec::new(["x", "y"]).env(name, "v"));
    check(
        &env(""),
        "x y",
        OpError::EnvName {
            name: String::new(),
        },
    );
    check(
        &env("a=b"),
        "x y",
        OpError::EnvName {
            name: "a=b".to_owned(),
        },
    );
    let cache = Exec::new(["x"]).mount(CacheMount::new("/c", ""));
    check(
        &alpine().run(cache),
        "x",
        OpError::EmptyCacheId {
            target: "/c".to_owned(),
        },
    );
}

#[test]
fn other_ops() {
    check(
        &alpine().file(FileActions::new()),
        "file",
        OpError::NoFileAction,
    );
    check(
        &Build::new(&State::scratch()).state(),
        "build",
        OpError::NoDefinition,
    );
    let passthrough = Passthrough::new("").output(&alpine()).states().remove(0);
    check(&passthrough, "passthrough", OpError::EmptyPassthroughId);
}

#[test]
fn a_mistake_below_is_found() {
    let deep = Local::new("a")
        .state()
        .file(FileActions::new())
        .run(Exec::new(["x"]));
    check(
        &deep,
        "local://a",
        OpError::NoLocalUniqueId {
            name: "a".to_owned(),
        },
    );
}

#[test]
fn platforms_are_needed_by_what_depends_on_them() {
    let no_platform = Constraints::default();
    let reason = OpError::NoPlatform;
    let vertex = "docker-image://docker.io/library/alpine:latest".to_owned();
    assert_eq!(
        alpine().marshal(&no_platform),
        Err(MarshalError { vertex, reason })
    );
    assert!(Http::new("https://x").state().marshal(&no_platform).is_ok());
}

#[test]
fn outputs_are_of_mounts_that_can_be_written() {
    let exec = Exec::new(["x"]).mount(CacheMount::new("/cache", "c"));
    let outputs = alpine().exec(exec);
    for target in ["/cache", "/elsewhere"] {
        let missing = OpError::NoMountOutput {
            target: target.to_owned(),
        };
        assert_eq!(outputs.mount(target).map(|_| ()), Err(missing));
    }
    assert!(outputs.mount("/").is_ok());
}

#[test]
fn scratch_waits_for_nothing() {
    let test = alpine().run(Exec::new(["test"]));
    let waiting = State::scratch()
        .env("A", "1")
        .requires("id", std::slice::from_ref(&test));
    assert!(
        !waiting.is_scratch(),
        "or the dependency would be lost without a word"
    );
    assert_eq!(waiting.get_env("A"), Some("1"));
    check(&waiting, "passthrough", OpError::NoPassthroughOutput);
    check(
        &waiting.run(Exec::new(["x"])),
        "passthrough",
        OpError::NoPassthroughOutput,
    );
    let scratch = State::scratch();
    let passthrough = Passthrough::new("id").dependency(&test).output(&scratch);
    let states = passthrough.output(&scratch).states();
    assert_eq!(states.len(), 2);
    for state in &states {
        check(state, "passthrough", OpError::NoPassthroughOutput);
    }
    assert!(State::scratch().requires("id", &[]).is_scratch());
}

#[test]
fn a_source_has_an_identifier() {
    let none: [(&str, &str); 0] = [];
    let source = Source::new("", none).custom_name("n").state();
    check(&source, "n", OpError::EmptySourceIdentifier);
}

#[test]
fn passwords_are_in_no_error_and_no_debug_text() {
    let amd64 = Constraints::new(Platform::new("linux", "amd64"));
    let url = "https://user:hunter2@example.com/a";
    let wrong = [
        Http::new("ftp://user:hunter2@example.com").state(),
        git(url).checkout_bundle().subdir("d").state(),
    ];
    for state in wrong {
        let error = state.marshal(&amd64).unwrap_err();
        let text = format!("{error} {} {error:?} {state:?}", error.reason);
        assert!(!text.contains("hunter2"), "{text}");
    }
    let builders = format!("{:?} {:?}", git(url), Http::new(url));
    let header = Source::new(url, [("http.header.authorization", "hunter2")]);
    for state in [git(url).state(), Http::new(url).state(), header.state()] {
        let definition = state.marshal(&amd64).unwrap();
        let loaded = State::from_definition(&definition);
        let entry = definition.vertices().next().unwrap();
        let texts = [
            builders.clone(),
            format!("{state:?} {definition:?} {loaded:?}"),
            format!("{:?} {}", entry.content(), entry.label()),
        ];
        let bytes = format!("{:?}", b"hunter2");
        for text in texts {
            assert!(!text.contains("hunter2"), "{text}");
            assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
        }
    }
}
