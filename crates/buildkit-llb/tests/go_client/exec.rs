//! Mounts, devices, hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

use buildkit_llb::{
    BindMount, CacheMount, CacheSharing, Cap, CdiDevice, Constraints, ContentCache, Image,
    NetworkMode, Platform, State, TmpfsMount,
};

use crate::{alpine, image, local, run};

pub(crate) fn devices() -> State {
    let exec = run("x")
        .cdi_device(CdiDevice::new("vendor.com/gpu=0"))
        .cdi_device(CdiDevice::new("vendor.com/x=y").optional())
        .valid_exit_codes([-1]);
    alpine().run(exec)
}

pub(crate) fn equal_mounts() -> State {
    let exec = run("x")
        .mount(BindMount::new("/b", &local("l")).readonly())
        .mount(BindMount::new("/a", &local("l")))
        .mount(BindMount::new("/c", &alpine()).readonly().selector("/etc"));
    alpine().run(exec)
}

pub(crate) fn hosts() -> State {
    let mapped: Ipv6Addr = Ipv4Addr::new(1, 2, 3, 4).to_ipv6_mapped();
    let host = |ip: &str| ip.parse::<Ipv6Addr>().unwrap();
    alpine()
        .extra_host("mapped", mapped)
        .extra_host("zeros", host("1:0:0:2::3"))
        .run(
            run("x")
                .extra_host("last", host("fe80::"))
                .network(NetworkMode::Host),
        )
}

pub(crate) fn mounts() -> State {
    let seed = local("seed");
    let exec = run("x")
        .mount(BindMount::new("/dropped", &seed).no_output())
        .mount(
            CacheMount::new("/cache", "c")
                .from_state(&seed)
                .sharing(CacheSharing::Locked)
                .readonly(),
        )
        .mount(BindMount::new("/out", &State::scratch()))
        .mount(BindMount::new("/out", &seed))
        .mount(BindMount::new("/", &seed).readonly())
        .mount(BindMount::new("/empty", &State::scratch()).readonly())
        .mount(TmpfsMount::new("/tmp").size(-1));
    alpine().run(exec)
}

pub(crate) fn readonly_mount() -> State {
    let arm = Platform::new("linux", "arm64").with_variant("v8");
    let arm = Image::new("busybox".parse().unwrap())
        .platform(arm)
        .state()
        .env("B", "1");
    // The Go client adds mounts one by one and gives the state of each.
    let mounted = alpine()
        .env("A", "1")
        .exec(run("x").mount(BindMount::new("/in", &arm).readonly()));
    let mounted = mounted.mount("/in").unwrap();
    let exec = run("x")
        .mount(BindMount::new("/in", &arm).readonly())
        .mount(BindMount::new("/out", &mounted.clone().dir("/m")));
    let written = alpine().env("A", "1").exec(exec).mount("/out").unwrap();
    written.run(run("y").mount(BindMount::new("/in", &mounted)))
}

pub(crate) fn reset() -> State {
    let other = image("busybox")
        .env("O", "1")
        .dir("/other")
        .user("o")
        .hostname("h");
    let arm = Image::new("alpine".parse().unwrap())
        .platform(Platform::new("linux", "arm"))
        .state();
    arm.run(run("x"))
        .dir("/d")
        .env("A", "1")
        .reset(&other)
        .dir("rel")
        .run(run("y"))
}

pub(crate) fn reset_own_platform() -> State {
    let other = image("busybox").env("O", "1").dir("/other").user("o");
    let arm = Image::new("alpine".parse().unwrap()).platform(Platform::new("linux", "arm"));
    let state = arm.state().dir("/d").env("A", "1");
    state.reset(&other).dir("rel").run(run("y"))
}

pub(crate) fn mount_options() -> State {
    let exec = run("x")
        .mount(CacheMount::new("/cache", "c").content_cache(ContentCache::Off))
        .mount(TmpfsMount::new("/tmp").size(1).readonly())
        .mount(
            CacheMount::new("/run", "r")
                .sharing(CacheSharing::Private)
                .selector("/s")
                .readonly(),
        );
    alpine().run(exec)
}

pub(crate) fn windows() -> (State, Constraints) {
    let constraints = Constraints::new(Platform::new("windows", "amd64"))
        .caps([Cap::EXEC_META_BASE].into_iter().collect());
    (alpine().run(run("x")), constraints)
}
