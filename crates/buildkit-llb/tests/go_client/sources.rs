//! Git, images, platforms, local directories, sources by their attributes.

use buildkit_llb::{
    Git, GitBundle, GitMtime, Image, ImageConfig, Local, Merge, Platform, ResolveMode, Source,
    State,
};

use crate::{alpine, run};

fn git(url: &str) -> Git {
    Git::new(url.parse().unwrap())
}

pub(crate) fn git_full() -> State {
    git("ssh://git@example.com:2222/a/../b.git")
        .fragment("main:/sub/./dir/")
        .keep_git_dir()
        .skip_submodules()
        .checksum("0123456789abcdef0123456789abcdef01234567")
        .mtime(GitMtime::Commit)
        .fetch_by_commit()
        .auth_token_secret("")
        .auth_header_secret("mine")
        .known_ssh_hosts("a\n")
        .known_ssh_hosts("b")
        .state()
}

pub(crate) fn git_bundle() -> State {
    let digest = format!("sha256:{}", "a".repeat(64));
    let layout = GitBundle::oci_layout_blob(&format!("store@{digest}")).store("session", "store");
    let image = GitBundle::image_blob(&format!("example.com/x@{digest}"));
    Merge::new([
        git("example.com/a")
            .git_ref("v1")
            .checksum("abc")
            .bundle(layout)
            .state(),
        git("https://user@example.com/a")
            .fragment(":sub")
            .checksum("abc")
            .bundle(image)
            .state(),
        git("git://example.com/a")
            .checkout_bundle()
            .mtime(GitMtime::Checkout)
            .state(),
    ])
    .state()
}

pub(crate) fn image_prefer_local() -> State {
    Image::new("localhost:5000/a/b".parse().unwrap())
        .resolve_mode(ResolveMode::PreferLocal)
        .layer_limit(0)
        .state()
}

pub(crate) fn platform_full() -> State {
    let platform = Platform::new("Windows", "X86_64")
        .with_os_version("10.0")
        .with_os_features(["b", "a", "b"]);
    Image::new("alpine".parse().unwrap())
        .platform(platform)
        .state()
        .run(run("x"))
}

pub(crate) fn local_empty_ids() -> State {
    let none: [&str; 0] = [];
    Merge::new([
        Local::new("a")
            .session("")
            .unique("")
            .shared_key_hint("")
            .include(none)
            .state(),
        Local::new("b").session("s").unique("u").state(),
        Local::new("c").unique("u").session("").state(),
    ])
    .state()
}

pub(crate) fn git_userinfo() -> State {
    let userinfos = [
        "us%65r",
        "u:p%40ss!",
        "u:",
        ":p",
        "",
        "a:b:c",
        "%7E!$&'()*+,;=",
        "u:%2f%3F%3a%c3%bc%ff",
        "a@b",
    ];
    let source = |userinfo| git(&format!("https://{userinfo}@example.com/a")).state();
    Merge::new(userinfos.map(source)).state()
}

pub(crate) fn source_attrs() -> State {
    let none: [(&str, &str); 0] = [];
    let signed = Source::new(
        "git://example.com/a#v1",
        [
            ("git.fullurl", "https://example.com/a"),
            ("git.sig.pubkey", "key"),
        ],
    )
    .attr("git.sig.requiresignedtag", "true")
    .custom_name("signed");
    let header = Source::new(
        "https://example.com/f",
        [("http.header.x-a", ""), ("http.filename", "f")],
    );
    let image = Source::new("docker-image://docker.io/library/alpine:latest", none);
    let image = image.platform(Platform::new("linux", "arm64"));
    let local = Source::new("local://a", none);
    let bound = Source::new("local://b", [("local.session", "s")]);
    let future = Source::new("future://x", none);
    Merge::new([signed, header, image, local, bound, future].map(Source::state)).state()
}

pub(crate) fn image_config_null() -> State {
    let configs = [
        r#"{"architecture": null, "os": null, "os.features": null, "config": {"Env": [null, "A=1"], "WorkingDir": null}}"#,
        r#"{"architecture": "arm64", "os": "linux", "variant": null, "os.version": null, "os.features": [null, "f"], "config": null}"#,
        "null",
    ];
    let state = |config: &str| {
        let config = ImageConfig::from_json(config.as_bytes()).unwrap();
        alpine().dir("/d/./e").image_config(&config).run(run("x"))
    };
    Merge::new(configs.map(state)).state()
}
