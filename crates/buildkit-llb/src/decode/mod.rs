//! From bytes back to a definition. Bytes that no client would write are refused.

mod error;
mod notes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use prost::Message as _;

pub use self::error::DecodeError;

use self::notes::{read_files, read_locations, read_metadata};
use crate::definition::{Definition, Edge, Entry};
use crate::digest::OpDigest;
use crate::op_kind::OpKind;
use crate::pb;

/// Whether every vertex must have metadata.
#[derive(Debug, Clone, Copy)]
enum Metadata {
    Required,
    Optional,
}

impl Definition {
    /// Reads a definition. Every digest is computed anew from the op's bytes.
    ///
    /// # Errors
    /// When the bytes are cut off or garbage, when an input is missing, when the graph is not in order (so that it
    /// might have a cycle), when an op names an input that it does not have, or when metadata belongs to no vertex.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(bytes, Metadata::Required)
    }

    /// The same as [`from_bytes`](Self::from_bytes), for the bytes of other clients than BuildKit's: a vertex may have
    /// no metadata, which counts as empty metadata.
    ///
    /// # Errors
    /// All other errors of `from_bytes`.
    pub fn from_bytes_lenient(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode(bytes, Metadata::Optional)
    }

    fn decode(bytes: &[u8], need: Metadata) -> Result<Self, DecodeError> {
        let message = pb::Definition::decode(bytes).map_err(DecodeError::Malformed)?;
        Self::from_message(message, need)
    }

    fn from_message(message: pb::Definition, need: Metadata) -> Result<Self, DecodeError> {
        let pb::Definition {
            def,
            mut metadata,
            source,
        } = message;
        let (mut locations, files) = match source {
            Some(source) => (source.locations, Some(read_files(source.infos, need)?)),
            None => (BTreeMap::new(), None),
        };
        let file_count = files.as_ref().map_or(0, Vec::len);
        let mut places: BTreeMap<OpDigest, usize> = BTreeMap::new();
        let mut entries = Vec::with_capacity(def.len());
        let last = def.len().saturating_sub(1);
        for (index, bytes) in def.into_iter().enumerate() {
            let digest = OpDigest::of(&bytes);
            let op = pb::Op::decode(&*bytes)
                .map_err(|source| DecodeError::MalformedOp { index, source })?;
            let kind = kind(&op, digest, index == last)?;
            let inputs = read_inputs(&op, digest, &places)?;
            check_input_numbers(&op, digest)?;
            if places.insert(digest, index).is_some() {
                return Err(DecodeError::Duplicate { vertex: digest });
            }
            let text = digest.to_string();
            let metadata = match (metadata.remove(&text), need) {
                (Some(metadata), _) => metadata,
                (None, Metadata::Optional) => pb::OpMetadata::default(),
                (None, Metadata::Required) => {
                    return Err(DecodeError::NoMetadata { vertex: digest });
                }
            };
            let locations = locations
                .remove(&text)
                .map(|locations| read_locations(locations, digest, file_count))
                .transpose()?;
            let op = bytes.into();
            entries.push(Entry {
                digest,
                kind,
                op,
                inputs,
                metadata: read_metadata(metadata),
                locations,
            });
        }
        if let Some(digest) = metadata.into_keys().chain(locations.into_keys()).next() {
            return Err(DecodeError::UnknownVertex { digest });
        }
        Ok(
            match entries.last().and_then(|terminal| terminal.inputs.first()) {
                Some(head) => {
                    let head = (entries[head.vertex()].digest, head.output());
                    Self::new(entries, head, files)
                }
                None => Self::default(),
            },
        )
    }
}

/// The kind of an op. The last entry, and no other, is a terminal: one input, and no op.
fn kind(op: &pb::Op, digest: OpDigest, is_last: bool) -> Result<OpKind, DecodeError> {
    let kind = match &op.op {
        None if is_last && op.inputs.len() == 1 => OpKind::Terminal,
        _ if is_last => return Err(DecodeError::NoTerminal),
        None => return Err(DecodeError::NoOp { vertex: digest }),
        Some(pb::op::Op::Exec(_)) => OpKind::Exec,
        Some(pb::op::Op::Source(_)) => OpKind::Source,
        Some(pb::op::Op::File(_)) => OpKind::File,
        Some(pb::op::Op::Build(_)) => OpKind::Build,
        Some(pb::op::Op::Merge(_)) => OpKind::Merge,
        Some(pb::op::Op::Diff(_)) => OpKind::Diff,
        Some(pb::op::Op::Passthrough(_)) => OpKind::Passthrough,
    };
    Ok(kind)
}

fn read_inputs(
    op: &pb::Op,
    vertex: OpDigest,
    places: &BTreeMap<OpDigest, usize>,
) -> Result<Box<[Edge]>, DecodeError> {
    op.inputs
        .iter()
        .map(|input| {
            let place = input
                .digest
                .parse()
                .ok()
                .and_then(|digest: OpDigest| places.get(&digest).copied());
            let name = || input.digest.clone();
            let place = place.ok_or_else(|| DecodeError::UnknownInput {
                vertex,
                input: name(),
            })?;
            match u32::try_from(input.index) {
                Ok(output) => Ok(Edge::new(place, output)),
                Err(_) => Err(DecodeError::InvalidOutput {
                    vertex,
                    input: name(),
                    output: input.index,
                }),
            }
        })
        .collect()
}

/// Checks that every input that an op names by number is there; -1 stands for scratch.
fn check_input_numbers(op: &pb::Op, vertex: OpDigest) -> Result<(), DecodeError> {
    let count = op.inputs.len();
    // Actions of a file op may also name an action before them.
    let mut named: Vec<(i64, usize)> = Vec::new();
    match &op.op {
        None | Some(pb::op::Op::Source(_) | pb::op::Op::Build(_)) => {}
        Some(pb::op::Op::Exec(exec)) => {
            named.extend(exec.mounts.iter().map(|mount| (mount.input, count)));
        }
        Some(pb::op::Op::File(file)) => {
            for (number, action) in file.actions.iter().enumerate() {
                named.extend([
                    (action.input, count + number),
                    (action.secondary_input, count + number),
                ]);
            }
        }
        Some(pb::op::Op::Merge(merge)) => {
            named.extend(merge.inputs.iter().map(|input| (input.input, count)));
        }
        Some(pb::op::Op::Diff(diff)) => {
            named.extend(diff.lower.iter().map(|lower| (lower.input, count)));
            named.extend(diff.upper.iter().map(|upper| (upper.input, count)));
        }
        Some(pb::op::Op::Passthrough(passthrough)) => {
            named.extend(passthrough.outputs.iter().map(|input| (*input, count)));
        }
    }
    let is_known = |(input, limit): &(i64, usize)| {
        *input == -1 || usize::try_from(*input).is_ok_and(|input| input < *limit)
    };
    match named.iter().find(|named| !is_known(named)) {
        Some((input, limit)) => Err(DecodeError::InputOutOfRange {
            vertex,
            input: *input,
            count: *limit,
        }),
        None => Ok(()),
    }
}
