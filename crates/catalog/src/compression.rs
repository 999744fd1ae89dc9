//! The compression of tars.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// The compression of a tar, which is part of an artifact's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(into = "String")]
pub enum TarCompression {
    /// None.
    #[default]
    Uncompressed,
    /// gzip, at a level from 0 to 9.
    Gzip(u8),
    /// Zstandard, at a level from 1 to 22.
    Zstd(u8),
}

/// The levels that the programs use when none is given.
const GZIP_LEVEL: u8 = 6;
const ZSTD_LEVEL: u8 = 3;

/// A text that names no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not `uncompressed`, `gzip[:0-9]` or `zstd[:1-22]`")]
pub struct TarCompressionError {
    /// The text.
    pub text: String,
}

impl TarCompression {
    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Uncompressed => "",
            Self::Gzip(_) => ".gz",
            Self::Zstd(_) => ".zst",
        }
    }
}

impl FromStr for TarCompression {
    type Err = TarCompressionError;

    fn from_str(text: &str) -> Result<Self, TarCompressionError> {
        let unknown = || TarCompressionError {
            text: text.to_owned(),
        };
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse::<u8>().map_err(|_| unknown())?)),
            None => (text, None),
        };
        match (name, level) {
            ("uncompressed", None) => Ok(Self::Uncompressed),
            ("gzip", level @ (None | Some(0..=9))) => Ok(Self::Gzip(level.unwrap_or(GZIP_LEVEL))),
            ("zstd", level @ (None | Some(1..=22))) => Ok(Self::Zstd(level.unwrap_or(ZSTD_LEVEL))),
            _ => Err(unknown()),
        }
    }
}

/// With its level: `gzip:6`.
impl fmt::Display for TarCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncompressed => f.write_str("uncompressed"),
            Self::Gzip(level) => write!(f, "gzip:{level}"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
        }
    }
}

impl From<TarCompression> for String {
    fn from(compression: TarCompression) -> Self {
        compression.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_checked() {
        let check = |text: &str, expected: Option<&str>| {
            let read = text.parse::<TarCompression>().ok();
            assert_eq!(
                read.map(|read| read.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("uncompressed", Some("uncompressed"));
        check("gzip", Some("gzip:6"));
        check("gzip:9", Some("gzip:9"));
        check("zstd", Some("zstd:3"));
        check("zstd:22", Some("zstd:22"));
        for wrong in [
            "",
            "gzip:10",
            "zstd:0",
            "zstd:x",
            "xz",
            "uncompressed:1",
            "estargz",
        ] {
            check(wrong, None);
        }
    }
}
