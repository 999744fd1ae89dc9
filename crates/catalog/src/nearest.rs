//! The nearest valid spelling of a misspelt name.

/// The candidate that is most like `given`, if it is close enough to be the one that the user meant.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (likeness(given, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The likeness of two words, from 0 to 1. By the measure of Jaro and Winkler, one or two letters are like every word
/// that has them: `to` like `stop-signal`. In other short words, one mistake counts for much: `atp` is not like `apt`.
fn likeness(given: &str, candidate: &str) -> f64 {
    if given.len() <= 2 && candidate.len() > given.len() + 1 {
        return 0.0;
    }
    let likeness = strsim::jaro_winkler(given, candidate);
    let is_one_slip = given.len() > 2 && strsim::osa_distance(given, candidate) == 1;
    if is_one_slip {
        likeness.max(0.9)
    } else {
        likeness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let check = |given, expected| {
            assert_eq!(
                nearest(given, ["base-rootfs", "server-base", "oocana-mount", "apt"]),
                expected,
                "{given}"
            );
        };
        check("base-rotfs", Some("base-rootfs"));
        check("serverbase", Some("server-base"));
        check("atp", Some("apt"));
        check("zzz", None);
        check("ap", Some("apt"));
        check("ou", None);
    }
}
