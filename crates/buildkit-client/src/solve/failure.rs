//! What the daemon says about a build that failed: a message, and typed details beside it.
//!
//! BuildKit sends details as JSON inside `google.rpc.Status`: `solver/errdefs/errdefs.proto` and
//! `frontend/gateway/pb/exit.go` say what is in them, `util/grpcerrors/grpcerrors.go` how they are packed.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::google::rpc;
use prost::Message as _;
use serde::Deserialize;
use tonic::{Code, Status};

use crate::progress::{SourcePosition, SourceRange, VertexDigest};

/// A build that failed in the daemon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", without_command(message))]
pub struct BuildFailure {
    /// The gRPC code.
    pub code: Code,
    /// The daemon's words.
    pub message: String,
    /// The step that failed, if it was one.
    pub vertex: Option<VertexDigest>,
    /// The exit code of the process that failed, if one did.
    pub exit_code: Option<u32>,
    /// Where in the sources the failing step was written.
    pub sources: Vec<FailureSource>,
}

/// A place in a file that a graph was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureSource {
    /// The file's name.
    pub filename: String,
    /// Its content.
    pub data: Vec<u8>,
    /// The places in it.
    pub ranges: Vec<SourceRange>,
}

/// A message without the command line in it: `process "/bin/sh -ec …" did not complete successfully: exit code: 1`
/// repeats the whole script, which stands in the step already. Any other message stays as it is.
pub fn without_command(message: &str) -> Cow<'_, str> {
    let quoted = message.split_once("process \"").and_then(|(before, rest)| {
        let (_, after) = rest.rsplit_once("\" did not complete successfully")?;
        Some((before, after))
    });
    match quoted {
        Some((before, after)) => Cow::Owned(format!(
            "{before}process did not complete successfully{after}"
        )),
        None => Cow::Borrowed(message),
    }
}

const VERTEX: &str = "errdefs.Vertex+json";
const SOURCE: &str = "errdefs.Source+json";
const EXIT: &str = "gatewayapi.ExitMessage+json";

/// What the solver says when two builds merged in a way that it cannot continue; trying again helps.
const INCONSISTENT: &str = "inconsistent graph state";

impl BuildFailure {
    /// Whether the same build may well succeed when it is tried again: the daemon was busy or shutting down, or its
    /// solver got into a state that has nothing to do with the graph.
    pub fn is_transient(&self) -> bool {
        let code = matches!(self.code, Code::Unavailable | Code::Aborted);
        self.exit_code.is_none() && (code || self.message.contains(INCONSISTENT))
    }

    pub(crate) fn from_status(status: &Status) -> Self {
        let mut failure = Self {
            code: status.code(),
            message: status.message().into(),
            vertex: None,
            exit_code: None,
            sources: Vec::new(),
        };
        // Details that cannot be read leave the message, which is what people look at.
        let details = rpc::Status::decode(status.details()).unwrap_or_default();
        for detail in details.details {
            let kind = detail.type_url.rsplit('/').next().unwrap_or_default();
            failure.add(kind, &detail.value);
        }
        failure
    }

    /// The innermost vertex and exit code come last in Go's order of wrapping, and win.
    fn add(&mut self, kind: &str, json: &[u8]) {
        match kind {
            VERTEX => {
                if let Ok(vertex) = serde_json::from_slice::<VertexDetail>(json) {
                    self.vertex = Some(vertex.digest.into());
                }
            }
            EXIT => {
                if let Ok(exit) = serde_json::from_slice::<ExitDetail>(json) {
                    self.exit_code = Some(exit.code);
                }
            }
            SOURCE => {
                if let Ok(source) = serde_json::from_slice::<SourceDetail>(json) {
                    self.sources.push(source.into());
                }
            }
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct VertexDetail {
    digest: String,
}

#[derive(Deserialize)]
struct ExitDetail {
    #[serde(rename = "Code", default)]
    code: u32,
}

#[derive(Deserialize)]
struct SourceDetail {
    #[serde(default)]
    info: Info,
    #[serde(default)]
    ranges: Vec<Range>,
}

#[derive(Deserialize, Default)]
struct Info {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    start: Position,
    #[serde(default)]
    end: Position,
}

#[derive(Deserialize, Default)]
struct Position {
    #[serde(default)]
    line: i32,
    #[serde(default)]
    character: i32,
}

impl From<SourceDetail> for FailureSource {
    fn from(detail: SourceDetail) -> Self {
        Self {
            filename: detail.info.filename,
            data: STANDARD.decode(detail.info.data).unwrap_or_default(),
            ranges: detail.ranges.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Range> for SourceRange {
    fn from(range: Range) -> Self {
        Self {
            start: range.start.into(),
            end: range.end.into(),
        }
    }
}

impl From<Position> for SourcePosition {
    fn from(position: Position) -> Self {
        Self {
            line: position.line,
            character: position.character,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_not_repeated() {
        let check = |message: &str, expected: &str| assert_eq!(without_command(message), expected);
        check(
            "failed to solve: process \"/bin/sh -ec echo \\\"a\\\"\nexit 7\" did not complete successfully: exit code: 7",
            "failed to solve: process did not complete successfully: exit code: 7",
        );
        check("docker.io/x: not found", "docker.io/x: not found");
        check("process \"x\" vanished", "process \"x\" vanished");
    }
}
