//! Tables: zips that are unpacked, and zips that are refused.

use std::io::Write as _;

use flate2::{Compression as Level, write::DeflateEncoder};

use super::*;

/// An entry of a zip that is made by hand: the fields that a hostile one lies about.
struct Made<'a> {
    name: &'a str,
    content: &'a [u8],
    mode: u32,
    method: u16,
    flags: u16,
    /// Its size, if it is not that of the content.
    size: Option<u32>,
    /// The offset of its bytes, if they are those of another entry.
    at: Option<u32>,
}

impl<'a> Made<'a> {
    fn new(name: &'a str, content: &'a [u8], mode: u32) -> Self {
        Self {
            name,
            content,
            mode,
            method: 8,
            flags: 0,
            size: None,
            at: None,
        }
    }

    fn packed(&self) -> Vec<u8> {
        match self.method {
            8 => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Level::default());
                encoder.write_all(self.content).unwrap();
                encoder.finish().unwrap()
            }
            93 => zstd::encode_all(self.content, 1).unwrap(),
            95 => {
                let mut packed = Vec::new();
                let mut encoder = liblzma::read::XzEncoder::new(self.content, 1);
                std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
                packed
            }
            _ => self.content.to_vec(),
        }
    }

    /// The fields that both its headers have.
    fn fields(&self, packed: &[u8]) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(self.content);
        let size = u32::try_from(self.content.len()).unwrap();
        let mut fields = Vec::new();
        for short in [20, self.flags, self.method, 0x6000, 0x2a21] {
            fields.extend(u16::to_le_bytes(short));
        }
        fields.extend(crc.sum().to_le_bytes());
        fields.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        fields.extend(self.size.unwrap_or(size).to_le_bytes());
        fields.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        fields.extend([0; 2]);
        fields
    }
}

fn zip(entries: &[Made<'_>]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = u32::try_from(zip.len()).unwrap();
        let packed = entry.packed();
        let fields = entry.fields(&packed);
        zip.extend(b"PK\x03\x04");
        zip.extend(&fields);
        zip.extend(entry.name.bytes());
        zip.extend(packed);
        directory.extend(b"PK\x01\x02");
        // Made by Unix.
        directory.extend([20, 3]);
        directory.extend(&fields);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(entry.at.unwrap_or(at).to_le_bytes());
        directory.extend(entry.name.bytes());
    }
    let count = u16::try_from(entries.len()).unwrap();
    let (size, at) = (directory.len(), zip.len());
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend(count.to_le_bytes());
    zip.extend(count.to_le_bytes());
    zip.extend(u32::try_from(size).unwrap().to_le_bytes());
    zip.extend(u32::try_from(at).unwrap().to_le_bytes());
    zip.extend([0; 2]);
    zip
}

fn unpacked(bytes: &[u8], target: &Path) -> Result<(), PlaceError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut unpacker = Unpacker::new(target, b"/to/")?;
    unpacker.unpack_file(file)?;
    unpacker.finish()
}

const FILE: u32 = 0o100_644;

#[test]
fn a_zip_is_unpacked() {
    let text = b"a text ".repeat(1000);
    let with = |method| Made {
        method,
        ..Made::new("", &text, FILE)
    };
    let entries = [
        Made::new("d/", b"", 0o040_750),
        Made::new("./d/tool", &text, 0o104_755),
        Made::new("link", b"/d/../tool", 0o120_777),
        Made {
            name: "stored",
            ..with(0)
        },
        Made {
            name: "zstd",
            ..with(93)
        },
        Made {
            name: "xz",
            ..with(95)
        },
        Made::new("plain", b"", 0),
    ];
    let target = tree(&["to/old"]);
    unpacked(&zip(&entries), target.path()).unwrap();
    let to = target.path().join("to");
    assert_eq!(
        lines(&to),
        [
            "d/ 750 978350400",
            "d/tool",
            "link -> /d/../tool",
            "old",
            "plain",
            "stored",
            "xz",
            "zstd"
        ]
    );
    for name in ["d/tool", "stored", "xz", "zstd"] {
        assert_eq!(fs::read(to.join(name)).unwrap(), text, "{name}");
        assert_eq!(fs::metadata(to.join(name)).unwrap().mtime(), 978_350_400);
    }
    let mode = |name: &str| fs::metadata(to.join(name)).unwrap().mode() & 0o7777;
    assert_eq!(
        (mode("d/tool"), mode("stored"), mode("plain")),
        (0o4755, 0o644, 0o644)
    );
    unpacked(&zip(&[]), target.path()).unwrap();
}

