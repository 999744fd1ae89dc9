//! Sparse files as GNU tar stores them: a map says where the stored pieces belong in the whole file.
//!
//! BuildKit never sends one and the canonical form has none; but users bring them, and reading one as a plain file
//! would give it another content.

use crate::block::{Field, HeaderBlock};
use crate::pax::decimal;

/// A stored piece of a file; between the pieces are zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// The map of a sparse file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SparseMap {
    pub(crate) size: u64,
    pub(crate) regions: Vec<Region>,
}

/// The contents of the PAX records `GNU.sparse.*`, in all three versions of that format.
#[derive(Debug, Default)]
pub(crate) struct SparseRecords {
    pub(crate) name: Option<Vec<u8>>,
    size: Option<u64>,
    version: [u64; 2],
    numbers: Vec<u64>,
}

impl SparseMap {
    /// Whether the regions follow one another inside the file and have as many bytes as the tar.
    pub(crate) fn fits(&self, stored: u64) -> bool {
        let mut end = 0_u64;
        let mut sum = 0_u64;
        for region in &self.regions {
            let Some(next) = region.offset.checked_add(region.length) else {
                return false;
            };
            if region.offset < end {
                return false;
            }
            end = next;
            // No overflow: the regions do not overlap.
            sum += region.length;
        }
        end <= self.size && sum == stored
    }

    /// The map in a header of the type `S`, and whether a block with more of it follows.
    pub(crate) fn of_header(block: &HeaderBlock) -> Option<(Self, bool)> {
        let mut map = Self {
            size: block.length(REAL_SIZE)?,
            regions: Vec::new(),
        };
        let more = map.extend(block, HEADER_REGIONS, HEADER_MORE)?;
        Some((map, more))
    }

    /// Adds the map entries of a block after a header of the type `S`. The result says whether another block follows.
    pub(crate) fn extend_with_block(&mut self, block: &HeaderBlock) -> Option<bool> {
        self.extend(block, BLOCK_REGIONS, BLOCK_MORE)
    }

    fn extend(
        &mut self,
        block: &HeaderBlock,
        (start, count): (usize, usize),
        more: usize,
    ) -> Option<bool> {
        for region in 0..count {
            let offset = start + region * 2 * NUMBER;
            // An unused place, of NULs.
            if block.0[offset] == 0 {
                break;
            }
            self.regions.push(Region {
                offset: block.length((offset, NUMBER))?,
                length: block.length((offset + NUMBER, NUMBER))?,
            });
        }
        Some(block.0[more] != 0)
    }
}

/// GNU tar's `struct sparse_header` and where its `oldgnu_header` has them.
const NUMBER: usize = 12;
const HEADER_REGIONS: (usize, usize) = (386, 4);
const HEADER_MORE: usize = 482;
const REAL_SIZE: Field = (483, NUMBER);
const BLOCK_REGIONS: (usize, usize) = (0, 21);
const BLOCK_MORE: usize = 504;

impl SparseRecords {
    /// Takes the record `key`, given without the `GNU.sparse.` before it.
    pub(crate) fn read(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"name" => self.name = Some(value.to_vec()),
            b"size" | b"realsize" => self.size = Some(decimal(value)?),
            b"major" => self.version[0] = decimal(value)?,
            b"minor" => self.version[1] = decimal(value)?,
            b"offset" | b"numbytes" => self.numbers.push(decimal(value)?),
            b"map" => {
                self.numbers = value
                    .split(|&byte| byte == b',')
                    .map(decimal)
                    .collect::<Option<_>>()?;
            }
            _ => {}
        }
        Some(())
    }

    /// Whether the map stands before the content and not in the records.
    pub(crate) fn is_before_content(&self) -> bool {
        self.version == [1, 0]
    }

    /// The map; `None` when the records do not make one.
    pub(crate) fn map(self, before_content: Vec<u64>) -> Option<SparseMap> {
        let numbers = if self.version == [1, 0] {
            before_content
        } else {
            self.numbers
        };
        let pairs = numbers.chunks_exact(2);
        let whole = pairs.remainder().is_empty();
        let regions = pairs.map(|pair| Region {
            offset: pair[0],
            length: pair[1],
        });
        Some(SparseMap {
            size: self.size.filter(|_| whole)?,
            regions: regions.collect(),
        })
    }
}

/// Reads the map of a member of the type `S`, which goes on in the blocks after its header; `None` when it is
/// malformed.
pub(crate) fn map_in_header<E>(
    header: &HeaderBlock,
    mut next: impl FnMut() -> Result<HeaderBlock, E>,
) -> Result<Option<SparseMap>, E> {
    let Some((mut map, mut more)) = SparseMap::of_header(header) else {
        return Ok(None);
    };
    while more {
        match map.extend_with_block(&next()?) {
            Some(again) if map.regions.len() <= MAX_REGIONS => more = again,
            _ => return Ok(None),
        }
    }
    Ok(Some(map))
}

/// Reads the numbers of the map before the content, which fills whole blocks of lines, the first of them the number of
/// regions; `None` when it is malformed or `next` has no more blocks.
pub(crate) fn numbers_before_content<E>(
    mut next: impl FnMut() -> Result<Option<HeaderBlock>, E>,
) -> Result<Option<Vec<u64>>, E> {
    let mut text = Vec::new();
    let mut lines = 0;
    loop {
        let mut complete = text
            .split_inclusive(|&byte| byte == b'\n')
            .take(lines)
            .map(decimal_line);
        let wanted = match complete.next() {
            None => 1,
            Some(Some(regions)) if regions <= MAX_REGIONS as u64 => 1 + 2 * regions,
            Some(_) => return Ok(None),
        };
        if lines as u64 >= wanted {
            let count = usize::try_from(wanted - 1).unwrap_or_default();
            return Ok(complete.take(count).collect());
        }
        let Some(block) = next()? else {
            return Ok(None);
        };
        lines += block.0.split(|&byte| byte == b'\n').count() - 1;
        text.extend_from_slice(&block.0);
    }
}

/// More than any file needs, and few enough to keep in memory.
const MAX_REGIONS: usize = 1 << 20;

fn decimal_line(line: &[u8]) -> Option<u64> {
    decimal(line.strip_suffix(b"\n")?)
}

#[cfg(test)]
mod tests;
