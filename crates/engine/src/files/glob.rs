//! Declared paths and globs, matched component by component, so that a walk knows where nothing can match.

use std::ffi::OsStr;

use catalog::ContextPath;
use globset::{GlobBuilder, GlobMatcher};

/// A declared path or glob. What lies below a match matches too.
pub(super) struct Glob {
    /// The components before the first with a glob sign; none when that is the first.
    start: Option<ContextPath>,
    /// The components from there on.
    parts: Vec<Part>,
}

enum Part {
    /// `**`: directories, as many as there are; at the end, everything below.
    Any,
    /// Matches one name.
    One(GlobMatcher),
}

/// How far a glob has matched a path: the parts that may come next, in every way to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    matched: bool,
    next: Vec<usize>,
}

impl Places {
    /// Whether the path matches, or lies below a match.
    pub(super) fn matched(&self) -> bool {
        self.matched
    }

    /// Whether the path or something below it can match.
    pub(super) fn can_match(&self) -> bool {
        self.matched || !self.next.is_empty()
    }
}

impl Glob {
    /// Reads a declared path.
    pub(super) fn new(declared: &ContextPath) -> Result<Self, globset::Error> {
        let literal = declared
            .components()
            .take_while(|component| !is_glob(component))
            .count();
        let start: Vec<&str> = declared.components().take(literal).collect();
        let parts = declared.components().skip(literal).map(part);
        Ok(Self {
            start: start.join("/").parse().ok(),
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// Where to begin; the context directory when `None`.
    pub(super) fn start(&self) -> Option<&ContextPath> {
        self.start.as_ref()
    }

    /// How far the start matches.
    pub(super) fn places(&self) -> Places {
        self.with_skipped([0])
    }

    /// How far `name`, in a directory that matched as far as `places`, does.
    pub(super) fn below(&self, places: &Places, name: &OsStr) -> Places {
        if places.matched {
            return places.clone();
        }
        let reached = places
            .next
            .iter()
            .filter_map(|place| match &self.parts[*place] {
                // The last one asks for one name at least.
                Part::Any if place + 1 == self.parts.len() => Some(place + 1),
                Part::Any => Some(*place),
                Part::One(matcher) => matcher.is_match(name).then_some(place + 1),
            });
        self.with_skipped(reached)
    }

    /// The places, and those behind a `**` that stands for no directory.
    fn with_skipped(&self, reached: impl IntoIterator<Item = usize>) -> Places {
        let mut next = Vec::new();
        let mut matched = false;
        for mut place in reached {
            matched |= place == self.parts.len();
            while place < self.parts.len() && !next.contains(&place) {
                next.push(place);
                if !matches!(self.parts[place], Part::Any) || place + 1 == self.parts.len() {
                    break;
                }
                place += 1;
            }
        }
        Places { matched, next }
    }
}

/// The signs are those of [`ContextPath::is_glob`].
fn is_glob(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

fn part(component: &str) -> Result<Part, globset::Error> {
    if component == "**" {
        return Ok(Part::Any);
    }
    let glob = GlobBuilder::new(&literal_braces(component)).build()?;
    Ok(Part::One(glob.compile_matcher()))
}

/// Braces are no glob signs in declared paths; outside of `[…]` the matcher would take them for alternatives.
fn literal_braces(component: &str) -> String {
    let mut literal = String::with_capacity(component.len());
    let mut characters = component.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' => literal.extend(['\\', character]),
            '\\' => literal.extend([character].into_iter().chain(characters.next())),
            '[' => {
                literal.push('[');
                // `]` is a member when it comes first, behind the negation.
                literal.extend(characters.next_if(|next| matches!(next, '!' | '^')));
                literal.extend(characters.next_if_eq(&']'));
                for member in characters.by_ref() {
                    literal.push(member);
                    if member == ']' {
                        break;
                    }
                }
            }
            _ => literal.push(character),
        }
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_says_what_matches_and_where_to_go() {
        let check = |glob: &str, path: &str, matched: bool, can_match: bool| {
            let glob = Glob::new(&glob.parse().unwrap()).unwrap();
            let start = glob.start().map_or(0, |start| start.components().count());
            let places = path
                .split('/')
                .skip(start)
                .fold(glob.places(), |places, name| {
                    glob.below(&places, OsStr::new(name))
                });
            assert_eq!(
                (places.matched(), places.can_match()),
                (matched, can_match),
                "{path}"
            );
        };
        // The glob, a path, whether it matches, and whether it or something below it can.
        check("a/*.toml", "a/b.toml", true, true);
        check("a/*.toml", "a/b.toml/deep", true, true);
        check("a/*.toml", "a/b", false, false);
        check("a/*/c", "a/b", false, true);
        check("a/*/c", "a/b/c", true, true);
        check("a/*/c", "a/b/d", false, false);
        check("a/**/*.toml", "a/x.toml", true, true);
        check("a/**/*.toml", "a/b/c", false, true);
        check("a/**/*.toml", "a/b/c/x.toml", true, true);
        check("a/**/b/c?", "a/b/b/c1", true, true);
        check("**", "a", true, true);
        check("a*/**", "ab", false, true);
        check("a*/**", "ab/c", true, true);
        check("a/{b,c}*", "a/b", false, false);
        check("a/{b,c}*", "a/{b,c}d", true, true);
        check("a/[{x]*", "a/{", true, true);
        check("a/[!{]", "a/{", false, false);
        check("a/[]{]", "a/]", true, true);
        check("a/\\{*", "a/{b", true, true);
    }

    #[test]
    fn a_path_without_signs_matches_itself() {
        let glob = Glob::new(&"a/{b}".parse().unwrap()).unwrap();
        assert_eq!(glob.start().map(ContextPath::as_str), Some("a/{b}"));
        assert!(glob.places().matched());
    }

    #[test]
    fn an_open_class_is_refused() {
        assert!(Glob::new(&"a/[b".parse().unwrap()).is_err());
    }
}
