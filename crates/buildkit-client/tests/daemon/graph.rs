//! Graphs for the tests.

use buildkit_llb::{Args, CacheMount, Constraints, Exec, Local, Platform, State};

/// The encoded definition, for the machine's platform.
pub(crate) fn marshal(state: &State) -> Vec<u8> {
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let platform: Platform = format!("linux/{architecture}").parse().unwrap();
    state
        .marshal(&Constraints::new(platform))
        .unwrap()
        .to_bytes()
}

/// The local directory `name`, under an id of its own.
pub(crate) fn local(name: &str) -> Local {
    Local::new(name).unique(name).differ_none()
}

/// A shell line in the root of [`crate::rootfs`], which is the local directory `rootfs`.
pub(crate) fn shell(line: &str) -> Exec {
    let args = Args::program("/bin/sh").arg("-c").arg(line);
    // The host's libraries are mounted as they are: their directories must not be looked into for a cache key.
    Exec::new(args).mount(CacheMount::new("/tmp", "scratch"))
}

pub(crate) fn rootfs() -> State {
    local("rootfs").state()
}
