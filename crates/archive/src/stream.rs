//! Reads a tar as a stream of members, and refuses what is damaged or cut off.
//!
//! Understood are the old format, ustar, PAX and GNU (long names, binary numbers). Every tar must end as it
//! should, with two blocks of zeros and nothing but zeros after them, because that is the only way to tell a whole
//! file from one that lost its tail.

use std::io::{self, BufRead};

use crate::header::{
    BLOCK, CHECKSUM, Field, GID, LINK, MAGIC, MAX_EXTENSION, MODE, MTIME, NAME, PREFIX, SIZE,
    TYPEFLAG, UID,
};
use crate::number;
use crate::path::printable;
use crate::pax;
use crate::writer::padding;

/// Why a tar cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The source of the bytes failed.
    #[error("cannot read the tar")]
    Read(#[source] io::Error),
    /// The bytes end inside a header.
    #[error("the tar is cut off in a header, after {offset} bytes")]
    CutInHeader {
        /// Bytes that there are.
        offset: u64,
    },
    /// The bytes end inside the content of an entry or the padding after it.
    #[error("the tar is cut off in `{path}`, after {offset} bytes")]
    CutInContent {
        /// The entry.
        path: String,
        /// Bytes that there are.
        offset: u64,
    },
    /// The bytes end where the next entry or the two blocks of zeros should be.
    #[error("the tar is cut off after {offset} bytes: its end marker is missing")]
    NoEnd {
        /// Bytes that there are.
        offset: u64,
    },
    /// A block that should be a header has the wrong checksum.
    #[error("there is no tar header at byte {offset}")]
    NoHeader {
        /// Where the block begins.
        offset: u64,
    },
    /// A header has the right checksum and a field that makes no sense.
    #[error("the tar header at byte {offset} has a malformed {field}")]
    Field {
        /// Where the header's block begins.
        offset: u64,
        /// The field's name in the POSIX standard.
        field: &'static str,
    },
    /// An extended header is larger than any reader accepts.
    #[error(
        "the extended tar header at byte {offset} claims {size} bytes, more than tar readers accept"
    )]
    ExtensionTooLarge {
        /// Where the header's block begins.
        offset: u64,
        /// What it claims.
        size: u64,
    },
    /// Something other than zeros follows the end marker.
    #[error("something follows the end of the tar, in the {BLOCK} bytes from byte {offset}")]
    AfterEnd {
        /// About where it begins.
        offset: u64,
    },
}

/// A member as its headers have it, with nothing judged but that the numbers are numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Member {
    pub(crate) typeflag: u8,
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: i64,
    pub(crate) size: u64,
    pub(crate) xattrs: crate::entry::Xattrs,
}

/// The members of a tar, one after the other.
#[derive(Debug)]
pub(crate) struct Members<R> {
    input: R,
    offset: u64,
    /// Bytes of the current member's content, and of the padding after it, that nobody has taken yet.
    content: u64,
    padding: u64,
    /// Bytes lent by the last call of `content`; they are still in the input's buffer.
    lent: usize,
    name: Vec<u8>,
}

/// What PAX and GNU headers say about the member that follows them.
#[derive(Debug, Default)]
struct Overrides {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: Option<i64>,
    size: Option<u64>,
    xattrs: crate::entry::Xattrs,
}

