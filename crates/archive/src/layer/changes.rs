//! The differences between two trees, found by walking both side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};

use super::links::Links;
use super::pair::{self, Side};
use super::{LayerError, Whiteouts};
use crate::path::EntryPath;
use crate::walk::{Walk, open_directory, sorted_names};

/// The contents of a layer.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// New paths, with everything below them.
    pub(super) new: BTreeSet<EntryPath>,
    /// Other paths that are written: changed ones, and the directories above everything.
    pub(super) written: BTreeSet<EntryPath>,
    /// The times in the base of directories whose time changed only because entries came or went: the new time is that
    /// of the build, and says nothing.
    pub(super) kept_times: BTreeMap<EntryPath, i64>,
    /// The whiteouts themselves.
    pub(super) whiteouts: BTreeSet<EntryPath>,
}

impl Changes {
    fn add(&mut self, path: EntryPath) {
        self.add_parents(&path);
        self.written.insert(path);
    }

    fn add_parents(&mut self, path: &EntryPath) {
        let mut parent = path.parent();
        while !parent.is_empty() {
            let above = EntryPath::of_walk(parent.to_vec());
            if !self.written.insert(above.clone()) {
                return;
            }
            let end = parent.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            parent = &parent[..end];
        }
    }
}

/// The walk through both trees.
pub(super) struct Scan {
    form: Whiteouts,
    changes: Changes,
    links: Links,
    /// Directories of both trees that are still to be compared, each below one that stays open for it.
    below: Vec<(Rc<Both>, CString)>,
}

struct Both {
    base: OwnedFd,
    whole: OwnedFd,
    /// The path with a closing slash; empty for the root.
    prefix: Vec<u8>,
}

impl Both {
    /// The directory `name` of both trees.
    fn below(&self, name: &CStr) -> Result<Self, LayerError> {
        let path = [&self.prefix, name.to_bytes()].concat();
        let open = |directory: &OwnedFd, tree| {
            open_directory(directory.as_fd(), name).map_err(|source| LayerError::Read {
                tree,
                path: String::from_utf8_lossy(&path).into_owned(),
                source,
            })
        };
        Ok(Self {
            base: open(&self.base, "base")?,
            whole: open(&self.whole, "whole")?,
            prefix: [&path[..], b"/"].concat(),
        })
    }
}

/// An entry of a directory.
struct Member {
    name: CString,
    stat: Stat,
}

impl Scan {
    pub(super) fn run(base: &Path, whole: &Path, form: Whiteouts) -> Result<Changes, LayerError> {
        let mut scan = Self {
            form,
            changes: Changes::default(),
            links: Links::default(),
            below: Vec::new(),
        };
        scan.directory(&Rc::new(Both {
            base: root(base, "base")?,
            whole: root(whole, "whole")?,
            prefix: Vec::new(),
        }))?;
        while let Some((above, name)) = scan.below.pop() {
            let both = above.below(&name)?;
            drop(above);
            scan.directory(&Rc::new(both))?;
        }
        for path in scan.links.changed(&scan.changes) {
            scan.changes.add(path);
        }
        Ok(scan.changes)
    }

