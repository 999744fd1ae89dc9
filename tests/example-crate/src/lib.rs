//! A team's catalog.

use llbgen::catalog::{Artifact, Catalog, Copy, Run};

/// What the team builds.
pub fn catalog() -> Catalog {
    let tools = Artifact::layer("tools", "debian:bookworm")
        .description("A tool, in the user's language")
        .axis("l10n", ["en_US", "zh_CN"])
        .step(Run::script("install.sh").files(["hello"]))
        .step(Copy::new("etc/{l10n}/", "/etc/"))
        .output("{arch}-tools-{l10n}.tar");
    // The stock frontend with the program of `src/frontend.rs` in its place:
    //   cargo rustc --release --bin example-frontend --target x86_64-unknown-linux-gnu -- -C target-feature=+crt-static
    let frontend = Artifact::image("example-frontend", "ghcr.io/oomol/llbgen-frontend:latest")
        .description("docker buildx build --build-arg BUILDKIT_SYNTAX=IMAGE")
        .repository("ghcr.io/example/frontend")
        .tag("latest")
        .step(Copy::new("{arch}/example-frontend", "/llbgen-frontend").context("programs"));
    Catalog::new()
        .artifact(tools)
        .artifact(frontend)
        .defaults(["tools"])
}
