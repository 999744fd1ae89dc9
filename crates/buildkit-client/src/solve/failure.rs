//! The daemon's report of a failed build: a message, and typed details.
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
#[error("{}", readable(message))]
pub struct BuildFailure {
    /// The gRPC code.
    pub code: Code,
    /// The daemon's message.
    pub message: String,
    /// The step that failed, if it was one.
    pub vertex: Option<VertexDigest>,
    /// The exit code of the process that failed, if one did.
    pub exit_code: Option<u32>,
    /// The places in the sources where the failing step is written.
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

/// A message without its command line: `process "/bin/sh -ec …" did not complete successfully: exit code: 1` repeats
/// the whole script, which is in the step already. Other messages stay unchanged.
fn without_command(message: &str) -> Cow<'_, str> {
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

/// A message as a user understands it: without the command line, and with paths as the step has them:
/// those of the daemon's own mounts and snapshots name no file that anybody knows.
pub fn readable(message: &str) -> Cow<'_, str> {
    match without_command(message) {
        Cow::Borrowed(message) => without_refs(in_tree(message)),
        Cow::Owned(message) => Cow::Owned(without_refs(in_tree(&message)).into_owned()),
    }
}

/// A message without the daemon's names for trees: `checksum of ref 1a2b::3c4d: "/x": not found`.
fn without_refs(message: Cow<'_, str>) -> Cow<'_, str> {
    const REF: &str = " of ref ";
    let found = message.split_once(REF).and_then(|(before, rest)| {
        let end = rest.find(": ")?;
        let (name, after) = rest.split_at(end);
        (name.contains("::") && !name.contains(' ')).then(|| format!("{before}{after}"))
    });
    found.map_or(message, Cow::Owned)
}

/// The beginnings of the paths of trees in BuildKit's workers, which a number or name follows: temporary mounts
/// (`snapshot/localmounter.go`), snapshots of containerd's snapshotters, and running commands
/// (`executor/runcexecutor`).
const MOUNT: &str = "/buildkit-mount";
const SNAPSHOT: &str = "/snapshots/snapshots/";
const COMMAND: &str = "/executor/";

fn in_tree(message: &str) -> Cow<'_, str> {
    if ![MOUNT, SNAPSHOT, COMMAND]
        .iter()
        .any(|own| message.contains(own))
    {
        return Cow::Borrowed(message);
    }
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ':' | ',' | ';' | ')');
    let parts = message.split_inclusive(is_end).map(|part| {
        let path = part.trim_end_matches(is_end);
        let before = path.find('/').unwrap_or(path.len());
        match below_own(&path[before..]) {
            Some(rest) => format!("{}{rest}{}", &path[..before], &part[path.len()..]),
            None => part.to_owned(),
        }
    });
    Cow::Owned(parts.collect())
}

/// The path in the tree, if the tree is at a place of the daemon's own.
fn below_own(path: &str) -> Option<&str> {
    let after = |own: &str| {
        let (_, rest) = path.rsplit_once(own)?;
        // The number or the name.
        Some(&rest[rest.find('/').unwrap_or(rest.len())..])
    };
    let inside = |rest: &'_ str, directory: &str| {
        let rest = rest.strip_prefix(directory)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| path.len() - rest.len())
    };
    let start = if let Some(rest) = after(MOUNT) {
        path.len() - rest.len()
    } else if let Some(rest) = after(SNAPSHOT) {
        inside(rest, "/fs").unwrap_or(path.len() - rest.len())
    } else {
        // A user's directory may have that name, too.
        inside(after(COMMAND)?, "/rootfs")?
    };
    let rest = &path[start..];
    Some(if rest.is_empty() { "/" } else { rest })
}

const VERTEX: &str = "errdefs.Vertex+json";
const SOURCE: &str = "errdefs.Source+json";
const EXIT: &str = "gatewayapi.ExitMessage+json";

/// The solver's message after two builds merged in a way that it cannot continue; trying again helps.
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
        // If the details cannot be read, there is still the message, which is what people look at.
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
    fn the_daemons_own_paths_are_those_of_the_tree() {
        let check = |message: &str, expected: &str| assert_eq!(readable(message), expected);
        check(
            "failed to copy file info: lstat /tmp/buildkit-mount2718281828/etc/none: no such file or directory",
            "failed to copy file info: lstat /etc/none: no such file or directory",
        );
        check(
            "mkdir /var/lib/buildkit/runc-overlayfs/snapshots/snapshots/12/fs/usr/bin: not a directory",
            "mkdir /usr/bin: not a directory",
        );
        check(
            "open \"/home/a/.local/x/runc-native/snapshots/snapshots/8/a b\": it is odd",
            "open \"/a b\": it is odd",
        );
        check(
            "cannot replace to directory /tmp/buildkit-mount1 with file",
            "cannot replace to directory / with file",
        );
        check(
            "stat /var/lib/buildkit/runc-overlayfs/executor/x7/rootfs/a: gone",
            "stat /a: gone",
        );
        check(
            "open /srv/executor/x/a: gone",
            "open /srv/executor/x/a: gone",
        );
        check(
            "failed to calculate checksum of ref lcc37f::llsepw: \"/none/x\": not found",
            "failed to calculate checksum: \"/none/x\": not found",
        );
        check(
            "a/snapshots of a copy: /srv/fs/a",
            "a/snapshots of a copy: /srv/fs/a",
        );
    }

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
