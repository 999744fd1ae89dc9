//! Questions about an image, to a registry that answers as a test says.

use super::*;
use crate::fake::{ok, serve};

async fn image(name: &str) -> RemoteImage {
    let access = RegistryAccess::default();
    RemoteImage::of(&name.parse().unwrap(), &access)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_digest_counts_more_than_a_tag() {
    let digest = format!("sha256:{}", "1".repeat(64));
    for (given, expected) in [
        ("ubuntu", "latest"),
        ("localhost:5000/a/b:1", "1"),
        (&format!("ubuntu:1@{digest}"), &digest),
    ] {
        assert_eq!(image(given).await.reference(), expected);
    }
}

#[tokio::test]
async fn an_image_without_an_index_is_for_the_platform_in_its_config() {
    let config = r#"{"os":"linux","architecture":"arm64"}"#;
    let (digest, size) = (ContentDigest::of(config.as_bytes()), config.len());
    // The media type is optional.
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{digest}","size":{size}}},"layers":[]}}"#
    );
    let (host, _asked) = serve(move |request: &str| match request {
        blob if blob.contains("/blobs/") => ok(config),
        _ => ok(&manifest),
    })
    .await;
    let image = image(&format!("{host}/a:1")).await;
    let [amd64, arm64]: [Platform; 2] = ["linux/amd64", "linux/arm64"].map(|p| p.parse().unwrap());
    let resolved = image.resolved(std::slice::from_ref(&arm64)).await.unwrap();
    assert_eq!(resolved.configs[&arm64], config.as_bytes());
    assert_eq!(
        image.resolved(&[amd64]).await.unwrap_err().to_string(),
        "it is not there for `linux/amd64`, only for `linux/arm64`"
    );
    assert!(found(image.index().await).unwrap().is_none());
}
