//! The signals that the program was started to ignore: `nohup` ignores SIGHUP, a shell SIGINT for its background jobs.

use std::{fs, io};

/// The file in which Linux describes this process, proc(5).
const STATUS: &str = "/proc/self/status";

/// The set of ignored signals, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ignored(u64);

impl Ignored {
    /// The set of this process. It must be read before any handler is installed: a handler ends the ignoring.
    pub(super) fn read() -> io::Result<Self> {
        match fs::read_to_string(STATUS) {
            Ok(status) => parse(&status).ok_or_else(|| {
                let text = format!("`{STATUS}` does not tell the ignored signals");
                io::Error::new(io::ErrorKind::InvalidData, text)
            }),
            // Without /proc, as in a bare chroot, no signal is known to be ignored.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(0)),
            Err(error) => Err(error),
        }
    }

    /// Whether the signal of this number, from 1, is ignored.
    pub(super) fn has(self, signal: u8) -> bool {
        signal > 0 && self.0 >> (signal - 1) & 1 == 1
    }
}

/// The mask in the line `SigIgn:`, as hex digits.
fn parse(status: &str) -> Option<Ignored> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(Ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_names_the_signals() {
        let check = |status: &str, expected: Option<&[u8]>| {
            let ignored = parse(status);
            let signals = ignored.map(|ignored| {
                (0..=64)
                    .filter(|signal| ignored.has(*signal))
                    .collect::<Vec<_>>()
            });
            assert_eq!(signals.as_deref(), expected, "{status}");
        };
        let line = |mask: &str| {
            format!("Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t{mask}\nSigCgt:\t0\n")
        };
        check(&line("0000000000000000"), Some(&[]));
        check(&line("0000000000000001"), Some(&[1]));
        check(&line("0000000000000006"), Some(&[2, 3]));
        check(&line("0000000000001001"), Some(&[1, 13]));
        check(&line("8000000000000000"), Some(&[64]));
        check(&line(""), None);
        check(&line("mask"), None);
        check("Name:\tx\n", None);
    }

    #[test]
    fn this_process_tells() {
        // Rust's runtime ignores SIGPIPE; SIGKILL cannot be ignored.
        let ignored = Ignored::read().unwrap();
        assert!(ignored.has(13) && !ignored.has(9));
    }
}
