//! Asking the daemon.

use buildkit_client::{
    CancellationToken, Daemon, DockerConfig, ResolveError, SourceAnswer, SourceQuery,
};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, Platform};
use frontend::lookup::{self, Nonsense};

use super::{ResolveProblem, ResolvedImage};
use crate::source_failure::NO_PLATFORM;

pub(super) async fn image(
    daemon: &Daemon,
    credentials: &DockerConfig,
    image: &ImageRef,
    platforms: &[Platform],
    cancelled: &CancellationToken,
) -> Result<ResolvedImage, ResolveProblem> {
    let queries = lookup::of_image(image, platforms);
    let answers = daemon
        .resolve(&queries, credentials.clone(), cancelled)
        .await;
    let answers = answers.map_err(|error| match error {
        ResolveError::Refused { message, .. } if message.contains(NO_PLATFORM) => {
            let asked = platforms.iter().map(ToString::to_string).collect();
            ResolveProblem::NoPlatform { asked }
        }
        error => error.into(),
    })?;
    Ok(lookup::image(platforms, answers)?)
}

pub(super) async fn http(
    daemon: &Daemon,
    credentials: &DockerConfig,
    url: &str,
    cancelled: &CancellationToken,
) -> Result<ContentDigest, ResolveProblem> {
    let answer = one(daemon, credentials, lookup::of_http(url), cancelled).await?;
    Ok(lookup::http(answer)?)
}

pub(super) async fn git(
    daemon: &Daemon,
    credentials: &DockerConfig,
    source: &GitSource,
    cancelled: &CancellationToken,
) -> Result<Commit, ResolveProblem> {
    let answer = one(daemon, credentials, lookup::of_git(source)?, cancelled).await?;
    Ok(lookup::git(answer)?)
}

async fn one(
    daemon: &Daemon,
    credentials: &DockerConfig,
    query: SourceQuery,
    cancelled: &CancellationToken,
) -> Result<SourceAnswer, ResolveProblem> {
    let answers = daemon
        .resolve(&[query], credentials.clone(), cancelled)
        .await?;
    let none = || Nonsense("there is none".to_owned());
    Ok(answers.into_iter().next().ok_or_else(none)?)
}

impl From<Nonsense> for ResolveProblem {
    fn from(Nonsense(what): Nonsense) -> Self {
        Self::Nonsense { what }
    }
}
