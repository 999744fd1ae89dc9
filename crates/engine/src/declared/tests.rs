//! Which names a solve may ask for.

use buildkit_client::DockerConfig;
use buildkit_llb::{Git, Http, SourceContent};
use catalog::{Caching, Catalog, CatalogFile, Inputs, Request};

use super::*;

/// Two artifacts: `base`, which others stand on and copy from, and one that has nothing to do with them.
const CATALOG: &str = r#"
[artifact.base]
kind = "rootfs"
base = "a.example/b:1"
steps = [{ run = "x", secrets = ["of-base"] }]

[artifact.tools]
kind = "rootfs"
base = "debian:12"
steps = [{ run = "x", secrets = ["of-tools"], network = "none" }]

[artifact.app]
kind = "rootfs"
base = "base"
steps = [
    { run = "x", secrets = ["own"], ssh = ["work"] },
    { copy = "/x", from = "tools", to = "/x" },
    { copy = "/y", from = "c.example:5000/y:1", to = "/y" },
    { download = "https://d.example:8443/z", to = "/z" },
    { git = "https://git.example/r.git#main", to = "/r" },
]

[artifact.stranger]
kind = "rootfs"
base = "stranger.example/b:1"
steps = [{ run = "x", secrets = ["stranger"], ssh = ["stranger"] }]
"#;

fn plan(artifact: &str) -> Plan {
    let file = CatalogFile::parse("llbgen.toml", CATALOG).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let catalog = catalog.check().unwrap();
    let request = Request {
        artifacts: vec![artifact.to_owned()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    let inputs = Inputs::default();
    catalog.plan(&variants[0], &inputs, Caching::Use).unwrap()
}

fn names(set: &BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn a_session_has_what_its_artifacts_declare_and_those_below() {
    let declared = Declared::by(&[plan("app")]);
    assert_eq!(
        names(&declared.registries),
        ["a.example", "c.example:5000", "docker.io"]
    );
    assert_eq!(
        names(&declared.secrets),
        [
            "GIT_AUTH_HEADER",
            "GIT_AUTH_HEADER.git.example",
            "GIT_AUTH_TOKEN",
            "GIT_AUTH_TOKEN.git.example",
            "HTTP_AUTH_HEADER_d.example",
            "HTTP_AUTH_HEADER_d.example:8443",
            "HTTP_AUTH_TOKEN_d.example",
            "HTTP_AUTH_TOKEN_d.example:8443",
            "llbgen-ca",
            "of-base",
            "of-tools",
            "own",
        ]
    );
    assert_eq!(names(&declared.agents), ["work"]);
    let tools = Declared::by(&[plan("tools")]);
    assert_eq!(names(&tools.secrets), ["of-tools"]);
    let both = Declared::by(&[plan("tools"), plan("stranger")]);
    assert_eq!(names(&both.registries), ["docker.io", "stranger.example"]);
}

#[test]
fn a_source_declares_what_logs_in_at_it() {
    let check = |state: buildkit_llb::State, secrets: &[&str], agents: &[&str]| {
        let source = SourceContent::of(&state).unwrap();
        let declared = Declared::default().with_source(&source);
        assert_eq!(names(&declared.secrets), secrets);
        assert_eq!(names(&declared.agents), agents);
        assert!(declared.registries.is_empty());
    };
    let of_git = [
        "GIT_AUTH_HEADER",
        "GIT_AUTH_HEADER.git.example",
        "GIT_AUTH_TOKEN",
        "GIT_AUTH_TOKEN.git.example",
    ];
    let ssh = Git::new("ssh://git@git.example/r.git".parse().unwrap())
        .known_ssh_hosts("git.example ssh-ed25519 A");
    check(ssh.clone().state(), &of_git, &["default"]);
    check(ssh.ssh_socket("work").state(), &of_git, &["work"]);
    check(
        Http::new("http://h.example/x")
            .auth_header_secret("own")
            .state(),
        &[
            "HTTP_AUTH_HEADER_h.example",
            "HTTP_AUTH_TOKEN_h.example",
            "own",
        ],
        &[],
    );
}

#[test]
fn an_sbom_is_made_by_an_image() {
    let check = |sbom: Option<&str>, expected: &[&str]| {
        let attestations = Attestations {
            sbom: sbom.map(str::to_owned),
            ..Attestations::default()
        };
        let declared = Declared::default().with_generator(&attestations);
        assert_eq!(names(&declared.registries), expected, "{sbom:?}");
    };
    check(None, &[]);
    check(Some(""), &["docker.io"]);
    check(Some("generator=s.example/scan:1"), &["s.example"]);
}

#[test]
fn what_was_refused_names_the_host_and_the_flag() {
    let access = RegistryAccess {
        credentials: DockerConfig::default(),
        ..RegistryAccess::default()
    };
    assert_eq!(access.warnings().next(), None);
    let told = registry::refused_warning("mirror.example");
    assert_eq!(
        told,
        "the daemon asked for the credentials of `mirror.example`, which nothing in this build names, and got none; if it \
         is a mirror of yours, add `--allow-credentials mirror.example`"
    );
}