    fn directory(&mut self, both: &Rc<Both>) -> Result<(), LayerError> {
        let base = members(&both.base, &both.prefix, "base")?;
        let whole = members(&both.whole, &both.prefix, "whole")?;
        let (mut before, mut after) = (base.iter().peekable(), whole.iter().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(old), Some(new)) => old.name.cmp(&new.name),
            };
            let old = order.is_le().then(|| before.next()).flatten();
            let new = order.is_ge().then(|| after.next()).flatten();
            match (old, new) {
                (Some(old), None) => self.gone(&path(&both.prefix, old)),
                (None, Some(new)) => self.appeared(both, new)?,
                (Some(old), Some(new)) => self.both(both, old, new)?,
                (None, None) => {}
            }
        }
    }

    fn gone(&mut self, path: &EntryPath) {
        self.changes.add_parents(path);
        self.changes.whiteouts.insert(self.form.path(path));
    }

    fn appeared(&mut self, both: &Both, member: &Member) -> Result<(), LayerError> {
        let path = path(&both.prefix, member);
        self.refuse_whiteout_name(&path, &member.name)?;
        self.changes.add_parents(&path);
        if is_directory(&member.stat) {
            self.appeared_below(both, member, &path)?;
        } else {
            self.links.of_whole(&member.stat, &path);
        }
        self.changes.new.insert(path);
        Ok(())
    }

    /// Searches a new directory for names of whiteouts, and for hard links to files that have other names elsewhere.
    fn appeared_below(
        &mut self,
        both: &Both,
        member: &Member,
        top: &EntryPath,
    ) -> Result<(), LayerError> {
        let read = |path: &EntryPath| {
            let path = path.to_string();
            move |source| LayerError::Read {
                tree: "whole",
                path,
                source,
            }
        };
        let directory = open_directory(both.whole.as_fd(), &member.name).map_err(read(top))?;
        let mut walk = Walk::of(directory).map_err(read(top))?;
        while let Some(step) = walk.next() {
            let path = EntryPath::of_walk([top.as_bytes(), b"/", step.path.as_bytes()].concat());
            let below = step.path.clone();
            let stat = statat(step.directory, &step.name, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| read(&path)(error.into()))?;
            if file_type(&stat) == FileType::Socket {
                continue;
            }
            self.refuse_whiteout_name(&path, &step.name)?;
            if is_directory(&stat) {
                let opened = open_directory(step.directory, &step.name).map_err(read(&path))?;
                walk.enter(opened, &below).map_err(read(&path))?;
            } else {
                self.links.of_whole(&stat, &path);
            }
        }
        Ok(())
    }

    fn both(&mut self, both: &Rc<Both>, old: &Member, new: &Member) -> Result<(), LayerError> {
        let path = path(&both.prefix, new);
        if file_type(&old.stat) != file_type(&new.stat) {
            return self.appeared(both, new);
        }
        let side = |directory, member, tree| Side {
            directory,
            member,
            tree,
        };
        let (base, whole) = (
            side(both.base.as_fd(), (&*old.name, &old.stat), "base"),
            side(both.whole.as_fd(), (&*new.name, &new.stat), "whole"),
        );
        let is_same = pair::is_same(&base, &whole, &path)?;
        if is_directory(&new.stat) {
            if !is_same {
                self.changes.add(path.clone());
            } else if old.stat.st_mtime != new.stat.st_mtime {
                let time = old.stat.st_mtime;
                self.changes.kept_times.insert(path.clone(), time);
            }
            self.below.push((Rc::clone(both), new.name.clone()));
            return Ok(());
        }
        self.links.of_base(&old.stat, &path);
        self.links.of_whole(&new.stat, &path);
        if !is_same {
            self.changes.add(path);
        }
        Ok(())
    }

    fn refuse_whiteout_name(&self, path: &EntryPath, name: &CStr) -> Result<(), LayerError> {
        if self.form.is_name(name.to_bytes()) {
            return Err(LayerError::WhiteoutName { path: path.clone() });
        }
        Ok(())
    }
}

fn root(path: &Path, tree: &'static str) -> Result<OwnedFd, LayerError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).map_err(|error| LayerError::Read {
        tree,
        path: String::new(),
        source: error.into(),
    })
}

/// The members of a directory, sorted, without sockets, which no tar has.
fn members(
    directory: &OwnedFd,
    prefix: &[u8],
    tree: &'static str,
) -> Result<Vec<Member>, LayerError> {
    let read = |source| LayerError::Read {
        tree,
        path: String::from_utf8_lossy(prefix).into_owned(),
        source,
    };
    let mut members = Vec::new();
    for name in sorted_names(directory.as_fd()).map_err(read)? {
        let stat = statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| read(error.into()))?;
        if file_type(&stat) != FileType::Socket {
            members.push(Member { name, stat });
        }
    }
    Ok(members)
}

fn path(prefix: &[u8], member: &Member) -> EntryPath {
    EntryPath::of_walk([prefix, member.name.to_bytes()].concat())
}

fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn is_directory(stat: &Stat) -> bool {
    file_type(stat) == FileType::Directory
}
