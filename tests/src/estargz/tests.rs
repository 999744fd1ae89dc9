//! A small layer made by hand, and what is found when its table says something else.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::{TOC_NAME, check, sha256};

const CONTENT: &[u8] = b"abcdef";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar of one file, of which only the last may have the end of a tar.
fn tar(path: &str, mode: u32, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_uid(1);
    header.set_gid(2);
    header.set_mtime(5);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, path, content).unwrap();
    builder.into_inner().unwrap()
}

/// A layer with a file of two chunks, whose table is changed by `edit`, and the table's digest.
fn layer(edit: impl Fn(&mut Value)) -> (Vec<u8>, String) {
    let tar_of_file = tar("file", 0o4755, CONTENT);
    let mut layer = gzip(&tar_of_file[..512]);
    let first = layer.len();
    layer.extend(gzip(&CONTENT[..4]));
    let second = layer.len();
    layer.extend(gzip(&tar_of_file[516..1024]));
    let mut table = json!({"version": 1, "entries": [
        {"name": "file", "type": "reg", "size": 6, "modtime": "1970-01-01T00:00:05Z", "mode": 0o4755, "uid": 1, "gid": 2,
         "digest": sha256(CONTENT), "offset": first, "chunkSize": 4, "chunkDigest": sha256(&CONTENT[..4])},
        {"name": "file", "type": "chunk", "offset": second, "chunkOffset": 4, "chunkDigest": sha256(&CONTENT[4..])},
    ]});
    edit(&mut table);
    let table = table.to_string();
    let start = layer.len();
    layer.extend(gzip(&tar(TOC_NAME, 0o444, table.as_bytes())));
    layer.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0]);
    layer.extend([&b"SG\x16\0"[..], format!("{start:016x}STARGZ").as_bytes()].concat());
    layer.extend([1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
    (layer, sha256(table.as_bytes()))
}

#[test]
fn a_layer_is_what_its_table_says() {
    let (layer, digest) = layer(|_| ());
    let files = check(&layer, &digest).unwrap();
    assert_eq!(files["file"].mode, 0o4755);
    assert!(check(&layer, &sha256(b"another")).is_err_and(|error| error.contains("digest")));
    assert!(check(&layer[..layer.len() - 1], &digest).is_err());
}

#[test]
fn a_table_that_says_something_else_is_found_out() {
    let is_found = |entry: usize, key: &str, value: Value| {
        let (layer, digest) = layer(|table| table["entries"][entry][key] = value.clone());
        let error = check(&layer, &digest).unwrap_err();
        assert!(error.contains("file"), "{key}: {error}");
    };
    is_found(0, "mode", json!(0o755));
    is_found(0, "uid", json!(0));
    is_found(0, "modtime", json!("1970-01-01T00:00:06Z"));
    is_found(0, "size", json!(7));
    is_found(0, "type", json!("dir"));
    is_found(0, "linkName", json!("elsewhere"));
    is_found(0, "xattrs", json!({"user.a": "Yg=="}));
    is_found(0, "devMajor", json!(1));
    is_found(0, "digest", json!(sha256(b"another")));
    is_found(0, "offset", json!(0));
    is_found(0, "chunkDigest", json!(sha256(b"another")));
    is_found(0, "chunkSize", json!(3));
    is_found(1, "offset", json!(1));
    is_found(1, "chunkOffset", json!(3));
    is_found(1, "chunkDigest", json!(sha256(b"another")));
}
