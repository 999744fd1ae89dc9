//! The third door: `docker buildx build` and buildctl through the gateway frontend.

mod answers;
mod buildctl;
mod built;
mod caches;
mod frontend_image;
mod graphs;
mod lines;
mod linked;
mod mistakes;
mod options;
mod outputs;
mod questions;
mod remote;
mod team;

use std::sync::OnceLock;

use llbgen_tests::{bed::Bed, command::Outcome};

use crate::oocana::{Built, built, built_by_the_oldest};

const BOTH: [&str; 2] = ["--platform", "linux/amd64,linux/arm64"];

/// Both daemons: of the newest BuildKit, and of the oldest that is supported. The first of the two beds has the registry.
pub(crate) fn on_each(check: fn(&Bed, &Bed)) {
    let Some(shared) = Bed::shared() else { return };
    check(shared, shared);
    check(shared, oldest(shared));
}

/// Both daemons, when they have built the fleet.
fn on_each_built(check: fn(&Bed, &Built)) {
    let Some(shared) = Bed::shared() else { return };
    check(shared, &built_by_the_oldest(shared));
    check(shared, built(shared));
}

/// The daemon of the oldest version that tests share.
pub(crate) fn oldest(shared: &Bed) -> &'static Bed {
    static OLDEST: OnceLock<Bed> = OnceLock::new();
    OLDEST.get_or_init(|| shared.oldest())
}

/// What buildx says besides news.
fn news(said: &Outcome) -> String {
    let lines = said.stderr.lines().filter(|line| line.starts_with('{'));
    lines.collect::<Vec<_>>().join("\n")
}
