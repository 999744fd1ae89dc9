//! Deadlines: a silent server gives a finding, and no hang.

use std::time::Duration;

use tokio::time::timeout;

use super::finding::{Check, Finding, Subject};

/// The deadline of one question to a daemon. It answers within milliseconds; a busy one needs seconds.
pub(super) const DAEMON: Duration = Duration::from_secs(15);

/// The deadline of one question to a registry, with the login that it may want.
pub(super) const REGISTRY: Duration = Duration::from_secs(10);

/// The answer, or the finding that it did not come in time.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = T>,
    silent: impl FnOnce(u64) -> Finding,
) -> Result<T, Finding> {
    let answered = timeout(limit, answer).await;
    answered.map_err(|_elapsed| silent(limit.as_secs()))
}

/// The finding about a daemon that does not answer one question.
pub(super) fn silent_daemon(check: Check) -> impl FnOnce(u64) -> Finding {
    move |seconds| {
        let text = format!("the daemon gave no answer within {seconds} s");
        Finding::problem(Subject::Daemon, check, text)
            .then("see its log, and whether its machine is overloaded or its disk is full")
    }
}
