//! The differences between two commands: the packages of apt, a line of a script.

use std::collections::BTreeSet;

use super::{Difference, file::first_line, own::setting};
use crate::step::{Installing, without_prelude};

pub(super) fn differences(from: &[String], to: &[String]) -> Vec<Difference> {
    if from == to {
        return Vec::new();
    }
    let (Some((old_shell, old)), Some((new_shell, new))) = (script(from), script(to)) else {
        let line = |args: &[String]| Some(args.join(" "));
        return vec![Difference::Command {
            line: 1,
            from: line(from),
            to: line(to),
        }];
    };
    let mut found: Vec<Difference> = setting("shell", &old_shell, &new_shell)
        .into_iter()
        .collect();
    let (old_own, new_own) = (without_prelude(old), without_prelude(new));
    if old_shell == new_shell && prelude(old, old_own) != prelude(new, new_own) {
        found.push(Difference::Other {
            what: "this version of llbgen runs networked steps differently".to_owned(),
        });
    }
    match (Installing::of(old_own), Installing::of(new_own)) {
        (Some(was), Some(is)) => {
            found.extend(packages(&was.packages, &is.packages));
            found.extend(line(was.repositories, is.repositories));
            if was.others != is.others {
                found.push(Difference::Other {
                    what: "this version of llbgen installs packages differently".to_owned(),
                });
            }
        }
        _ => found.extend(line(old_own, new_own)),
    }
    found
}

/// The first line that two scripts do not have in common.
fn line(old: &str, new: &str) -> Option<Difference> {
    (old != new).then(|| {
        let (line, from, to) = first_line(old, new).unwrap_or((1, None, None));
        Difference::Command { line, from, to }
    })
}

/// The shell and its script, which is the last argument, behind a flag as `-ec`.
fn script(args: &[String]) -> Option<(String, &str)> {
    let (script, words) = args.split_last()?;
    // The certificates are made known by another shell before it.
    let words = match words {
        [_, flags, before, words @ ..] if flags == "-ec" && is_all_prelude(before) => words,
        words => words,
    };
    let flags = words.get(1..)?.last()?;
    let is_script = flags.starts_with('-') && flags.ends_with('c');
    is_script.then(|| (words.join(" "), script.as_str()))
}

/// Whether a script only makes the certificates known and runs what its arguments say.
fn is_all_prelude(script: &str) -> bool {
    without_prelude(script) != script && without_prelude(script).starts_with("exec ")
}

fn prelude<'a>(script: &'a str, own: &str) -> &'a str {
    &script[..script.len() - own.len()]
}

fn packages(from: &[&str], to: &[&str]) -> Option<Difference> {
    let (was, is): (BTreeSet<&str>, BTreeSet<&str>) =
        (from.iter().copied().collect(), to.iter().copied().collect());
    let added: Vec<String> = is.difference(&was).map(ToString::to_string).collect();
    let removed: Vec<String> = was.difference(&is).map(ToString::to_string).collect();
    if added.is_empty() && removed.is_empty() {
        return (from != to).then(|| Difference::Other {
            what: "the packages are named in another order".to_owned(),
        });
    }
    Some(Difference::Packages { added, removed })
}
