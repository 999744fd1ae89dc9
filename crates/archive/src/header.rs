//! Encodes an entry's header blocks: ustar, and a PAX header before it for what ustar cannot hold.
//!
//! Ids and caches rest on these bytes, so they are written here field by field and not by a tar library, whose next
//! release may pad, split or fall back to GNU's binary numbers in another way. The choices, each the one that ustar
//! itself prescribes or, where it is silent, the plainest:
//! - numbers are octal, padded with zeros to the field's width less one, closed by NUL; checksum: six digits, NUL,
//!   blank;
//! - names are bytes and stay bytes, ASCII or not; a path of more than 100 bytes is split at the first slash that
//!   leaves a name of at most 100, if the prefix then fits in 155;
//! - user and group names are empty, device numbers zero but for devices;
//! - PAX records come sorted by key, and only for values that do not fit; the field in the ustar header is then
//!   zero, or the start of the name.

use crate::block::{
    BLOCK, CHECKSUM, DEVICE_MAJOR, DEVICE_MINOR, Field, GID, LINK, MAGIC, MODE, MTIME, NAME,
    PREFIX, SIZE, TYPEFLAG, UID, USTAR,
};
use crate::entry::{DeviceClass, Entry, Kind};
use crate::extension::MAX_EXTENSION;
use crate::path::EntryPath;
use crate::pax::{XATTR_PREFIX, push_record};

/// The reason why an entry has no place in a canonical tar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// PAX ends the key of a record at the first `=`.
    #[error("`{path}` has the extended attribute `{name}`, whose name no tar can hold")]
    XattrName {
        /// The entry.
        path: EntryPath,
        /// The attribute's name.
        name: String,
    },
    /// PAX has no records for the numbers of devices, and ustar has room for 21 bits of each.
    #[error("`{path}` is a device with the number {number}, which no tar can hold")]
    DeviceNumber {
        /// The entry.
        path: EntryPath,
        /// The major or minor number.
        number: u32,
    },
    /// The extended attributes need more than the 1 MiB that readers accept.
    #[error(
        "`{path}` has {bytes} bytes of extended attributes and names, more than tar readers accept"
    )]
    TooLarge {
        /// The entry.
        path: EntryPath,
        /// The size of its extended header.
        bytes: usize,
    },
}

/// The blocks that open `entry` in a tar.
pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, HeaderError> {
    let (typeflag, link): (u8, &[u8]) = match &entry.kind {
        Kind::File { .. } => (b'0', b""),
        Kind::HardLink { target } => (b'1', target.as_bytes()),
        Kind::Symlink { target } => (b'2', target),
        Kind::Directory => (b'5', b""),
        Kind::Fifo => (b'6', b""),
        Kind::Device {
            class: DeviceClass::Character,
            ..
        } => (b'3', b""),
        Kind::Device {
            class: DeviceClass::Block,
            ..
        } => (b'4', b""),
    };
    let mut name = entry.path.as_bytes().to_vec();
    if entry.kind == Kind::Directory {
        name.push(b'/');
    }
    let mut block = Block::new(typeflag, entry.mode);
    if let Kind::Device { major, minor, .. } = entry.kind {
        for (field, number) in [(DEVICE_MAJOR, major), (DEVICE_MINOR, minor)] {
            if !block.number(field, u64::from(number)) {
                return Err(HeaderError::DeviceNumber {
                    path: entry.path.clone(),
                    number,
                });
            }
        }
    }
    // Keys in the order of their bytes; `SCHILY.…` sorts before all lower-case ones.
    let mut records = xattr_records(entry)?;
    block.number_or_record(GID, u64::from(entry.gid), b"gid", &mut records);
    if !block.text(LINK, link) {
        push_record(&mut records, b"linkpath", link);
    }
    match u64::try_from(entry.mtime) {
        Ok(mtime) if mtime <= TWELVE_DIGITS => block.octal(MTIME, mtime),
        _ => push_record(&mut records, b"mtime", entry.mtime.to_string().as_bytes()),
    }
    if !block.path(&name) {
        push_record(&mut records, b"path", &name);
    }
    block.number_or_record(SIZE, entry.size(), b"size", &mut records);
    block.number_or_record(UID, u64::from(entry.uid), b"uid", &mut records);
    assemble(entry, block, &records)
}

