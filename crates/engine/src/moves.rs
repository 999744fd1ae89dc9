//! The tags of an image on their way: which of them name it, should a call break off.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use buildkit_client::CancellationToken;
use catalog::listed;
use registry::RemoteProblem;
use serde::Serialize;

use crate::{
    names::TaggedName,
    resolve::{ResolveError, ResolveProblem},
    source_failure::SourceKind,
};

/// How long a tag that moves while the user gives up is waited for, so that its end is known.
const GRACE: Duration = Duration::from_secs(5);

/// The tags of an image that its repositories have, of which some may name it, and some do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnfinishedTags {
    /// The artifact.
    pub artifact: String,
    /// The digest that its repositories have.
    pub digest: String,
    /// The references that name it or a part of it, each with the digest that it names.
    pub moved: Vec<String>,
    /// The references of which it is not known whether they do.
    pub unknown: Vec<String>,
    /// The references that were left alone.
    pub left: Vec<String>,
}

impl UnfinishedTags {
    /// The references, without digests.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let all = self.moved.iter().chain(&self.unknown).chain(&self.left);
        all.map(|reference| without_digest(reference))
    }

    /// Whether a tag has moved, as far as that is known.
    pub fn is_begun(&self) -> bool {
        !self.moved.is_empty() || !self.unknown.is_empty()
    }
}

/// A reference without its digest.
pub(crate) fn without_digest(reference: &str) -> &str {
    reference
        .split_once('@')
        .map_or(reference, |(name, _)| name)
}

impl fmt::Display for UnfinishedTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            artifact, digest, ..
        } = self;
        write!(f, "the tags of `{artifact}`, which is pushed as `{digest}`")?;
        let parts = [
            ("moved", &self.moved),
            ("not moved", &self.left),
            ("it is not known of", &self.unknown),
        ];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        for (number, (what, names)) in parts.enumerate() {
            let between = if number == 0 { ": " } else { "; " };
            write!(f, "{between}{what}: {}", listed(names))?;
        }
        Ok(())
    }
}

/// The tags of one image, in the order in which they were to move.
#[derive(Debug, Default)]
pub(crate) struct Moves(Mutex<Vec<(String, State)>>);

#[derive(Debug, PartialEq, Eq)]
enum State {
    Left,
    /// Its registry was asked, and gave no answer that says how it ended.
    Begun,
    /// The reference with the digest.
    Moved(String),
}

