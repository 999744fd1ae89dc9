//! Gzip streams, and single members of them.

use std::io::Read;

use flate2::read::{GzDecoder, MultiGzDecoder};

/// What all members hold.
pub(super) fn whole(bytes: &[u8]) -> Result<Vec<u8>, String> {
    read(MultiGzDecoder::new(bytes))
}

/// What the member that begins here holds; its checksum is right.
pub(super) fn member(bytes: &[u8]) -> Result<Vec<u8>, String> {
    read(GzDecoder::new(bytes))
}

fn read(mut decoder: impl Read) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = decoder.read_to_end(&mut content);
    read.map_err(|error| format!("no gzip stream: {error}"))?;
    Ok(content)
}
