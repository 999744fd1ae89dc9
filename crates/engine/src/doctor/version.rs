//! The daemon's version.

use super::finding::{Check, Finding, Subject};

/// A release of BuildKit.
type Release = (u32, u32, u32);

/// The oldest release that builds are tested with.
const OLDEST: Release = (0, 17, 0);

/// The security fixes of BuildKit, each with the release that has it.
const FIXES: [(Release, &str); 5] = [
    ((0, 28, 1), "GHSA-4c29-8rgm-jvjj"),
    ((0, 28, 1), "GHSA-4vrq-3vrq-g6gg"),
    ((0, 31, 1), "GHSA-72x6-4j93-7w86"),
    ((0, 31, 1), "GHSA-7236-3392-c5c6"),
    ((0, 31, 2), "CVE-2026-15792"),
];

/// The finding about a daemon that says that it has this version.
pub(super) fn check(version: &str) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Version);
    let Some(release) = release(version) else {
        let reason = format!("`{version}` is no release of BuildKit, so its age is not known");
        return Finding::skipped(subject, check, reason);
    };
    let told = format!("BuildKit {version}");
    let missing = FIXES.iter().filter(|(fixed, _)| release < *fixed);
    let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
    let newest = named(
        FIXES
            .iter()
            .map(|(fixed, _)| *fixed)
            .max()
            .unwrap_or(OLDEST),
    );
    let update = format!("use BuildKit {newest} or newer");
    if release < OLDEST {
        let oldest = named(OLDEST);
        let text = format!("{told} is older than {oldest}, the oldest that is supported");
        return Finding::problem(subject, check, text).then(update);
    }
    if missing.is_empty() {
        return Finding::ok(subject, check, told);
    }
    let text = format!("{told} lacks security fixes: {}", missing.join(", "));
    Finding::warning(subject, check, text).then(update)
}

fn named((major, minor, patch): Release) -> String {
    format!("v{major}.{minor}.{patch}")
}

/// The release in a version such as `v0.32.2`; `None` for a candidate, and for one that is built from a commit.
fn release(version: &str) -> Option<Release> {
    let numbers = version.strip_prefix('v').unwrap_or(version);
    let (numbers, suffix) = numbers.split_once('-').unwrap_or((numbers, ""));
    let mut parts = numbers.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    let (major, minor, patch) = (next()?, next()?, next()?);
    let is_release = suffix.is_empty() && parts.next().is_none();
    is_release.then_some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn old_releases_are_told_with_what_they_lack() {
        let said = |version: &str, state: State, part: &str| {
            let finding = check(version);
            assert_eq!(finding.state, state, "{version}");
            assert!(finding.text.contains(part), "{}", finding.text);
        };
        said("v0.32.2", State::Ok, "BuildKit v0.32.2");
        said("v0.31.2", State::Ok, "v0.31.2");
        said(
            "v0.31.1",
            State::Warning,
            "lacks security fixes: CVE-2026-15792",
        );
        said(
            "v0.17.3",
            State::Warning,
            "BuildKit v0.17.3 lacks security fixes: GHSA-4c29",
        );
        said("0.16.0", State::Problem, "older than v0.17.0");
        for unknown in ["", "v0.0.0-unknown", "master", "v0.32", "v0.32.2-rc1"] {
            said(unknown, State::Skipped, "is no release");
        }
    }
}
