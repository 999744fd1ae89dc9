//! Our catalog: the artifacts that Oocana runs on.
//!
//! ```
//! let catalog = oocana::catalog().check()?;
//! assert!(catalog.get("base-rootfs").is_some());
//! # Ok::<(), catalog::CatalogError>(())
//! ```

use catalog::{Apt, Artifact, Base, Catalog, Workdir};

/// The built-in artifacts. Their bases are named by the FROM lines of the Dockerfiles that they replace.
pub fn catalog() -> Catalog {
    Catalog::new()
        .artifact(base_rootfs())
        .artifact(server_base())
}

fn base_rootfs() -> Artifact {
    Artifact::rootfs(
        "base-rootfs",
        Base::from_line("dockerfiles/base.dockerfile"),
    )
    .description("Ubuntu with zsh")
    .step(Apt::install(["zsh"]))
    .output("{arch}-rootfs.tar")
    .release_tag("base-rootfs*")
}

fn server_base() -> Artifact {
    Artifact::rootfs(
        "server-base",
        Base::from_line("dockerfiles/server-base.dockerfile"),
    )
    .description("The server's base image, with a directory for the app")
    .step(Workdir::new("/app"))
    .output("{arch}-server-base.tar")
    .release_tag("server-base*")
}
