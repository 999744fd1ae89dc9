//! The differences between two commands of the packer, in the words of their steps.

use std::collections::BTreeMap;

use buildkit_llb::{ExecContent, MountContent};

use super::{Difference, own::setting};
use crate::{pack::PACKER, placing};

/// The differences between two commands that put files into a tree; `None` if one of them is another kind of command.
pub(super) fn differences(from: &ExecContent, to: &ExecContent) -> Option<Vec<Difference>> {
    let (from, to) = (Words::of(from)?, Words::of(to)?);
    let mut found = Vec::new();
    for name in from.0.keys().chain(to.0.keys()) {
        let (was, is) = (from.word(name), to.word(name));
        let difference = setting(name, was, is);
        found.extend(difference.filter(|difference| !found.contains(difference)));
    }
    Some(found)
}

/// The words of a command, by their names for users.
struct Words<'a>(BTreeMap<&'a str, String>);

/// The mount that something is taken from.
fn source(exec: &ExecContent) -> Option<&MountContent> {
    exec.mounts.iter().find(|mount| is_source(&mount.dest))
}

impl<'a> Words<'a> {
    fn of(exec: &'a ExecContent) -> Option<Self> {
        let [program, command, rest @ ..] = &exec.args[..] else {
            return None;
        };
        if program != PACKER {
            return None;
        }
        let (flags, words): (Vec<&str>, Vec<&str>) = rest
            .iter()
            .map(String::as_str)
            .partition(|word| word.starts_with("--"));
        let named = match (command.as_str(), &words[..]) {
            ("directory", [_, paths @ ..]) => vec![("directory", paths.join(" "))],
            ("file", [_, _, paths @ ..]) => vec![("files", paths.join(" "))],
            ("symlink", [_, target, paths @ ..]) => vec![
                ("links", paths.join(" ")),
                ("target of links", (*target).to_owned()),
            ],
            ("remove", [_, paths @ ..]) => vec![("removed", paths.join(" "))],
            ("unpack", [_, _, to]) => vec![("unpacked to", (*to).to_owned())],
            ("copy", [_, path, _, to]) => {
                // If a path is mounted alone, the mount has it.
                let selected = source(exec).map_or("", |mount| &mount.selector);
                let path = if selected.is_empty() { path } else { selected };
                vec![("copied", path.to_owned()), ("copied to", (*to).to_owned())]
            }
            _ => return None,
        };
        let flags = flags.into_iter().map(|flag| {
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            (name.trim_start_matches('-'), value.to_owned())
        });
        // Changed files are reported by their names.
        let flags = flags.filter(|(name, _)| !["content", "sha256"].contains(name));
        let mut all = BTreeMap::<&str, String>::new();
        for (name, value) in named.into_iter().chain(flags) {
            // A flag may be there several times.
            let known = all.entry(name).or_default();
            if !known.is_empty() {
                known.push(' ');
            }
            known.push_str(&value);
        }
        Some(Self(all))
    }

    fn word(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Whether a mount of such a command is only the source of the copied files.
pub(super) fn is_source(dest: &str) -> bool {
    dest == placing::FROM
        || dest
            .strip_prefix(placing::FROM)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The name of a mount that is the same in all graphs. The mount of a source has the name of a file, which changes with
/// it.
pub(super) fn mount_name(exec: &ExecContent, mount: &MountContent) -> String {
    if Words::of(exec).is_some() && is_source(&mount.dest) {
        placing::FROM.to_owned()
    } else {
        mount.dest.clone()
    }
}
