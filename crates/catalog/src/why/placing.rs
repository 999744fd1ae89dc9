//! What two commands of the packer do otherwise, in the words of the steps that they are.

use std::collections::BTreeMap;

use super::{Difference, own::setting};
use crate::{pack::PACKER, placing};

/// What differs between two commands that put files into a tree; `None` if one of them is another kind of command.
pub(super) fn differences(from: &[String], to: &[String]) -> Option<Vec<Difference>> {
    let (from, to) = (Words::of(from)?, Words::of(to)?);
    let mut found = Vec::new();
    for name in from.0.keys().chain(to.0.keys()) {
        let (was, is) = (from.word(name), to.word(name));
        let difference = setting(name, was, is);
        found.extend(difference.filter(|difference| !found.contains(difference)));
    }
    Some(found)
}

/// The words of a command, by what a user would call them.
struct Words<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Words<'a> {
    fn of(args: &'a [String]) -> Option<Self> {
        let [program, command, rest @ ..] = args else {
            return None;
        };
        if program != PACKER {
            return None;
        }
        let (flags, words): (Vec<&str>, Vec<&str>) = rest
            .iter()
            .map(String::as_str)
            .partition(|word| word.starts_with("--"));
        let named: &[(&str, &str)] = match (command.as_str(), &words[..]) {
            ("directory", [_, path]) => &[("working directory", path)],
            ("unpack", [_, _, to]) => &[("unpacked to", to)],
            ("copy", [_, path, _, to]) => &[("copied", path), ("copied to", to)],
            _ => return None,
        };
        let flags = flags.into_iter().map(|flag| {
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            (name.trim_start_matches('-'), value)
        });
        Some(Self(named.iter().copied().chain(flags).collect()))
    }

    fn word(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or("")
    }
}

/// Whether a mount of such a command only says where what is copied comes from.
pub(super) fn is_source(dest: &str) -> bool {
    dest.starts_with(placing::FROM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn commands_are_compared_word_by_word() {
        let check = |from: &str, to: &str, expected: &[(&str, &str, &str)]| {
            let expected: Vec<Difference> = expected
                .iter()
                .filter_map(|(name, from, to)| setting(name, from, to))
                .collect();
            assert_eq!(differences(&words(from), &words(to)), Some(expected));
        };
        check(
            "/packer directory /tree /a",
            "/packer directory /tree /b",
            &[("working directory", "/a", "/b")],
        );
        check(
            "/packer copy --mode=0644 /from f /tree /x",
            "/packer copy --mode=0755 /from f /tree /y",
            &[("copied to", "/x", "/y"), ("mode", "0644", "0755")],
        );
        assert_eq!(
            differences(&words("/bin/sh -ec x"), &words("/bin/sh -ec y")),
            None
        );
    }
}
