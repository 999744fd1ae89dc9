//! fsutil's messages between the two ends of a file transfer.
//!
//! The protocol, from fsutil's `send.go` and `receive.go`: the sender walks its tree and sends a STAT per entry, and
//! one without content after the last; the receiver asks with REQ for the files that it wants, by their place in the
//! sequence; the sender answers with DATA, the last one empty; when the receiver has everything it sends FIN, and the
//! sender answers with FIN. Either side ends the transfer with ERR.

use std::collections::BTreeMap;

use bytes::Bytes;

/// `fsutil.types.Packet`.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::session) struct Packet {
    #[prost(enumeration = "PacketType", tag = "1")]
    pub(super) kind: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) stat: Option<Stat>,
    #[prost(uint32, tag = "3")]
    pub(super) id: u32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) data: Bytes,
}

/// `fsutil.types.Packet.PacketType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub(super) enum PacketType {
    Stat = 0,
    Req = 1,
    Data = 2,
    Fin = 3,
    Err = 4,
}

/// `fsutil.types.Stat`. Paths are bytes: file names need not be UTF-8, and BuildKit does not ask for it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Stat {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) path: Vec<u8>,
    /// Go's `os.FileMode`, not the system's bits.
    #[prost(uint32, tag = "2")]
    pub(super) mode: u32,
    #[prost(uint32, tag = "3")]
    pub(super) uid: u32,
    #[prost(uint32, tag = "4")]
    pub(super) gid: u32,
    #[prost(int64, tag = "5")]
    pub(super) size: i64,
    /// In nanoseconds since 1970.
    #[prost(int64, tag = "6")]
    pub(super) mod_time: i64,
    /// The target of a symlink, or the first path of a hard link.
    #[prost(bytes = "vec", tag = "7")]
    pub(super) link_name: Vec<u8>,
    #[prost(int64, tag = "8")]
    pub(super) dev_major: i64,
    #[prost(int64, tag = "9")]
    pub(super) dev_minor: i64,
    #[prost(btree_map = "string, bytes", tag = "10")]
    pub(super) xattrs: BTreeMap<String, Vec<u8>>,
}

impl Packet {
    pub(super) fn stat(stat: Stat) -> Self {
        Self {
            kind: PacketType::Stat.into(),
            stat: Some(stat),
            ..Self::default()
        }
    }

    /// After the last entry.
    pub(super) fn end_of_stats() -> Self {
        Self {
            kind: PacketType::Stat.into(),
            ..Self::default()
        }
    }

    /// A piece of file `id`; an empty one ends it.
    pub(super) fn data(id: u32, data: Bytes) -> Self {
        Self {
            kind: PacketType::Data.into(),
            id,
            data,
            ..Self::default()
        }
    }

    pub(super) fn fin() -> Self {
        Self {
            kind: PacketType::Fin.into(),
            ..Self::default()
        }
    }

    pub(super) fn error(message: String) -> Self {
        Self {
            kind: PacketType::Err.into(),
            data: message.into(),
            ..Self::default()
        }
    }
}
