//! The workers of a daemon, and the platforms that the catalog needs.

use std::collections::BTreeSet;

use buildkit_client::{Worker, WorkerPlatform};
use catalog::{Platform, listed};

use super::{
    finding::{Check, Finding, Subject},
    needs::{NeededPlatforms, Use},
};

/// The label with the name of a worker's snapshotter (BuildKit's `worker/label`).
const SNAPSHOTTER: &str = "org.mobyproject.buildkit.worker.snapshotter";

/// The platforms of a daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Platforms {
    /// That of the machine: the first one of the first worker.
    pub(super) native: Option<Platform>,
    /// All that it runs, the native ones among them.
    all: BTreeSet<Platform>,
}

impl Platforms {
    pub(super) fn of(workers: &[Worker]) -> Self {
        let of_worker = |worker: &Worker| worker.platforms.iter().map(platform).collect();
        let lists: Vec<Vec<Platform>> = workers.iter().map(of_worker).collect();
        Self {
            native: lists.first().and_then(|list| list.first().cloned()),
            all: lists.into_iter().flatten().collect(),
        }
    }

    /// Those that another kind of processor runs.
    pub(super) fn emulated(&self) -> impl Iterator<Item = &Platform> {
        self.all.iter().filter(|platform| !self.is_native(platform))
    }

    /// Whether the machine's own processor runs it: its kind, in any variant, or the smaller sibling of `amd64`.
    fn is_native(&self, platform: &Platform) -> bool {
        self.native.as_ref().is_some_and(|native| {
            let (own, asked) = (native.architecture(), platform.architecture());
            own == asked || (own == "amd64" && asked == "386")
        })
    }
}

fn platform(told: &WorkerPlatform) -> Platform {
    let platform = Platform::new(&told.os, &told.architecture);
    platform.with_variant(&told.variant).normalized()
}

/// The findings about workers, without those about single platforms.
pub(super) fn check_workers(workers: &[Worker], platforms: &Platforms) -> Vec<Finding> {
    let (Some(worker), Some(native)) = (workers.first(), &platforms.native) else {
        let text = "the daemon has no worker that runs steps";
        return vec![
            Finding::problem(Subject::Daemon, Check::Workers, text)
                .then("see its log: a worker needs runc or containerd"),
        ];
    };
    let emulated: Vec<String> = platforms.emulated().map(ToString::to_string).collect();
    let emulated = match emulated.as_slice() {
        [] => String::new(),
        emulated => format!(", emulated {}", listed(emulated)),
    };
    let count = workers.len();
    let text = format!("{count} worker(s); native is `{native}`{emulated}");
    vec![
        Finding::ok(Subject::Daemon, Check::Workers, text),
        check_snapshotter(worker),
    ]
}

fn check_snapshotter(worker: &Worker) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Snapshots);
    match worker.labels.get(SNAPSHOTTER).map(String::as_str) {
        None => Finding::skipped(subject, check, "the worker does not name its snapshotter"),
        Some("native") => {
            let text = "the snapshotter `native` copies every file of a tree for each step";
            Finding::warning(subject, check, text).then(
                "let the daemon's state be on a disk where overlayfs works, such as ext4 or xfs, and no overlay itself",
            )
        }
        Some("stargz") => {
            let text = "`stargz`: layers in estargz are fetched while steps read them";
            Finding::ok(subject, check, text)
        }
        Some(name) => {
            let text = format!("`{name}`: layers in estargz are fetched as a whole, as others are");
            Finding::ok(subject, check, text)
        }
    }
}

/// The findings about the platforms that the catalog needs.
pub(super) fn check_needed(needed: &NeededPlatforms, platforms: &Platforms) -> Vec<Finding> {
    let each = needed.iter();
    each.map(|(platform, used)| check_one(platform, used, platforms))
        .collect()
}

fn check_one(platform: &Platform, used: &Use, platforms: &Platforms) -> Finding {
    let (subject, check) = (Subject::Daemon, Check::Platform);
    if platforms.is_native(platform) {
        return Finding::ok(subject, check, format!("`{platform}` is native"));
    }
    if platforms.all.contains(&platform.normalized()) {
        let text = format!("`{platform}` is emulated: its commands take many times as long");
        return Finding::ok(subject, check, text);
    }
    match used {
        Use::Files => {
            let text = format!("no worker runs `{platform}`, and no command needs it");
            Finding::ok(subject, check, text)
        }
        Use::Commands(artifacts) => {
            let artifacts = listed(artifacts);
            let text = format!("no worker runs `{platform}`, which commands of {artifacts} need");
            Finding::problem(subject, check, text).then(
                "use a daemon on such a machine, or install an emulator: `docker run --privileged --rm tonistiigi/binfmt \
                 --install all` on the daemon's machine, and start the daemon again",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    fn worker(platforms: &[(&str, &str)], snapshotter: &str) -> Worker {
        let platforms = platforms
            .iter()
            .map(|(architecture, variant)| WorkerPlatform {
                os: "linux".to_owned(),
                architecture: (*architecture).to_owned(),
                variant: (*variant).to_owned(),
            });
        Worker {
            id: "x".to_owned(),
            labels: [(SNAPSHOTTER.to_owned(), snapshotter.to_owned())].into(),
            platforms: platforms.collect(),
            garbage: Vec::new(),
        }
    }

    #[test]
    fn a_platform_is_native_emulated_or_missing() {
        let worker = worker(
            &[("amd64", ""), ("amd64", "v2"), ("386", ""), ("arm64", "")],
            "overlayfs",
        );
        let platforms = Platforms::of(&[worker]);
        let emulated: Vec<_> = platforms.emulated().map(ToString::to_string).collect();
        assert_eq!(emulated, ["linux/arm64"]);
        let check = |platform: &str, used: Use, state: State, text: &str| {
            let finding = check_one(&platform.parse().unwrap(), &used, &platforms);
            assert_eq!(finding.state, state, "{platform}");
            assert!(finding.text.contains(text), "{}", finding.text);
        };
        let commands = || Use::Commands(["app".to_owned()].into());
        check("linux/amd64", commands(), State::Ok, "is native");
        check("linux/386", commands(), State::Ok, "is native");
        check("linux/arm64", commands(), State::Ok, "is emulated");
        check(
            "linux/riscv64",
            Use::Files,
            State::Ok,
            "no command needs it",
        );
        let missing = "no worker runs `linux/riscv64`, which commands of `app` need";
        check("linux/riscv64", commands(), State::Problem, missing);
    }

    #[test]
    fn snapshotters_are_told_apart() {
        let check = |name: &str, state: State| {
            assert_eq!(check_snapshotter(&worker(&[], name)).state, state, "{name}");
        };
        check("overlayfs", State::Ok);
        check("stargz", State::Ok);
        check("native", State::Warning);
        assert_eq!(
            check_workers(&[], &Platforms::default())[0].state,
            State::Problem
        );
    }
}
