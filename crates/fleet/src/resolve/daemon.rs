//! Asking the daemon.

use std::collections::BTreeMap;

use buildkit_client::{CancellationToken, Daemon, DockerConfig, SourceAnswer, SourceQuery};
use catalog::{Commit, ContentDigest, GitSource, ImageRef, Platform};

use super::{ResolveProblem, ResolvedImage};

pub(super) async fn image(
    daemon: &Daemon,
    credentials: &DockerConfig,
    image: &ImageRef,
    platforms: &[Platform],
    cancelled: &CancellationToken,
) -> Result<ResolvedImage, ResolveProblem> {
    let query = |platform: &Platform| SourceQuery::Image {
        reference: image.to_string(),
        os: platform.os().to_owned(),
        architecture: platform.architecture().to_owned(),
        variant: platform.variant().to_owned(),
    };
    let queries: Vec<SourceQuery> = platforms.iter().map(query).collect();
    let answers = daemon
        .resolve(&queries, credentials.clone(), cancelled)
        .await?;
    let mut resolved: Option<ResolvedImage> = None;
    for (platform, answer) in platforms.iter().zip(answers) {
        let SourceAnswer::Image { digest, config } = answer else {
            return Err(nonsense("it is no image"));
        };
        let digest: ContentDigest = digest.parse().map_err(nonsense)?;
        let resolved = resolved.get_or_insert_with(|| ResolvedImage {
            digest: digest.clone(),
            configs: BTreeMap::new(),
        });
        // A tag that moves between two questions would give an image that never was.
        if resolved.digest != digest {
            return Err(nonsense("the tag moved while it was asked for; try again"));
        }
        resolved.configs.insert(platform.clone(), config);
    }
    resolved.ok_or_else(|| nonsense("no platform was asked for"))
}

pub(super) async fn http(
    daemon: &Daemon,
    credentials: &DockerConfig,
    url: &str,
    cancelled: &CancellationToken,
) -> Result<ContentDigest, ResolveProblem> {
    let query = SourceQuery::Source {
        name: url.to_owned(),
        identifier: url.to_owned(),
        attrs: BTreeMap::new(),
    };
    match one(daemon, credentials, query, cancelled).await? {
        SourceAnswer::Http(checksum) => checksum.parse().map_err(nonsense),
        _ => Err(nonsense("it is no download")),
    }
}

pub(super) async fn git(
    daemon: &Daemon,
    credentials: &DockerConfig,
    source: &GitSource,
    cancelled: &CancellationToken,
) -> Result<Commit, ResolveProblem> {
    let content = source
        .content()
        .ok_or_else(|| nonsense("it is no git source"))?;
    let query = SourceQuery::Source {
        name: source.to_string(),
        identifier: content.identifier,
        attrs: content.attrs,
    };
    match one(daemon, credentials, query, cancelled).await? {
        SourceAnswer::Git(commit) => commit.parse().map_err(nonsense),
        _ => Err(nonsense("it is no git ref")),
    }
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
    answers
        .into_iter()
        .next()
        .ok_or_else(|| nonsense("there is none"))
}

fn nonsense(what: impl std::fmt::Display) -> ResolveProblem {
    ResolveProblem::Nonsense {
        what: format!("{what}"),
    }
}
