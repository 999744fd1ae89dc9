//! Reading the metadata and source locations of a definition.

use super::{DecodeError, Metadata};
use crate::cap::Cap;
use crate::definition::{Definition, Location, SourceFile};
use crate::digest::OpDigest;
use crate::metadata::{ExportCache, GroupStrength, LinuxResources, OpMetadata, ProgressGroup};
use crate::notes::Notes;
use crate::pb;
use crate::sourcemap::{Position, Range};

/// Metadata of a vertex.
pub(super) fn read_metadata(message: pb::OpMetadata) -> OpMetadata {
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

/// Source files, those with a definition decoded too.
pub(super) fn read_files(
    infos: Vec<pb::SourceInfo>,
    need: Metadata,
) -> Result<Vec<SourceFile>, DecodeError> {
    infos
        .into_iter()
        .map(|info| {
            Ok(SourceFile {
                filename: info.filename,
                language: info.language,
                data: info.data.into(),
                definition: info
                    .definition
                    .map(|definition| Definition::from_message(definition, need))
                    .transpose()?
                    .map(Box::new),
            })
        })
        .collect()
}

/// The source locations of `vertex`.
pub(super) fn read_locations(
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
