//! Unpacks a zip into a tree.

use std::fs::File;
use std::io::{self, BufReader, Read};

use rawzip::{
    CompressionMethod, CreatorSystem, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive,
    ZipFileHeaderRecord, ZipReader, time::ZipDateTimeKind,
};

use super::PlaceError;
use super::dress::{Dress, Time};
use super::tree::Special;
use super::unpack::{Unpacker, cleaned};
use crate::compression::Compression;
use crate::entry::Xattrs;
use crate::path::printable;

/// The first bytes of a zip: a file in it, or the end of one without a file.
const STARTS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The longest target of a link, as Linux has it.
const MAX_TARGET: u64 = 4096;

/// The largest factor that deflate reaches; a size beyond it is a lie.
const MAX_DEFLATE: u64 = 1032;

/// The type of a file in the mode of a zip's entry.
const TYPE: u32 = 0o170_000;
const SYMLINK: u32 = 0o120_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

/// The reason why a zip cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// It is damaged, or cut off.
    #[error("the zip is damaged")]
    Damaged(#[source] rawzip::Error),
    /// An entry is damaged.
    #[error("`{path}` in the zip is damaged")]
    Entry {
        /// The entry.
        path: String,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
    /// An entry is of a kind that is not unpacked.
    #[error("`{path}` in the zip {problem}")]
    Unsupported {
        /// The entry.
        path: String,
        /// What it is.
        problem: String,
    },
    /// Two entries have bytes in common, as in a bomb.
    #[error("`{path}` in the zip shares its bytes with another entry")]
    Overlap {
        /// The entry.
        path: String,
    },
}

/// Whether a file begins like a zip.
pub(super) fn is_zip(start: &[u8]) -> bool {
    STARTS.iter().any(|zip| start.starts_with(zip))
}

/// An entry, as far as the tree knows it.
struct Entry {
    path: Vec<u8>,
    dress: Dress,
    kind: u32,
    method: CompressionMethod,
    /// Its size, and that of its compressed bytes.
    size: u64,
    compressed: u64,
}

/// Unpacks all entries of a zip.
pub(super) fn unpack(unpacker: &mut Unpacker, file: File) -> Result<(), PlaceError> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(ZipError::Damaged)?;
    let mut entries = archive.entries(&mut buffer);
    let mut ranges = Vec::new();
    while let Some(record) = entries.next_entry().map_err(ZipError::Damaged)? {
        let entry = entry(&record)?;
        if entry.path.is_empty() {
            continue;
        }
        let shown = || printable(&entry.path);
        let found = archive.get_entry(record.wayfinder());
        let found = found.map_err(ZipError::Damaged)?;
        claim(&mut ranges, found.compressed_data_range())
            .map_err(|()| ZipError::Overlap { path: shown() })?;
        let plain = decompressed(&entry, BufReader::new(found.reader()))?;
        let mut content = found.verifying_reader(plain);
        put(unpacker, &entry, &mut content)?;
    }
    Ok(())
}

/// Notes the bytes of an entry, and refuses those that another one has.
fn claim(ranges: &mut Vec<(u64, u64)>, (start, end): (u64, u64)) -> Result<(), ()> {
    if start == end {
        return Ok(());
    }
    let at = ranges.partition_point(|(other, _)| *other < start);
    let overlaps = |range: Option<&(u64, u64)>| range.is_some_and(|(a, b)| *a < end && start < *b);
    if overlaps(at.checked_sub(1).and_then(|before| ranges.get(before))) || overlaps(ranges.get(at))
    {
        return Err(());
    }
    ranges.insert(at, (start, end));
    Ok(())
}

fn entry(record: &ZipFileHeaderRecord<'_>) -> Result<Entry, PlaceError> {
    let raw = record.file_path();
    let raw = raw.as_bytes();
    let unsupported = |problem: String| ZipError::Unsupported {
        path: printable(raw),
        problem,
    };
    if raw.contains(&0) {
        return Err(unsupported("has a NUL in its name".to_owned()).into());
    }
    if record.flags().is_encrypted() {
        return Err(unsupported("is encrypted".to_owned()).into());
    }
    // Other systems have no modes, and none of theirs would be right here.
    let is_unix = [CreatorSystem::UNIX, CreatorSystem::MACOS]
        .contains(&record.version_made_by().creator_system());
    let mode = if is_unix {
        record.external_attributes() >> 16
    } else {
        0
    };
    let kind = match mode & TYPE {
        0 if record.is_dir() => DIRECTORY,
        0 => REGULAR,
        kind => kind,
    };
    if ![SYMLINK, REGULAR, DIRECTORY].contains(&kind) {
        return Err(
            unsupported("is neither a file, nor a directory, nor a link".to_owned()).into(),
        );
    }
    let permissions = match (mode & 0o7777, kind) {
        (0, DIRECTORY) => 0o755,
        (0, _) => 0o644,
        (bits, _) => bits,
    };
    Ok(Entry {
        path: cleaned(raw)?,
        dress: Dress {
            mode: permissions,
            time: time(record),
            xattrs: Xattrs::new(),
            ..Dress::of_parent()
        },
        kind,
        method: record.compression_method(),
        size: record.uncompressed_size_hint(),
        compressed: record.compressed_size_hint(),
    })
}

