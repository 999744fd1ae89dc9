//! A server that was silent to the end: for a while, nobody else waits for it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::problem::RemoteProblem;

/// The time after which a silent server gets another chance.
const MEMORY: Duration = Duration::from_mins(1);

/// The silence of a server, if it was given up.
#[derive(Debug, Default)]
pub(super) struct GivenUp(Mutex<Option<Silence>>);

#[derive(Debug)]
struct Silence {
    since: Instant,
    host: String,
    limit: Duration,
}

impl GivenUp {
    /// Refuses a question to a server that has just been given up.
    pub(super) fn refuse(&self) -> Result<(), RemoteProblem> {
        let silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*silence {
            Some(silence) if silence.since.elapsed() < MEMORY => Err(RemoteProblem::Silent {
                host: silence.host.clone(),
                limit: silence.limit,
            }),
            _ => Ok(()),
        }
    }

    /// Remembers the end of a question.
    pub(super) fn note<T>(&self, answer: &Result<T, RemoteProblem>) {
        let mut silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *silence = match answer {
            Err(RemoteProblem::Silent { host, limit }) => Some(Silence {
                since: Instant::now(),
                host: host.clone(),
                limit: *limit,
            }),
            _ => None,
        };
    }
}
