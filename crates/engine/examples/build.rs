//! Builds a catalog without the command line, with what `llbgen build` is made of:
//!
//! ```sh
//! cargo run -p engine --example build -- OUT [ADDR]
//! ```
//!
//! It writes one tar for each platform into the directory OUT, and prints their paths. ADDR is a daemon's address, such as
//! `unix:///run/buildkit/buildkitd.sock`; without it, one is found or started.

use std::{env, error::Error, path::PathBuf};

use buildkit_client::{ConnectOptions, Daemon};
use catalog::{Artifact, Caching, Catalog, Copy, Request};
use engine::{
    BuildOptions, Caches, Call, Delivery, Destination, Disk, Event, FoundAgents, Goal, ImageNaming,
    ImageOptions, Inspection, LoadedSecrets, RegistryAccess, Sent, Sorting, Workspace,
    daemon::{self, Privilege, Settings},
};
use tokio_util::sync::CancellationToken;

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a command of its own"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("give a directory for outputs")?);
    let address = arguments.next().map(|text| text.parse()).transpose()?;

    // What is built: a root filesystem with one file of a context directory.
    let context = tempfile::tempdir()?;
    std::fs::write(context.path().join("motd"), "welcome\n")?;
    let welcome = Artifact::rootfs("welcome", "scratch").step(Copy::new("motd", "/etc/"));
    let catalog = Catalog::new().artifact(welcome).check()?;

    // Selected, read and planned.
    let disk = Disk::new(context.path());
    let request = Request {
        artifacts: vec!["welcome".to_owned()],
        ..Request::default()
    };
    let workspace = Workspace::open(&catalog, &request, &disk, Caching::Use).await?;

    // A daemon.
    let settings = Settings::from_env(Privilege::current(), |name| env::var_os(name));
    let endpoint = daemon::find(address, &settings).await?;
    let daemon = Daemon::connect(ConnectOptions::new(endpoint.address().clone())).await?;

    // Built, unless it is there already.
    let events = |event| {
        if let Event::Notice(text) | Event::Warning(text) = event {
            eprintln!("{text}");
        }
    };
    let call = Call {
        disk: &disk,
        delivery: Delivery {
            goal: Goal::Archive,
            naming: &ImageNaming::default(),
            by_platform: false,
            files_as_tars: false,
        },
        sorting: Sorting {
            directory: Some(&out),
            inspection: Inspection::Quick,
            always: false,
            push: false,
            unique_names: false,
        },
        options: BuildOptions {
            output: Destination::Directory(out.clone()),
            jobs: None,
            keep_going: false,
            secrets: LoadedSecrets::load(&[])?,
            ssh: FoundAgents::find(&[])?,
            registries: RegistryAccess::default(),
            image: ImageOptions::default(),
            caches: Caches::default(),
            sent: Sent::default(),
        },
        cancelled: &CancellationToken::new(),
        events: &events,
    };
    let delivered = call.deliver(&daemon, workspace).await;
    endpoint.release().await?;
    for output in delivered? {
        if let Some(path) = output.path() {
            println!("{}", path.display());
        }
    }
    Ok(())
}
