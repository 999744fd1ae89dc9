//! Results, on stdout. A reader that closes early, as `head` does, is no error: it asked for no more.

use std::{
    error::Error,
    fmt,
    io::{self, StdoutLock, Write},
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use serde::Serialize;

/// stdout; after its reader has gone, writes to it succeed and go nowhere.
pub(crate) fn lock() -> UntilClosed<StdoutLock<'static>> {
    UntilClosed {
        out: io::stdout().lock(),
        is_closed: false,
    }
}

/// Writes a text, with its colours where stdout is a terminal.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut stdout = lock();
    match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => write!(stdout, "{}", strip_str(text))?,
        _ => stdout.write_all(text.as_bytes())?,
    }
    stdout.flush()
}

/// Writes a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let mut stdout = lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from)?;
    writeln!(stdout)
}

/// A writer whose reader may go away.
pub(crate) struct UntilClosed<W> {
    out: W,
    is_closed: bool,
}

impl<W: Write> UntilClosed<W> {
    fn unless_closed<T>(
        &mut self,
        write: impl FnOnce(&mut W) -> io::Result<T>,
        otherwise: T,
    ) -> io::Result<T> {
        if self.is_closed {
            return Ok(otherwise);
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            written => written.map_err(unwritten),
        }
    }
}

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_closed(|out| out.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_closed(Write::flush, ())
    }
}

/// stdout cannot be written to.
#[derive(Debug)]
struct Unwritten(io::Error);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write to stdout")
    }
}

impl Error for Unwritten {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn unwritten(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Unwritten(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that fails after its first write.
    struct Fails(io::ErrorKind, usize);

    impl Write for Fails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                1 => Ok(bytes.len()),
                2 => Err(self.0.into()),
                _ => panic!("it is written to after it has failed"),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_has_gone_is_no_error() {
        let write = |kind| {
            let (out, is_closed) = (Fails(kind, 0), false);
            let mut writer = UntilClosed { out, is_closed };
            let lines = ["one\n", "two\n", "three\n"].iter();
            let written = lines.map(|line| writer.write_all(line.as_bytes()));
            written.collect::<io::Result<()>>()?;
            writer.flush()
        };
        write(io::ErrorKind::BrokenPipe).unwrap();
        let full = write(io::ErrorKind::StorageFull).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(full.to_string(), "cannot write to stdout");
    }
}
