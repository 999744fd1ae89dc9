//! `--retries` and `--timeout`, of the commands that ask registries, servers or a daemon.

use std::time::Duration;

use clap::Args;
use engine::Patience;

/// The longest silence that can be asked for.
const LONGEST: Duration = Duration::from_hours(1);

/// The patience with servers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Patience")]
pub(crate) struct PatienceArgs {
    /// Try again so often what may well go away: a lost connection, silence, the statuses 408, 425, 429 and 5xx; 0 is
    /// never
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(..=100))]
    retries: u32,
    /// How long a registry, a token server, git or a download may be silent; seconds, or such as 1m30s
    #[arg(long, value_name = "SECONDS|DURATION", default_value = "30s", value_parser = parse_timeout)]
    timeout: Duration,
}

impl PatienceArgs {
    /// The patience, of which nobody hears.
    pub(crate) fn patience(&self) -> Patience {
        Patience::new(Some(self.retries), Some(self.timeout))
    }
}

/// Seconds, or numbers with the units `h`, `m` and `s`, the larger ones first.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: give seconds, or such as 90s, 2m or 1m30s");
    if let Ok(seconds) = text.parse() {
        return bounded(seconds);
    }
    let (mut rest, mut seconds) = (text, 0_u64);
    for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
        let Some((number, behind)) = rest.split_once(unit) else {
            continue;
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        seconds = number
            .checked_mul(factor)
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(wrong)?;
        rest = behind;
    }
    if rest.is_empty() && !text.is_empty() {
        bounded(seconds)
    } else {
        Err(wrong())
    }
}

fn bounded(seconds: u64) -> Result<Duration, String> {
    let timeout = Duration::from_secs(seconds);
    if timeout.is_zero() || timeout > LONGEST {
        return Err("give one second at least, and one hour at most".to_owned());
    }
    Ok(timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_units() {
        for (text, expected) in [
            ("1", 1),
            ("90", 90),
            ("90s", 90),
            ("2m", 120),
            ("1m30s", 90),
            ("1h", 3600),
            ("59m60s", 3600),
        ] {
            let expected = Duration::from_secs(expected);
            assert_eq!(parse_timeout(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "0s",
            "s",
            "m",
            "1x",
            "30s1m",
            "-1",
            "1.5s",
            "2h",
            "1h1s",
            "1 m",
            "1m30",
            "99999999999999999999h",
        ] {
            assert!(parse_timeout(text).is_err(), "{text}");
        }
    }
}