impl Moves {
    /// Tags that are to move; those that are known stay as they are.
    pub(crate) fn are_to_move<'a>(&self, names: impl IntoIterator<Item = &'a TaggedName>) {
        let mut all = self.all();
        for name in names {
            if !all.iter().any(|(known, _)| **known == **name) {
                all.push((name.to_string(), State::Left));
            }
        }
    }

    /// Carries out the move of one tag, which gives its reference with the digest. When the user gives up, it has some
    /// seconds to end.
    pub(crate) async fn carried_out(
        &self,
        name: &TaggedName,
        moving: impl Future<Output = Result<String, RemoteProblem>> + Send,
        cancelled: &CancellationToken,
    ) -> Result<String, ResolveError> {
        self.are_to_move([name]);
        let failed = |problem| ResolveError {
            name: name.to_string(),
            kind: SourceKind::Image,
            problem,
        };
        if cancelled.is_cancelled() {
            return Err(failed(ResolveProblem::Cancelled));
        }
        self.set(name, State::Begun);
        let moved = tokio::select! {
            biased;
            moved = Box::pin(moving) => moved.map_err(ResolveProblem::from),
            () = given_up(cancelled) => Err(ResolveProblem::Cancelled),
        };
        match &moved {
            Ok(reference) => self.set(name, State::Moved(reference.clone())),
            Err(problem) if is_definite(problem) => self.set(name, State::Left),
            Err(_) => {}
        }
        moved.map_err(failed)
    }

    /// A daemon begins to move tags; it does not say how far it came.
    pub(crate) fn are_begun(&self, names: &[TaggedName]) {
        for name in names {
            self.set(name, State::Begun);
        }
    }

    /// What is known of the tags of an image, after its publication broke off.
    pub(crate) fn unfinished(&self, artifact: String, digest: String) -> UnfinishedTags {
        let mut unfinished = UnfinishedTags {
            artifact,
            digest,
            moved: Vec::new(),
            unknown: Vec::new(),
            left: Vec::new(),
        };
        for (name, state) in self.all().iter() {
            match state {
                State::Left => unfinished.left.push(name.clone()),
                State::Begun => unfinished.unknown.push(name.clone()),
                State::Moved(reference) => unfinished.moved.push(reference.clone()),
            }
        }
        unfinished
    }

    fn set(&self, name: &TaggedName, state: State) {
        let mut all = self.all();
        if let Some((_, known)) = all.iter_mut().find(|(known, _)| **known == **name) {
            *known = state;
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<(String, State)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn given_up(cancelled: &CancellationToken) {
    cancelled.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Whether a registry has not moved the tag: it said so, or was not reached.
fn is_definite(problem: &ResolveProblem) -> bool {
    match problem {
        ResolveProblem::Remote(problem) => !matches!(
            problem,
            RemoteProblem::Silent { .. } | RemoteProblem::Lost { .. }
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn name(tag: &str) -> TaggedName {
        TaggedName::new("r.example/a", tag).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_tag_is_told_as_it_is() {
        let names = ["1", "2", "3", "4", "5", "6"].map(name);
        let (moves, cancelled) = (Moves::default(), CancellationToken::new());
        moves.are_to_move(&names);
        let carry = async |name: &TaggedName, moving| {
            let carried = moves.carried_out(name, moving, &cancelled).await;
            carried.map_err(|error| error.problem.is_cancelled())
        };
        let first = async { Ok("r.example/a:1@sha256:1".to_owned()) };
        carry(&names[0], first.boxed()).await.unwrap();
        let refused = async { Err(RemoteProblem::Status { status: 409 }) }.boxed();
        assert_eq!(carry(&names[1], refused).await, Err(false));
        let (host, limit) = ("r.example".to_owned(), GRACE);
        let silent = async { Err(RemoteProblem::Silent { host, limit }) }.boxed();
        assert_eq!(carry(&names[2], silent).await, Err(false));
        // One that is on its way ends, if it ends soon.
        let stop = cancelled.clone();
        let slow = async move {
            stop.cancel();
            tokio::time::sleep(GRACE / 2).await;
            Ok("r.example/a:4@sha256:1".to_owned())
        };
        carry(&names[3], slow.boxed()).await.unwrap();
        let never = std::future::pending().boxed();
        assert_eq!(carry(&names[4], never).await, Err(true));
        let told = moves.unfinished("a".to_owned(), "sha256:1".to_owned());
        assert_eq!(
            told.to_string(),
            "the tags of `a`, which is pushed as `sha256:1`: moved: `r.example/a:1@sha256:1`, `r.example/a:4@sha256:1`; \
             not moved: `r.example/a:2`, `r.example/a:5`, `r.example/a:6`; it is not known of: `r.example/a:3`"
        );
        assert!(told.is_begun());
    }

    #[tokio::test(start_paused = true)]
    async fn a_tag_that_hangs_when_the_user_gives_up_is_not_known() {
        let (moves, cancelled) = (Moves::default(), CancellationToken::new());
        let stop = cancelled.clone();
        let hangs = async move {
            stop.cancel();
            std::future::pending().await
        };
        let error = moves.carried_out(&name("1"), hangs, &cancelled).await;
        assert!(error.unwrap_err().is_cancelled());
        let told = moves.unfinished("a".to_owned(), "sha256:1".to_owned());
        assert_eq!(told.unknown, ["r.example/a:1"]);
    }
}
