//! Patterns of `${A#p}` and the like: `*` and `?`, with `\` before what stands for itself.

use regex::Regex;
use thiserror::Error;

/// A pattern that BuildKit refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the pattern `{0}` has an escape that means nothing")]
pub(crate) struct PatternError(String);

/// A pattern, as an expression.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

/// Where a pattern must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Nowhere,
    Beginning,
    End,
}

impl Pattern {
    /// The part of `value` without what the pattern matches at its beginning.
    pub(crate) fn without_prefix(
        pattern: &str,
        value: &str,
        longest: bool,
    ) -> Result<String, PatternError> {
        let found = Self::new(pattern, longest, Anchor::Beginning)?
            .0
            .find(value);
        Ok(value[found.map_or(0, |found| found.end())..].to_owned())
    }

    /// The part of `value` without what the pattern matches at its end.
    pub(crate) fn without_suffix(
        pattern: &str,
        value: &str,
        longest: bool,
    ) -> Result<String, PatternError> {
        let pattern = Self::new(pattern, true, Anchor::End)?;
        // The shortest match at the end begins last.
        let mut begins = value.char_indices().map(|(at, _)| at).chain([value.len()]);
        let matches = |at: &usize| pattern.0.is_match(&value[*at..]);
        let begin = if longest {
            begins.find(matches)
        } else {
            begins.rfind(matches)
        };
        Ok(value[..begin.unwrap_or(value.len())].to_owned())
    }

    /// `value` with `replacement` for the first match, or for all.
    pub(crate) fn replace(
        pattern: &str,
        replacement: &str,
        value: &str,
        all: bool,
    ) -> Result<String, PatternError> {
        let pattern = Self::new(pattern, true, Anchor::Nowhere)?;
        let limit = usize::from(!all);
        let replacement = if all {
            // Go's `$1` and `$name`, which BuildKit lets through here.
            std::borrow::Cow::Borrowed(replacement)
        } else {
            std::borrow::Cow::Owned(replacement.replace('$', "$$"))
        };
        Ok(pattern
            .0
            .replacen(value, limit, replacement.as_ref())
            .into_owned())
    }

    fn new(pattern: &str, greedy: bool, anchor: Anchor) -> Result<Self, PatternError> {
        let refused = || PatternError(pattern.to_owned());
        let mut expression = String::from("(?s)");
        if anchor != Anchor::Nowhere {
            expression.push('^');
        }
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' if greedy => expression.push_str(".*"),
                '*' => expression.push_str(".*?"),
                '?' => expression.push('.'),
                '\\' => match chars.next() {
                    Some(c @ ('}' | '/' | '*' | '?' | '\\')) => {
                        expression.push_str(&regex::escape(&c.to_string()));
                    }
                    _ => return Err(refused()),
                },
                c => expression.push_str(&regex::escape(&c.to_string())),
            }
        }
        if anchor == Anchor::End {
            expression.push('$');
        }
        Regex::new(&expression).map(Self).map_err(|_| refused())
    }
}
