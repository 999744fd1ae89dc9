//! A definition as JSON, for reading: what BuildKit's own tools print, with every op decoded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::definition::{Definition, Entry};
use crate::pb;

/// The whole JSON, fields in the order in which they are printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionView {
    head: Option<HeadView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal_digest: Option<String>,
    /// The entries, the terminal among them.
    vertex_count: usize,
    /// The sum of the ops' sizes.
    def_bytes: usize,
    pb_size: usize,
    pb_sha256: String,
    /// Over the digests in order, each followed by a line feed.
    digests_sha256: String,
    vertices: Vec<VertexView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<pb::Source>,
}

#[derive(Serialize)]
struct HeadView {
    digest: String,
    index: u32,
}

#[derive(Serialize)]
struct VertexView {
    index: usize,
    digest: String,
    kind: &'static str,
    size: usize,
    op: pb::Op,
    metadata: pb::OpMetadata,
    raw: String,
}

/// Prints the definition as Go's `protojson` would print its ops and metadata: 64-bit numbers as text, bytes in
/// base64, enums by name, defaults left out. Maps are sorted; equal definitions print equal.
impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DefinitionView::new(self)
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

impl DefinitionView {
    fn new(definition: &Definition) -> Result<Self, prost::DecodeError> {
        let bytes = definition.to_bytes();
        let message = pb::Definition::decode(&*bytes)?;
        let mut metadata = message.metadata;
        let entries = definition.entries();
        let mut digests = Sha256::new();
        for entry in entries {
            digests.update(entry.digest().to_ascii());
            digests.update(b"\n");
        }
        Ok(Self {
            head: definition
                .head()
                .zip(definition.head_output())
                .map(|(digest, index)| HeadView {
                    digest: digest.to_string(),
                    index,
                }),
            terminal_digest: entries.last().map(|terminal| terminal.digest().to_string()),
            vertex_count: entries.len(),
            def_bytes: entries.iter().map(|entry| entry.op_bytes().len()).sum(),
            pb_size: bytes.len(),
            pb_sha256: hex(&Sha256::digest(&bytes)),
            digests_sha256: hex(&digests.finalize()),
            vertices: entries
                .iter()
                .enumerate()
                .map(|(index, entry)| VertexView::new(index, entry, &mut metadata))
                .collect::<Result<_, _>>()?,
            source: message.source,
        })
    }
}

impl VertexView {
    fn new(
        index: usize,
        entry: &Entry,
        metadata: &mut BTreeMap<String, pb::OpMetadata>,
    ) -> Result<Self, prost::DecodeError> {
        let digest = entry.digest().to_string();
        Ok(Self {
            index,
            metadata: metadata.remove(&digest).unwrap_or_default(),
            digest,
            kind: entry.kind().as_str(),
            size: entry.op_bytes().len(),
            op: pb::Op::decode(entry.op_bytes())?,
            raw: STANDARD.encode(entry.op_bytes()),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}
