//! Reads the parts of a word.

use std::{iter::Peekable, str::Chars};

use super::{Form, Part, WordError};

/// Whether quotes are taken away, as in instructions, or kept, as in the text of a heredoc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    Removed,
    Kept,
}

/// More than anybody writes; the reader calls itself for each.
const DEEPEST: usize = 64;

/// The parts of `text`.
pub(crate) fn parse(text: &str, escape: char, quotes: Quotes) -> Result<Vec<Part>, WordError> {
    let mut lexer = Lexer {
        chars: text.chars().peekable(),
        escape,
        quotes,
        depth: 0,
    };
    lexer.until(None, false)
}

struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    escape: char,
    quotes: Quotes,
    depth: usize,
}

/// Parts in the making: neighbouring literals are one.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, c: char) {
        if let Some(Part::Literal(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Literal(c.to_string()));
        }
    }

    fn extend(&mut self, parts: Vec<Part>) {
        for part in parts {
            match (self.0.last_mut(), part) {
                (Some(Part::Literal(text)), Part::Literal(more)) => text.push_str(&more),
                (_, part) => self.0.push(part),
            }
        }
    }
}

impl Lexer<'_> {
    /// Reads up to `stop`, which is taken, or to the end. In patterns escapes stay.
    fn until(&mut self, stop: Option<char>, keep_escapes: bool) -> Result<Vec<Part>, WordError> {
        let mut parts = Parts::default();
        while let Some(&c) = self.chars.peek() {
            if Some(c) == stop {
                self.chars.next();
                return Ok(parts.0);
            }
            match c {
                '\'' if self.quotes == Quotes::Removed => parts.extend(self.single_quoted()?),
                '"' if self.quotes == Quotes::Removed => {
                    parts.extend(self.double_quoted(keep_escapes)?);
                }
                '$' => parts.extend(self.dollar()?),
                c if c == self.escape => {
                    self.chars.next();
                    if keep_escapes {
                        parts.push(c);
                    }
                    match self.chars.next() {
                        Some(escaped) => parts.push(escaped),
                        None => break,
                    }
                }
                c => {
                    self.chars.next();
                    parts.push(c);
                }
            }
        }
        match stop {
            None => Ok(parts.0),
            Some(stop) => Err(WordError::Unclosed(opening(stop))),
        }
    }

    fn single_quoted(&mut self) -> Result<Vec<Part>, WordError> {
        self.chars.next();
        let mut text = String::new();
        for c in self.chars.by_ref() {
            if c == '\'' {
                return Ok(vec![Part::Literal(text)]);
            }
            text.push(c);
        }
        Err(WordError::Unclosed('\''))
    }

    fn double_quoted(&mut self, keep_escapes: bool) -> Result<Vec<Part>, WordError> {
        self.chars.next();
        let mut parts = Parts(vec![Part::Literal(String::new())]);
        loop {
            match self.chars.peek().copied() {
                None => return Err(WordError::Unclosed('"')),
                Some('"') => {
                    self.chars.next();
                    return Ok(parts.0);
                }
                Some('$') => parts.extend(self.dollar()?),
                Some(c) if c == self.escape => {
                    self.chars.next();
                    if keep_escapes {
                        parts.push(c);
                    }
                    match self.chars.peek().copied() {
                        // At the end of the word it is nothing, and the quote is not closed.
                        None => {}
                        Some(next) if matches!(next, '"' | '$') || next == self.escape => {
                            self.chars.next();
                            parts.push(next);
                        }
                        // Where escapes are kept there are two now, as in BuildKit.
                        Some(_) => parts.push(c),
                    }
                }
                Some(c) => {
                    self.chars.next();
                    parts.push(c);
                }
            }
        }
    }

    fn dollar(&mut self) -> Result<Vec<Part>, WordError> {
        self.chars.next();
        if self.chars.peek() != Some(&'{') {
            let name = self.name();
            return Ok(vec![if name.is_empty() {
                Part::Literal("$".to_owned())
            } else {
                let form = Form::Value;
                Part::Variable { name, form }
            }]);
        }
        self.chars.next();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(WordError::TooDeep);
        }
        let variable = self.braced();
        self.depth -= 1;
        variable.map(|variable| vec![variable])
    }

    fn braced(&mut self) -> Result<Part, WordError> {
        match self.chars.peek() {
            None => return Err(WordError::Unclosed('{')),
            Some('{' | '}' | ':') => return Err(WordError::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        let form = self.form()?;
        Ok(Part::Variable { name, form })
    }

    fn form(&mut self) -> Result<Form, WordError> {
        let modifier = self.chars.next().ok_or(WordError::Unclosed('{'))?;
        match modifier {
            '}' => Ok(Form::Value),
            ':' => {
                let second = self.chars.next().ok_or(WordError::Unclosed('{'))?;
                match second {
                    '-' | '+' | '?' => self.with_word(second, false),
                    other => Err(WordError::Modifier(format!(":{other}"))),
                }
            }
            '-' | '+' | '?' => self.with_word(modifier, true),
            '#' | '%' => {
                let longest = self.chars.next_if_eq(&modifier).is_some();
                let pattern = self.until(Some('}'), true)?;
                Ok(if modifier == '#' {
                    Form::WithoutPrefix { longest, pattern }
                } else {
                    Form::WithoutSuffix { longest, pattern }
                })
            }
            '/' => {
                let all = self.chars.next_if_eq(&'/').is_some();
                let pattern = self.until(Some('/'), true)?;
                let replacement = self.until(Some('}'), true)?;
                Ok(Form::Replaced {
                    all,
                    pattern,
                    replacement,
                })
            }
            other => Err(WordError::Modifier(other.to_string())),
        }
    }

    fn with_word(&mut self, modifier: char, empty_counts: bool) -> Result<Form, WordError> {
        let word = self.until(Some('}'), false)?;
        Ok(match modifier {
            '-' => Form::Or { empty_counts, word },
            '+' => Form::If { empty_counts, word },
            _ => Form::Required { empty_counts },
        })
    }

    /// A name, a number, one special parameter, or nothing.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.chars.peek() {
            Some(c) if c.is_numeric() => {
                while let Some(c) = self.chars.next_if(|c| c.is_numeric()) {
                    name.push(c);
                }
            }
            Some(&c) if "@*#?-$!".contains(c) => {
                self.chars.next();
                name.push(c);
            }
            _ => {
                while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
            }
        }
        name
    }
}

fn opening(stop: char) -> char {
    if stop == '}' { '{' } else { stop }
}