impl<R: BufRead> Members<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            offset: 0,
            content: 0,
            padding: 0,
            lent: 0,
            name: Vec::new(),
        }
    }

    /// The next member, after skipping what is left of the last; `None` after the end, when all input is read.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, TarError> {
        while self.content()?.is_some() {}
        self.skip_padding()?;
        let mut overrides = Overrides::default();
        let mut extended = false;
        loop {
            let start = self.offset;
            let Some(block) = self.block(extended)? else {
                self.end()?;
                return Ok(None);
            };
            match block[TYPEFLAG] {
                b'x' | b'X' | b'g' | b'L' | b'K' => {
                    extended = true;
                    self.extension(&block, start, &mut overrides)?;
                }
                _ => return self.member(&block, start, overrides).map(Some),
            }
        }
    }

    /// The next piece of the current member's content; `None` at its end.
    pub(crate) fn content(&mut self) -> Result<Option<&[u8]>, TarError> {
        self.take_lent();
        if self.content == 0 {
            return Ok(None);
        }
        let piece = fill(&mut self.input)?;
        if piece.is_empty() {
            return Err(TarError::CutInContent {
                path: printable(&self.name),
                offset: self.offset,
            });
        }
        self.lent = usize::try_from(self.content).map_or(piece.len(), |left| left.min(piece.len()));
        self.content -= self.lent as u64;
        Ok(Some(&piece[..self.lent]))
    }

    fn take_lent(&mut self) {
        self.input.consume(self.lent);
        self.offset += self.lent as u64;
        self.lent = 0;
    }

    fn skip_padding(&mut self) -> Result<(), TarError> {
        // Padding is content that nobody asks for.
        self.content = std::mem::take(&mut self.padding);
        while self.content()?.is_some() {}
        Ok(())
    }

    /// The next header block, or `None` for the first block of zeros.
    fn block(&mut self, extended: bool) -> Result<Option<[u8; BLOCK]>, TarError> {
        let start = self.offset;
        let mut block = [0; BLOCK];
        let read = self.read(&mut block)?;
        if read == 0 && !extended {
            return Err(TarError::NoEnd { offset: start });
        }
        if read < BLOCK {
            return Err(TarError::CutInHeader {
                offset: self.offset,
            });
        }
        if block.iter().all(|&byte| byte == 0) {
            // An extended header must be followed by the member that it is about.
            return if extended {
                Err(TarError::NoHeader { offset: start })
            } else {
                Ok(None)
            };
        }
        if !has_checksum(&block) {
            return Err(TarError::NoHeader { offset: start });
        }
        Ok(Some(block))
    }

    /// Reads until `buffer` is full or the input ends.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let mut done = 0;
        while done < buffer.len() {
            let piece = fill(&mut self.input)?;
            if piece.is_empty() {
                break;
            }
            let taken = piece.len().min(buffer.len() - done);
            buffer[done..done + taken].copy_from_slice(&piece[..taken]);
            self.input.consume(taken);
            self.offset += taken as u64;
            done += taken;
        }
        Ok(done)
    }

    /// Reads to the end of the input, of which the first block of zeros is already taken.
    fn end(&mut self) -> Result<(), TarError> {
        let mut blocks = 1;
        loop {
            let start = self.offset;
            let mut block = [0; BLOCK];
            let read = self.read(&mut block)?;
            if block.iter().any(|&byte| byte != 0) {
                return Err(TarError::AfterEnd { offset: start });
            }
            if read == BLOCK {
                blocks += 1;
            } else if blocks < 2 {
                return Err(TarError::NoEnd {
                    offset: self.offset,
                });
            } else {
                return Ok(());
            }
        }
    }

    fn extension(
        &mut self,
        block: &[u8; BLOCK],
        start: u64,
        overrides: &mut Overrides,
    ) -> Result<(), TarError> {
        let size = size(block, start)?;
        if size > MAX_EXTENSION as u64 {
            return Err(TarError::ExtensionTooLarge {
                offset: start,
                size,
            });
        }
        self.name = text(block, NAME).to_vec();
        self.content = size;
        self.padding = padding(size) as u64;
        let mut payload = Vec::new();
        while let Some(piece) = self.content()? {
            payload.extend_from_slice(piece);
        }
        self.skip_padding()?;
        let until_nul = || {
            payload
                .split(|&byte| byte == 0)
                .next()
                .unwrap_or_default()
                .to_vec()
        };
        match block[TYPEFLAG] {
            b'L' => overrides.name = Some(until_nul()),
            b'K' => overrides.link = Some(until_nul()),
            // A global header (git writes one with the commit) says nothing that a single member needs.
            b'g' => {}
            _ => overrides.read_pax(&payload).ok_or(TarError::Field {
                offset: start,
                field: "extended header",
            })?,
        }
        Ok(())
    }

    fn member(
        &mut self,
        block: &[u8; BLOCK],
        start: u64,
        overrides: Overrides,
    ) -> Result<Member, TarError> {
        let malformed = |field| TarError::Field {
            offset: start,
            field,
        };
        let field = |(from, length): Field| number::parse(&block[from..from + length]);
        let id = |from: Field| field(from).and_then(|number| u32::try_from(number).ok());
        let mut member = Member {
            typeflag: block[TYPEFLAG],
            name: overrides.name.unwrap_or_else(|| full_name(block)),
            link: overrides.link.unwrap_or_else(|| text(block, LINK).to_vec()),
            // Old tars have the type in the upper bits, too.
            mode: id(MODE).ok_or(malformed("mode"))? & 0o7777,
            uid: overrides.uid.or_else(|| id(UID)).ok_or(malformed("uid"))?,
            gid: overrides.gid.or_else(|| id(GID)).ok_or(malformed("gid"))?,
            mtime: overrides
                .mtime
                .or_else(|| field(MTIME))
                .ok_or(malformed("mtime"))?,
            size: match overrides.size {
                Some(size) => size,
                None => size(block, start)?,
            },
            xattrs: overrides.xattrs,
        };
        if member.typeflag == 0 {
            member.typeflag = if member.name.ends_with(b"/") {
                b'5'
            } else {
                b'0'
            };
        }
        // Links, devices, directories and pipes have no content, whatever their size field says.
        if matches!(member.typeflag, b'1'..=b'6') {
            member.size = 0;
        }
        self.content = member.size;
        self.padding = padding(member.size) as u64;
        self.name.clone_from(&member.name);
        Ok(member)
    }
}

