//! The process that BuildKit starts: stdin and stdout are the gateway, through which all its messages go.

use std::{
    io::Write as _,
    panic::{self, AssertUnwindSafe},
    process::{self, ExitCode},
    sync::{Mutex, PoisonError},
};

use buildkit_client::{BuildResult, Gateway, GatewayError};
use catalog::Catalog;
use futures_util::FutureExt as _;

use crate::{
    build::{self, Asked},
    error::FrontendError,
};

/// Runs the build that BuildKit asks this process for. It is a frontend's `main`, and does not return to it: the thread
/// that reads stdin would wait for ever.
pub fn run(catalog: Catalog) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let ended = runtime.block_on(answer(catalog));
            // Dropping it would wait for stdin to end.
            runtime.shutdown_background();
            ended.map_err(|error| error.to_string())
        });
    let code = match ended {
        Ok(()) => 0,
        Err(message) => {
            // The daemon's log gets it; there is no other reader left.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            1
        }
    };
    process::exit(code)
}

async fn answer(catalog: Catalog) -> Result<(), GatewayError> {
    let gateway = Gateway::stdio().await?;
    match caught(&gateway, catalog).await {
        Ok(result) => gateway.give_back(result).await,
        Err(error) => gateway.fail(error.report(), error.gateway()).await,
    }
}

/// Turns a panic into an error, too: stderr goes to the daemon alone.
async fn caught(gateway: &Gateway, catalog: Catalog) -> Result<BuildResult, FrontendError> {
    static PLACE: Mutex<Option<String>> = Mutex::new(None);
    panic::set_hook(Box::new(|panic| {
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic.to_string());
    }));
    let asked = Asked {
        options: Gateway::stdio_options(),
        session: Gateway::stdio_session().unwrap_or_default(),
        platforms: Gateway::stdio_platforms(),
    };
    let building = AssertUnwindSafe(build::build(gateway, catalog, asked));
    building.catch_unwind().await.unwrap_or_else(|_panic| {
        let message = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(FrontendError::Bug {
            message: message.unwrap_or_default(),
        })
    })
}