/// The time of an entry. One without a time zone counts as UTC, so that it is the same everywhere.
fn time(record: &ZipFileHeaderRecord<'_>) -> Time {
    let seconds = match record.last_modified() {
        ZipDateTimeKind::Utc(time) => time.to_unix(),
        ZipDateTimeKind::Local(time) => {
            let (year, month, day) = (i64::from(time.year()), time.month(), time.day());
            let of_day = i64::from(time.hour()) * 3600
                + i64::from(time.minute()) * 60
                + i64::from(time.second());
            days_since_1970(year, i64::from(month), i64::from(day)) * 86400 + of_day
        }
    };
    Time {
        seconds,
        nanoseconds: 0,
    }
}

/// The days from 1970-01-01 to a day of the Gregorian calendar. Years begin in March here, so that the day that a leap
/// year has more is the last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    365 * year + leap_days + day_of_year - 719_468
}

/// The content of an entry. No more is read than the entry says it has.
fn decompressed<'a>(
    entry: &Entry,
    raw: BufReader<ZipReader<&'a FileReader>>,
) -> Result<Box<dyn Read + 'a>, PlaceError> {
    let unsupported = |problem: String| ZipError::Unsupported {
        path: printable(&entry.path),
        problem,
    };
    let plain: Box<dyn Read + 'a> = match entry.method {
        CompressionMethod::STORE => Box::new(raw),
        CompressionMethod::DEFLATE => {
            if entry.size > entry.compressed.saturating_mul(MAX_DEFLATE) {
                return Err(unsupported("says that it is larger than it can be".to_owned()).into());
            }
            Box::new(flate2::bufread::DeflateDecoder::new(raw))
        }
        CompressionMethod::BZIP2 => of(Compression::Bzip2, raw, entry)?,
        CompressionMethod::XZ => of(Compression::Xz, raw, entry)?,
        CompressionMethod::ZSTD => of(Compression::Zstd, raw, entry)?,
        other => {
            let number = other.as_u16();
            return Err(unsupported(format!(
                "is compressed by method {number}; stored, deflate, bzip2, xz and zstd are unpacked"
            ))
            .into());
        }
    };
    // One byte more shows that the size is wrong.
    Ok(Box::new(plain.take(entry.size.saturating_add(1))))
}

fn of<'a>(
    compression: Compression,
    raw: BufReader<ZipReader<&'a FileReader>>,
    entry: &Entry,
) -> Result<Box<dyn Read + 'a>, PlaceError> {
    let plain = compression.decompress(raw);
    plain.map_err(|source| damaged(entry, source))
}

fn damaged(entry: &Entry, source: io::Error) -> PlaceError {
    let path = printable(&entry.path);
    ZipError::Entry { path, source }.into()
}

fn put(unpacker: &mut Unpacker, entry: &Entry, content: &mut impl Read) -> Result<(), PlaceError> {
    let (path, dress) = (&*entry.path, &entry.dress);
    match entry.kind {
        DIRECTORY => unpacker.put_directory(path, dress),
        SYMLINK => {
            if entry.size > MAX_TARGET {
                return Err(damaged(entry, io::ErrorKind::InvalidFilename.into()));
            }
            let mut target = Vec::new();
            let read = content.read_to_end(&mut target);
            read.map_err(|source| damaged(entry, source))?;
            unpacker.put_special(path, dress, &Special::Symlink(target))
        }
        _ => unpacker.put_file(path, dress, |file| {
            // Both an entry that cannot be read and a tree that cannot be written end here.
            io::copy(content, file).map_err(|source| damaged(entry, source))?;
            Ok(())
        }),
    }
}
