//! From bytes back to a definition, refusing what no client would write.

use std::collections::BTreeMap;

use prost::Message as _;

use crate::cap::Cap;
use crate::definition::{Definition, Edge, Entry, Location, SourceFile};
use crate::digest::OpDigest;
use crate::metadata::{ExportCache, GroupStrength, LinuxResources, OpMetadata, ProgressGroup};
use crate::notes::Notes;
use crate::op_kind::OpKind;
use crate::pb;
use crate::sourcemap::{Position, Range};

/// Bytes that are no definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They are not the protobuf of a definition: cut off, or something else.
    #[error("the bytes are not a definition")]
    Malformed(#[source] prost::DecodeError),
    /// An entry is not the protobuf of an op.
    #[error("entry {index} of the definition is not an op")]
    MalformedOp {
        /// The place of the entry.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: prost::DecodeError,
    },
    /// An entry before the last does nothing, or something that this crate does not know.
    #[error("vertex `{vertex}` has no known op")]
    NoOp {
        /// The vertex.
        vertex: OpDigest,
    },
    /// An entry stands there twice.
    #[error("vertex `{vertex}` stands there twice")]
    Duplicate {
        /// The vertex.
        vertex: OpDigest,
    },
    /// The last entry is not a terminal: an op with one input and nothing else.
    #[error("the last entry does not name the result")]
    NoTerminal,
    /// An input is not among the entries before its reader: it is missing, or the graph has a cycle.
    #[error("vertex `{vertex}` reads `{input}`, which does not stand before it")]
    UnknownInput {
        /// The reader.
        vertex: OpDigest,
        /// What it reads.
        input: String,
    },
    /// The number of an output is negative or huge.
    #[error("vertex `{vertex}` reads output {output} of `{input}`")]
    InvalidOutput {
        /// The reader.
        vertex: OpDigest,
        /// What it reads.
        input: String,
        /// The number.
        output: i64,
    },
    /// An op names an input that it has not.
    #[error("vertex `{vertex}` has {count} inputs and names input {input}")]
    InputOutOfRange {
        /// The vertex.
        vertex: OpDigest,
        /// The number that it names.
        input: i64,
        /// How many it has.
        count: usize,
    },
    /// A vertex has no metadata, which every client writes.
    #[error("vertex `{vertex}` has no metadata")]
    NoMetadata {
        /// The vertex.
        vertex: OpDigest,
    },
    /// Metadata or source locations are given for a digest that no entry has.
    #[error("`{digest}` has metadata or source locations, and is no vertex")]
    UnknownVertex {
        /// The digest.
        digest: String,
    },
    /// A location names a source file that is not there.
    #[error("vertex `{vertex}` comes from source file {index}, and there are {count}")]
    UnknownSourceFile {
        /// The vertex.
        vertex: OpDigest,
        /// The number that it names.
        index: i32,
        /// How many there are.
        count: usize,
    },
}

impl Definition {
    /// Reads a definition. Every digest is computed anew from the op's bytes.
    ///
    /// # Errors
    /// When the bytes are cut off or garbage, when an input is missing, when the graph is not in order (so that it
    /// might have a cycle), when an op names an input that it has not, or when metadata belongs to no vertex.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_message(pb::Definition::decode(bytes).map_err(DecodeError::Malformed)?)
    }

    fn from_message(message: pb::Definition) -> Result<Self, DecodeError> {
        let pb::Definition {
            def,
            mut metadata,
            source,
        } = message;
        let (mut locations, files) = match source {
            Some(source) => (source.locations, Some(read_files(source.infos)?)),
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
            let metadata = metadata
                .remove(&text)
                .ok_or(DecodeError::NoMetadata { vertex: digest })?;
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

/// What an op is. Only the last entry, and each of these, is a terminal: one input, and no op.
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

fn read_metadata(message: pb::OpMetadata) -> OpMetadata {
    let export_cache = |export: pb::ExportCache| {
        if export.value {
            ExportCache::Always
        } else {
            ExportCache::Never
        }
    };
    let notes = Notes {
        ignore_cache: message.ignore_cache,
        export_cache: message.export_cache.map(export_cache),
        description: message
            .description
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
        progress_group: message.progress_group.map(|group| {
            let strength = if group.weak {
                GroupStrength::Weak
            } else {
                GroupStrength::Strong
            };
            ProgressGroup {
                id: group.id,
                name: group.name,
                strength,
            }
            .into()
        }),
        linux_resources: message.linux_resources.map(|resources| {
            LinuxResources {
                memory: resources.memory,
                memory_swap: resources.memory_swap,
                cpu_shares: resources.cpu_shares,
                cpu_period: resources.cpu_period,
                cpu_quota: resources.cpu_quota,
                cpuset_cpus: resources.cpuset_cpus,
                cpuset_mems: resources.cpuset_mems,
            }
            .into()
        }),
    };
    OpMetadata {
        notes: notes.into(),
        caps: message.caps.into_keys().map(Cap::named).collect(),
    }
}

fn read_files(infos: Vec<pb::SourceInfo>) -> Result<Vec<SourceFile>, DecodeError> {
    infos
        .into_iter()
        .map(|info| {
            Ok(SourceFile {
                filename: info.filename,
                language: info.language,
                data: info.data.into(),
                definition: info
                    .definition
                    .map(Definition::from_message)
                    .transpose()?
                    .map(Box::new),
            })
        })
        .collect()
}

fn read_locations(
    message: pb::Locations,
    vertex: OpDigest,
    file_count: usize,
) -> Result<Vec<Location>, DecodeError> {
    let unknown = |index| DecodeError::UnknownSourceFile {
        vertex,
        index,
        count: file_count,
    };
    message
        .locations
        .into_iter()
        .map(|location| {
            let index = usize::try_from(location.source_index)
                .ok()
                .filter(|index| *index < file_count);
            Ok(Location {
                source_index: index.ok_or_else(|| unknown(location.source_index))?,
                ranges: location.ranges.iter().map(read_range).collect(),
            })
        })
        .collect()
}

fn read_range(range: &pb::Range) -> Range {
    let position = |position: &Option<pb::Position>| {
        position.as_ref().map_or(
            Position {
                line: 0,
                character: 0,
            },
            |position| Position {
                line: position.line,
                character: position.character,
            },
        )
    };
    Range {
        start: position(&range.start),
        end: position(&range.end),
    }
}

#[cfg(test)]
mod tests;
