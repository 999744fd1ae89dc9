//! Reads a tar as a stream of members, and refuses what is damaged or cut off.
//!
//! Understood are the old format, ustar, PAX and GNU (long names, binary numbers, sparse files). Every tar must end
//! with two blocks of zeros and nothing but zeros after them: only this tells a whole file from one that is cut off.

use std::io::{self, BufRead};

use crate::block::{
    BLOCK, DEVICE_MAJOR, DEVICE_MINOR, GID, HeaderBlock, LINK, MODE, MTIME, NAME, SIZE, UID,
    padding,
};
use crate::entry::Xattrs;
use crate::extension::{MAX_EXTENSION, Overrides, is_extension};
use crate::layout::{Layout, Next};
use crate::path::printable;
use crate::source::Source;
use crate::sparse::{SparseMap, SparseRecords, map_in_header, numbers_before_content};

/// The reason why a tar cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The source of the bytes failed.
    #[error("cannot read the tar")]
    Read(#[source] io::Error),
    /// The bytes end inside a header.
    #[error("the tar is cut off in a header, after {offset} bytes")]
    CutInHeader {
        /// The number of bytes before the end.
        offset: u64,
    },
    /// The bytes end inside the content of an entry or the padding after it.
    #[error("the tar is cut off in `{path}`, after {offset} bytes")]
    CutInContent {
        /// The entry.
        path: String,
        /// The number of bytes before the end.
        offset: u64,
    },
    /// The bytes end where the next entry or the two blocks of zeros should be.
    #[error("the tar is cut off after {offset} bytes: its end marker is missing")]
    NoEnd {
        /// The number of bytes before the end.
        offset: u64,
    },
    /// A block that should be a header has the wrong checksum.
    #[error("there is no tar header at byte {offset}")]
    NoHeader {
        /// The offset of the block.
        offset: u64,
    },
    /// A header has the right checksum, but a field that makes no sense.
    #[error("the tar header at byte {offset} has a malformed {field}")]
    Field {
        /// The offset of the header's block.
        offset: u64,
        /// The field's name in the POSIX standard.
        field: &'static str,
    },
    /// An extended header is larger than any reader accepts.
    #[error(
        "the extended tar header at byte {offset} claims {size} bytes, more than tar readers accept"
    )]
    ExtensionTooLarge {
        /// The offset of the header's block.
        offset: u64,
        /// The size in its header.
        size: u64,
    },
    /// Something other than zeros follows the end marker.
    #[error("something follows the end of the tar, in the {BLOCK} bytes from byte {offset}")]
    AfterEnd {
        /// The offset where it begins, roughly.
        offset: u64,
    },
}

/// A member as its headers have it. Only the form of its numbers is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Member {
    pub(crate) typeflag: u8,
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: i64,
    /// Bytes of content, holes included.
    pub(crate) size: u64,
    pub(crate) xattrs: Xattrs,
    /// The numbers of a device; `None` where they are malformed.
    pub(crate) device: Option<(i64, i64)>,
}

/// The members of a tar, one after the other.
#[derive(Debug)]
pub(crate) struct Members<R> {
    source: Source<R>,
    /// Bytes of the current member that are still to come, without the padding after them.
    stored: u64,
    padding: u64,
    layout: Layout,
    name: Vec<u8>,
}

/// The zeros of a hole, a piece at a time.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

