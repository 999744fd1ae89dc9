//! The messages of BuildKit's `LLBBridge` service that are used here.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::frontend::{
    PingRequest, PongResponse, ResolveImageConfigRequest, ResolveImageConfigResponse,
    ResolveSourceMetaRequest, ResolveSourceMetaResponse, Result, ReturnRequest, ReturnResponse,
};
use buildkit_proto::pb;

use super::{SourceAnswer, SourceQuery};

pub(super) const PING: &str = "/moby.buildkit.v1.frontend.LLBBridge/Ping";
pub(super) const RETURN: &str = "/moby.buildkit.v1.frontend.LLBBridge/Return";
pub(super) const RESOLVE_IMAGE_CONFIG: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig";
pub(super) const RESOLVE_SOURCE_META: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta";

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
