//! The test bed as tests see it: a registry with base images, and a buildkitd.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    panic,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock},
};

use serde::{Deserialize, Serialize};

use crate::machine;

/// Where everything is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    /// The daemon's unix socket.
    pub socket: PathBuf,
    /// `127.0.0.1:PORT` of the daemon, with mutual TLS.
    pub tls: String,
    /// The daemon's process.
    pub pid: u32,
    /// Where the daemon keeps its state.
    pub root: PathBuf,
    /// `127.0.0.1:PORT` of the registry, plain HTTP.
    pub registry: String,
    /// A directory with `ca.pem`, `cert.pem` and `key.pem`.
    pub certificates: PathBuf,
    /// Its log files.
    pub logs: PathBuf,
    /// A directory for what tests share; it goes with the bed.
    pub scratch: PathBuf,
}

static SHARED: OnceLock<Option<Bed>> = OnceLock::new();

/// A running test bed. Dropping it, or the end of this process, takes it down.
#[derive(Debug)]
pub struct Bed {
    description: Description,
    keeper: Mutex<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    process: Child,
    input: Option<ChildStdin>,
}

impl Bed {
    /// The bed that all tests of this process share, or none on a machine that has no daemon.
    pub fn shared() -> Option<&'static Bed> {
        let start = || {
            let bed = machine::ready().then(|| Bed::start(&[]));
            keep_shared_logs_on_failure();
            bed
        };
        SHARED.get_or_init(start).as_ref()
    }

    /// A daemon of the caller's own beside the shared registry, for tests that end daemons or count what they do.
    pub fn private(&self) -> Bed {
        Self::start(&["--registry", &self.description.registry])
    }

    /// As [`private`](Self::private), of the oldest BuildKit that is supported.
    ///
    /// # Panics
    /// When `scripts/dev/test` has not made it.
    pub fn oldest(&self) -> Bed {
        let program = std::env::var("LLBGEN_TEST_OLDEST_BUILDKITD")
            .expect("LLBGEN_TEST_OLDEST_BUILDKITD is a buildkitd; run scripts/dev/test");
        Self::start(&["--registry", &self.description.registry, &program])
    }

    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(machine::beside_tests("test-bed"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt on the terminal is for the tests; the bed follows when they have ended.
            .process_group(0)
            .spawn()
            .expect("the test bed can be started");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("the output is piped");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the test bed can be read");
        let description = serde_json::from_str(&line)
            .expect("the test bed says where it is; see its message above");
        Self {
            description,
            keeper: Mutex::new(Keeper { process, input }),
        }
    }

    /// Where everything is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The daemon's address, as `--addr` takes it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.description.socket.display())
    }

    /// Has the logs kept when the bed is taken down.
    pub fn keep_logs(&self) {
        let mut keeper = self.keeper.lock().expect("the keeper is not poisoned");
        if let Some(input) = &mut keeper.input {
            // A bed that has ended has nothing to keep.
            let _ = writeln!(input, "keep");
        }
    }
}

/// A static is never dropped: the shared bed hears of a failure from the panic itself.
fn keep_shared_logs_on_failure() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if let Some(Some(bed)) = SHARED.get() {
            bed.keep_logs();
        }
        previous(info);
    }));
}

impl Drop for Bed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_logs();
        }
        let keeper = self.keeper.get_mut().expect("the keeper is not poisoned");
        drop(keeper.input.take());
        let _ = keeper.process.wait();
    }
}
