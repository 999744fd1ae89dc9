//! The directories above what COPY and WORKDIR make.

use super::{copy::Place, stage::StageConversion};
use crate::{
    dockerfile::Transfer,
    model::{Item, Value},
};

impl StageConversion<'_, '_, '_> {
    /// Makes the directories above what is copied, if they are missing, as COPY does it: with its owner and mode. With
    /// `--link` those that are there get them, too.
    pub(super) fn directories_above(&mut self, place: &Place, transfer: &Transfer) {
        let mode = place.mode.as_ref().filter(|mode| is_octal(mode));
        let is_of_root = place.owner.is_none() && mode.is_none();
        if place.parents || (is_of_root && !transfer.link) {
            return;
        }
        let above = |to: &str| {
            let whole = to.trim_end_matches('/');
            let is_directory = transfer.sources.len() > 1 || whole != to;
            let parent = whole.rsplit_once('/').map_or("", |(parent, _)| parent);
            (if is_directory { whole } else { parent }).to_owned()
        };
        let known = self.known(&place.to).map(|to| above(&to));
        let path = above(&place.to.tree_text());
        if path.is_empty() || (is_of_root && !self.may_be_owned(&path)) {
            return;
        }
        if !transfer.link && known.is_some_and(|directory| self.is_there(&directory)) {
            return;
        }
        let owner = place
            .owner
            .clone()
            .map(|owner| ("owner", Value::Text(owner)));
        let mode = mode.cloned().map(|mode| ("mode", Value::Text(mode)));
        let mut others: Vec<_> = owner.into_iter().chain(mode).collect();
        if !transfer.link {
            return self.missing_directories(path, others);
        }
        for (key, value) in [("owner", "0:0"), ("mode", "0755")] {
            if !others.iter().any(|(other, _)| *other == key) {
                others.push((key, Value::text(value)));
            }
        }
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
        let paths = ends.chain([path.len()]).map(|end| path[..end].to_owned());
        self.step("directory", Value::one_or_list(paths.collect()), others);
    }

    /// Whether a directory is there for certain: it is the working directory or above it, or every image has it.
    fn is_there(&self, directory: &str) -> bool {
        let workdir = self.end.workdir.as_ref().and_then(|path| self.known(path));
        let is_above = workdir.is_some_and(|workdir| {
            workdir == directory || workdir.starts_with(&format!("{directory}/"))
        });
        let is_usual = !self.end.is_from_scratch && OF_ALL.contains(&directory);
        directory.is_empty() || is_above || is_usual
    }

    /// Whether an earlier step may have given a directory, or one above it, another owner than root, or another mode.
    fn may_be_owned(&self, directory: &str) -> bool {
        let is_on_the_way = |made: &Value| match made {
            Value::Text(made) => {
                let is_above =
                    |one: &str, other: &str| format!("{one}/").starts_with(&format!("{other}/"));
                is_above(directory, made) || is_above(made, directory)
            }
            _ => true,
        };
        let is_made = |item: &Item| match item {
            Item::Step(keys) => {
                let mut made = keys.iter().filter(|(key, _)| key == "directory");
                made.any(|(_, made)| is_on_the_way(made))
            }
            Item::Comment(_) => false,
        };
        self.end.user.is_some() || self.items.iter().any(is_made)
    }

    /// Makes directories that are missing.
    pub(super) fn missing_directories(&mut self, path: String, mut others: Vec<(&str, Value)>) {
        others.push(("if-missing", Value::Bool(true)));
        self.step("directory", Value::Text(path), others);
    }
}

/// Directories that every Linux distribution has.
const OF_ALL: [&str; 9] = [
    "/bin",
    "/etc",
    "/home",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/usr/local/bin",
    "/var",
];

/// Whether a mode is a number, which COPY gives to new directories above, too.
fn is_octal(mode: &str) -> bool {
    mode.chars().all(|c| c.is_digit(8))
}

/// The owner with both halves: BuildKit takes root for a user or a group that is left out beside a colon.
pub(super) fn whole_owner(owner: &str) -> String {
    let user = if owner.starts_with(':') { "0" } else { "" };
    let group = if owner.ends_with(':') { "0" } else { "" };
    format!("{user}{owner}{group}")
}
