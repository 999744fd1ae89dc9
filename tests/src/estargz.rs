//! eStargz layers, checked as the format's specification has them: a gzip stream whose last member says where the table
//! of contents is, which is a tar of one JSON file in a member of its own.

mod contents;
mod entry;
mod gzip;
mod listing;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::image::hex;

pub use self::entry::Entry;

/// The annotation of a layer that names the digest of its table of contents.
pub const TOC_DIGEST: &str = "containerd.io/snapshot/stargz/toc.digest";

/// What the table's file is called, and with it the last entry of a layer.
const TOC_NAME: &str = "stargz.index.json";

/// The footer: an empty gzip member with an extra field of 26 bytes.
const FOOTER: usize = 51;

/// The files of a layer by path, when its footer, its table of contents (whose digest must be `digest`), its tar and
/// every member that the table leads to say the same.
///
/// # Errors
/// What is wrong.
pub fn check(layer: &[u8], digest: &str) -> Result<BTreeMap<String, Entry>, String> {
    let json = table_of_contents(layer)?;
    if sha256(&json) != digest {
        return Err(format!(
            "the table's digest is {}, not {digest}",
            sha256(&json)
        ));
    }
    let rows = table::read(&json)?;
    let listed = listing::of_table(&rows)?;
    let found = listing::of_tar(&gzip::whole(layer)?)?;
    if listed != found {
        return Err(differing(&listed, &found));
    }
    contents::check(layer, &rows)?;
    Ok(found)
}

/// The JSON that the footer leads to.
fn table_of_contents(layer: &[u8]) -> Result<Vec<u8>, String> {
    let start = table_start(layer)?;
    let table = layer
        .get(start..layer.len() - FOOTER)
        .ok_or("the table is behind the end")?;
    table::unpack(&gzip::member(table)?)
}

/// Where the table begins, as the footer says.
fn table_start(layer: &[u8]) -> Result<usize, String> {
    let footer = layer.len().checked_sub(FOOTER).map(|start| &layer[start..]);
    let footer = footer.ok_or("it is shorter than a footer")?;
    let extra = &footer[10..38];
    let is_footer = footer.starts_with(&[0x1f, 0x8b, 8, 4])
        && extra.starts_with(&[26, 0, b'S', b'G', 22, 0])
        && extra.ends_with(b"STARGZ");
    let digits = std::str::from_utf8(&extra[6..22]).unwrap_or_default();
    match usize::from_str_radix(digits, 16) {
        Ok(start) if is_footer && gzip::member(footer)?.is_empty() => Ok(start),
        _ => Err("it has no footer".to_owned()),
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// The first few files of which the table and the tar say different things.
fn differing(table: &BTreeMap<String, Entry>, tar: &BTreeMap<String, Entry>) -> String {
    let paths = table.keys().chain(tar.keys());
    let found = paths.filter(|path| table.get(*path) != tar.get(*path));
    let found = found.map(|path| format!("{path}: {:?} {:?}", table.get(path), tar.get(path)));
    found.take(5).collect::<Vec<_>>().join("\n")
}
