//! Runs a command with `BUILDKIT_HOST` set to the daemon that `llbgen` would use, and lets go of it afterwards:
//!
//! ```sh
//! cargo run -p buildkitd --example with_daemon -- buildctl debug workers
//! ```
//!
//! It shows what a program has to do for the private daemon to stop at every end: turn the signals that end a program
//! into the end of its work, and let the endpoint go.

use std::env;
use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use buildkitd::{Endpoint, FindError, Privilege, Settings, find};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            report(error.as_ref());
            ExitCode::from(4)
        }
    }
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let signalled = async {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
            _ = hangup.recv() => 129,
        }
    };
    tokio::select! {
        code = with_daemon() => code,
        code = signalled => Ok(ExitCode::from(code)),
    }
}

async fn with_daemon() -> Result<ExitCode, Box<dyn Error>> {
    let settings = Settings::from_env(Privilege::current(), |name| env::var_os(name));
    let given = env::var("BUILDKIT_HOST")
        .ok()
        .map(|address| address.parse())
        .transpose()?;
    let endpoint = find(given, &settings).await?;
    let code = command(&endpoint).await;
    endpoint.release().await?;
    Ok(code?)
}

async fn command(endpoint: &Endpoint) -> Result<ExitCode, std::io::Error> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or(std::io::ErrorKind::InvalidInput)?;
    let status = Command::new(program)
        .args(arguments)
        .env("BUILDKIT_HOST", endpoint.address().to_string())
        .kill_on_drop(true)
        .status()
        .await?;
    // As a shell says it: what a terminal's ctrl-C ends, it ends together with this program.
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

#[expect(clippy::print_stderr, reason = "an example is a command of its own")]
fn report(error: &(dyn Error + 'static)) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    if let Some(error) = error.downcast_ref::<FindError>() {
        eprintln!("hint: {}", error.hint());
    }
}
