//! SIGINT, SIGTERM and SIGHUP: the first one ends a build in good order, the second one at once.
//!
//! SIGINT and SIGHUP are left alone when the program was started to ignore them, so that `nohup llbgen build` goes on
//! when the terminal is closed.

mod ignored;

use std::{
    io, process,
    sync::Arc,
    sync::atomic::{AtomicU8, Ordering},
};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::ignored::Ignored;

// The numbers of the signals, the same on every Linux.
const SIGHUP: u8 = 1;
const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

/// The signals that interrupt; they are watched from the start on.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    cancelled: CancellationToken,
    received: Arc<AtomicU8>,
}

impl Signals {
    /// Watches the signals.
    pub(crate) fn watch() -> io::Result<Self> {
        let signals = Self {
            cancelled: CancellationToken::new(),
            received: Arc::default(),
        };
        let ignored = Ignored::read()?;
        let watched = [
            (SignalKind::interrupt(), SIGINT),
            (SignalKind::terminate(), SIGTERM),
            (SignalKind::hangup(), SIGHUP),
        ];
        for (kind, number) in watched {
            if number != SIGTERM && ignored.has(number) {
                continue;
            }
            let mut stream = signal(kind)?;
            let signals = signals.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    if signals.received.swap(number, Ordering::Relaxed) != 0 {
                        // The user does not want to wait. The next call clears away what is left of a private daemon.
                        process::exit(128 + i32::from(number));
                    }
                    signals.cancelled.cancel();
                }
            });
        }
        Ok(signals)
    }

    /// Cancelled by the first signal.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// The signal that was received, if any.
    pub(crate) fn received(&self) -> Option<u8> {
        Some(self.received.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}
