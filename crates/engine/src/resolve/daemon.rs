//! Questions to the daemon.

use buildkit_client::{
    CancellationToken, Daemon, ResolveAccess, ResolveError, SourceAnswer, SourceQuery,
};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, Platform};

use registry::{NO_PLATFORM, RegistryAccess, RemoteProblem, status_in};

use super::{ResolveProblem, ResolvedImage};
use crate::{
    declared::Declared,
    secrets::LoadedSecrets,
    source_queries::{self, Nonsense},
};

pub(super) async fn image(
    daemon: &Daemon,
    access: &RegistryAccess,
    image: &ImageRef,
    platforms: &[Platform],
    cancelled: &CancellationToken,
) -> Result<ResolvedImage, ResolveProblem> {
    let queries = source_queries::of_image(image, platforms);
    let auth = Declared::default()
        .with_image(&image.to_string())
        .logins(access);
    let access = ResolveAccess {
        auth,
        ..ResolveAccess::default()
    };
    let answers = daemon.resolve(&queries, access, cancelled).await;
    let answers = answers.map_err(|error| match error {
        ResolveError::Refused { message, .. } if message.contains(NO_PLATFORM) => {
            let asked = platforms.iter().map(ToString::to_string).collect();
            ResolveProblem::NoPlatform { asked }
        }
        error => error.into(),
    })?;
    Ok(source_queries::image(platforms, answers)?)
}

pub(super) async fn http(
    daemon: &Daemon,
    url: &str,
    cancelled: &CancellationToken,
) -> Result<ContentDigest, ResolveProblem> {
    let answer = one(
        daemon,
        ResolveAccess::default(),
        source_queries::of_http(url),
        cancelled,
    )
    .await;
    let answer = answer.map_err(|problem| match problem {
        ResolveProblem::Daemon(ResolveError::Refused { name, message }) => {
            match status_in(&message) {
                Some(status) => RemoteProblem::Status { status }.into(),
                None => ResolveError::Refused { name, message }.into(),
            }
        }
        problem => problem,
    })?;
    Ok(source_queries::http(answer)?)
}

pub(super) async fn git(
    daemon: &Daemon,
    secrets: &LoadedSecrets,
    source: &GitSource,
    cancelled: &CancellationToken,
) -> Result<Commit, ResolveProblem> {
    let content = source.content();
    let declared = content
        .iter()
        .fold(Declared::default(), Declared::with_source);
    let access = ResolveAccess {
        secrets: secrets.declared(&declared.secrets),
        ..ResolveAccess::default()
    };
    let answer = one(daemon, access, source_queries::of_git(source)?, cancelled).await?;
    Ok(source_queries::git(answer)?)
}

async fn one(
    daemon: &Daemon,
    access: ResolveAccess,
    query: SourceQuery,
    cancelled: &CancellationToken,
) -> Result<SourceAnswer, ResolveProblem> {
    let answers = daemon.resolve(&[query], access, cancelled).await?;
    let none = || Nonsense("there is none".to_owned());
    Ok(answers.into_iter().next().ok_or_else(none)?)
}

impl From<Nonsense> for ResolveProblem {
    fn from(Nonsense(what): Nonsense) -> Self {
        RemoteProblem::nonsense(what).into()
    }
}
