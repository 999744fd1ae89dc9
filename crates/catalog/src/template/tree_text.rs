//! Texts about a tree: besides placeholders, `$NAME` of its environment.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Environment, Filled, TemplateError, Text, Variables, environment::Value,
    placeholder::Placeholder,
};

/// A text with placeholders, as a [`Template`](super::Template), in which `$NAME` and `${NAME}` stand for what the base or
/// an earlier step has set, as in Dockerfiles; `${NAME:-word}` is `word` if that is unset or empty, `${NAME:+word}` is
/// `word` if it is neither, and `word` may hold the same. `$$` is a dollar. `PATH` has Docker's default; another name that
/// nothing sets is an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TreeText {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Literal(String),
    Placeholder(Placeholder),
    Variable { name: String, form: Form },
}

/// The form of a variable in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Its value.
    Value,
    /// Its value, or these if it is unset or empty.
    Or(Vec<Piece>),
    /// These, unless it is unset or empty.
    If(Vec<Piece>),
}

impl TreeText {
    /// A text that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
    pub(crate) fn unchecked(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            pieces: parse(text).unwrap_or_default(),
        }
    }

    /// The text as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Fills in what needs no environment; `None` if the text needs it.
    pub(crate) fn without_environment(
        &self,
        variables: &Variables,
    ) -> Result<Option<String>, TemplateError> {
        let needs_it = |piece: &Piece| matches!(piece, Piece::Variable { .. });
        if self.pieces.iter().any(needs_it) {
            return self.check(variables).map(|()| None);
        }
        let filled = self.fill(variables, &Environment::default())?;
        Ok(Some(filled.text))
    }
}

fn parse(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut parser = Parser { text, rest: text };
    parser.pieces(Until::End)
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

/// How far a parser reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    /// The brace that closes a word.
    Brace,
}

impl<'a> Parser<'a> {
    fn pieces(&mut self, until: Until) -> Result<Vec<Piece>, TemplateError> {
        let (mut pieces, mut literal) = (Vec::new(), String::new());
        let piece = |pieces: &mut Vec<Piece>, literal: &mut String, piece| {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(literal)));
            }
            pieces.extend(piece);
        };
        while let Some(c) = self.rest.chars().next() {
            match c {
                '}' if until == Until::Brace => {
                    self.take(1);
                    piece(&mut pieces, &mut literal, None);
                    return Ok(pieces);
                }
                '$' if self.rest.starts_with("$$") => {
                    self.take(2);
                    literal.push('$');
                }
                '$' => {
                    let variable = self.variable()?;
                    piece(&mut pieces, &mut literal, Some(variable));
                }
                '{' | '}' if self.rest[1..].starts_with(c) => {
                    self.take(2);
                    literal.push(c);
                }
                '{' => {
                    let placeholder = Piece::Placeholder(self.placeholder()?);
                    piece(&mut pieces, &mut literal, Some(placeholder));
                }
                '}' => return Err(self.unbalanced('}')),
                c => {
                    self.take(c.len_utf8());
                    literal.push(c);
                }
            }
        }
        if until == Until::Brace {
            return Err(self.unbalanced('{'));
        }
        piece(&mut pieces, &mut literal, None);
        Ok(pieces)
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn placeholder(&mut self) -> Result<Placeholder, TemplateError> {
        let end = self.rest.find('}').ok_or_else(|| self.unbalanced('{'))?;
        let written = self.take(end + 1);
        let inner = &written[1..end];
        if inner.contains('{') {
            return Err(self.unbalanced('{'));
        }
        Placeholder::parse(written, inner)
    }

    /// Parses a piece that begins with a `$`.
    fn variable(&mut self) -> Result<Piece, TemplateError> {
        let begin = self.rest;
        let odd = || TemplateError::Dollar {
            written: begin.chars().take_while(|c| *c != '}').take(20).collect(),
        };
        self.take(1);
        let is_braced = self.rest.starts_with('{');
        self.take(usize::from(is_braced));
        let name = self.name().ok_or_else(odd)?.to_owned();
        if !is_braced {
            let form = Form::Value;
            return Ok(Piece::Variable { name, form });
        }
        let form = if self.rest.starts_with('}') {
            self.take(1);
            Form::Value
        } else if self.rest.starts_with(":-") {
            self.take(2);
            Form::Or(self.pieces(Until::Brace)?)
        } else if self.rest.starts_with(":+") {
            self.take(2);
            Form::If(self.pieces(Until::Brace)?)
        } else {
            return Err(odd());
        };
        Ok(Piece::Variable { name, form })
    }

    fn name(&mut self) -> Option<&'a str> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let begins = self
            .rest
            .starts_with(|c: char| is_word(c) && !c.is_ascii_digit());
        begins.then(|| self.take(end))
    }

    fn unbalanced(&self, brace: char) -> TemplateError {
        TemplateError::Unbalanced {
            template: self.text.to_owned(),
            brace,
        }
    }
}

fn fill(
    pieces: &[Piece],
    variables: &Variables,
    environment: &Environment,
    filled: &mut Filled,
) -> Result<(), TemplateError> {
    for piece in pieces {
        match piece {
            Piece::Literal(text) => filled.text.push_str(text),
            Piece::Placeholder(placeholder) => {
                filled.text.push_str(&placeholder.value(variables)?);
            }
            Piece::Variable { name, form } => match (environment.get(name), form) {
                (Value::Unknown, _) => {
                    filled.is_known = false;
                    filled.text.extend(["${", name, "}"]);
                }
                (Value::Set(value), Form::Value) => filled.text.push_str(value),
                (Value::Unset, Form::Value) => {
                    return Err(TemplateError::Unset {
                        name: name.clone(),
                        base: environment.base.clone(),
                        is_variable: variables.contains_key(name),
                    });
                }
                (Value::Set(value), Form::Or(_)) if !value.is_empty() => {
                    filled.text.push_str(value);
                }
                (_, Form::Or(word)) => fill(word, variables, environment, filled)?,
                (Value::Set(value), Form::If(word)) if !value.is_empty() => {
                    fill(word, variables, environment, filled)?;
                }
                (_, Form::If(_)) => {}
            },
        }
    }
    Ok(())
}

/// The placeholders of all pieces, also of those in words.
fn placeholders<'a>(pieces: &'a [Piece], found: &mut Vec<&'a Placeholder>) {
    for piece in pieces {
        match piece {
            Piece::Literal(_) => {}
            Piece::Placeholder(placeholder) => found.push(placeholder),
            Piece::Variable { form, .. } => match form {
                Form::Value => {}
                Form::Or(word) | Form::If(word) => placeholders(word, found),
            },
        }
    }
}

impl Text for TreeText {
    fn problem(&self) -> Option<TemplateError> {
        parse(&self.text).err()
    }

    fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        placeholders(&self.pieces, &mut found);
        found.iter().map(|found| found.name.as_str()).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), TemplateError> {
        let mut found = Vec::new();
        placeholders(&self.pieces, &mut found);
        found
            .iter()
            .try_for_each(|placeholder| placeholder.value(variables).map(drop))
    }

    fn fill(
        &self,
        variables: &Variables,
        environment: &Environment,
    ) -> Result<Filled, TemplateError> {
        let mut filled = Filled::known(String::new());
        fill(&self.pieces, variables, environment, &mut filled)?;
        Ok(filled)
    }
}

impl FromStr for TreeText {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            text: text.to_owned(),
            pieces: parse(text)?,
        })
    }
}
