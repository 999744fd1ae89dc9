//! Further tries of what failed for a reason that may well go away.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::{patience::Patience, problem::RemoteProblem, trouble::Trouble};

/// The longest pause that a server may ask for. One that wants more is not asked again: it is busy for longer than a
/// call waits.
const LONGEST_WANTED: Duration = Duration::from_mins(1);

/// A try that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) problem: RemoteProblem,
    pub(crate) again: Again,
}

/// Whether another try is worth it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The answer would be the same.
    Never,
    /// After a pause of our own choice.
    Soon,
    /// After the pause that the server wants.
    After(Duration),
}

impl Again {
    /// Whether a refusal with this status is worth another try.
    pub(crate) fn of(status: u16, headers: &HeaderMap) -> Self {
        if Trouble::of_status(status) != Some(Trouble::Transient) {
            return Self::Never;
        }
        wanted(headers, Timestamp::now()).map_or(Self::Soon, Self::After)
    }
}

/// The pause of `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn wanted(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(text).ok()?.timestamp();
    // A date that has gone by is no pause.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

impl From<RemoteProblem> for Failed {
    fn from(problem: RemoteProblem) -> Self {
        let is_transient = match &problem {
            RemoteProblem::Silent { .. } | RemoteProblem::Lost { .. } => true,
            RemoteProblem::Status { status } => {
                Trouble::of_status(*status) == Some(Trouble::Transient)
            }
            _ => false,
        };
        let again = if is_transient {
            Again::Soon
        } else {
            Again::Never
        };
        Self { problem, again }
    }
}

/// The answer of `server` after as many tries as the patience allows. The listener hears of each further try.
pub(crate) async fn retried<T, F: Future<Output = Result<T, Failed>>>(
    patience: &Patience,
    server: &str,
    trying: impl Fn() -> F,
) -> Result<T, RemoteProblem> {
    let mut tries = 0;
    loop {
        let Failed { problem, again } = match trying().await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let (pause, when) = match again {
            Again::Soon => (patience.pause(tries + 1), String::new()),
            Again::After(pause) if pause <= LONGEST_WANTED => {
                (pause, format!(" in {} s", pause.as_secs()))
            }
            Again::Never | Again::After(_) => return Err(problem),
        };
        if tries == patience.retries {
            return Err(problem);
        }
        tries += 1;
        let all = patience.retries;
        patience.tell(format!(
            "`{server}` is asked again{when} (try {tries} of {all}): {problem}"
        ));
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_when_to_come_back() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let check = |text: &str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let expected = expected.map(Duration::from_secs);
            assert_eq!(wanted(&headers, now), expected, "{text}");
        };
        check("0", Some(0));
        check(" 7 ", Some(7));
        check("Fri, 02 Jan 2026 03:04:15 GMT", Some(10));
        check("Fri, 02 Jan 2026 03:04:00 GMT", Some(0));
        check("soon", None);
        check("-1", None);
        check("1.5", None);
        assert_eq!(wanted(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_some_refusals_are_worth_another_try() {
        let check = |status: u16, expected: Again| {
            assert_eq!(Again::of(status, &HeaderMap::new()), expected, "{status}");
        };
        for status in [408, 425, 429, 500, 502, 503, 504] {
            check(status, Again::Soon);
        }
        for status in [400, 401, 403, 404, 405, 409, 410, 412, 422, 501, 505] {
            check(status, Again::Never);
        }
    }
}
