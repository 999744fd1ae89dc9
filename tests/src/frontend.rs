//! The gateway frontend as users have it: an image in a registry, and buildx.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::Value;

use crate::{
    bed::Bed,
    command::{Running, clean, run},
    machine::{cargo, forget_package, llbgen, workspace},
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
        // One platform of two, and so not under the tag of both.
        let suffix = format!("-{}@", platform().replace('/', "-"));
        assert!(
            reference.contains("/llbgen-frontend:") && reference.contains(&suffix),
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

/// What the image holds.
fn programs(home: &Path) -> PathBuf {
    let programs = home.join("programs");
    let mut command = Command::new(workspace().join("scripts/dev/frontend"));
    // Not made small, which takes minutes.
    command.arg(&programs).env("LLBGEN_FRONTEND_PROFILE", "dev");
    forget_package(&mut command);
    Running::start(&mut command).wait().success();
    programs
}

/// Builds a frontend of its own as a static program: `DIRECTORY/ARCH/PROGRAM`, for this machine's architecture.
///
/// # Panics
/// When it does not build.
pub fn own_program(package: &str, program: &str, directory: &Path) {
    let mut cargo = cargo();
    cargo
        .args(["rustc", "--quiet", "--locked", "--package", package])
        .args(["--bin", program, "--message-format", "json", "--"])
        .args(["-C", "target-feature=+crt-static", "-C", "strip=symbols"])
        .current_dir(workspace());
    let said = Running::start(&mut cargo).wait().success();
    let built = said.text().lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    let built = built.expect("cargo says where the program is");
    let platform = platform();
    let to = directory.join(platform.trim_start_matches("linux/"));
    fs::create_dir_all(&to).expect("the directory can be made");
    fs::copy(built, to.join(program)).expect("the program can be copied");
}

/// `buildx build` on the daemon of `bed`, through the stock frontend in the registry of `shared`, run in `home`.
///
/// # Panics
/// When buildx cannot be set up.
pub fn buildx(shared: &Bed, bed: &Bed, home: &Path) -> Command {
    buildx_through(image(shared), bed, home)
}

/// As [`buildx`], through the frontend in that image.
///
/// # Panics
/// When buildx cannot be set up.
pub fn buildx_through(image: &str, bed: &Bed, home: &Path) -> Command {
    let mut command = client(bed, home, "build");
    command
        .args(["--provenance=false", "--build-arg"])
        .arg(format!("BUILDKIT_SYNTAX={image}"));
    command
}

/// A subcommand of buildx that builds on the daemon of `bed`, run in `home`.
///
/// # Panics
/// When buildx cannot be set up.
pub fn client(bed: &Bed, home: &Path, subcommand: &str) -> Command {
    static CREATING: Mutex<()> = Mutex::new(());
    // One home can have several daemons, and several tests at once.
    let creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
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
    drop(creating);
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
