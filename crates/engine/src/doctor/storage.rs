//! The disk that a daemon uses, and what it forgets.

use buildkit_client::{Daemon, DiskUsage, GarbageRule, Worker};

use super::{
    deadline::{DAEMON, silent_daemon, within},
    finding::{Check, Finding, Subject},
    quantity::bytes,
};

/// The findings about the disk of the daemon and of its first worker.
pub(super) async fn check(daemon: &Daemon, workers: &[Worker]) -> Vec<Finding> {
    let usage = within(DAEMON, daemon.disk_usage(), silent_daemon(Check::Storage)).await;
    let usage = match usage {
        Ok(Ok(usage)) => used(usage),
        Ok(Err(error)) => Finding::failed(Subject::Daemon, Check::Storage, &error),
        Err(silent) => silent,
    };
    let rules = workers.first().map(|worker| &*worker.garbage);
    let garbage = rules.map(garbage);
    [usage].into_iter().chain(garbage).collect()
}

fn used(usage: DiskUsage) -> Finding {
    let text = format!(
        "{} in {} records, of which no build uses {} now",
        bytes(usage.total),
        usage.records,
        bytes(usage.reclaimable)
    );
    Finding::ok(Subject::Daemon, Check::Storage, text)
}

/// The finding about the rules by which a worker forgets. The last one counts for everything.
fn garbage(rules: &[GarbageRule]) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Storage);
    let Some(last) = rules.last() else {
        let text =
            "there is no garbage collection: the daemon keeps everything until its disk is full";
        return Finding::warning(subject, check, text).then(
            "set `gc = true` in the worker's section of `buildkitd.toml`, or run `buildctl prune`",
        );
    };
    let limits = [
        ("the cache may have", last.reserved_space),
        ("it is never larger than", last.max_used_space),
        ("the disk keeps free", last.min_free_space),
    ];
    let limits = limits.iter().filter(|(_, size)| *size > 0);
    let limits: Vec<String> = limits
        .map(|(words, size)| format!("{words} {}", bytes(*size)))
        .collect();
    let limits = if limits.is_empty() {
        "without a limit of size".to_owned()
    } else {
        limits.join(", ")
    };
    let text = format!("garbage collection by {} rule(s): {limits}", rules.len());
    Finding::ok(subject, check, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn the_last_rule_is_told() {
        assert_eq!(garbage(&[]).state, State::Warning);
        let rule = GarbageRule {
            reserved_space: 10_000_000_000,
            max_used_space: 0,
            min_free_space: 5_000_000_000,
        };
        let finding = garbage(&[GarbageRule::default(), rule]);
        assert_eq!(finding.state, State::Ok);
        assert_eq!(
            finding.text,
            "garbage collection by 2 rule(s): the cache may have 10.0 GB, the disk keeps free 5.0 GB"
        );
    }
}
