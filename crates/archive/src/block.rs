//! The header blocks of a tar: where their fields are, and readers for them.

use crate::number;

/// Tars consist of blocks of this many bytes.
pub(crate) const BLOCK: usize = 512;

/// A field of a header: where it begins and how long it is (POSIX, "ustar Interchange Format").
pub(crate) type Field = (usize, usize);
pub(crate) const NAME: Field = (0, 100);
pub(crate) const MODE: Field = (100, 8);
pub(crate) const UID: Field = (108, 8);
pub(crate) const GID: Field = (116, 8);
pub(crate) const SIZE: Field = (124, 12);
pub(crate) const MTIME: Field = (136, 12);
pub(crate) const CHECKSUM: Field = (148, 8);
pub(crate) const TYPEFLAG: usize = 156;
pub(crate) const LINK: Field = (157, 100);
pub(crate) const MAGIC: Field = (257, 8);
pub(crate) const DEVICE_MAJOR: Field = (329, 8);
pub(crate) const DEVICE_MINOR: Field = (337, 8);
pub(crate) const PREFIX: Field = (345, 155);

/// The magic and version of ustar.
pub(crate) const USTAR: &[u8] = b"ustar\x0000";

/// Bytes between the end of `size` bytes of content and the next block.
pub(crate) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

/// A block of 512 bytes. Its checksum may be unchecked.
#[derive(Debug)]
pub(crate) struct HeaderBlock(pub(crate) [u8; BLOCK]);

impl HeaderBlock {
    pub(crate) fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    pub(crate) fn has_checksum(&self) -> bool {
        let (start, length) = CHECKSUM;
        let field = start..start + length;
        let blanked = self.0.iter().enumerate();
        let blanked =
            blanked.map(|(index, &byte)| if field.contains(&index) { b' ' } else { byte });
        let unsigned: i64 = blanked.clone().map(i64::from).sum();
        // Some historic writers summed signed bytes.
        let signed: i64 = blanked.map(|byte| i64::from(byte.cast_signed())).sum();
        self.number(CHECKSUM)
            .is_some_and(|sum| sum == unsigned || sum == signed)
    }

    pub(crate) fn typeflag(&self) -> u8 {
        self.0[TYPEFLAG]
    }

    pub(crate) fn bytes(&self, (start, length): Field) -> &[u8] {
        &self.0[start..start + length]
    }

    pub(crate) fn number(&self, field: Field) -> Option<i64> {
        number::parse(self.bytes(field))
    }

    pub(crate) fn id(&self, field: Field) -> Option<u32> {
        self.number(field)?.try_into().ok()
    }

    pub(crate) fn length(&self, field: Field) -> Option<u64> {
        self.number(field)?.try_into().ok()
    }

    /// A text up to its first NUL.
    pub(crate) fn text(&self, field: Field) -> &[u8] {
        until_nul(self.bytes(field))
    }

    /// The name, with the prefix before it if the header is ustar: GNU's format has times in that place.
    pub(crate) fn full_name(&self) -> Vec<u8> {
        let (name, prefix) = (self.text(NAME), self.text(PREFIX));
        if !self.bytes(MAGIC).starts_with(b"ustar\0") || prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }
}

pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}
