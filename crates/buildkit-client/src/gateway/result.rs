//! A result that the client puts together: one graph for each platform, with their image configs.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde::Serialize;
use tonic::Status;
use tonic::transport::Channel;

use super::{REGISTRATION_LIMIT, registered, wire};
use crate::export::attr::{BASE_CONFIG, IMAGE_CONFIG, PLATFORMS};
use crate::rpc;

/// The part of a result for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPart {
    /// The operating system.
    pub os: String,
    /// The architecture.
    pub architecture: String,
    /// The architecture's variant; empty for none.
    pub variant: String,
    /// The graph: an encoded `pb.Definition`.
    pub definition: Bytes,
    /// The JSON of the image's config.
    pub image_config: String,
    /// The JSON of the config of the image that it starts from.
    pub base_config: Option<String>,
}

#[derive(Serialize)]
struct Platforms {
    #[serde(rename = "Platforms")]
    platforms: Vec<PlatformEntry>,
}

#[derive(Serialize)]
struct PlatformEntry {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Platform")]
    platform: PlatformFields,
}

#[derive(Serialize)]
struct PlatformFields {
    architecture: String,
    os: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
}

impl ResultPart {
    fn id(&self) -> String {
        let parts = [&self.os, &self.architecture, &self.variant];
        let parts: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("/")
    }
}

/// Has the parts solved in the waiting build, and returns them as its result. `is_index` keeps even one platform apart;
/// without it, the single part is the result itself, as an exporter for Docker wants it.
pub(crate) async fn lead(
    channel: &Channel,
    build: &str,
    parts: &[ResultPart],
    is_index: bool,
) -> Result<(), Status> {
    registered(channel, build).await.map_err(|status| {
        let seconds = REGISTRATION_LIMIT.as_secs();
        status.unwrap_or_else(|| {
            Status::deadline_exceeded(format!(
                "the daemon did not take up the build within {seconds} s"
            ))
        })
    })?;
    let solve = |part: &ResultPart| {
        let request = wire::SolveRequest {
            definition: part.definition.clone(),
            allow_result_return: true,
            allow_result_array_ref: true,
        };
        let id = is_index.then(|| part.id());
        async move {
            let response: wire::SolveResponse =
                rpc::gateway(channel, build, wire::SOLVE, request).await?;
            let reference = wire::reference(response)
                .ok_or_else(|| Status::internal("the daemon solved a graph without a result"))?;
            Ok::<_, Status>((id, reference))
        }
    };
    let refs = try_join_all(parts.iter().map(solve)).await?;
    let returned = wire::returned(refs, metadata(parts, is_index)?);
    let _: wire::Returned = rpc::gateway(channel, build, wire::RETURN, returned).await?;
    Ok(())
}

fn metadata(parts: &[ResultPart], is_index: bool) -> Result<HashMap<String, Vec<u8>>, Status> {
    let mut metadata = HashMap::new();
    let key = |name: &str, part: &ResultPart| {
        if is_index {
            format!("{name}/{}", part.id())
        } else {
            name.to_owned()
        }
    };
    for part in parts {
        let config = part.image_config.clone().into_bytes();
        metadata.insert(key(IMAGE_CONFIG, part), config);
        if let Some(base) = &part.base_config {
            metadata.insert(key(BASE_CONFIG, part), base.clone().into_bytes());
        }
    }
    let platforms = Platforms {
        platforms: parts.iter().map(entry).collect(),
    };
    let platforms = serde_json::to_vec(&platforms)
        .map_err(|error| Status::internal(format!("platforms cannot be written: {error}")))?;
    metadata.insert(PLATFORMS.to_owned(), platforms);
    Ok(metadata)
}

fn entry(part: &ResultPart) -> PlatformEntry {
    PlatformEntry {
        id: part.id(),
        platform: PlatformFields {
            architecture: part.architecture.clone(),
            os: part.os.clone(),
            variant: part.variant.clone(),
        },
    }
}
