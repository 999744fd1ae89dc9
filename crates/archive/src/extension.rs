//! PAX and GNU headers, which are about the member that follows them.

use crate::block::until_nul;
use crate::entry::Xattrs;
use crate::pax::{XATTR_PREFIX, decimal, records, seconds};
use crate::sparse::SparseRecords;

/// The largest payload of an extended header; Go's reader (archive/tar, `maxSpecialFileSize`), and with it every
/// container engine, refuses more.
pub(crate) const MAX_EXTENSION: usize = 1 << 20;

/// The values that replace those of the member's own header.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) mtime: Option<i64>,
    pub(crate) size: Option<u64>,
    pub(crate) xattrs: Xattrs,
    pub(crate) sparse: Option<SparseRecords>,
}

/// Whether a header with this type flag is about the next member, and not a member itself.
pub(crate) fn is_extension(typeflag: u8) -> bool {
    matches!(typeflag, b'x' | b'g' | b'L' | b'K')
}

impl Overrides {
    /// Takes the payload of an extended header; `None` when it is malformed.
    pub(crate) fn read(&mut self, typeflag: u8, payload: &[u8]) -> Option<()> {
        match typeflag {
            b'L' => self.name = Some(until_nul(payload).to_vec()),
            b'K' => self.link = Some(until_nul(payload).to_vec()),
            b'x' => {
                for (key, value) in records(payload)? {
                    self.read_record(key, value)?;
                }
            }
            // A global header (git writes one with the commit) says nothing that a single member needs.
            _ => {}
        }
        Some(())
    }

    fn read_record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        if let Some(name) = key.strip_prefix(XATTR_PREFIX) {
            self.xattrs.insert(name.to_vec(), value.to_vec());
            return (!name.is_empty() && !name.contains(&0)).then_some(());
        }
        if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
            return self.sparse.get_or_insert_default().read(key, value);
        }
        // An empty value takes back what a global header said.
        if value.is_empty() {
            return Some(());
        }
        match key {
            b"path" => self.name = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"uid" => self.uid = Some(decimal(value)?.try_into().ok()?),
            b"gid" => self.gid = Some(decimal(value)?.try_into().ok()?),
            // A signed number, as in every reader; this also keeps sums of sizes in range.
            b"size" => {
                self.size = Some(decimal(value).filter(|&size| i64::try_from(size).is_ok())?);
            }
            b"mtime" => self.mtime = Some(seconds(value)?),
            _ => {}
        }
        Some(())
    }
}
