//! Tars put together by hand for tests: headers of another library, and headers that no library would write.

use tar::Header;

use crate::pax::push_record;

/// A tar that grows by one member a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handmade(Vec<u8>);

impl Handmade {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn dir(self, name: &str) -> Self {
        self.member(b'5', name, "", b"")
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.member(b'0', name, "", content.as_bytes())
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.member(b'2', name, target, b"")
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.member(b'1', name, target, b"")
    }

    /// A character device with these numbers.
    pub(crate) fn device(self, name: &str, (major, minor): (u32, u32)) -> Self {
        let mut header = Header::new_ustar();
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000_000);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_device_major(major).expect("ustar has devices");
        header.set_device_minor(minor).expect("ustar has devices");
        self.with_header(header, b'3', b"")
    }

    pub(crate) fn member(self, typeflag: u8, name: &str, link: &str, content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.set_mode(if typeflag == b'5' { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000_000);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        self.with_header(header, typeflag, content)
    }

    pub(crate) fn with_header(mut self, mut header: Header, typeflag: u8, content: &[u8]) -> Self {
        header.as_mut_bytes()[156] = typeflag;
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.bytes(content)
    }

    /// An extended header for the member that comes next.
    pub(crate) fn pax(self, records: &[(&str, &str)]) -> Self {
        let mut payload = Vec::new();
        for (key, value) in records {
            push_record(&mut payload, key.as_bytes(), value.as_bytes());
        }
        self.member(b'x', "PaxHeaders.0/name", "", &payload)
    }

    /// Raw bytes, and zeros up to the next block.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The tar with its end.
    pub(crate) fn end(self) -> Vec<u8> {
        self.bytes(&[0; 1024]).0
    }
}
