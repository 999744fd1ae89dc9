//! What is in a layer: by its table of contents, and by its tar.

use std::{collections::BTreeMap, io::Read};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    TOC_NAME,
    entry::{Entry, link, plain},
    sha256,
    table::Row,
};

/// How a PAX record of an extended attribute begins.
const XATTR: &str = "SCHILY.xattr.";

type Listing = BTreeMap<String, Entry>;

/// The files that the table names.
pub(super) fn of_table(rows: &[Row]) -> Result<Listing, String> {
    let mut listing = Listing::new();
    // A chunk belongs to the file before it.
    for row in rows.iter().filter(|row| row.kind != "chunk") {
        put(&mut listing, &row.name, of_row(row)?)?;
    }
    Ok(listing)
}

/// The files of the tar, of which the table is the last.
pub(super) fn of_tar(tar: &[u8]) -> Result<Listing, String> {
    let text = |error: std::io::Error| format!("no tar: {error}");
    let mut listing = Listing::new();
    let mut last = String::new();
    let mut archive = tar::Archive::new(tar);
    // The end of the tar that the layer was made from stays in it, and the table comes after it.
    archive.set_ignore_zeros(true);
    for entry in archive.entries().map_err(text)? {
        let mut entry = entry.map_err(text)?;
        last = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if last != TOC_NAME {
            put(&mut listing, &last, of_entry(&mut entry).map_err(text)?)?;
        }
    }
    if last == TOC_NAME {
        Ok(listing)
    } else {
        Err(format!("the last entry is `{last}`, not `{TOC_NAME}`"))
    }
}

fn put(listing: &mut Listing, path: &str, entry: Entry) -> Result<(), String> {
    let path = plain(path);
    if !path.is_empty() && listing.insert(path.clone(), entry).is_some() {
        return Err(format!("`{path}` is there twice"));
    }
    Ok(())
}

fn of_row(row: &Row) -> Result<Entry, String> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| {
        format!("`{}`: {what} of it cannot be read: {error}", row.name)
    };
    let modified = match row.modtime.as_str() {
        // The beginning of 1970 is not written down.
        "" => 0,
        time => time
            .parse::<jiff::Timestamp>()
            .map_err(|error| wrong("the time", &error))?
            .as_second(),
    };
    let xattr = |(name, value): (&String, &String)| {
        let value = BASE64_STANDARD.decode(value);
        let value = value.map_err(|error| wrong("an attribute", &error))?;
        Ok((name.clone(), value))
    };
    Ok(Entry {
        kind: row.kind.clone(),
        size: row.size,
        mode: row.mode,
        owner: (row.uid, row.gid),
        modified,
        link: link(&row.kind, &row.link_name),
        device: (row.dev_major, row.dev_minor),
        xattrs: row
            .xattrs
            .iter()
            .map(xattr)
            .collect::<Result<_, String>>()?,
        digest: row.digest.clone(),
    })
}

fn of_entry(entry: &mut tar::Entry<'_, impl Read>) -> std::io::Result<Entry> {
    let (xattrs, fraction) = pax(entry)?;
    let header = entry.header().clone();
    let kind = match header.entry_type() {
        tar::EntryType::Directory => "dir",
        tar::EntryType::Symlink => "symlink",
        tar::EntryType::Link => "hardlink",
        tar::EntryType::Char => "char",
        tar::EntryType::Block => "block",
        tar::EntryType::Fifo => "fifo",
        _ => "reg",
    };
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    let target = entry.link_name_bytes().unwrap_or_default();
    let number = |number: Option<u32>| number.unwrap_or_default();
    let device = match kind {
        "char" | "block" => (
            number(header.device_major()?),
            number(header.device_minor()?),
        ),
        _ => (0, 0),
    };
    Ok(Entry {
        kind: kind.to_owned(),
        size: content.len() as u64,
        mode: header.mode()?,
        owner: (header.uid()?, header.gid()?),
        modified: header.mtime()?.cast_signed() + i64::from(fraction),
        link: link(kind, &String::from_utf8_lossy(&target)),
        device,
        xattrs,
        digest: match kind {
            "reg" => sha256(&content),
            _ => String::new(),
        },
    })
}

/// The extended attributes of an entry, and whether its time is nearer to the next second.
fn pax(
    entry: &mut tar::Entry<'_, impl Read>,
) -> std::io::Result<(BTreeMap<String, Vec<u8>>, bool)> {
    let (mut xattrs, mut is_rounded_up) = (BTreeMap::new(), false);
    for record in entry.pax_extensions()?.into_iter().flatten() {
        let record = record?;
        let key = record.key().unwrap_or_default();
        if let Some(name) = key.strip_prefix(XATTR) {
            xattrs.insert(name.to_owned(), record.value_bytes().to_vec());
        } else if key == "mtime" {
            let time = record.value().unwrap_or_default();
            let tenths = time
                .split_once('.')
                .and_then(|(_, rest)| rest.chars().next());
            is_rounded_up = tenths.is_some_and(|digit| digit >= '5');
        }
    }
    Ok((xattrs, is_rounded_up))
}