impl Overrides {
    fn read_pax(&mut self, payload: &[u8]) -> Option<()> {
        for (key, value) in pax::records(payload)? {
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"uid" => self.uid = Some(pax::decimal(value)?.try_into().ok()?),
                b"gid" => self.gid = Some(pax::decimal(value)?.try_into().ok()?),
                b"size" => self.size = Some(pax::decimal(value)?),
                b"mtime" => self.mtime = Some(pax::seconds(value)?),
                _ => {
                    if let Some(name) = key.strip_prefix(pax::XATTR_PREFIX) {
                        self.xattrs.insert(name.to_vec(), value.to_vec());
                    }
                }
            }
        }
        Some(())
    }
}

fn fill<R: BufRead>(input: &mut R) -> Result<&[u8], TarError> {
    // The loop is in a function of its own because a borrow that is returned cannot be taken again after a retry.
    loop {
        match input.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(TarError::Read(error)),
        }
    }
    input.fill_buf().map_err(TarError::Read)
}

fn has_checksum(block: &[u8; BLOCK]) -> bool {
    let (start, length) = CHECKSUM;
    let stored = number::parse(&block[start..start + length]);
    let blanked = block.iter().enumerate().map(|(index, &byte)| {
        if (start..start + length).contains(&index) {
            b' '
        } else {
            byte
        }
    });
    let unsigned: i64 = blanked.clone().map(i64::from).sum();
    // Some historic writers summed signed bytes.
    let signed: i64 = blanked.map(|byte| i64::from(byte.cast_signed())).sum();
    stored == Some(unsigned) || stored == Some(signed)
}

fn size(block: &[u8; BLOCK], start: u64) -> Result<u64, TarError> {
    let (from, length) = SIZE;
    number::parse(&block[from..from + length])
        .and_then(|size| u64::try_from(size).ok())
        .ok_or(TarError::Field {
            offset: start,
            field: "size",
        })
}

/// A text field up to its first NUL.
fn text(block: &[u8; BLOCK], (start, length): Field) -> &[u8] {
    let field = &block[start..start + length];
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// The name with the prefix that only ustar has; in the same place GNU's format has times.
fn full_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(block, NAME);
    let prefix = text(block, PREFIX);
    if &block[MAGIC.0..MAGIC.0 + 6] != b"ustar\0" || prefix.is_empty() {
        return name.to_vec();
    }
    [prefix, b"/", name].concat()
}
