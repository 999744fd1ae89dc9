//! The bytes of a tar, counted, and lent from the reader's own buffer instead of copied.

use std::io::{self, BufRead};

use crate::stream::TarError;

/// A reader that knows how many bytes have been taken from it.
#[derive(Debug)]
pub(crate) struct Source<R> {
    input: R,
    offset: u64,
    /// Bytes at the start of the buffer that were lent and are taken with the next call.
    lent: usize,
}

impl<R: BufRead> Source<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            offset: 0,
            lent: 0,
        }
    }

    /// Bytes taken so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset + self.lent as u64
    }

    /// Lends the next bytes, at most `length`; none at the end of the input.
    pub(crate) fn lend(&mut self, length: u64) -> Result<&[u8], TarError> {
        self.settle();
        // The slice of a call inside a loop could not be returned: its borrow would last over the next round.
        while let Err(error) = self.input.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(TarError::Read(error));
            }
        }
        let bytes = self.input.fill_buf().map_err(TarError::Read)?;
        self.lent = usize::try_from(length).map_or(bytes.len(), |length| length.min(bytes.len()));
        Ok(&bytes[..self.lent])
    }

    /// Fills `buffer`, and returns the number of bytes, which is smaller only at the end of the input.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let mut done = 0;
        while done < buffer.len() {
            let piece = self.lend((buffer.len() - done) as u64)?;
            if piece.is_empty() {
                break;
            }
            buffer[done..done + piece.len()].copy_from_slice(piece);
            done += piece.len();
        }
        Ok(done)
    }

    fn settle(&mut self) {
        self.offset += self.lent as u64;
        self.input.consume(std::mem::take(&mut self.lent));
    }
}
