//! Digests: of a vertex (`OpDigest`) and of content elsewhere (`ContentDigest`).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The number of characters of a vertex digest in text, `sha256:` included.
pub(crate) const OP_DIGEST_LEN: usize = PREFIX.len() + 64;

const PREFIX: &str = "sha256:";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// The digest of a vertex: the sha256 of the bytes of its op. `Display` and `FromStr` use `sha256:<64 hex digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpDigest([u8; 32]);

/// The digest of an image, a blob or a download, as `algorithm:hex`.
///
/// sha256, sha384 and sha512 are known, with lower-case hex digits, as in `opencontainers/go-digest`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest(String);

/// Text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest such as `sha256:` and 64 lower-case hex digits")]
pub struct DigestError {
    /// The text that was given.
    pub text: String,
}

impl OpDigest {
    /// The digest of `op_bytes`.
    pub fn of(op_bytes: &[u8]) -> Self {
        Self(Sha256::digest(op_bytes).into())
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The text form, in ASCII, without an allocation.
    pub(crate) fn to_ascii(self) -> [u8; OP_DIGEST_LEN] {
        let mut text = [0; OP_DIGEST_LEN];
        text[..PREFIX.len()].copy_from_slice(PREFIX.as_bytes());
        for (pair, byte) in text[PREFIX.len()..].chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 0xf)];
        }
        text
    }
}

impl fmt::Display for OpDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for OpDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OpDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError {
            text: text.to_owned(),
        };
        let hex = text.strip_prefix(PREFIX).ok_or_else(malformed)?.as_bytes();
        if hex.len() != 64 {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let (high, low) = (nibble(pair[0]), nibble(pair[1]));
            *byte = (high.ok_or_else(malformed)? << 4) | low.ok_or_else(malformed)?;
        }
        Ok(Self(bytes))
    }
}

impl ContentDigest {
    /// The sha256 of `content`.
    pub fn of(content: &[u8]) -> Self {
        OpDigest::of(content).into()
    }

    /// The digest with these bytes, which are a sha256.
    pub fn of_sha256(hash: [u8; 32]) -> Self {
        OpDigest(hash).into()
    }

    /// The text form, `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ContentDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.split_once(':').and_then(|(algorithm, hex)| {
            let digits = match algorithm {
                "sha256" => 64,
                "sha384" => 96,
                "sha512" => 128,
                _ => return None,
            };
            (hex.len() == digits && hex.bytes().all(|digit| nibble(digit).is_some()))
                .then_some(digits)
        });
        match digits {
            Some(_) => Ok(Self(text.into())),
            None => Err(DigestError {
                text: text.to_owned(),
            }),
        }
    }
}

impl From<OpDigest> for ContentDigest {
    fn from(digest: OpDigest) -> Self {
        Self(digest.to_string())
    }
}

/// The value of a lower-case hex digit.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op_digest_text_round_trips() {
        let digest = OpDigest::of(b"abc");
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.to_ascii(), text.as_bytes());
        assert_eq!(text.parse(), Ok(digest));
    }

    #[test]
    fn malformed_digests_are_refused() {
        let sha = "a".repeat(64);
        for text in [
            "",
            "sha256:",
            "sha256:abc",
            &format!("sha1:{sha}"),
            &format!("sha256:{}", sha.to_uppercase()),
        ] {
            assert!(text.parse::<OpDigest>().is_err(), "{text}");
            assert!(text.parse::<ContentDigest>().is_err(), "{text}");
        }
        assert!(
            format!("sha512:{sha}{sha}")
                .parse::<ContentDigest>()
                .is_ok()
        );
    }
}
