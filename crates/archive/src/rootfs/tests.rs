//! Tables of files that are, and are not, a root filesystem tar.

use std::io::Write;

use super::*;
use crate::handmade::Handmade;

const ALL: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Zstd,
    Compression::Xz,
    Compression::Bzip2,
];

fn compress(compression: Compression, plain: &[u8]) -> Vec<u8> {
    fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain)?;
        encoder.finish()
    }
    fn zstd(plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1)?;
        encoder.include_checksum(true)?;
        encoder.write_all(plain)?;
        encoder.finish()
    }
    fn xz(plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(plain)?;
        encoder.finish()
    }
    fn bzip2(plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(plain)?;
        encoder.finish()
    }
    match compression {
        Compression::None => Ok(plain.to_vec()),
        Compression::Gzip => gzip(plain),
        Compression::Zstd => zstd(plain),
        Compression::Xz => xz(plain),
        Compression::Bzip2 => bzip2(plain),
    }
    .unwrap()
}

fn sample() -> Vec<u8> {
    let noise: String = (0..100_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_string())
        .collect();
    Handmade::new()
        .dir("./")
        .dir("etc/")
        .file("./etc/noise", &noise)
        .end()
}

#[test]
fn whole_tars_in_every_compression() {
    for compression in ALL {
        let file = compress(compression, &sample());
        let tar = check_rootfs(file.as_slice()).unwrap();
        let expected = RootfsTar {
            compression,
            entries: 3,
            bytes: file.len() as u64,
            sha256: Digest::of(&file),
        };
        assert_eq!(tar, expected);
    }
}

#[test]
fn streams_in_several_parts() {
    let plain = sample();
    for compression in ALL {
        let (first, second) = plain.split_at(1000);
        let file = [compress(compression, first), compress(compression, second)].concat();
        assert_eq!(
            check_rootfs(file.as_slice()).unwrap().entries,
            3,
            "{compression}"
        );
    }
}

#[test]
fn a_zstd_file_may_begin_with_a_frame_to_skip() {
    let skipped = b"\x5e\x2a\x4d\x18\x03\0\0\0abc";
    let file = [&skipped[..], &compress(Compression::Zstd, &sample())].concat();
    assert_eq!(
        check_rootfs(file.as_slice()).unwrap().compression,
        Compression::Zstd
    );
}

#[test]
fn a_cut_anywhere_is_refused() {
    for compression in ALL {
        let file = compress(compression, &sample());
        for end in 0..file.len() {
            let error = check_rootfs(&file[..end]).expect_err("a part of a file");
            let text = error.to_string();
            let is_cut = match end {
                0 => matches!(error, RootfsError::EmptyFile),
                _ if compression == Compression::None && end < 512 => {
                    matches!(error, RootfsError::NoTar)
                }
                _ if compression == Compression::None => text.contains("cut off"),
                _ => matches!(
                    error,
                    RootfsError::NoTar | RootfsError::CutInCompression { .. }
                ),
            };
            assert!(
                is_cut,
                "{compression}, {end} of {} bytes: {text}",
                file.len()
            );
        }
    }
}

#[test]
fn damage_is_refused() {
    for compression in ALL {
        let mut file = compress(compression, &sample());
        // Behind the middle of the compressed data; in a plain tar, in the checksum of the second header.
        let at = if compression == Compression::None {
            512 + 150
        } else {
            file.len() / 2
        };
        file[at] ^= 0x55;
        let error = check_rootfs(file.as_slice()).expect_err("damage");
        let is_damage = matches!(
            error,
            RootfsError::Damaged { .. } | RootfsError::Tar(TarError::NoHeader { offset: 512 })
        );
        assert!(is_damage, "{compression}: {error}");
    }
}

#[test]
fn other_files_are_refused() {
    let check = |file: &[u8], expected: &str| {
        assert_eq!(check_rootfs(file).unwrap_err().to_string(), expected);
        if !file.is_empty() {
            for compression in &ALL[1..] {
                let error = check_rootfs(compress(*compression, file).as_slice()).unwrap_err();
                assert_eq!(error.to_string(), expected, "in {compression}");
            }
        }
    };
    let no_tar = "the file is no tar (plain or compressed with gzip, zstd, xz or bzip2)";
    check(b"", "the file is empty");
    check(b"x", no_tar);
    check(b"hello\n", no_tar);
    check(&[b'x'; 4096], no_tar);
    check(b"\x7fELF", no_tar);
    check(&[0; 1024], "the tar is empty");
    check(&[0; 10240], "the tar is empty");
    check(
        &[0; 512],
        "the tar is cut off after 512 bytes: its end marker is missing",
    );
    let sample = sample();
    let after = format!(
        "something follows the end of the tar, in the 512 bytes from byte {}",
        sample.len()
    );
    check(&sample.repeat(2), &after);
}

#[test]
fn compressions_are_told_by_their_first_bytes() {
    let check =
        |start: &[u8], expected| assert_eq!(Compression::detect(start), expected, "{start:?}");
    check(b"", Compression::None);
    check(b"\x1f\x8b", Compression::None);
    check(b"\x1f\x8b\x08", Compression::Gzip);
    check(b"\x28\xb5\x2f\xfd", Compression::Zstd);
    check(b"\x50\x2a\x4d\x18\0\0\0\0", Compression::Zstd);
    check(b"\x5f\x2a\x4d\x18\0\0\0\0", Compression::Zstd);
    check(b"\x60\x2a\x4d\x18\0\0\0\0", Compression::None);
    check(b"\x50\x2a\x4d\x18", Compression::None);
    check(b"\xfd7zXZ\0", Compression::Xz);
    check(b"BZh9", Compression::Bzip2);
}

#[test]
fn a_file_that_cannot_be_read_is_no_damaged_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    for compression in ALL {
        let file = compress(compression, &sample());
        let error = check_rootfs(file[..file.len() / 2].chain(Failing)).unwrap_err();
        assert!(
            matches!(error, RootfsError::Read(_)),
            "{compression}: {error}"
        );
    }
}
