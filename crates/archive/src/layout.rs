//! The layout of a member: where its stored bytes belong in its content.

use std::vec;

use crate::sparse::{Region, SparseMap};

/// The position in the content, piece by piece. A plain member is one piece.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    position: u64,
    size: u64,
    /// The region that the position is in or before.
    region: Option<Region>,
    later: vec::IntoIter<Region>,
}

/// The next part of the content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    End,
    /// This many zeros, which are not stored.
    Hole(u64),
    /// This many stored bytes.
    Stored(u64),
}

impl Layout {
    pub(crate) fn plain(size: u64) -> Self {
        Self {
            position: 0,
            size,
            region: Some(Region {
                offset: 0,
                length: size,
            }),
            later: Vec::new().into_iter(),
        }
    }

    /// The layout of a sparse file, whose map fits it.
    pub(crate) fn sparse(map: SparseMap) -> Self {
        let mut later = map.regions.into_iter();
        Self {
            position: 0,
            size: map.size,
            region: later.next(),
            later,
        }
    }

    pub(crate) fn next(&mut self) -> Next {
        while let Some(region) = self.region {
            let end = region.offset + region.length;
            if self.position < region.offset {
                return Next::Hole(region.offset - self.position);
            }
            if self.position < end {
                return Next::Stored(end - self.position);
            }
            self.region = self.later.next();
        }
        match self.size - self.position {
            0 => Next::End,
            hole => Next::Hole(hole),
        }
    }

    /// Moves on by `bytes` of the next part.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.position += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(mut layout: Layout) -> Vec<Next> {
        let mut steps = Vec::new();
        loop {
            match layout.next() {
                Next::End => return steps,
                Next::Hole(length) | Next::Stored(length) => {
                    // In two steps, to see that the rest comes next.
                    let half = usize::try_from(length).unwrap() / 2;
                    steps.push(layout.next());
                    layout.advance(half);
                    layout.advance(usize::try_from(length).unwrap() - half);
                }
            }
        }
    }

    #[test]
    fn holes_and_regions_alternate() {
        let check = |size, regions: &[(u64, u64)], expected: &[Next]| {
            let regions = regions
                .iter()
                .map(|&(offset, length)| Region { offset, length });
            let map = SparseMap {
                size,
                regions: regions.collect(),
            };
            assert_eq!(walk(Layout::sparse(map)), expected);
        };
        check(0, &[], &[]);
        check(9, &[], &[Next::Hole(9)]);
        check(9, &[(9, 0)], &[Next::Hole(9)]);
        check(9, &[(0, 4), (4, 5)], &[Next::Stored(4), Next::Stored(5)]);
        check(
            9,
            &[(1, 2), (5, 3)],
            &[
                Next::Hole(1),
                Next::Stored(2),
                Next::Hole(2),
                Next::Stored(3),
                Next::Hole(1),
            ],
        );
        assert_eq!(walk(Layout::plain(7)), [Next::Stored(7)]);
        assert_eq!(walk(Layout::plain(0)), []);
    }
}
