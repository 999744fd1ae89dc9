//! The gateway frontend as users have it: an image in a registry, and buildx.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    bed::Bed,
    command::{Running, clean, run},
    machine::{llbgen, workspace},
};

/// The image of the frontend in the registry of the bed, built by `llbgen` from what `scripts/dev/frontend` makes: for
/// this machine's platform alone.
///
/// # Panics
/// When it cannot be built.
pub fn image(bed: &Bed) -> &'static str {
    static IMAGE: OnceLock<String> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let home = bed.description().scratch.join("frontend");
        fs::create_dir(&home).expect("the scratch directory can be written to");
        let programs = programs(&home);
        let file = workspace().join("frontend/llbgen.toml");
        fs::copy(file, home.join("llbgen.toml")).expect("the catalog can be copied");
        let registry = format!("{}/doors", bed.description().registry);
        let mut command = clean(llbgen(), &home);
        command
            .args([
                "--addr",
                &bed.address(),
                "build",
                "--push",
                "--registry",
                &registry,
            ])
            .args(["--platform", &platform(), "--build-context"])
            .arg(format!("programs={}", programs.display()));
        let said = run(&mut command).success();
        let reference = said.text().trim().to_owned();
        assert!(
            reference.contains("/llbgen-frontend:latest@"),
            "{reference}"
        );
        reference
    })
}

/// This machine's platform.
pub fn platform() -> String {
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    format!("linux/{architecture}")
}

/// What the image holds, not made small: that takes minutes.
fn programs(home: &Path) -> PathBuf {
    let programs = home.join("programs");
    let mut command = Command::new(workspace().join("scripts/dev/frontend"));
    command
        .arg(&programs)
        .env("LLBGEN_FRONTEND_PROFILE", "dev")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_STRIP", "symbols");
    Running::start(&mut command).wait().success();
    programs
}

/// `buildx build` on the daemon of `bed`, through the frontend in the registry of `shared`, run in `home`.
///
/// # Panics
/// When buildx cannot be set up.
pub fn buildx(shared: &Bed, bed: &Bed, home: &Path) -> Command {
    let mut command = client(bed, home, "build");
    command
        .args(["--provenance=false", "--build-arg"])
        .arg(format!("BUILDKIT_SYNTAX={}", image(shared)));
    command
}

/// A subcommand of buildx that builds on the daemon of `bed`, run in `home`.
///
/// # Panics
/// When buildx cannot be set up.
pub fn client(bed: &Bed, home: &Path, subcommand: &str) -> Command {
    // One home can have several daemons.
    let config = home.join(format!(".buildx-{}", bed.description().pid));
    let plain = || {
        let mut command = clean("buildx", home);
        command.env("BUILDX_CONFIG", &config);
        command
    };
    if !config.join("instances/bed").exists() {
        let mut create = plain();
        create.args(["create", "--name", "bed", "--driver", "remote"]);
        run(create.arg(bed.address())).success();
    }
    let mut command = plain();
    command.args([subcommand, "--builder", "bed"]);
    command
}

/// `buildctl build` on the daemon of `bed`, with `--frontend gateway.v0` and the frontend in the registry of `shared`.
pub fn buildctl(shared: &Bed, bed: &Bed, home: &Path) -> Command {
    let mut command = clean("buildctl", home);
    command
        .args(["--addr", &bed.address(), "build"])
        .args(["--frontend", "gateway.v0", "--opt"])
        .arg(format!("source={}", image(shared)));
    command
}
