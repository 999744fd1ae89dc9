//! Downloads from URLs.

use buildkit_llb::ContentDigest;
use sha2::{Digest as _, Sha256};

use crate::{
    client::{client, problem},
    problem::RemoteProblem,
};

/// The sha256 of the file at a URL.
pub async fn sha256_of_url(url: &str) -> Result<ContentDigest, RemoteProblem> {
    let mut response = client()?
        .get(url)
        .send()
        .await
        .map_err(|error| problem(&error))?;
    let status = response.status();
    if !status.is_success() {
        let status = status.as_u16();
        return Err(RemoteProblem::Status { status });
    }
    let mut hash = Sha256::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| problem(&error))? {
        hash.update(&chunk);
    }
    let hash: [u8; 32] = hash.finalize().into();
    Ok(ContentDigest::of_sha256(hash))
}
