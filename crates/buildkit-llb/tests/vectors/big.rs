//! The large graphs.

use buildkit_llb::{
    Args, CacheMount, CacheSharing, Copy, Exec, Image, Local, Owner, Platform, SecretFile, State,
    TmpfsMount,
};

use crate::image;

#[path = "../../benches/marshal/graphs.rs"]
mod graphs;

pub(crate) fn chain_1000() -> State {
    graphs::chain(&image("busybox"), 1000)
}

pub(crate) fn bench_10k() -> State {
    graphs::realistic(10_000)
}

pub(crate) fn base_rootfs_amd64() -> State {
    let base = Image::new("ubuntu:latest".parse().unwrap())
        .platform(Platform::new("linux", "amd64"))
        .custom_name("[base] ubuntu:latest")
        .state()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("DEBIAN_FRONTEND", "noninteractive");
    let cache = |target: &str, id: &str| CacheMount::new(target, id).sharing(CacheSharing::Locked);
    let install = Exec::new(Args::shell(
        "rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update && \
         apt-get install -y --no-install-recommends ca-certificates curl",
    ))
    .mount(cache("/var/cache/apt", "apt-cache-amd64"))
    .mount(cache("/var/lib/apt/lists", "apt-lists-amd64"))
    .mount(TmpfsMount::new("/tmp"))
    .custom_name("[base] install packages");
    let create_user = Exec::new(Args::shell("useradd -m -u 1000 app && mkdir -p /srv/app"))
        .custom_name("[base] create user");
    let context = Local::new("context")
        .shared_key_hint("context")
        .exclude([".git"])
        .state();
    let sources = Copy::new(&context, "/", "/srv/app/")
        .contents_only()
        .create_dest_path()
        .owner(Owner::ids(1000, 1000));
    let build = Exec::new(Args::shell("./configure && make"))
        .mount(SecretFile::new("/run/secrets/token").id("token").optional())
        .custom_name("[app] build");
    base.run(install)
        .run(create_user)
        .dir("/srv/app")
        .user("app")
        .file(buildkit_llb::FileActions::from(sources).custom_name("[app] copy sources"))
        .run(build)
}
