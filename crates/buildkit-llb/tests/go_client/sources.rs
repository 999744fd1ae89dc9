//! Git, images, platforms.

use buildkit_llb::{Git, GitBundle, GitMtime, Image, Merge, Platform, ResolveMode, State};

use crate::run;

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
