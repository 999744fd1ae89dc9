//! Pinning until nothing is left to pin.

use std::collections::BTreeSet;

use catalog::{LOCK_FILE, Reference, listed};

use crate::failure::{Exit, Failure};

/// How often a build pins at most. Only another call that pins at the same moment makes it more than once.
const MOST: usize = 5;

/// Pins what `unpinned` finds in `state`, until there is nothing. Another call may pin at the same time; both then go on with
/// what the lock has, which may lack a platform that only this one needs.
///
/// # Errors
/// When something is still not pinned in the end: it would be built as what it stands for in that moment.
pub(super) async fn until_pinned<S>(
    state: &mut S,
    unpinned: impl Fn(&S) -> Result<BTreeSet<Reference>, Failure>,
    pin: impl AsyncFn(&mut S, BTreeSet<Reference>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for _ in 0..MOST {
        let references = unpinned(state)?;
        if references.is_empty() {
            return Ok(());
        }
        pin(state, references).await?;
    }
    let left = unpinned(state)?;
    if left.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<String> = left.iter().map(|one| one.source.name()).collect();
    let error = format!(
        "{} is still not pinned in `{LOCK_FILE}`, which other calls change at the same time: {MOST} attempts were made",
        listed(names)
    );
    Err(Failure::new(Exit::Transient, error).with_hint("run `llbgen lock` when they have ended"))
}

#[cfg(test)]
mod tests {
    use catalog::{Artifact, Catalog, Inputs, PlanOptions, Request};

    use super::*;

    fn references() -> BTreeSet<Reference> {
        let tools = Artifact::rootfs("tools", "debian:12").step(catalog::Apt::install(["git"]));
        let catalog = Catalog::new().artifact(tools).check().unwrap();
        let request = Request {
            artifacts: vec!["tools".into()],
            platforms: vec!["linux/amd64".parse().unwrap()],
            ..Request::default()
        };
        let variant = catalog.select(&request).unwrap().remove(0);
        let plan = catalog.plan(&variant, &Inputs::default(), PlanOptions::default());
        plan.unwrap().unpinned.into_iter().collect()
    }

    #[tokio::test]
    async fn what_is_never_pinned_is_no_success() {
        let check = async |rounds: usize, expected: Option<&str>| {
            let mut pinned = 0;
            let unpinned = |pinned: &usize| {
                Ok(if *pinned < rounds {
                    references()
                } else {
                    BTreeSet::new()
                })
            };
            let pin = async |pinned: &mut usize, _: BTreeSet<Reference>| {
                *pinned += 1;
                Ok(())
            };
            let failure = until_pinned(&mut pinned, unpinned, pin).await.err();
            let error = failure.map(|failure| failure.errors[0].to_string());
            assert_eq!(error.is_some(), expected.is_some(), "{error:?}");
            let names = |error: &str| expected.is_some_and(|name| error.contains(name));
            assert!(error.is_none_or(|error| names(&error)));
            assert_eq!(pinned, rounds.min(MOST));
        };
        check(0, None).await;
        check(1, None).await;
        check(MOST, None).await;
        check(MOST + 1, Some("debian:12")).await;
    }
}
