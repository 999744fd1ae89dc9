//! Path patterns as BuildKit reads them in include and exclude lists.
//!
//! Mirrors moby/patternmatcher with its quirks: patterns are cleaned as paths before the `!` is looked at, `**` crosses
//! directories, and what is neither literal nor a plain prefix or suffix becomes a regular expression of RE2.

mod glob;
mod re2;

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

use super::path;

/// A list of patterns in which later ones win, and `!` takes back.
#[derive(Debug, Default)]
pub(super) struct Matcher {
    patterns: Vec<Pattern>,
}

/// The patterns that matched a directory; entries below it need not match them again. Empty at the root.
#[derive(Debug, Clone, Default)]
pub(super) struct Matched(Vec<bool>);

/// One pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    cleaned: String,
    exception: bool,
    how: How,
}

#[derive(Debug)]
enum How {
    Exact,
    Prefix,
    Suffix,
    Regex(Regex),
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no valid path pattern")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
}

/// The characters that make a pattern more than a path.
const SPECIAL: [char; 6] = ['*', '[', ']', '?', '^', '\\'];

impl Matcher {
    pub(super) fn try_new(patterns: &[String]) -> Result<Self, PatternError> {
        let patterns = patterns
            .iter()
            .filter_map(|pattern| Pattern::parse(pattern).transpose());
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
        })
    }

    /// Whether `path` matches, given the patterns that its directory matched.
    ///
    /// Mirrors `MatchesUsingParentResults`.
    pub(super) fn matches(&self, path: &[u8], parent: &Matched) -> (bool, Matched) {
        let mut matched = false;
        let mut each = vec![false; self.patterns.len()];
        for (index, pattern) in self.patterns.iter().enumerate() {
            let mut hit = parent.0.get(index).copied().unwrap_or(false);
            if !hit {
                // A plain pattern adds nothing to a match, and an exception takes back nothing where there is no match.
                if pattern.exception != matched {
                    continue;
                }
                hit = pattern.matches(path)
                    || (parent.0.is_empty() && pattern.matches_a_parent(path));
            }
            each[index] = hit;
            if hit {
                matched = !pattern.exception;
            }
        }
        (matched, Matched(each))
    }

    /// Whether the plain patterns (or the exceptions) are all simple paths, which tell the directories that can be
    /// skipped.
    pub(super) fn only_prefixes(&self, exceptions: bool) -> bool {
        self.of_kind(exceptions)
            .all(|pattern| !pattern.without_trailing_glob().contains(SPECIAL))
    }

    /// Whether one of the plain patterns (or the exceptions) can match something in the directory `dir`.
    pub(super) fn can_match_inside(&self, dir: &[u8], exceptions: bool) -> bool {
        self.of_kind(exceptions)
            .any(|pattern| path::is_or_is_below(pattern.without_trailing_glob().as_bytes(), dir))
    }

    pub(super) fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.exception)
    }

    fn of_kind(&self, exceptions: bool) -> impl Iterator<Item = &Pattern> {
        self.patterns
            .iter()
            .filter(move |pattern| pattern.exception == exceptions)
    }
}

impl Pattern {
    /// Blank patterns are none.
    fn parse(text: &str) -> Result<Option<Self>, PatternError> {
        let invalid = || PatternError {
            pattern: text.into(),
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        let cleaned = path::clean(trimmed);
        let (cleaned, exception) = match cleaned.strip_prefix('!') {
            Some("") => return Err(invalid()),
            Some(rest) => (rest.to_owned(), true),
            None => (cleaned, false),
        };
        if !glob::is_valid(&cleaned) {
            return Err(invalid());
        }
        let how = compile(&cleaned).ok_or_else(invalid)?;
        Ok(Some(Self {
            cleaned,
            exception,
            how,
        }))
    }

    fn matches(&self, path: &[u8]) -> bool {
        let pattern = self.cleaned.as_bytes();
        match &self.how {
            How::Exact => path == pattern,
            // Both kinds have `**` at that end.
            How::Prefix => path.starts_with(&pattern[..pattern.len() - 2]),
            How::Suffix => {
                let suffix = &pattern[2..];
                path.ends_with(suffix) || suffix.strip_prefix(b"/") == Some(path)
            }
            How::Regex(regex) => regex.is_match(&path::to_text(path)),
        }
    }

    fn matches_a_parent(&self, path: &[u8]) -> bool {
        path::parents(path).any(|parent| self.matches(parent))
    }

    fn without_trailing_glob(&self) -> &str {
        let text = self.cleaned.strip_suffix("/**").unwrap_or(&self.cleaned);
        text.strip_suffix("/*").unwrap_or(text)
    }
}

/// The kind of a cleaned pattern, and its regular expression in RE2 if it is of no simpler kind.
///
/// Mirrors `compile` in `patternmatcher.go`, whose order of decisions is kept: a `**` at the start makes a suffix until
/// something else makes a regular expression.
fn compile(pattern: &str) -> Option<How> {
    let mut regex = String::from("^");
    let mut how = How::Exact;
    let mut needs_regex = false;
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(char) = chars.next() {
        if char != '*' || chars.next_if_eq(&'*').is_none() {
            needs_regex |= push(char, &mut chars, &mut regex);
        } else {
            chars.next_if_eq(&'/');
            if chars.peek().is_some() {
                regex.push_str("(.*/)?");
                needs_regex = true;
            } else if matches!(how, How::Exact) && !needs_regex {
                how = How::Prefix;
            } else {
                regex.push_str(".*");
                needs_regex = true;
            }
            if first {
                how = How::Suffix;
                needs_regex = false;
            }
        }
        first = false;
    }
    if !needs_regex {
        return Some(how);
    }
    regex.push('$');
    Regex::new(&re2::to_rust(&regex)?).ok().map(How::Regex)
}

/// Appends the meaning of `char`, which is not the start of a `**`. The result says whether that takes a regular
/// expression.
fn push(char: char, chars: &mut Peekable<Chars<'_>>, regex: &mut String) -> bool {
    match char {
        '*' => regex.push_str("[^/]*"),
        '?' => regex.push_str("[^/]"),
        '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => {
            regex.extend(['\\', char]);
            return false;
        }
        '\\' => {
            regex.push('\\');
            let escaped = chars.next();
            regex.extend(escaped);
            return escaped.is_some();
        }
        _ => {
            regex.push(char);
            return matches!(char, '[' | ']');
        }
    }
    true
}

#[cfg(test)]
mod tests;
