//! What this machine has: the engine of `scripts/dev/test`, and the programs under test.

use std::{
    env,
    io::{Write, stderr},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

const PROGRAMS: [&str; 5] = ["buildkitd", "buildctl", "runc", "docker-registry", "skopeo"];

/// Whether daemons can be started here. A machine that must have them (`CI`, or `LLBGEN_TEST_ENGINE=required`, which
/// `scripts/dev/test` sets) fails instead; any other says aloud that the test is skipped.
///
/// # Panics
/// When something is missing that must be there.
pub fn ready() -> bool {
    let missing = missing();
    if missing.is_empty() {
        return true;
    }
    let message = format!(
        "missing for tests with a daemon: {}; run scripts/dev/test",
        missing.join(", ")
    );
    let required = env::var_os("CI").is_some() || env::var_os("LLBGEN_TEST_ENGINE").is_some();
    assert!(!required, "{message}");
    // Past the test runner's capture: a skipped test must not look like a passed one.
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(stderr(), "SKIPPED {name}: {message}");
    false
}

/// Whether this is the second tier of tests, `scripts/dev/test --all`: hundreds of pairs and of megabytes.
pub fn tests_all() -> bool {
    env::var_os("LLBGEN_TEST_ALL").is_some()
}

fn missing() -> Vec<&'static str> {
    let mut missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|program| on_path(program).is_none())
        .collect();
    if env::var_os("LLBGEN_TEST_BASES").is_none() {
        missing.push("LLBGEN_TEST_BASES");
    }
    missing
}

/// Where `program` is on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// The workspace's directory.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is a member of a workspace")
}

/// A program of this package, in the directory that holds the test's own.
///
/// # Panics
/// When the test does not lie where cargo puts it.
pub fn beside_tests(program: &str) -> PathBuf {
    let test = env::current_exe().expect("a process knows its program");
    let deps = test.parent().expect("a program is in a directory");
    deps.parent().expect("tests are in `deps`").join(program)
}

/// The `llbgen` command, built from this workspace as it is now.
///
/// # Panics
/// When it does not build.
pub fn llbgen() -> &'static Path {
    static LLBGEN: LazyLock<PathBuf> = LazyLock::new(|| program("llbgen", "llbgen"));
    &LLBGEN
}

/// A program of a member of this workspace, built as it is now.
///
/// # Panics
/// When it does not build.
pub fn program(package: &str, program: &str) -> PathBuf {
    let built = beside_tests(program);
    let mut cargo = cargo();
    cargo
        .args(["build", "--quiet", "--package", package, "--bin", program])
        .current_dir(workspace());
    if built.parent().is_some_and(|dir| dir.ends_with("release")) {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo can be started");
    assert!(status.success(), "{program} does not build");
    built
}

/// The cargo that runs the tests.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_package(&mut cargo);
    cargo
}

/// Takes the name and the directory of a test's package out of the environment of a command that builds.
///
/// Build scripts of dependencies that read variables of that name would run again, as that of `ring` does, and all that
/// needs these dependencies would be compiled again.
pub fn forget_package(command: &mut Command) {
    let is_of_package = |name: &str| {
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
}
