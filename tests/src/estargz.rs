//! eStargz layers, as the format's specification has them: a gzip stream whose last member says where the table of contents
//! is, which is a tar of one JSON file in a member of its own.

use std::{
    collections::BTreeMap,
    io::Read,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::image::hex;

/// The footer: an empty gzip member with an extra field of 26 bytes.
const FOOTER: usize = 51;

/// What a file is, by the table of contents or by the tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    kind: String,
    size: u64,
    mode: u64,
    /// The target of a link, or the sha256 of a file's content.
    content: String,
}

/// What the table of contents of `layer` says, and what the tar has; by path.
///
/// # Errors
/// What is wrong with the footer or the table.
#[expect(clippy::type_complexity, reason = "two of one kind")]
pub fn open(layer: &[u8]) -> Result<(BTreeMap<String, Entry>, BTreeMap<String, Entry>), String> {
    let offset = offset(layer)?;
    let table = layer
        .get(offset..layer.len() - FOOTER)
        .ok_or("the table is behind the end")?;
    let table = gunzip(table);
    let mut tar = tar::Archive::new(table.as_slice());
    let mut entries = tar.entries().map_err(|error| error.to_string())?;
    let mut entry = entries
        .next()
        .ok_or("no table")?
        .map_err(|error| error.to_string())?;
    if entry.path_bytes().as_ref() != b"stargz.index.json" {
        return Err("the table is not called `stargz.index.json`".to_owned());
    }
    let mut json = Vec::new();
    entry
        .read_to_end(&mut json)
        .map_err(|error| error.to_string())?;
    let table: Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    if table["version"] != 1 {
        return Err(format!("the version of the table is {}", table["version"]));
    }
    let listed = table["entries"]
        .as_array()
        .ok_or("the table has no entries")?;
    // A chunk belongs to the file before it.
    let listed = listed
        .iter()
        .filter(|entry| entry["type"] != "chunk")
        .map(of_table)
        .filter(|(path, _)| !path.is_empty());
    Ok((listed.collect(), of_tar(&gunzip(layer))))
}

/// Where the table begins, as the footer says.
fn offset(layer: &[u8]) -> Result<usize, String> {
    let footer = layer.len().checked_sub(FOOTER).map(|start| &layer[start..]);
    let footer = footer.ok_or("it is shorter than a footer")?;
    let extra = &footer[10..38];
    let is_footer = footer.starts_with(&[0x1f, 0x8b, 8, 4])
        && extra.starts_with(&[26, 0, b'S', b'G', 22, 0])
        && extra.ends_with(b"STARGZ");
    let digits = std::str::from_utf8(&extra[6..22]).unwrap_or_default();
    match usize::from_str_radix(digits, 16) {
        Ok(offset) if is_footer => Ok(offset),
        _ => Err("it has no footer".to_owned()),
    }
}

fn of_table(entry: &Value) -> (String, Entry) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let kind = text("type");
    let content = match kind.as_str() {
        "reg" => text("digest"),
        "symlink" | "hardlink" => text("linkName"),
        _ => String::new(),
    };
    // Go's way to say the special bits.
    let mode = entry["mode"].as_u64().unwrap_or_default() & 0o7777;
    let size = entry["size"].as_u64().unwrap_or_default();
    let entry = Entry {
        size,
        mode: mode & 0o777,
        content: plain(&kind, content),
        kind,
    };
    (plain_path(&text("name")), entry)
}

fn of_tar(tar: &[u8]) -> BTreeMap<String, Entry> {
    let mut found = BTreeMap::new();
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries().expect("a layer is a tar") {
        let mut entry = entry.expect("a layer is a whole tar");
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = plain_path(&path);
        if path.is_empty() || path == "stargz.index.json" {
            continue;
        }
        let link = entry
            .link_name_bytes()
            .map(|name| String::from_utf8_lossy(&name).into_owned());
        let (kind, content) = match entry.header().entry_type() {
            tar::EntryType::Directory => ("dir", String::new()),
            tar::EntryType::Symlink => ("symlink", link.unwrap_or_default()),
            tar::EntryType::Link => ("hardlink", link.unwrap_or_default()),
            tar::EntryType::Char => ("char", String::new()),
            tar::EntryType::Block => ("block", String::new()),
            tar::EntryType::Fifo => ("fifo", String::new()),
            _ => {
                let mut bytes = Vec::new();
                entry
                    .read_to_end(&mut bytes)
                    .expect("a layer is a whole tar");
                let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
                ("reg", digest)
            }
        };
        let mode = u64::from(entry.header().mode().expect("an entry has a mode"));
        let size = if kind == "reg" { entry.size() } else { 0 };
        let content = plain(kind, content);
        found.insert(
            path,
            Entry {
                kind: kind.to_owned(),
                size,
                mode: mode & 0o777,
                content,
            },
        );
    }
    found
}

/// A path without what stands for the root, which is nothing itself.
fn plain_path(name: &str) -> String {
    let name = name.trim_start_matches("./").trim_matches('/');
    if name == "." {
        String::new()
    } else {
        name.to_owned()
    }
}

/// The target of a hard link is a path in the layer.
fn plain(kind: &str, content: String) -> String {
    if kind == "hardlink" {
        plain_path(&content)
    } else {
        content
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("gzip can be started");
    let mut input = gzip.stdin.take().expect("its input is piped");
    thread::scope(|scope| {
        scope.spawn(move || std::io::copy(&mut &*bytes, &mut input));
        let mut output = Vec::new();
        let mut stdout = gzip.stdout.take().expect("its output is piped");
        stdout.read_to_end(&mut output).expect("gzip can be read");
        gzip.wait().expect("gzip ends");
        output
    })
}
