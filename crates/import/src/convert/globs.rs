//! Globs of `COPY`, which are what they match where a step would mean something else by them.

use regex::Regex;

use super::stage::StageConversion;
use crate::{
    Kind,
    finding::Weight,
    path::{in_context, join},
};

impl StageConversion<'_, '_, '_> {
    /// The sources of a copy with those globs replaced by what they match that a step has no words for: COPY puts all
    /// that matches into one directory, takes of a directory what is in it, and leaves no file out that is named.
    pub(super) fn spelled_out(
        &mut self,
        words: &[String],
        directory: &str,
        leaves_out: bool,
    ) -> Vec<String> {
        let mut all = Vec::new();
        for word in words {
            let matched = self.matched(word, directory);
            let parts: Vec<&str> = word.trim_end_matches('/').split('/').collect();
            let before = &parts[..parts.len() - 1];
            let is_directory =
                |path: &String| self.all.shared.files.kind(path) == Some(Kind::Directory);
            let takes_content =
                |path: &String| join(directory, path).is_some_and(|path| is_directory(&path));
            let is_other = leaves_out
                || before.iter().any(|part| has_glob(part))
                || matched.iter().any(takes_content);
            if matched.is_empty() || !is_other {
                all.push(word.clone());
                continue;
            }
            let reason = format!("`{word}` is what it matches now: {}", matched.join(", "));
            self.tell(Weight::Changed, &reason);
            all.extend(matched.iter().map(|path| escaped(path)));
        }
        all
    }

    /// The paths in the context that a word without variables matches, if it is a glob.
    fn matched(&self, word: &str, directory: &str) -> Vec<String> {
        if word.contains('$') || !has_glob(word) {
            return Vec::new();
        }
        let files = self.all.shared.files;
        let is_own = directory == self.all.target.context;
        let mut found = vec![String::new()];
        for part in in_context(word).split('/') {
            let Some(pattern) = pattern(part) else {
                return Vec::new();
            };
            let mut longer = Vec::new();
            for begin in &found {
                let path = join(directory, begin).unwrap_or_default();
                let mut names = files.names(&path).unwrap_or_default();
                names.sort();
                let matching = names.iter().filter(|name| pattern.is_match(name));
                longer.extend(matching.filter_map(|name| join(begin, name)));
            }
            found = longer;
        }
        found.retain(|path| !is_own || !self.all.ignore.ignores(path));
        found
    }

    /// Whether a word is a file of the context, whose name no pattern of `--exclude` means.
    pub(super) fn is_file(&self, word: &str, directory: &str) -> bool {
        let path = join(directory, &in_context(word));
        let kind = path.and_then(|path| self.all.shared.files.kind(&path));
        !word.contains('$') && kind == Some(Kind::File)
    }
}

/// Whether a part of a path has characters that stand for others.
pub(super) fn has_glob(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// A path as a word of a Dockerfile.
fn escaped(path: &str) -> String {
    path.replace('\\', "\\\\").replace('$', "\\$")
}

/// A part of a glob, as Go's `path.Match` reads it.
fn pattern(part: &str) -> Option<Regex> {
    let mut pattern = String::from("^");
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '[' => {
                pattern.push('[');
                let class = rest.by_ref().take_while(|c| *c != ']');
                for c in class {
                    if matches!(c, '[' | '&' | '~') {
                        pattern.push('\\');
                    }
                    pattern.push(c);
                }
                pattern.push(']');
            }
            '\\' => pattern.push_str(&regex::escape(&rest.next()?.to_string())),
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
    }
    pattern.push('$');
    Regex::new(&pattern).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_match_as_in_go() {
        let check = |part: &str, name: &str, expected: bool| {
            let pattern = pattern(part);
            let is_match = pattern.is_some_and(|pattern| pattern.is_match(name));
            assert_eq!(is_match, expected, "{part} {name}");
        };
        check("*.txt", "a.txt", true);
        check("*.txt", "atxt", false);
        check("a?", "ab", true);
        check("[a-c]x", "bx", true);
        check("[^a-c]x", "bx", false);
        check("\\*", "*", true);
        check("\\*", "a", false);
        check("[", "[", false);
    }
}
