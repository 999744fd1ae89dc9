//! Patterns in the paths that are copied from a tree, as Go's `filepath.Match` has them, which COPY uses: `*`, `?`,
//! `[…]` and `\` within one part of a path.

use std::io;
use std::os::fd::AsFd;

use file_set::matches;
use rustix::io::Errno;

use super::root::{Last, Place, Root, join, parts};
use crate::walk::sorted_names;

/// Whether a part of a path has a pattern's special character.
fn is_pattern(part: &[u8]) -> bool {
    part.iter().any(|byte| b"*?[\\".contains(byte))
}

/// The number of parts of a path before the first that stands for several names. An escaped sign stands for itself.
pub(super) fn literal_parts(path: &[u8]) -> usize {
    let stands_for_several = |part: &[u8]| {
        let mut bytes = part.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                b'*' | b'?' | b'[' => return true,
                _ => {}
            }
        }
        false
    };
    parts(path)
        .take_while(|part| !stands_for_several(part))
        .count()
}

/// The paths in `root` that match `path`, sorted. A path without a pattern matches itself, whether it exists or not.
pub(super) fn expand(root: &Root, path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut found = vec![Vec::new()];
    for part in parts(path) {
        if !is_pattern(part) {
            for path in &mut found {
                *path = join(path, part);
            }
            continue;
        }
        let mut matched = Vec::new();
        for path in &found {
            let place = resolve(root, path, Last::Follow)?.filter(Place::is_directory);
            let Some(place) = place else {
                continue;
            };
            let directory = root.open_directory(&place)?;
            for name in sorted_names(directory.as_fd())? {
                if matches(part, name.to_bytes()) {
                    matched.push(join(path, name.to_bytes()));
                }
            }
        }
        found = matched;
    }
    if parts(path).any(is_pattern) {
        // The path behind a pattern need not exist in every directory that the pattern matches.
        let mut there = Vec::new();
        for path in found {
            let place = resolve(root, &path, Last::Keep)?;
            if place.is_some_and(|place| place.stat.is_some()) {
                there.push(path);
            }
        }
        return Ok(there);
    }
    Ok(found)
}

/// The place that `path` leads to; `None` if it goes through a file, or through links without end.
fn resolve(root: &Root, path: &[u8], last: Last) -> io::Result<Option<Place>> {
    match root.resolve(path, last) {
        Err(error) if is_no_way(&error) => Ok(None),
        resolved => resolved.map(Some),
    }
}

fn is_no_way(error: &io::Error) -> bool {
    [Errno::NOTDIR, Errno::LOOP]
        .map(Errno::raw_os_error)
        .map(Some)
        .contains(&error.raw_os_error())
}
