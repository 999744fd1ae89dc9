//! The messages of BuildKit's `LLBBridge` service that are used here.

use std::collections::{BTreeMap, HashMap};

use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use buildkit_proto::moby::buildkit::v1::frontend::{
    FileRange, InputsRequest, PingRequest, PongResponse, ReadDirRequest, ReadDirResponse,
    ReadFileRequest, ReadFileResponse, RefMap, ResolveImageConfigRequest,
    ResolveImageConfigResponse, ResolveSourceMetaRequest, ResolveSourceMetaResponse, Result,
    ReturnResponse, WarnRequest, WarnResponse, result,
};
pub(super) use buildkit_proto::moby::buildkit::v1::frontend::{Ref, ReturnRequest};
use buildkit_proto::{fsutil::types::Stat, google::rpc as google, pb};
use bytes::Bytes;
use prost::Message as _;
use tonic::{Code, Status};

use super::{CacheImport, FileKind, FileStat, GraphRequest, SourceAnswer, SourceQuery};
use crate::progress::VertexDigest;
use crate::rpc;

pub(super) const PING: &str = "/moby.buildkit.v1.frontend.LLBBridge/Ping";
pub(super) const SOLVE: &str = "/moby.buildkit.v1.frontend.LLBBridge/Solve";
pub(super) const RETURN: &str = "/moby.buildkit.v1.frontend.LLBBridge/Return";
pub(super) const RESOLVE_IMAGE_CONFIG: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig";
pub(super) const RESOLVE_SOURCE_META: &str =
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta";

pub(super) const INPUTS: &str = "/moby.buildkit.v1.frontend.LLBBridge/Inputs";
pub(super) const WARN: &str = "/moby.buildkit.v1.frontend.LLBBridge/Warn";
pub(super) const READ_FILE: &str = "/moby.buildkit.v1.frontend.LLBBridge/ReadFile";
pub(super) const READ_DIR: &str = "/moby.buildkit.v1.frontend.LLBBridge/ReadDir";

/// `moby.buildkit.v1.frontend.SolveRequest`: the fields that this client sets. The definition is declared as bytes:
/// otherwise, its fields that are newer than `buildkit-proto` would be lost.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveRequest {
    #[prost(bytes = "bytes", optional, tag = "1")]
    definition: Option<Bytes>,
    #[prost(bool, tag = "5")]
    allow_result_return: bool,
    #[prost(bool, tag = "6")]
    allow_result_array_ref: bool,
    #[prost(message, repeated, tag = "12")]
    cache_imports: Vec<rpc::TypeAndAttrs>,
    #[prost(bool, tag = "14")]
    evaluate: bool,
}

pub(super) fn solve(request: GraphRequest) -> SolveRequest {
    let imports = request.cache_imports.into_iter();
    let import = |CacheImport { kind, attrs }| rpc::TypeAndAttrs { kind, attrs };
    SolveRequest {
        definition: Some(request.definition),
        allow_result_return: true,
        allow_result_array_ref: true,
        cache_imports: imports.map(import).collect(),
        evaluate: request.evaluate,
    }
}

/// `moby.buildkit.v1.frontend.InputsResponse`. The definitions are declared as bytes, as in [`SolveRequest`].
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct InputsResponse {
    #[prost(btree_map = "string, bytes", tag = "1")]
    pub(super) definitions: BTreeMap<String, Vec<u8>>,
}

pub(super) fn inputs() -> InputsRequest {
    InputsRequest {}
}

/// `moby.buildkit.v1.frontend.SolveResponse`.
pub(super) type SolveResponse = buildkit_proto::moby::buildkit::v1::frontend::SolveResponse;

/// The only reference of a result. A graph without files has none, or one with an empty name.
pub(super) fn reference(response: SolveResponse) -> Option<Ref> {
    match response.result?.result? {
        result::Result::Ref(reference) if !reference.id.is_empty() => Some(reference),
        _ => None,
    }
}

pub(super) fn one(reference: Ref) -> result::Result {
    result::Result::Ref(reference)
}

pub(super) fn by_platform(refs: HashMap<String, Ref>) -> result::Result {
    result::Result::Refs(RefMap { refs })
}

