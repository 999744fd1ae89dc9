//! Patterns of files that a copy leaves out, with the rules of `.dockerignore`.

use crate::glob::{is_readable, matches};

/// Patterns of paths that are left out, relative to the copied directory. What lies below a match is left out, too. `**`
/// stands for any number of directories, and a pattern that begins with `!` takes in again what those before it leave
/// out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excludes(Vec<Pattern>);

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExcludeError {
    /// It matches nothing.
    #[error("`{pattern}` names no path below the copied directory")]
    Empty {
        /// The pattern.
        pattern: String,
    },
    /// It has a `..`.
    #[error("`{pattern}` leads out of the copied directory")]
    Outside {
        /// The pattern.
        pattern: String,
    },
    /// It is no glob.
    #[error("`{pattern}` is no glob: a `[` is closed by `]`, and `\\` stands before a character")]
    Glob {
        /// The pattern.
        pattern: String,
    },
    /// It has a character that no header can carry to the client with the files.
    #[error("`{}` has a control character; `?` matches it", pattern.escape_debug())]
    Control {
        /// The pattern.
        pattern: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    text: String,
    is_exception: bool,
    parts: Vec<String>,
}

/// Any number of directories.
const ANY: &str = "**";

impl Excludes {
    /// The patterns, in their order.
    pub fn try_new<S: AsRef<str>>(
        patterns: impl IntoIterator<Item = S>,
    ) -> Result<Self, ExcludeError> {
        let patterns = patterns.into_iter();
        let patterns = patterns.map(|pattern| Pattern::try_new(pattern.as_ref()));
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns as they are written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| &*pattern.text)
    }

    /// Each pattern for the directory above `directory`, which has no glob signs: a relative path.
    pub fn below(&self, directory: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |pattern| {
            let sign = if pattern.is_exception { "!" } else { "" };
            let slash = if directory.is_empty() { "" } else { "/" };
            format!("{sign}{directory}{slash}{}", pattern.parts.join("/"))
        })
    }

    /// Whether the file or directory at `path` is left out.
    pub fn leave_out(&self, path: &[u8]) -> bool {
        let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let last = self.0.iter().rfind(|pattern| pattern.covers(&parts));
        last.is_some_and(|last| !last.is_exception)
    }

    /// Whether all that is below `directory`, which is left out itself, is left out with it.
    pub fn leave_out_below(&self, directory: &[u8]) -> bool {
        self.leave_out(directory) && !self.0.iter().any(|pattern| pattern.is_exception)
    }
}

impl Pattern {
    fn try_new(text: &str) -> Result<Self, ExcludeError> {
        let pattern = || text.to_owned();
        let exception = text.strip_prefix('!');
        let parts = exception.unwrap_or(text).split('/');
        let parts: Vec<String> = parts
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::to_owned)
            .collect();
        if parts.is_empty() {
            return Err(ExcludeError::Empty { pattern: pattern() });
        }
        if parts.iter().any(|part| part == "..") {
            return Err(ExcludeError::Outside { pattern: pattern() });
        }
        if text.chars().any(char::is_control) {
            return Err(ExcludeError::Control { pattern: pattern() });
        }
        if !parts.iter().all(|part| is_readable(part.as_bytes())) {
            return Err(ExcludeError::Glob { pattern: pattern() });
        }
        Ok(Self {
            text: pattern(),
            is_exception: exception.is_some(),
            parts,
        })
    }

    /// Whether it matches the path or a directory above it.
    fn covers(&self, path: &[&[u8]]) -> bool {
        (1..=path.len()).any(|length| matches_all(&self.parts, &path[..length]))
    }
}

fn matches_all(pattern: &[String], path: &[&[u8]]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        // The last one asks for one name at least.
        Some((part, [])) if part == ANY => !path.is_empty(),
        Some((part, rest)) if part == ANY => {
            (0..=path.len()).any(|taken| matches_all(rest, &path[taken..]))
        }
        Some((part, rest)) => path.split_first().is_some_and(|(name, below)| {
            matches(part.as_bytes(), name) && matches_all(rest, below)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out() {
        let check = |patterns: &[&str], path: &str, expected: bool| {
            let excludes = Excludes::try_new(patterns).unwrap();
            assert_eq!(
                excludes.leave_out(path.as_bytes()),
                expected,
                "{patterns:?} {path}"
            );
        };
        check(&[], "a", false);
        check(&["node_modules"], "node_modules", true);
        check(&["node_modules"], "node_modules/x/i.js", true);
        check(&["node_modules"], "src/node_modules/x", false);
        check(&["**/node_modules"], "node_modules/x", true);
        check(&["**/node_modules"], "src/deep/node_modules/x", true);
        check(&["*.log"], "a.log", true);
        check(&["*.log"], "a/b.log", false);
        check(&["a/*/c"], "a/b/c/d", true);
        check(&["a/**"], "a", false);
        check(&["a/**"], "a/b", true);
        check(&["a/**/z"], "a/z", true);
        check(&["/a/./b/"], "a/b/c", true);
        check(&["*", "!src", "src/*.o"], "x", true);
        check(&["*", "!src", "src/*.o"], "src/a.c", false);
        check(&["*", "!src", "src/*.o"], "src/a.o", true);
        check(&["README.*"], "README.zh_CN.md", true);
    }

    #[test]
    fn a_directory_that_is_left_out_is_not_looked_into_unless_there_are_exceptions() {
        let check = |patterns: &[&str], expected: bool| {
            let excludes = Excludes::try_new(patterns).unwrap();
            assert_eq!(excludes.leave_out_below(b"a/b"), expected, "{patterns:?}");
        };
        check(&["a/b"], true);
        check(&["a"], true);
        check(&["b"], false);
        check(&["a", "!a/b/c"], false);
    }

    #[test]
    fn patterns_are_written_for_a_directory_above() {
        let excludes = Excludes::try_new(["/a/*", "!b"]).unwrap();
        let check = |directory: &str, expected: [&str; 2]| {
            let found: Vec<String> = excludes.below(directory).collect();
            assert_eq!(found, expected);
        };
        check("", ["a/*", "!b"]);
        check("x/y", ["x/y/a/*", "!x/y/b"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let check = |pattern: &str, expected: &str| {
            let error = Excludes::try_new([pattern]).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("", "`` names no path below the copied directory");
        check("./", "`./` names no path below the copied directory");
        check("!", "`!` names no path below the copied directory");
        check("a/../b", "`a/../b` leads out of the copied directory");
        check(
            "[a",
            "`[a` is no glob: a `[` is closed by `]`, and `\\` stands before a character",
        );
        check("a\nb", "`a\\nb` has a control character; `?` matches it");
    }
}
