//! The capabilities of a daemon that builds with llbgen use.

use buildkit_llb::{Cap, CapSet};
use catalog::listed;

use super::finding::{Check, Finding, Subject};

/// The kinds of caches that every daemon has.
const ALWAYS: [&str; 3] = ["registry", "local", "inline"];

/// The kinds of caches that a daemon may have.
const CACHES: [(&str, &Cap); 3] = [
    ("gha", &Cap::REMOTE_CACHE_GHA),
    ("s3", &Cap::REMOTE_CACHE_S3),
    ("azblob", &Cap::REMOTE_CACHE_AZBLOB),
];

/// The findings about a daemon with these capabilities.
pub(super) fn check(capabilities: &CapSet) -> Vec<Finding> {
    vec![
        check_merge(capabilities),
        check_passthrough(capabilities),
        check_caches(capabilities),
    ]
}

fn check_merge(capabilities: &CapSet) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Operations);
    let wanted = [("merge", &Cap::MERGE_OP), ("diff", &Cap::DIFF_OP)];
    let missing = wanted.iter().filter(|(_, cap)| !capabilities.supports(cap));
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Finding::ok(subject, check, "graphs may merge and compare trees");
    }
    let text = format!("the daemon has no {} of trees", missing.join(" and no "));
    Finding::problem(subject, check, text).then(
        "use another snapshotter than the containerd store of this daemon, or a newer BuildKit",
    )
}

fn check_passthrough(capabilities: &CapSet) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Caches);
    if capabilities.supports(&Cap::PASSTHROUGH_OP) {
        let text = "one cache of several artifacts is complete";
        return Finding::ok(subject, check, text);
    }
    let text = "one cache of several artifacts may lack links between them";
    Finding::warning(subject, check, text).then("use BuildKit v0.31 or newer for `--cache-to`")
}

fn check_caches(capabilities: &CapSet) -> Finding {
    let (has, lacks): (Vec<&(&str, &Cap)>, Vec<_>) = CACHES
        .iter()
        .partition(|(_, cap)| capabilities.supports(cap));
    let has = ALWAYS.into_iter().chain(has.iter().map(|(name, _)| *name));
    let lacks = match lacks.as_slice() {
        [] => String::new(),
        lacks => format!(
            ", and none of {}",
            listed(lacks.iter().map(|(name, _)| *name))
        ),
    };
    let text = format!(
        "it reads and writes caches of the kinds {}{lacks}",
        listed(has)
    );
    Finding::ok(Subject::Daemon, Check::Caches, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn what_is_missing_is_told() {
        let states = |caps: &[Cap]| {
            let findings = check(&caps.iter().cloned().collect());
            findings.iter().map(|found| found.state).collect::<Vec<_>>()
        };
        let all = [Cap::MERGE_OP, Cap::DIFF_OP, Cap::PASSTHROUGH_OP];
        assert_eq!(states(&all), [State::Ok, State::Ok, State::Ok]);
        assert_eq!(states(&all[..2]), [State::Ok, State::Warning, State::Ok]);
        assert_eq!(states(&[]), [State::Problem, State::Warning, State::Ok]);
        let text = &check(&[Cap::REMOTE_CACHE_S3].into_iter().collect())[2].text;
        let expected = "it reads and writes caches of the kinds `registry`, `local`, `inline`, `s3`, and none of `gha`, \
                        `azblob`";
        assert_eq!(text, expected);
    }
}
