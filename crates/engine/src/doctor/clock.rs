//! Clocks: tokens and certificates have times, and are refused where two clocks differ.

use std::time::Duration;

use registry::ClockOffset;

use super::{
    finding::{Check, Finding, Subject},
    quantity::duration,
};

/// The difference from which on tokens are refused: registries allow a minute.
const MOST: Duration = Duration::from_mins(1);

/// The finding about the clock of `whose` machine.
pub(super) fn check(subject: Subject, whose: &str, offset: ClockOffset) -> Finding {
    let check = Check::Clock;
    if offset.size() <= MOST {
        return Finding::ok(
            subject,
            check,
            format!("{whose} clock is right within a minute"),
        );
    }
    let (size, direction) = match offset {
        ClockOffset::Ahead(size) => (size, "ahead of"),
        ClockOffset::Behind(size) => (size, "behind"),
    };
    let text = format!(
        "{whose} clock is {} {direction} this machine's",
        duration(size)
    );
    Finding::warning(subject, check, text).then(
        "set the clock that is wrong, by NTP: tokens and certificates are refused where clocks differ",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_minute_is_no_difference() {
        let check = |offset, state, text: &str| {
            let finding = check(Subject::Daemon, "the daemon's", offset);
            assert_eq!((finding.state, finding.text.as_str()), (state, text));
        };
        let right = "the daemon's clock is right within a minute";
        let seconds = Duration::from_secs;
        check(ClockOffset::Ahead(seconds(0)), State::Ok, right);
        check(ClockOffset::Behind(seconds(60)), State::Ok, right);
        check(
            ClockOffset::Behind(seconds(61)),
            State::Warning,
            "the daemon's clock is 1 min 1 s behind this machine's",
        );
        check(
            ClockOffset::Ahead(seconds(7200)),
            State::Warning,
            "the daemon's clock is 2 h ahead of this machine's",
        );
    }
}
