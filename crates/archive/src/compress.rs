//! A writer that compresses, and hashes the compressed bytes.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::Digest;

/// The compression of a tar that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compress {
    /// No compression.
    No,
    /// gzip, without a name and a time, at a level from 0 to 9.
    Gzip(u8),
    /// Zstandard, at a level from 1 to 22.
    Zstd(u8),
}

/// A writer that compresses. The output is complete only after [`finish`](Self::finish).
pub struct Compressor<W: Write>(Encoder<Hashing<W>>);

enum Encoder<W: Write> {
    No(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

/// A writer that counts and hashes the bytes that pass through it.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Compressor<W> {
    /// Compresses into `writer`.
    pub fn new(writer: W, how: Compress) -> io::Result<Self> {
        let hashing = Hashing {
            inner: writer,
            hash: Sha256::new(),
            bytes: 0,
        };
        Ok(Self(match how {
            Compress::No => Encoder::No(hashing),
            Compress::Gzip(level) => Encoder::Gzip(GzEncoder::new(
                hashing,
                flate2::Compression::new(level.into()),
            )),
            Compress::Zstd(level) => Encoder::Zstd(zstd::Encoder::new(hashing, level.into())?),
        }))
    }

    /// Writes the rest, and returns the hash and the number of the compressed bytes.
    pub fn finish(self) -> io::Result<(Digest, u64)> {
        let mut hashing = match self.0 {
            Encoder::No(writer) => writer,
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Zstd(encoder) => encoder.finish()?,
        };
        hashing.inner.flush()?;
        let sha256: [u8; 32] = hashing.hash.finalize().into();
        Ok((Digest::from(sha256), hashing.bytes))
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Encoder::No(writer) => writer.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Encoder::No(writer) => writer.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> std::fmt::Debug for Compressor<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_comes_out_is_what_is_hashed() {
        let text = b"a line that comes again\n".repeat(1000);
        let check = |how, unpack: fn(&[u8]) -> Vec<u8>| {
            let packed = || {
                let mut out = Vec::new();
                let mut compressor = Compressor::new(&mut out, how).unwrap();
                compressor.write_all(&text).unwrap();
                let (digest, bytes) = compressor.finish().unwrap();
                assert_eq!((digest, bytes), (Digest::of(&out), out.len() as u64));
                out
            };
            assert!(unpack(&packed()) == text && packed() == packed(), "{how:?}");
        };
        check(Compress::No, <[u8]>::to_vec);
        check(Compress::Gzip(9), |bytes| {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(bytes)
                .read_to_end(&mut text)
                .unwrap();
            text
        });
        check(Compress::Zstd(3), |bytes| zstd::decode_all(bytes).unwrap());
    }
}
