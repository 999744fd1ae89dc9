//! Downloads from URLs.

use buildkit_llb::ContentDigest;
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use crate::{
    answering::{answering, host},
    client::client,
    patience::Patience,
    problem::RemoteProblem,
    retry::{Again, Failed, retried},
};

/// The sha256 of the file at a URL.
pub async fn sha256_of_url(url: &str, patience: &Patience) -> Result<ContentDigest, RemoteProblem> {
    let client = &client(patience)?;
    let server = Url::parse(url).map_or_else(|_| url.to_owned(), |url| host(&url));
    retried(patience, &server, || async {
        let mut answer = answering(client.get(url), patience).await?;
        let status = answer.status();
        if !status.is_success() {
            let status = status.as_u16();
            return Err(Failed {
                problem: RemoteProblem::Status { status },
                again: Again::of(status, answer.headers()),
            });
        }
        let mut hash = Sha256::new();
        while let Some(chunk) = answer.chunk().await? {
            hash.update(&chunk);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Ok(ContentDigest::of_sha256(hash))
    })
    .await
}
