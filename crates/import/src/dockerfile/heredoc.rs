//! Heredocs: `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`.

use crate::words::{Part, Quotes, parse};

/// A heredoc, whose content is in the lines after its instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heredoc {
    pub(crate) name: String,
    /// Whether variables in it are expanded: not if its name has quotes.
    pub(crate) expands: bool,
    /// Whether the tabs at the beginnings of lines go: `<<-`.
    pub(crate) without_tabs: bool,
    pub(crate) content: String,
}

impl Heredoc {
    /// The heredoc that `word` is.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = rest.strip_prefix("<<")?;
        let dashless = rest.strip_prefix('-');
        let name = dashless.unwrap_or(rest).trim_start();
        if name.is_empty() || name.contains('<') {
            return None;
        }
        let bare = bare(name)?;
        let expands = quotes(&bare) == quotes(name);
        Some(Self {
            name: bare,
            expands,
            without_tabs: dashless.is_some(),
            content: String::new(),
        })
    }

    /// The heredocs of a line.
    pub(super) fn of_line(line: &str) -> Vec<Self> {
        let words = raw_words(line).unwrap_or_default();
        let heredocs = words.iter().filter_map(|word| Self::parse(word));
        heredocs.collect()
    }

    /// The content, without the tabs that `<<-` takes away.
    pub(crate) fn text(&self) -> String {
        if !self.without_tabs {
            return self.content.clone();
        }
        let lines = self.content.split_inclusive('\n');
        lines.map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// The name without quotes, if it is one word.
fn bare(name: &str) -> Option<String> {
    let words = raw_words(name)?;
    let [word] = words.as_slice() else {
        return None;
    };
    let parts = parse(word, '\\', Quotes::Removed).ok()?;
    let text = parts.into_iter().map(|part| match part {
        Part::Literal(text) => text,
        Part::Variable { name, .. } => format!("${name}"),
    });
    Some(text.collect())
}

fn quotes(text: &str) -> usize {
    text.matches(['\'', '"']).count()
}

/// The words of a line with quotes and escapes as they are; blanks behind `<<` belong to the word. `None` if a quote is
/// not closed.
fn raw_words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut chars = line.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match quote {
            Some(open) => {
                word.push(c);
                if c == open {
                    quote = None;
                } else if c == '\\' && open == '"' {
                    word.extend(chars.next());
                }
            }
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.push(c);
            }
            None if c == '\\' => {
                word.push(c);
                word.extend(chars.next());
            }
            None if c == '<' && chars.peek() == Some(&'<') => {
                chars.next();
                word.push_str("<<");
                while let Some(blank) = chars.next_if(|c| matches!(c, ' ' | '\t' | '\r')) {
                    word.push(blank);
                }
            }
            None if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            None => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    quote.is_none().then_some(words)
}
