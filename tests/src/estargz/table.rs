//! The table of contents, as its JSON has it.

use std::{collections::BTreeMap, io::Read};

use serde::Deserialize;

use super::TOC_NAME;

#[derive(Deserialize)]
struct Table {
    version: u32,
    entries: Vec<Row>,
}

/// A file, or a chunk of the file before it. What is unknown here would go unchecked.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) size: u64,
    pub(super) modtime: String,
    pub(super) link_name: String,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    // Names of owners may differ from machine to machine; the numbers count.
    #[serde(rename = "userName")]
    _user_name: String,
    #[serde(rename = "groupName")]
    _group_name: String,
    pub(super) dev_major: u32,
    pub(super) dev_minor: u32,
    /// In base64.
    pub(super) xattrs: BTreeMap<String, String>,
    pub(super) digest: String,
    /// Where in the layer its gzip member begins.
    pub(super) offset: usize,
    /// Where in that member's content its own begins.
    pub(super) inner_offset: usize,
    /// Where in the file the chunk begins.
    pub(super) chunk_offset: u64,
    /// 0 when it goes on to the end of the file.
    pub(super) chunk_size: u64,
    pub(super) chunk_digest: String,
}

/// The JSON in the tar that the footer leads to.
pub(super) fn unpack(tar: &[u8]) -> Result<Vec<u8>, String> {
    let text = |error: std::io::Error| format!("the table is in no tar: {error}");
    let mut archive = tar::Archive::new(tar);
    let mut entries = archive.entries().map_err(text)?;
    let mut entry = entries.next().ok_or("there is no table")?.map_err(text)?;
    if entry.path_bytes().as_ref() != TOC_NAME.as_bytes() {
        return Err(format!("the table is not called `{TOC_NAME}`"));
    }
    let mut json = Vec::new();
    entry.read_to_end(&mut json).map_err(text)?;
    match entries.next() {
        None => Ok(json),
        Some(_) => Err("there is something behind the table".to_owned()),
    }
}

pub(super) fn read(json: &[u8]) -> Result<Vec<Row>, String> {
    let table: Table = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if table.version == 1 {
        Ok(table.entries)
    } else {
        Err(format!("the version of the table is {}", table.version))
    }
}
