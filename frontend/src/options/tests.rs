//! What buildx sends, and what is refused.

use super::*;

fn read(given: &[(&str, &str)]) -> Result<Options, String> {
    let given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options::read(given).map_err(|error| error.to_string())
}

#[test]
fn options_are_those_that_buildx_sends() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let options = read(&[
        ("target", "tools"),
        ("filename", "llbgen.toml"),
        ("platform", "linux/amd64,linux/arm64/v8"),
        ("build-arg:l10n", "en_US"),
        ("build-arg:BUILDKIT_SYNTAX", "x/llbgen-frontend"),
        ("build-arg:SOURCE_DATE_EPOCH", "1"),
        (
            "build-arg:llbgen.mirror",
            "https://a/=http://b/  https://c/=http://d/",
        ),
        ("label:a", "b"),
        ("no-cache", ""),
        (
            "cache-imports",
            r#"[{"Type":"registry","Attrs":{"ref":"x/y"}}]"#,
        ),
        ("context:base", "docker-image://debian:12"),
        ("context:oocana", "local:oocana"),
        ("context:linked", "input:0-base"),
        ("context:two::linux/amd64", "input:0-two::linux/amd64"),
        ("context:two::linux/aarch64", "input:0-two::linux/arm64"),
        ("input-metadata:0-base", "{}"),
        ("here", "https://a.example/x.git#main"),
        ("context:disk", &format!("oci-layout://s0:1@{digest}")),
        ("requestid", "frontend.outline"),
        ("contextkey", "here"),
        ("local-sessionid:here", "s1"),
        ("vcs:source", "whatever"),
        ("something.new", "whatever"),
    ])
    .unwrap();
    assert_eq!(options.target.as_deref(), Some("tools"));
    assert_eq!(options.file.as_deref(), Some("llbgen.toml"));
    let platforms: Vec<String> = options.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(options.set, [("l10n".to_owned(), "en_US".to_owned())]);
    assert_eq!(options.mirrors.fetched("https://a/x"), "http://b/x");
    assert_eq!(options.mirrors.fetched("https://c/x"), "http://d/x");
    assert_eq!(options.labels["a"], "b");
    assert!(options.no_cache);
    assert_eq!(options.cache_imports[0].attrs["ref"], "x/y");
    let all = |name: &str| options.contexts[name].all.clone().unwrap();
    assert_eq!(all("oocana"), Context::Local("oocana".into()));
    assert_eq!(all("linked"), Context::Input("0-base".into()));
    let two: Vec<_> = options.contexts["two"]
        .platforms
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(two, ["linux/amd64", "linux/arm64"]);
    assert_eq!(options.input_metadata["0-base"], "{}");
    let remote = options.remote.as_ref().unwrap();
    assert_eq!(remote.shown(), "`https://a.example/x.git#main`");
    let layout = Context::Layout {
        store: "s0".into(),
        digest: digest.parse().unwrap(),
    };
    assert_eq!(all("disk"), layout);
    assert_eq!(options.question.as_deref(), Some("frontend.outline"));
    assert_eq!(options.context, "here");
    assert_eq!(options.sessions["here"], "s1");
    assert_eq!(options.file_context, "dockerfile");
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let check = |name: &str, value: &str, expected: &str| {
        let error = read(&[(name, value)]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check("add-hosts", "a=1.2.3.4", "--add-host ");
    check("force-network-mode", "host", "--network ");
    check("ulimit", "nofile=1", "--ulimit ");
    check("shm-size", "1", "--shm-size ");
    check("cgroup-parent", "x", "--cgroup-parent ");
    check("no-cache", "stage", "--no-cache-filter ");
    check("context", "/x", "the context is `/x`; give a directory");
    check(
        "context",
        "git@a.example:x.git",
        "the context cannot be fetched",
    );
    check("context:x", "x.git", "the build context `x` is `x.git`");
    check("context:x", "ssh://a.example/x", "`x` cannot be fetched");
    check(
        "context:x::linux/amd64",
        "docker-image://debian:12",
        "`x` is for one platform",
    );
    check("context:x", "oci-layout://x", "`x` is `oci-layout://x`");
    check("context:x", "oci-layout://x@1", "`1` is no digest");
    check(
        "context:x",
        "docker-image://UP",
        "`UP` is no image reference",
    );
    check("tagret", "x", "no option `tagret`; did you mean `target`?");
    check("build-args:a", "x", "did you mean `build-arg`?");
    check("platform", "linux/", "`linux/` is no platform");
    check("cache-imports", "{", "`{` is no list of caches");
    check(
        "build-arg:BUILDKIT_SYNTAXX",
        "x",
        "did you mean `BUILDKIT_SYNTAX`?",
    );
    check(
        "build-arg:llbgen.miror",
        "x",
        "did you mean `llbgen.mirror`?",
    );
    check(
        "build-arg:llbgen.mirror",
        "x",
        "the build argument `llbgen.mirror` cannot be used",
    );
}
