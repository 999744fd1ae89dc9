//! Further tries of what failed for a reason that may well go away.

use buildkit_client::CancellationToken;
use registry::Patience;

/// The result of `trying`, with as many further tries as the patience allows while its failures are transient. `tell`
/// hears of each, with its number, before the pause.
pub(crate) async fn again<T, E, F: Future<Output = Result<T, E>>>(
    patience: &Patience,
    cancelled: &CancellationToken,
    is_transient: impl Fn(&E) -> bool,
    tell: impl Fn(&E, &str),
    trying: impl Fn() -> F,
) -> Result<T, E> {
    let mut tries = 0;
    loop {
        let error = match trying().await {
            Err(error) if tries < patience.retries && is_transient(&error) => error,
            result => return result,
        };
        tries += 1;
        tell(&error, &format!("try {tries} of {}", patience.retries));
        tokio::select! {
            () = cancelled.cancelled() => return Err(error),
            // A daemon that ended takes a moment to come back.
            () = tokio::time::sleep(patience.pause(tries + 1)) => {}
        }
    }
}