#[test]
fn a_hostile_zip_is_refused() {
    let check = |entries: &[Made<'_>], expected: &str| {
        let target = tree(&["to/", "outside"]);
        let mut error =
            &unpacked(&zip(entries), target.path()).unwrap_err() as &dyn std::error::Error;
        let mut text = error.to_string();
        while let Some(source) = error.source() {
            text = format!("{text}: {source}");
            error = source;
        }
        assert!(text.contains(expected), "{text}");
        let outside = fs::read_to_string(target.path().join("outside"));
        assert_eq!(outside.unwrap(), "outside");
    };
    let file = |name| Made::new(name, b"x", FILE);
    check(
        &[file("../outside")],
        "`../outside` leads out of the archive",
    );
    check(&[file("a/../../outside")], "leads out of the archive");
    check(
        &[file("a\0b")],
        "`a\\u{0}b` in the zip has a NUL in its name",
    );
    check(
        &[Made {
            flags: 1,
            ..file("a")
        }],
        "`a` in the zip is encrypted",
    );
    check(
        &[Made {
            method: 9,
            ..file("a")
        }],
        "`a` in the zip is compressed by method 9; stored, deflate, bzip2, xz and zstd are unpacked",
    );
    check(
        &[Made {
            mode: 0o060_644,
            ..file("a")
        }],
        "`a` in the zip is neither a file, nor a directory, nor a link",
    );
    check(
        &[Made {
            size: Some(1 << 30),
            ..file("a")
        }],
        "`a` in the zip says that it is larger than it can be",
    );
    check(
        &[Made {
            size: Some(0),
            ..file("a")
        }],
        "`a` in the zip is damaged",
    );
    check(
        &[Made {
            size: Some(2),
            ..file("a")
        }],
        "`a` in the zip is damaged",
    );
    check(
        &[
            file("a"),
            Made {
                at: Some(0),
                ..file("b")
            },
        ],
        "`b` in the zip shares its bytes with another entry",
    );
    let long = "x".repeat(5000);
    check(
        &[Made::new("a", long.as_bytes(), 0o120_777)],
        "`a` in the zip is damaged",
    );
}

/// No entry goes through a link out of the tree.
#[test]
fn a_link_of_a_zip_leads_nowhere_else() {
    let outer = tree(&["tree/to/", "secret/"]);
    let target = outer.path().join("tree");
    let entries = [
        Made::new("l", b"../../../secret", 0o120_777),
        Made::new("l/f", b"x", FILE),
    ];
    unpacked(&zip(&entries), &target).unwrap();
    assert!(!outer.path().join("secret/f").exists());
    assert_eq!(fs::read(target.join("secret/f")).unwrap(), b"x");
}

#[test]
fn a_zip_that_is_cut_or_changed_is_refused() {
    let text = b"some text that is long enough".repeat(20);
    let whole = zip(&[Made::new("a", &text, FILE), Made::new("b", b"y", FILE)]);
    for length in 4..whole.len() {
        let target = tempfile::tempdir().unwrap();
        assert!(
            unpacked(&whole[..length], target.path()).is_err(),
            "{length}"
        );
    }
    // The first bytes of the content.
    let mut changed = whole.clone();
    changed[33] ^= 0xff;
    let target = tempfile::tempdir().unwrap();
    assert!(unpacked(&changed, target.path()).is_err());
}