pub(super) fn returned(
    files: Option<result::Result>,
    metadata: HashMap<String, Vec<u8>>,
) -> ReturnRequest {
    ReturnRequest {
        result: Some(Result {
            metadata,
            result: files,
            ..Result::default()
        }),
        error: None,
    }
}

/// An error, with the details of the status that it comes from.
pub(super) fn failed(message: String, cause: Option<&Status>) -> ReturnRequest {
    let details = cause.map(|status| google::Status::decode(status.details()).unwrap_or_default());
    let code = cause.map_or(Code::Unknown, Status::code);
    ReturnRequest {
        result: None,
        error: Some(google::Status {
            code: code as i32,
            message,
            details: details.unwrap_or_default().details,
        }),
    }
}

pub(super) fn warning(vertex: &VertexDigest, text: &str) -> WarnRequest {
    WarnRequest {
        digest: vertex.as_str().to_owned(),
        level: 1,
        short: text.as_bytes().to_vec(),
        ..WarnRequest::default()
    }
}

pub(super) type Warned = WarnResponse;
pub(super) type Directory = ReadDirResponse;
pub(super) type File = ReadFileResponse;

pub(super) fn read_dir(reference: &Ref, path: &str) -> ReadDirRequest {
    ReadDirRequest {
        r#ref: reference.id.clone(),
        dir_path: path.to_owned(),
        ..ReadDirRequest::default()
    }
}

pub(super) fn read_file(reference: &Ref, path: &str, offset: u64, length: u64) -> ReadFileRequest {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    ReadFileRequest {
        r#ref: reference.id.clone(),
        file_path: path.to_owned(),
        range: Some(FileRange {
            offset: signed(offset),
            length: signed(length),
        }),
        ..ReadFileRequest::default()
    }
}

/// The kind of an entry, from its Go `fs.FileMode` bits.
const MODE_DIR: u32 = 1 << 31;
const MODE_SYMLINK: u32 = 1 << 27;
const MODE_OTHERS: u32 = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;

pub(super) fn stat(entry: Stat) -> FileStat {
    let kind = match entry.mode {
        mode if mode & MODE_DIR != 0 => FileKind::Directory,
        mode if mode & MODE_SYMLINK != 0 => FileKind::Symlink(entry.linkname),
        mode if mode & MODE_OTHERS != 0 => FileKind::Special,
        _ => FileKind::File,
    };
    FileStat {
        name: entry.path,
        kind,
        mode: permissions(entry.mode),
        size: u64::try_from(entry.size).unwrap_or_default(),
    }
}

/// The permission bits of a system, of Go's `fs.FileMode`.
fn permissions(mode: u32) -> u32 {
    let special = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];
    let special = special.iter().filter(|(flag, _)| mode & flag != 0);
    special.fold(mode & 0o777, |bits, (_, bit)| bits | bit)
}

pub(super) type Pong = PongResponse;
pub(super) type Returned = ReturnResponse;
pub(super) type ImageConfig = ResolveImageConfigResponse;
pub(super) type SourceMeta = ResolveSourceMetaResponse;

/// Asks the registry, whatever the daemon has pulled before (`llb.ResolveModeForcePull`).
const PULL: &str = "pull";

/// The places where an image is looked for (`sourceresolver.ResolverType`).
const REGISTRY: i32 = 0;
const OCI_LAYOUT: i32 = 1;

pub(super) fn ping() -> PingRequest {
    PingRequest {}
}

/// The ids of the capabilities that are not switched off.
pub(super) fn enabled(capabilities: Vec<ApiCap>) -> Vec<String> {
    let enabled = capabilities.into_iter().filter(|cap| cap.enabled);
    enabled.map(|cap| cap.id).collect()
}

pub(super) fn image(query: &SourceQuery) -> ResolveImageConfigRequest {
    let SourceQuery::Image {
        reference,
        store,
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
        resolver_type: if store.is_some() {
            OCI_LAYOUT
        } else {
            REGISTRY
        },
        store_id: store.clone().unwrap_or_default(),
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

/// The commit of an annotated tag is the tagged commit, not the tag's own object.
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
