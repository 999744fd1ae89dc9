//! Our catalog: the artifacts that Oocana runs on.
//!
//! ```
//! let catalog = oocana::catalog().check()?;
//! assert!(catalog.get("base-rootfs").is_some());
//! # Ok::<(), catalog::CatalogError>(())
//! ```
//!
//! Two root filesystems, the layer that executors are installed into (released under two names), and two images, one of
//! which carries the tars of the others: one graph, in which every step is once per platform.

use catalog::{
    Apt, Artifact, Base, Cache, Catalog, Copy, Entrypoint, Env, Label, Network, Run, Tar, Workdir,
};

const SERVER_BASE: &str = "dockerfiles/server-base.dockerfile";

/// The built-in artifacts. Their bases are named by the FROM lines of the Dockerfiles that they replace.
pub fn catalog() -> Catalog {
    Catalog::new()
        .artifact(base_rootfs())
        .artifact(server_base())
        .artifact(executor_layer("executor-layer"))
        .artifact(executor_layer("cloud-executor-layer"))
        .artifact(oocana_mount())
        .artifact(oocana_runtime())
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
    Artifact::rootfs("server-base", Base::from_line(SERVER_BASE))
        .description("The server's base image, with a directory for the app")
        .step(Workdir::new("/app"))
        .output("{arch}-server-base.tar")
        .release_tag("server-base*")
}

/// The same layer for both of its names, so that it is made once.
fn executor_layer(name: &str) -> Artifact {
    let install = "zsh -i -c ./scripts/image/install-executor.sh";
    Artifact::layer(name, "server-base")
        .description("What executors need, on top of server-base")
        .step(reproducible(
            Run::command(install)
                .files([
                    "scripts/image/install-executor.sh",
                    "package.json",
                    "requirements.txt",
                ])
                .cache(Cache::Npm)
                .cache(Cache::Pip),
        ))
        .output("{artifact}/{arch}-executor.tar")
        .release_tag(&format!("{name}*"))
}

/// What both images begin with, and all that the one for mounts has.
fn oocana_mount() -> Artifact {
    let paths = "for file in ~/.bashrc ~/.zshrc; do echo 'export PATH=/app:/app/node_modules/.bin:$PATH' >> $file; done";
    let npm =
        "zsh -i -c 'npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier'";
    let pip = "zsh -i -c 'pip install --disable-pip-version-check --root-user-action=ignore --requirement requirements.txt'";
    Artifact::image("oocana-mount", "server-base")
        .description("Dependency environment for the Oocana mount image workflow.")
        .step(Env::new("NPM_CACHE", "/root/.npm"))
        .step(Apt::install(["mosquitto"]))
        .step(Run::command(paths).network(Network::None))
        .step(Copy::new("package.json", "/app/"))
        .step(Copy::new("package-lock.json", "/app/"))
        .step(Copy::new("requirements.txt", "/app/"))
        .step(reproducible(Run::command(npm).cache(Cache::Npm)))
        .step(reproducible(Run::command(pip).cache(Cache::Pip)))
        .step(description(
            "Dependency environment for the Oocana mount image workflow.",
        ))
        .repository("ghcr.io/oomol/oocana-mount")
        .release_tag("oocana-mount**")
}

/// The programs come from directories that the user gives: `oocana` has `ARCH/oocana` and `ARCH/versions.json`, `ovmlayer`
/// has the programs in `ARCH/`.
fn oocana_runtime() -> Artifact {
    let version = |name: &str| format!("io.oomol.{name}.version");
    let given =
        |name: &str| Label::context_json(&version(name), "oocana", "{arch}/versions.json", name);
    Artifact::image("oocana-runtime", "oocana-mount")
        .description("A container for running Oocana directly in command line.")
        .step(Run::command("mkdir /opt/ovmlayer").network(Network::None))
        .step(Copy::new("scripts/image/entrypoint.sh", "/root/"))
        .step(Copy::new("{arch}/oocana", "/usr/bin/").context("oocana"))
        .step(Copy::new("{arch}", "/usr/bin/").context("ovmlayer"))
        .step(Tar::of("server-base", "/root/rootfs.tar"))
        .step(Tar::of("executor-layer", "/tmp/executor-layer.tar"))
        .step(Entrypoint::new(["bash", "-x", "/root/entrypoint.sh"]))
        .step(description(
            "A container for running Oocana directly in command line.",
        ))
        .step(given("oocana"))
        .step(given("ovmlayer"))
        .step(Label::tag_of(&version("rootfs"), SERVER_BASE))
        .step(Label::json(
            &version("executor-layer"),
            "package.json",
            "version",
        ))
        .repository("ghcr.io/oomol/oocana-runtime")
        .release_tag("oocana-runtime**")
}

fn description(text: &str) -> Label {
    Label::new("org.opencontainers.image.description", text)
}

/// With a fixed time, Python's compiled files depend on their sources alone.
fn reproducible(run: Run) -> Run {
    run.env("SOURCE_DATE_EPOCH", "315532800")
}
