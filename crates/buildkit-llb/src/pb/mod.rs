//! BuildKit's messages (`solver/pb/ops.proto`), for reading.
//!
//! Only decoding goes through these types; what is written goes through [`wire`](crate::wire), because `prost` orders
//! fields and drops defaults otherwise than Go. Each type also serializes as Go's `protojson` prints it.

mod definition;
mod exec;
mod file;
mod json;
mod vertex;

pub(crate) use self::definition::{
    Definition, ExportCache, LinuxResources, Locations, OpMetadata, Position, Range, Source,
    SourceInfo,
};
pub(crate) use self::vertex::{Op, op};
