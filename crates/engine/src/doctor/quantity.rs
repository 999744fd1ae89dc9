//! Sizes and durations as people read them.

use std::time::Duration;

const UNITS: [(&str, u64); 4] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
];

/// A number of bytes, as `1.5 GB`.
pub(super) fn bytes(count: u64) -> String {
    match UNITS.iter().find(|(_, unit)| count >= *unit) {
        None => format!("{count} bytes"),
        Some((name, unit)) => {
            let tenths = u128::from(count) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
    }
}

/// A duration of seconds or more, as `2 h 5 min`: its two largest parts.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() {
        return "less than 1 s".to_owned();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_units_are_told() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_500_000_000), "1.5 GB");
        assert_eq!(bytes(u64::MAX), "18446744.0 TB");
        let check = |seconds: u64, expected: &str| {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        };
        check(0, "less than 1 s");
        check(59, "59 s");
        check(3600, "1 h");
        check(90_061, "1 d 1 h");
        check(125, "2 min 5 s");
    }
}
