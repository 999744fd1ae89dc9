//! A test bed of its own process, so that it is taken down however the tests end.
//!
//! Prints one line of JSON when it is ready, and ends when its standard input does. A line `keep` on the input leaves
//! its logs behind. `test-bed --registry ADDRESS [BUILDKITD]` starts a daemon only, with that registry as its mirror.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use llbgen_tests::{
    bed::Description,
    certificates,
    daemon::{Daemon, Garbage},
    image::IMAGES,
    registry::Registry,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let dir = tempfile::Builder::new()
        .prefix("llbgen-bed-")
        .tempdir()
        .expect("a temporary directory can be made");
    let logs = dir.path().join("logs");
    fs::create_dir(&logs).expect("the log directory can be made");
    let (registry, program) = match arguments.as_slice() {
        [option, address, program @ ..] if option == "--registry" && program.len() < 2 => {
            (Mirror::Given(address.clone()), program.first())
        }
        [] => (Mirror::Own(own_registry(dir.path(), &logs)), None),
        _ => panic!("usage: test-bed [--registry ADDRESS [BUILDKITD]]"),
    };
    let program = program.map_or("buildkitd", String::as_str);
    let certificates = dir.path().join("certificates");
    certificates::write(&certificates);
    let daemon = Daemon::start(
        program,
        dir.path(),
        &logs,
        &certificates,
        registry.address(),
        registry.garbage(),
    );
    announce(&Description {
        socket: daemon.socket().into(),
        tls: daemon.tls().to_owned(),
        pid: daemon.pid(),
        root: daemon.root().to_owned(),
        registry: registry.address().to_owned(),
        certificates,
        logs: logs.clone(),
        scratch: scratch(dir.path()),
    });
    let said: Vec<String> = io::stdin().lines().map_while(Result::ok).collect();
    drop(daemon);
    drop(registry);
    if said.iter().any(|line| line == "keep") {
        keep_logs(&logs);
    }
}

fn scratch(dir: &Path) -> PathBuf {
    let scratch = dir.join("scratch");
    fs::create_dir(&scratch).expect("the directory can be made");
    scratch
}

enum Mirror {
    Own(Registry),
    Given(String),
}

impl Mirror {
    fn address(&self) -> &str {
        match self {
            Self::Own(registry) => registry.address(),
            Self::Given(address) => address,
        }
    }

    /// Of the daemon that most tests share. Tests have one of their own to count what it does.
    fn garbage(&self) -> Garbage {
        match self {
            Self::Own(_) => Garbage::PackedTrees,
            Self::Given(_) => Garbage::Nothing,
        }
    }
}

fn own_registry(dir: &Path, logs: &Path) -> Registry {
    let bases = std::env::var_os("LLBGEN_TEST_BASES")
        .expect("LLBGEN_TEST_BASES names the directory of base trees");
    let registry = Registry::start(&dir.join("registry"), logs);
    for image in IMAGES {
        image.push(
            &PathBuf::from(&bases),
            &dir.join("images"),
            registry.address(),
        );
    }
    registry
}

#[expect(clippy::print_stdout, reason = "the line is this program's result")]
fn announce(description: &Description) {
    println!(
        "{}",
        serde_json::to_string(description).expect("a description is JSON")
    );
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads of the failure must find the logs"
)]
fn keep_logs(logs: &Path) {
    let kept = std::env::temp_dir().join(format!("llbgen-bed-{}.logs", std::process::id()));
    fs::rename(logs, &kept).expect("the logs can be kept");
    eprintln!("the logs of the test bed are in {}", kept.display());
}
