//! The compression of tars and of the layers of images.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{nearest::nearest, words::did_you_mean};

/// The compression of a tar, or of the layers of an image: `gzip`, `zstd` or `estargz`, with a level as `zstd:19`, or
/// `uncompressed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Compression {
    algorithm: Algorithm,
    level: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Uncompressed,
    Gzip,
    Zstd,
    Estargz,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Uncompressed, Self::Gzip, Self::Zstd, Self::Estargz];

    fn as_str(self) -> &'static str {
        match self {
            Self::Uncompressed => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Estargz => "estargz",
        }
    }

    /// The highest level, if there are levels.
    fn highest(self) -> Option<u8> {
        match self {
            Self::Uncompressed => None,
            Self::Gzip | Self::Estargz => Some(9),
            Self::Zstd => Some(22),
        }
    }
}

/// A text that names no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not `uncompressed`, `gzip[:0-9]`, `zstd[:0-22]` or `estargz[:0-9]`{}",
    did_you_mean(nearest_algorithm(text))
)]
pub struct CompressionError {
    /// The text.
    pub text: String,
}

/// The word that was meant in the place of a word that is none.
fn nearest_algorithm(text: &str) -> Option<&'static str> {
    let word = text.split(':').next().unwrap_or(text);
    let words = Algorithm::ALL.map(Algorithm::as_str);
    nearest(word, words).filter(|nearest| *nearest != word)
}

impl Compression {
    /// The word without its level: `zstd`.
    pub fn name(self) -> &'static str {
        self.algorithm.as_str()
    }

    /// The level, if it has one.
    pub fn level(self) -> Option<u8> {
        self.level
    }

    /// The same for a tar.
    ///
    /// # Errors
    /// When no tar is compressed so.
    pub fn of_tar(self) -> Result<TarCompression, TarCompressionError> {
        self.to_string().parse()
    }
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, CompressionError> {
        let unknown = || CompressionError {
            text: text.to_owned(),
        };
        let (word, level) = match text.split_once(':') {
            Some((word, level)) => (word, Some(level.parse::<u8>().map_err(|_| unknown())?)),
            None => (text, None),
        };
        let mut all = Algorithm::ALL.into_iter();
        let algorithm = all.find(|algorithm| algorithm.as_str() == word);
        let algorithm = algorithm.ok_or_else(unknown)?;
        match level {
            Some(level) if algorithm.highest().is_none_or(|highest| level > highest) => {
                Err(unknown())
            }
            level => Ok(Self { algorithm, level }),
        }
    }
}

impl TryFrom<String> for Compression {
    type Error = CompressionError;

    fn try_from(text: String) -> Result<Self, CompressionError> {
        text.parse()
    }
}

impl From<Compression> for String {
    fn from(compression: Compression) -> Self {
        compression.to_string()
    }
}

/// As it is written.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.level.map_or(Ok(()), |level| write!(f, ":{level}"))
    }
}

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
    fn compressions_are_read_as_they_are_written() {
        for right in ["uncompressed", "gzip", "zstd:19", "zstd:0", "estargz:9"] {
            let read = right.parse::<Compression>();
            assert_eq!(read.map(String::from).as_deref(), Ok(right));
        }
        for wrong in [
            "",
            "xz",
            "gzip:10",
            "estargz:10",
            "uncompressed:1",
            "zstd:x",
        ] {
            assert!(wrong.parse::<Compression>().is_err(), "{wrong}");
        }
        let error = "estargs:3".parse::<Compression>().unwrap_err().to_string();
        assert!(error.ends_with("did you mean `estargz`?"), "{error}");
        let of_tar = |text: &str| text.parse::<Compression>().unwrap().of_tar();
        assert_eq!(of_tar("gzip"), Ok(TarCompression::Gzip(GZIP_LEVEL)));
        assert!(of_tar("estargz").is_err() && of_tar("zstd:0").is_err());
    }

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
