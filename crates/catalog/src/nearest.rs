//! The nearest valid spelling of a misspelt name.

/// The candidate that is most like `given`, when one is close enough to be what the user meant.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(given, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let check = |given, expected| {
            assert_eq!(
                nearest(given, ["base-rootfs", "server-base", "oocana-mount"]),
                expected,
                "{given}"
            );
        };
        check("base-rotfs", Some("base-rootfs"));
        check("serverbase", Some("server-base"));
        check("zzz", None);
    }
}
