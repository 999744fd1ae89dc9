//! `.dockerignore`: what a copy of a directory leaves out.

use super::Shared;
use crate::{
    finding::Weight,
    path::{in_context, join},
    target::Target,
};

/// A pattern, relative to the context.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    parts: Vec<String>,
    is_exception: bool,
}

/// The patterns, in order: the last one that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ignore {
    patterns: Vec<Pattern>,
}

impl Ignore {
    /// Reads the file that counts for the target: the one beside its Dockerfile, or that of the context.
    pub(crate) fn read(target: &Target, shared: &mut Shared<'_>) -> Self {
        let own = format!("{}.dockerignore", target.file);
        let of_context = join(&target.context, ".dockerignore");
        let own = shared.files.read(&own);
        let text = own.or_else(|| shared.files.read(&of_context?));
        let ignore = text.map(|text| Self::parse(&text)).unwrap_or_default();
        if ignore
            .patterns
            .iter()
            .any(|pattern| pattern.parts.iter().any(|part| part.contains('\\')))
        {
            let reason = "a pattern of .dockerignore has an escape, which is kept as it is";
            shared.find(&target.file, None, Weight::Changed, reason);
        }
        ignore
    }

    pub(crate) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let patterns = lines.filter_map(|line| {
            let line = line.trim();
            let (line, is_exception) = match line.strip_prefix('!') {
                Some(rest) => (rest.trim(), true),
                None => (line, false),
            };
            let clean = in_context(line);
            let parts: Vec<String> = clean.split('/').map(str::to_owned).collect();
            let is_nothing = clean.is_empty();
            (!is_nothing).then_some(Pattern {
                parts,
                is_exception,
            })
        });
        Self {
            patterns: patterns.collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a path is left out.
    pub(crate) fn ignores(&self, path: &str) -> bool {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let patterns = self.below(directory);
        let deciding = patterns.iter().rev().find(|pattern| {
            let pattern = pattern.trim_start_matches('!');
            let pattern = pattern.strip_prefix("**/").unwrap_or(pattern);
            !pattern.contains('/') && matches(pattern, name)
        });
        deciding.is_some_and(|pattern| !pattern.starts_with('!'))
    }

    /// The patterns below `directory`, relative to it; `!` is before those that take something in again.
    pub(crate) fn below(&self, directory: &str) -> Vec<String> {
        let directory: Vec<&str> = directory
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let mut patterns: Vec<String> = Vec::new();
        for pattern in &self.patterns {
            match (relative(&pattern.parts, &directory), pattern.is_exception) {
                // The directory is there again, with all that was left out of it before.
                (Below::All, true) => patterns.clear(),
                (Below::All, false) => patterns = vec!["**".to_owned()],
                (Below::Some(rest), false) => patterns.push(rest),
                (Below::Some(rest), true) if !patterns.is_empty() => {
                    patterns.push(format!("!{rest}"));
                }
                (Below::Nothing, _) | (Below::Some(_), true) => {}
            }
        }
        patterns.dedup();
        patterns
    }
}

/// What a pattern matches in a directory.
enum Below {
    Nothing,
    All,
    Some(String),
}

fn relative(pattern: &[String], directory: &[&str]) -> Below {
    let Some((first, rest)) = pattern.split_first() else {
        return Below::All;
    };
    let Some((name, inner)) = directory.split_first() else {
        return Below::Some(pattern.join("/"));
    };
    if first == "**" {
        // At any depth, so also in the directory; whether the directory itself is meant, its last name says.
        let ends_here = rest.len() == 1 && directory.iter().any(|name| matches(&rest[0], name));
        return if ends_here {
            Below::All
        } else {
            Below::Some(pattern.join("/"))
        };
    }
    if matches(first, name) {
        relative(rest, inner)
    } else {
        Below::Nothing
    }
}

/// Whether a part of a pattern matches a name: `*` and `?` are wild.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_left_out() {
        let check = |text: &str, path: &str, expected: bool| {
            assert_eq!(
                Ignore::parse(text).ignores(path),
                expected,
                "{text:?} {path}"
            );
        };
        check("*.md", "a.md", true);
        check("*.md", "src/a.md", false);
        check("**/*.md", "src/a.md", true);
        check("src", "src/a.md", true);
        check("*\n!a.md", "a.md", false);
        check("", "a.md", false);
    }

    #[test]
    fn patterns_are_said_below_the_directory_that_is_copied() {
        let check = |text: &str, directory: &str, patterns: &[&str]| {
            let below = Ignore::parse(text).below(directory);
            assert_eq!(below, patterns, "{text:?} in {directory}");
        };
        check("node_modules\n/dist/\n", "", &["node_modules", "dist"]);
        check("# a\n\n  *.md  \n", "", &["*.md"]);
        check("src/gen\nother", "src", &["gen"]);
        check("**/*.log", "src", &["**/*.log"]);
        check("*/temp*", "src", &["temp*"]);
        check("*.md", "src", &[]);
        check("*\n!src", "src", &[]);
        check("*\n!src\nsrc/a", "src", &["a"]);
        check("*\n!src", "", &["*", "!src"]);
        check("docs\n!docs/a.md", "", &["docs", "!docs/a.md"]);
        check("docs\n!docs/a.md", "docs", &["**", "!a.md"]);
        check("!a", "", &[]);
    }
}
