//! Lines with their continuations joined, and the comments before them.

use super::{SyntaxError, directives::Directives, heredoc::Heredoc};

/// A line of a Dockerfile, as BuildKit puts it together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file.
    pub(super) number: usize,
    /// The comments before it, and those between its parts.
    pub(super) comments: Vec<String>,
    pub(super) text: String,
    /// Where parts of [`Line::text`] were joined.
    pub(super) joints: Vec<usize>,
}

/// The lines that have not been read yet.
pub(super) struct Lines<'a> {
    rest: &'a str,
    /// The number of the last line that was read.
    number: usize,
    directives: Directives,
    comments: Vec<String>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            number: 0,
            directives: Directives::default(),
            comments: Vec::new(),
        }
    }

    pub(super) fn escape(&self) -> char {
        self.directives.escape()
    }

    pub(super) fn syntax(&self) -> Option<(String, usize)> {
        self.directives.syntax()
    }

    /// Takes the comments that no instruction has had.
    pub(super) fn comments(&mut self) -> Vec<String> {
        std::mem::take(&mut self.comments)
    }

    /// The next physical line, with its end.
    fn physical(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.number += 1;
        Some(line)
    }

    /// The next line that holds an instruction.
    pub(super) fn next_line(&mut self) -> Result<Option<Line>, SyntaxError> {
        while let Some(physical) = self.physical() {
            let line = without_end(physical).trim_start();
            let directive = self.directives.read(line, self.number);
            let is_directive = directive.map_err(|reason| SyntaxError::new(self.number, reason))?;
            if let Some(comment) = comment(line) {
                if !is_directive {
                    self.comments.push(comment.to_owned());
                }
                continue;
            }
            let (text, is_continued) = self.without_continuation(line);
            if text.is_empty() && !is_continued {
                continue;
            }
            return Ok(Some(self.joined(text, is_continued)));
        }
        Ok(None)
    }

    fn joined(&mut self, begin: &str, mut is_continued: bool) -> Line {
        let mut line = Line {
            number: self.number,
            comments: self.comments(),
            text: begin.to_owned(),
            joints: Vec::new(),
        };
        while is_continued {
            let Some(physical) = self.physical() else {
                break;
            };
            let part = without_end(physical);
            if let Some(comment) = comment(part) {
                line.comments.push(comment.to_owned());
                continue;
            }
            if part.trim().is_empty() {
                continue;
            }
            let (part, goes_on) = self.without_continuation(part);
            line.joints.push(line.text.len());
            line.text.push_str(part);
            is_continued = goes_on;
        }
        line
    }

    /// A line without the sign that continues it: one escape at its end, or alone, with blanks behind it.
    fn without_continuation<'t>(&self, line: &'t str) -> (&'t str, bool) {
        let escape = self.escape();
        match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
            Some(before) if !before.ends_with(escape) => (before, true),
            _ => (line, false),
        }
    }

    /// The content of a heredoc: the lines up to the one that ends it.
    pub(super) fn content(
        &mut self,
        heredoc: &Heredoc,
        begin: usize,
    ) -> Result<String, SyntaxError> {
        let mut content = String::new();
        while let Some(line) = self.physical() {
            let end = without_end(line);
            let end = if heredoc.without_tabs {
                end.trim_start_matches('\t')
            } else {
                end
            };
            if end == heredoc.name {
                return Ok(content);
            }
            content.push_str(line);
        }
        let reason = format!("the heredoc `{}` has no end", heredoc.name);
        Err(SyntaxError::new(begin, reason))
    }
}

fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// The text of a comment.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('#').map(str::trim)
}