fn assemble(entry: &Entry, block: Block, records: &[u8]) -> Result<Vec<u8>, HeaderError> {
    let mut bytes = Vec::new();
    if records.len() > MAX_EXTENSION {
        return Err(HeaderError::TooLarge {
            path: entry.path.clone(),
            bytes: records.len(),
        });
    }
    if !records.is_empty() {
        let mut extension = Block::new(b'x', 0o644);
        // The name of the file that a reader without PAX makes of the records.
        extension.text(NAME, b"././@PaxHeader");
        extension.octal(SIZE, records.len() as u64);
        bytes.extend_from_slice(&extension.seal());
        bytes.extend_from_slice(records);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.extend_from_slice(&block.seal());
    Ok(bytes)
}

fn xattr_records(entry: &Entry) -> Result<Vec<u8>, HeaderError> {
    let mut records = Vec::new();
    for (name, value) in &entry.xattrs {
        if name.contains(&b'=') {
            return Err(HeaderError::XattrName {
                path: entry.path.clone(),
                name: crate::path::printable(name),
            });
        }
        push_record(&mut records, &[XATTR_PREFIX, name].concat(), value);
    }
    Ok(records)
}

/// The largest number in a field of twelve bytes, one of which is the closing NUL.
const TWELVE_DIGITS: u64 = 0o77_777_777_777;

struct Block([u8; BLOCK]);

impl Block {
    /// A header with zero in every number and empty texts.
    fn new(typeflag: u8, mode: u32) -> Self {
        let mut block = Self([0; BLOCK]);
        block.octal(MODE, u64::from(mode & 0o7777));
        for field in [UID, GID, SIZE, MTIME, DEVICE_MAJOR, DEVICE_MINOR] {
            block.octal(field, 0);
        }
        block.0[TYPEFLAG] = typeflag;
        block.text(MAGIC, USTAR);
        block
    }

    /// Writes `value`, which must fit.
    fn octal(&mut self, (start, length): Field, value: u64) {
        let digits = format!("{value:0width$o}", width = length - 1);
        self.0[start..start + length - 1].copy_from_slice(digits.as_bytes());
    }

    /// Writes `value` if it fits. The result says whether it did.
    fn number(&mut self, field: Field, value: u64) -> bool {
        let fits = value < 1 << (3 * (field.1 - 1));
        if fits {
            self.octal(field, value);
        }
        fits
    }

    /// Writes `value` or, where it does not fit, a record under `key`.
    fn number_or_record(&mut self, field: Field, value: u64, key: &[u8], records: &mut Vec<u8>) {
        if !self.number(field, value) {
            push_record(records, key, value.to_string().as_bytes());
        }
    }

    /// Writes as much of `value` as fits. The result says whether that was all.
    fn text(&mut self, (start, length): Field, value: &[u8]) -> bool {
        let written = value.len().min(length);
        self.0[start..start + written].copy_from_slice(&value[..written]);
        written == value.len()
    }

    /// Writes `path` whole or split, or else its start. The result says whether that was all.
    fn path(&mut self, path: &[u8]) -> bool {
        if let Some((prefix, name)) = split(path) {
            return self.text(PREFIX, prefix) && self.text(NAME, name);
        }
        // Without a closing slash: old readers take any name that ends in one for a directory.
        let start = &path[..NAME.1];
        self.text(NAME, start.strip_suffix(b"/").unwrap_or(start));
        false
    }

    fn seal(mut self) -> [u8; BLOCK] {
        let (start, length) = CHECKSUM;
        self.0[start..start + length].fill(b' ');
        let sum: u32 = self.0.iter().map(|&byte| u32::from(byte)).sum();
        let digits = format!("{sum:06o}\0");
        self.0[start..start + digits.len()].copy_from_slice(digits.as_bytes());
        self.0
    }
}

/// Prefix and name of `path`, if ustar can hold them.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME.1 {
        return Some((b"", path));
    }
    // One byte may be the slash between the two; the first is never one.
    let earliest = path.len() - NAME.1 - 1;
    let slash = earliest.max(1)
        + path[earliest.max(1)..]
            .iter()
            .position(|&byte| byte == b'/')?;
    let (prefix, name) = (&path[..slash], &path[slash + 1..]);
    (prefix.len() <= PREFIX.1 && !name.is_empty()).then_some((prefix, name))
}

#[cfg(test)]
mod tests;