impl<R: BufRead> Members<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            source: Source::new(input),
            stored: 0,
            padding: 0,
            layout: Layout::default(),
            name: Vec::new(),
        }
    }

    /// The next member, after skipping what is left of the last; `None` after the end, when all input is read.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, TarError> {
        self.skip()?;
        let mut overrides = Overrides::default();
        let mut expected = false;
        loop {
            let start = self.source.offset();
            let Some(block) = self.header(expected)? else {
                self.end()?;
                return Ok(None);
            };
            if !is_extension(block.typeflag()) {
                return self.member(&block, start, overrides).map(Some);
            }
            // All but a global header must be followed by the member that they are about.
            expected |= block.typeflag() != b'g';
            self.extension(&block, start, &mut overrides)?;
        }
    }

    /// The next piece of the current member's content; `None` at its end.
    pub(crate) fn content(&mut self) -> Result<Option<&[u8]>, TarError> {
        let piece = match self.layout.next() {
            Next::End => return Ok(None),
            Next::Hole(length) => match usize::try_from(length) {
                Ok(length) if length < ZEROS.len() => &ZEROS[..length],
                _ => &ZEROS,
            },
            Next::Stored(length) => stored(&mut self.source, &mut self.stored, length, &self.name)?,
        };
        self.layout.advance(piece.len());
        Ok(Some(piece))
    }

    /// Skips the rest of the current member, and its padding.
    fn skip(&mut self) -> Result<(), TarError> {
        self.stored += std::mem::take(&mut self.padding);
        while self.stored > 0 {
            let left = self.stored;
            stored(&mut self.source, &mut self.stored, left, &self.name)?;
        }
        Ok(())
    }

    /// The next header block, or `None` for the first block of zeros, where no member is `expected`.
    fn header(&mut self, expected: bool) -> Result<Option<HeaderBlock>, TarError> {
        let start = self.source.offset();
        let mut block = HeaderBlock([0; BLOCK]);
        let read = self.source.read(&mut block.0)?;
        if read == 0 && !expected {
            return Err(TarError::NoEnd { offset: start });
        }
        if read < BLOCK {
            return Err(TarError::CutInHeader {
                offset: self.source.offset(),
            });
        }
        if block.is_zero() && !expected {
            return Ok(None);
        }
        if block.is_zero() || !block.has_checksum() {
            return Err(TarError::NoHeader { offset: start });
        }
        Ok(Some(block))
    }

    /// Reads to the end of the input, after the first block of zeros.
    fn end(&mut self) -> Result<(), TarError> {
        let mut blocks = 1;
        loop {
            let start = self.source.offset();
            let mut block = HeaderBlock([0; BLOCK]);
            let read = self.source.read(&mut block.0)?;
            if !block.is_zero() {
                return Err(TarError::AfterEnd { offset: start });
            }
            if read == BLOCK {
                blocks += 1;
            } else if blocks < 2 {
                return Err(TarError::NoEnd {
                    offset: self.source.offset(),
                });
            } else {
                return Ok(());
            }
        }
    }

    fn extension(
        &mut self,
        block: &HeaderBlock,
        start: u64,
        overrides: &mut Overrides,
    ) -> Result<(), TarError> {
        let malformed = |field| TarError::Field {
            offset: start,
            field,
        };
        let size = block.length(SIZE).ok_or(malformed("size"))?;
        if size > MAX_EXTENSION as u64 {
            return Err(TarError::ExtensionTooLarge {
                offset: start,
                size,
            });
        }
        self.begin(block.text(NAME), size);
        let mut payload = Vec::new();
        while let Some(piece) = self.content()? {
            payload.extend_from_slice(piece);
        }
        self.skip()?;
        overrides
            .read(block.typeflag(), &payload)
            .ok_or(malformed("extended header"))
    }

    fn member(
        &mut self,
        block: &HeaderBlock,
        start: u64,
        overrides: Overrides,
    ) -> Result<Member, TarError> {
        let malformed = |field| TarError::Field {
            offset: start,
            field,
        };
        let name = overrides.name.unwrap_or_else(|| block.full_name());
        let typeflag = match block.typeflag() {
            0 if name.ends_with(b"/") => b'5',
            0 => b'0',
            typeflag => typeflag,
        };
        // Links, devices, directories and pipes have no content, whatever their size field says.
        let no_content = matches!(typeflag, b'1'..=b'6').then_some(0);
        let size = no_content.or(overrides.size).or_else(|| block.length(SIZE));
        let uid = overrides.uid.or_else(|| block.id(UID));
        let gid = overrides.gid.or_else(|| block.id(GID));
        let mtime = overrides.mtime.or_else(|| block.number(MTIME));
        let mut member = Member {
            typeflag,
            name,
            link: overrides.link.unwrap_or_else(|| block.text(LINK).to_vec()),
            // Old tars have the type in the upper bits, too.
            mode: block.id(MODE).ok_or(malformed("mode"))? & 0o7777,
            uid: uid.ok_or(malformed("uid"))?,
            gid: gid.ok_or(malformed("gid"))?,
            mtime: mtime.ok_or(malformed("mtime"))?,
            size: size.ok_or(malformed("size"))?,
            xattrs: overrides.xattrs,
            device: block.number(DEVICE_MAJOR).zip(block.number(DEVICE_MINOR)),
        };
        self.begin(&member.name, member.size);
        let map = match (member.typeflag, overrides.sparse) {
            (b'S', _) => map_in_header(block, || self.map_block())?,
            (b'0' | b'7', Some(mut records)) => {
                member.name = records.name.take().unwrap_or(member.name);
                self.map_in_records(records)?
            }
            _ => return Ok(member),
        };
        self.spread(map, member).ok_or(malformed("sparse map"))
    }

    /// Makes the current member the sparse file with this map; `None` if the two do not fit.
    fn spread(&mut self, map: Option<SparseMap>, member: Member) -> Option<Member> {
        let map = map.filter(|map| map.fits(self.stored))?;
        let member = Member {
            typeflag: b'0',
            size: map.size,
            ..member
        };
        self.layout = Layout::sparse(map);
        Some(member)
    }

    /// A block with more of the map of a sparse file, after its header.
    fn map_block(&mut self) -> Result<HeaderBlock, TarError> {
        let mut block = HeaderBlock([0; BLOCK]);
        if self.source.read(&mut block.0)? < BLOCK {
            return Err(TarError::CutInHeader {
                offset: self.source.offset(),
            });
        }
        Ok(block)
    }

    /// The map in PAX records, or before the content if the records say so.
    fn map_in_records(&mut self, records: SparseRecords) -> Result<Option<SparseMap>, TarError> {
        if !records.is_before_content() {
            return Ok(records.map(Vec::new()));
        }
        let numbers = numbers_before_content(|| {
            if self.stored < BLOCK as u64 {
                return Ok(None);
            }
            self.stored -= BLOCK as u64;
            self.map_block().map(Some)
        })?;
        Ok(numbers.and_then(|numbers| records.map(numbers)))
    }

    /// Makes the next `stored` bytes and their padding the content of the member `name`.
    fn begin(&mut self, name: &[u8], stored: u64) {
        name.clone_into(&mut self.name);
        self.stored = stored;
        self.padding = padding(stored) as u64;
        self.layout = Layout::plain(stored);
    }
}

/// Lends at least one and at most `length` of the bytes that are `left` of the member `name`.
fn stored<'a, R: BufRead>(
    source: &'a mut Source<R>,
    left: &mut u64,
    length: u64,
    name: &[u8],
) -> Result<&'a [u8], TarError> {
    let offset = source.offset();
    let piece = source.lend(length)?;
    if piece.is_empty() {
        let path = printable(name);
        return Err(TarError::CutInContent { path, offset });
    }
    *left -= piece.len() as u64;
    Ok(piece)
}
