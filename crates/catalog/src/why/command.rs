//! The differences between two commands: the packages of apt, a line of a script.

use std::collections::BTreeSet;

use super::{Difference, file::first_line};
use crate::step::{installed_packages, without_prelude};

pub(super) fn differences(from: &[String], to: &[String]) -> Vec<Difference> {
    if from == to {
        return Vec::new();
    }
    let (Some(old), Some(new)) = (script(from), script(to)) else {
        let line = |args: &[String]| Some(args.join(" "));
        return vec![Difference::Command {
            line: 1,
            from: line(from),
            to: line(to),
        }];
    };
    let mut found = Vec::new();
    let (old_own, new_own) = (without_prelude(old), without_prelude(new));
    if prelude(old, old_own) != prelude(new, new_own) {
        found.push(Difference::Other {
            what: "this version of llbgen runs networked steps differently".to_owned(),
        });
    }
    match (installed_packages(old_own), installed_packages(new_own)) {
        (Some((was, how)), Some((is, now))) => {
            found.extend(packages(&was, &is));
            if how != now {
                found.push(Difference::Other {
                    what: "this version of llbgen installs packages differently".to_owned(),
                });
            }
        }
        _ if old_own != new_own => {
            let (line, from, to) = first_line(old_own, new_own).unwrap_or((1, None, None));
            found.push(Difference::Command { line, from, to });
        }
        _ => {}
    }
    found
}

/// The script of `/bin/sh -ec SCRIPT`.
fn script(args: &[String]) -> Option<&str> {
    match args {
        [shell, flags, script] if shell == "/bin/sh" && flags == "-ec" => Some(script),
        _ => None,
    }
}

fn prelude<'a>(script: &'a str, own: &str) -> &'a str {
    &script[..script.len() - own.len()]
}

fn packages(from: &[String], to: &[String]) -> Option<Difference> {
    let (was, is): (BTreeSet<&String>, BTreeSet<&String>) =
        (from.iter().collect(), to.iter().collect());
    let added: Vec<String> = is.difference(&was).map(|name| (*name).clone()).collect();
    let removed: Vec<String> = was.difference(&is).map(|name| (*name).clone()).collect();
    if added.is_empty() && removed.is_empty() {
        return (from != to).then(|| Difference::Other {
            what: "the packages are named in another order".to_owned(),
        });
    }
    Some(Difference::Packages { added, removed })
}
