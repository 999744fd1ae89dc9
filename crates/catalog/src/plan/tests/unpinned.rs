//! A first build has no lock: its plan finds the references to pin. It does not fail at values that only a pin gives.

use proptest::prelude::*;

use super::{
    running::{BASE, on},
    *,
};
use crate::{Expose, Step, StopSignal, Volume};

/// Variables of the base: a path, a port, a signal, a user.
const OF_BASE: &str = r#"{"Env": ["PATH_OF=/root", "PORT=80", "SIGNAL=9", "WHO=me"]}"#;

/// A step that sets one of them from its value in the base or after an earlier step.
fn sets() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Env::new("PATH_OF", "$PATH_OF/x")),
        Just(Env::new("PATH_OF", "${PATH_OF:+$PATH_OF/y}")),
        Just(Env::new("PATH_OF", "/z")),
        Just(Env::new("PORT", "${PORT:-81}")),
        Just(Env::new("PORT", "1$PORT")),
        Just(Env::new("SIGNAL", "${SIGNAL}")),
        Just(Env::new("WHO", "${NOBODY:-$WHO}")),
    ]
    .prop_map(Step::from)
}

/// A step that needs one of them to be a path, port, signal or user.
fn uses() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::from(Workdir::new("$PATH_OF"))),
        Just(Volume::new(["$PATH_OF"]).into()),
        Just(Copy::new("file", "$PATH_OF/to").into()),
        Just(Expose::new(["$PORT"]).into()),
        Just(StopSignal::new("$SIGNAL").into()),
        Just(User::new("$WHO").into()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(prop_oneof![sets(), uses()], 1..8)
}

proptest! {
    #[test]
    fn what_a_pin_would_tell_is_no_error_before(below in steps(), above in steps()) {
        let all = |artifact: Artifact, steps: Vec<Step>| steps.into_iter().fold(artifact, Artifact::step);
        let catalog = checked([
            all(Artifact::image("below", BASE), below),
            all(Artifact::image("above", "below"), above),
        ]);
        let arm = Request {
            artifacts: vec!["above".to_owned()],
            platforms: vec!["linux/arm64".parse().unwrap()],
            ..Request::default()
        };
        let variant = &catalog.select(&arm).unwrap()[0];
        let with_file = |inputs: Inputs| Inputs {
            files: BTreeMap::from([(path("file").into(), set(&[("file", text_file("x"))]))]),
            ..inputs
        };
        // A port that has grown too often is too large. The error comes once the port is known.
        let pinned = catalog.plan(variant, &with_file(on(OF_BASE)), Caching::Use);
        let unpinned = catalog.plan(variant, &with_file(inputs(&[])), Caching::Use);
        prop_assert!(pinned.is_err() || unpinned.is_ok(), "{unpinned:?}");
        prop_assert_eq!(unpinned.map(|plan| plan.id.is_none()).ok(), Some(true));
    }
}
