//! The sha256 of data that is too long for memory.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// The sha256 of all that is read, and how many bytes that was.
pub(crate) fn sha256(reader: &mut impl Read) -> io::Result<([u8; 32], u64)> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1024 * 1024]);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok((hash.finalize().into(), size));
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}
