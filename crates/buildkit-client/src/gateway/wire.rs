//! The messages of BuildKit's `LLBBridge` service that are used here.

use std::collections::{BTreeMap, HashMap};

use buildkit_proto::moby::buildkit::v1::frontend::{
    PingRequest, PongResponse, Ref, RefMap, ResolveImageConfigRequest, ResolveImageConfigResponse,
    ResolveSourceMetaRequest, ResolveSourceMetaResponse, Result, ReturnRequest, ReturnResponse,
    result,
};
use buildkit_proto::pb;
use bytes::Bytes;

use super::{SourceAnswer, SourceQuery};

pub(super) const PING: &str = "/moby.buildkit.v1.frontend.LLBBridge/Ping";
pub(super) const SOLVE: &str = "/moby.buildkit.v1.frontend.LLBBridge/Solve";
pub(super) const RETURN: &str = "/moby.buildkit.v1.frontend.LLBBridge/Return";
pub(super) const RESOLVE_IMAGE_CONFIG: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig";
pub(super) const RESOLVE_SOURCE_META: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta";

/// `moby.buildkit.v1.frontend.SolveRequest`: the fields that this client sets. The definition is declared as bytes: what
/// is newer than `buildkit-proto` in it would be lost otherwise.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) definition: Bytes,
    #[prost(bool, tag = "5")]
    pub(super) allow_result_return: bool,
    #[prost(bool, tag = "6")]
    pub(super) allow_result_array_ref: bool,
}

/// `moby.buildkit.v1.frontend.SolveResponse`.
pub(super) type SolveResponse = buildkit_proto::moby::buildkit::v1::frontend::SolveResponse;

/// The one reference of a result.
pub(super) fn reference(response: SolveResponse) -> Option<Ref> {
    match response.result?.result? {
        result::Result::Ref(reference) => Some(reference),
        _ => None,
    }
}

/// A result with one reference, or one for each platform.
pub(super) fn returned(
    refs: Vec<(Option<String>, Ref)>,
    metadata: HashMap<String, Vec<u8>>,
) -> ReturnRequest {
    let mut of_platforms = HashMap::new();
    let mut alone = None;
    for (platform, reference) in refs {
        match platform {
            Some(platform) => drop(of_platforms.insert(platform, reference)),
            None => alone = Some(reference),
        }
    }
    let refs = match alone {
        Some(reference) => result::Result::Ref(reference),
        None => result::Result::Refs(RefMap { refs: of_platforms }),
    };
    ReturnRequest {
        result: Some(Result {
            metadata,
            result: Some(refs),
            ..Result::default()
        }),
        error: None,
    }
}

pub(super) type Pong = PongResponse;
pub(super) type Returned = ReturnResponse;
pub(super) type ImageConfig = ResolveImageConfigResponse;
pub(super) type SourceMeta = ResolveSourceMetaResponse;

/// Asks the registry, whatever the daemon has pulled before (`llb.ResolveModeForcePull`).
const PULL: &str = "pull";

pub(super) fn ping() -> PingRequest {
    PingRequest {}
}

/// A result without a file system; nothing is exported.
pub(super) fn empty_result() -> ReturnRequest {
    ReturnRequest {
        result: Some(Result::default()),
        error: None,
    }
}

pub(super) fn image(query: &SourceQuery) -> ResolveImageConfigRequest {
    let SourceQuery::Image {
        reference,
        os,
        architecture,
        variant,
    } = query
    else {
        return ResolveImageConfigRequest::default();
    };
    ResolveImageConfigRequest {
        r#ref: reference.clone(),
        platform: Some(pb::Platform {
            os: os.clone(),
            architecture: architecture.clone(),
            variant: variant.clone(),
            ..pb::Platform::default()
        }),
        resolve_mode: PULL.to_owned(),
        log_name: format!("resolve {reference}"),
        ..ResolveImageConfigRequest::default()
    }
}

pub(super) fn image_answer(config: ImageConfig) -> Option<SourceAnswer> {
    (!config.digest.is_empty()).then_some(SourceAnswer::Image {
        digest: config.digest,
        config: config.config,
    })
}

pub(super) fn source(
    identifier: &str,
    attrs: &BTreeMap<String, String>,
) -> ResolveSourceMetaRequest {
    ResolveSourceMetaRequest {
        source: Some(pb::SourceOp {
            identifier: identifier.to_owned(),
            attrs: attrs.clone(),
        }),
        log_name: format!("resolve {identifier}"),
        ..ResolveSourceMetaRequest::default()
    }
}

/// The commit of an annotated tag is the one that the tag is on.
pub(super) fn source_answer(meta: SourceMeta) -> Option<SourceAnswer> {
    if let Some(git) = meta.git {
        let commit = if git.commit_checksum.is_empty() {
            git.checksum
        } else {
            git.commit_checksum
        };
        return (!commit.is_empty()).then_some(SourceAnswer::Git(commit));
    }
    let http = meta.http?;
    (!http.checksum.is_empty()).then_some(SourceAnswer::Http(http.checksum))
}
