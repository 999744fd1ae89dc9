//! Lists the members of a tar, to show them or to compare two tars.

use std::io::{BufRead, BufReader, Read};

use crate::compression::Compression;
use crate::digest::{Digest, Tally};
use crate::entry::{Entry, Kind};
use crate::member::EntryError;
use crate::path::EntryPath;
use crate::stream::{Member, Members, TarError};

/// The reason why a tar cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The tar cannot be read, or is damaged or cut off.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A tree cannot have such a member.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A path occurs twice.
    #[error("`{path}` is there twice")]
    Duplicate {
        /// The path.
        path: EntryPath,
    },
}

/// The entries of a plain tar in canonical order, each file with the digest of its content.
///
/// `reader` need not be buffered. The tar may be anyone's: its order does not matter, names may begin with `./`, and
/// an entry for the root is left out. Extended attributes and times are listed as they are.
pub fn list(reader: impl Read) -> Result<Vec<Entry>, ListError> {
    let mut entries = in_order(BufReader::with_capacity(BUFFER, reader))?;
    entries.sort();
    match entries.windows(2).find(|pair| pair[0].path == pair[1].path) {
        Some(pair) => Err(ListError::Duplicate {
            path: pair[0].path.clone(),
        }),
        None => Ok(entries),
    }
}

/// The entries of an image's layer, in any compression, in the order of the tar, each file with the digest of its
/// content. Whiteouts are entries like all others: [`Tree::lay`](crate::Tree::lay) knows what they mean.
pub fn list_layer(reader: impl Read) -> Result<Vec<Entry>, ListError> {
    let unread = |error| ListError::Tar(TarError::Read(error));
    let mut raw = BufReader::with_capacity(BUFFER, reader);
    let compression = Compression::detect(raw.fill_buf().map_err(unread)?);
    let plain = compression.decompress(raw).map_err(unread)?;
    in_order(BufReader::with_capacity(BUFFER, plain))
}

/// The entries in the order of the tar; without one for the root.
fn in_order(reader: impl BufRead) -> Result<Vec<Entry>, ListError> {
    let mut members = Members::new(reader);
    let mut entries = Vec::new();
    while let Some(member) = members.next()? {
        if let Some(member) = without_dots(member) {
            let mut entry = Entry::try_from(member)?;
            entry.content = content(&mut members, &entry)?;
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Few system calls; the hash works on pieces of this size.
const BUFFER: usize = 128 * 1024;

fn content<R: BufRead>(
    members: &mut Members<R>,
    entry: &Entry,
) -> Result<Option<Digest>, TarError> {
    if !matches!(entry.kind, Kind::File { .. }) {
        return Ok(None);
    }
    let mut tally = Tally::default();
    while let Some(piece) = members.content()? {
        tally.add(piece);
    }
    Ok(Some(tally.digest()))
}

/// The member without the `./` that many tars put before every name; `None` for the root.
fn without_dots(mut member: Member) -> Option<Member> {
    let shorten = |name: &mut Vec<u8>| {
        while name.starts_with(b"./") {
            let rest = name[2..]
                .iter()
                .position(|&byte| byte != b'/')
                .unwrap_or(name.len() - 2);
            name.drain(..2 + rest);
        }
    };
    shorten(&mut member.name);
    if member.typeflag == b'1' {
        shorten(&mut member.link);
    }
    let root = member.typeflag == b'5' && (member.name.is_empty() || member.name == b".");
    (!root).then_some(member)
}

#[cfg(test)]
mod tests;
