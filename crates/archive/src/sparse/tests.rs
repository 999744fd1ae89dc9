//! Tables for sparse maps in each of GNU tar's forms.

use std::convert::Infallible;

use super::*;
use crate::block::BLOCK;

fn regions(pairs: &[(u64, u64)]) -> Vec<Region> {
    let region = |&(offset, length): &(u64, u64)| Region { offset, length };
    pairs.iter().map(region).collect()
}

#[test]
fn maps_that_fit() {
    let check = |size, pairs: &[(u64, u64)], stored, expected: bool| {
        let map = SparseMap {
            size,
            regions: regions(pairs),
        };
        assert_eq!(map.fits(stored), expected, "{map:?}");
    };
    check(0, &[], 0, true);
    check(10, &[(0, 4), (4, 2), (9, 1)], 7, true);
    check(10, &[(10, 0)], 0, true);
    check(10, &[(0, 4)], 5, false);
    check(10, &[(4, 2), (0, 4)], 6, false);
    check(10, &[(0, 5), (4, 2)], 7, false);
    check(10, &[(8, 3)], 3, false);
    check(10, &[(u64::MAX, 2)], 2, false);
}

/// A block with `pairs` from `start` on and a mark at `more` if another block follows.
fn block(start: usize, pairs: &[(u64, u64)], more: Option<usize>) -> HeaderBlock {
    let mut block = HeaderBlock([0; BLOCK]);
    let numbers = pairs.iter().flat_map(|&(offset, length)| [offset, length]);
    for (index, number) in numbers.enumerate() {
        let field = start + index * 12;
        block.0[field..field + 11].copy_from_slice(format!("{number:011o}").as_bytes());
    }
    if let Some(more) = more {
        block.0[more] = 1;
    }
    block
}

#[test]
fn the_map_of_a_header_goes_on_in_blocks() {
    let first = [(0, 1), (10, 1), (20, 1), (30, 1)];
    let second: Vec<_> = (0..21).map(|index| (40 + 10 * index, 1)).collect();
    let third = [(1000, 24)];
    let mut header = block(386, &first, Some(482));
    header.0[483..494].copy_from_slice(b"00000002000");
    let mut blocks = vec![block(0, &second, Some(504)), block(0, &third, None)].into_iter();
    let map = map_in_header::<Infallible>(&header, || Ok(blocks.next().unwrap()));
    let expected = SparseMap {
        size: 0o2000,
        regions: regions(&[&first[..], &second, &third].concat()),
    };
    assert_eq!(map, Ok(Some(expected)));
    assert!(blocks.next().is_none());
}

#[test]
fn maps_in_records() {
    let check =
        |records: &[(&str, &str)], before: &[u64], expected: Option<(u64, &[(u64, u64)])>| {
            let mut read = SparseRecords::default();
            for (key, value) in records {
                assert_eq!(read.read(key.as_bytes(), value.as_bytes()), Some(()));
            }
            let expected = expected.map(|(size, pairs)| SparseMap {
                size,
                regions: regions(pairs),
            });
            assert_eq!(read.map(before.to_vec()), expected);
        };
    let version_0_0 = [
        ("size", "9"),
        ("numblocks", "2"),
        ("offset", "1"),
        ("numbytes", "2"),
        ("offset", "5"),
    ];
    check(&version_0_0, &[], None);
    let version_0_0 = [&version_0_0[..], &[("numbytes", "3")]].concat();
    check(&version_0_0, &[], Some((9, &[(1, 2), (5, 3)])));
    check(
        &[("size", "9"), ("map", "1,2,5,3")],
        &[],
        Some((9, &[(1, 2), (5, 3)])),
    );
    check(&[("map", "1,2")], &[], None);
    let version_1_0 = [("major", "1"), ("minor", "0"), ("realsize", "9")];
    check(&version_1_0, &[1, 2], Some((9, &[(1, 2)])));
    check(&version_1_0, &[1], None);
}

#[test]
fn records_that_are_no_numbers() {
    for (key, value) in [
        ("size", ""),
        ("map", "1,"),
        ("map", ""),
        ("offset", "-1"),
        ("major", "x"),
    ] {
        assert_eq!(
            SparseRecords::default().read(key.as_bytes(), value.as_bytes()),
            None,
            "{key}"
        );
    }
}

#[test]
fn maps_before_the_content() {
    let check = |text: &str, expected: Option<&[u64]>| {
        let mut blocks = text.as_bytes().chunks(BLOCK).map(|chunk| {
            let mut block = HeaderBlock([0; BLOCK]);
            block.0[..chunk.len()].copy_from_slice(chunk);
            block
        });
        let numbers = numbers_before_content::<Infallible>(|| Ok(blocks.next()));
        assert_eq!(numbers, Ok(expected.map(<[u64]>::to_vec)), "{text:.40}");
    };
    check("0\n", Some(&[]));
    check("2\n1\n2\n5\n3\n", Some(&[1, 2, 5, 3]));
    let numbers: Vec<u64> = (0..400).collect();
    let lines: Vec<_> = numbers.iter().map(u64::to_string).collect();
    check(&format!("200\n{}\n", lines.join("\n")), Some(&numbers));
    check("", None);
    check("2\n1\n2\n", None);
    check("x\n", None);
    check("1\n1\nx\n", None);
    check("99999999999999999999\n", None);
    check("18446744073709551615\n1\n", None);
}
