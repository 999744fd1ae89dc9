//! Names of users and groups, looked up in the tree that files go into.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use file_set::{Owner, OwnerId};

use super::PlaceError;
use super::root::{Last, Root};
use super::tree::unusable;
use crate::walk::open_file;

/// The numbers of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// The files with the names, without the first slash.
const USERS: &str = "etc/passwd";
const GROUPS: &str = "etc/group";

/// More than any real file of names has, as the tree may be anybody's.
const MAX_NAMES: u64 = 16 << 20;

/// The most names that an error lists.
const MAX_LISTED: usize = 40;

/// The numbers of `owner` in the tree.
pub(super) fn ids(tree: &Root, owner: &Owner) -> Result<Ids, PlaceError> {
    let (uid, own_group) = match &owner.user {
        OwnerId::Number(uid) => (*uid, *uid),
        OwnerId::Name(name) => {
            let fields = fields(tree, USERS, name)?;
            (fields.0, fields.1.unwrap_or(fields.0))
        }
    };
    let gid = match &owner.group {
        None => own_group,
        Some(OwnerId::Number(gid)) => *gid,
        Some(OwnerId::Name(name)) => fields(tree, GROUPS, name)?.0,
    };
    Ok(Ids { uid, gid })
}

/// The number of `name` in a file of names, and the number behind it.
fn fields(tree: &Root, file: &str, name: &str) -> Result<(u32, Option<u32>), PlaceError> {
    let text = read(tree, file).map_err(unusable(file.as_bytes()))?;
    let Some(text) = text else {
        return Err(PlaceError::NoNames {
            name: name.to_owned(),
            file: file.to_owned(),
        });
    };
    let mut known = Vec::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        let (first, number) = (fields.next(), fields.nth(1));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        if first == Some(name) {
            return Ok((number, fields.next().and_then(|group| group.parse().ok())));
        }
        known.extend(first.map(str::to_owned));
    }
    let is_cut = known.len() > MAX_LISTED;
    known.truncate(MAX_LISTED);
    let mut known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    known.extend(is_cut.then(|| "…".to_owned()));
    Err(PlaceError::NoName {
        name: name.to_owned(),
        file: file.to_owned(),
        known: known.join(", "),
    })
}

/// The text of a file; `None` if there is no regular file.
fn read(tree: &Root, path: &str) -> io::Result<Option<String>> {
    let place = tree.resolve(path.as_bytes(), Last::Follow)?;
    if place.file_type() != Some(rustix::fs::FileType::RegularFile) {
        return Ok(None);
    }
    let name = std::ffi::CString::new(place.name())?;
    let file = File::from(open_file(place.directory.as_fd(), &name)?);
    let mut bytes = Vec::new();
    file.take(MAX_NAMES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
