//! BuildKit's messages (`solver/pb/ops.proto`), for reading.
//!
//! These types are only for decoding. Encoding goes through [`wire`](crate::wire), because `prost` orders fields and
//! drops defaults in another way than Go. Each type also serializes as Go's `protojson` prints it.

#![expect(
    clippy::struct_field_names,
    clippy::struct_excessive_bools,
    clippy::large_enum_variant,
    reason = "names and shapes are those of the protobuf messages"
)]

mod definition;
mod exec;
mod file;
mod json;
mod vertex;

pub(crate) use self::definition::{
    Definition, ExportCache, Locations, OpMetadata, Position, Range, Source, SourceInfo,
};
pub(crate) use self::exec::{ExecOp, Mount, SecretEnv};
pub(crate) use self::file::{FileAction, file_action};
pub(crate) use self::vertex::{Op, op};
