//! Scripts: verbatim, but for `${{ name }}`.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Environment, Filled, TemplateError, Text, Variables, placeholder::Placeholder};

/// A script, which is taken as it is: only `${{ name }}` and `${{ name|slug }}` stand for a value of the variant, as it is,
/// so that what may hold blanks or quotes is better given by `env`. `$${{` is `${{`. A lone `{name}` of a variable is
/// refused, because it would stay as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Script {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Literal(String),
    Placeholder(Placeholder),
}

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

impl Script {
    /// A script that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
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

    /// Fills in the placeholders.
    pub fn expand(&self, variables: &Variables) -> Result<String, TemplateError> {
        let mut expanded = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => {
                    refuse_lone_brace(text, variables)?;
                    expanded.push_str(text);
                }
                Piece::Placeholder(placeholder) => {
                    expanded.push_str(&placeholder.value(variables)?);
                }
            }
        }
        Ok(expanded)
    }
}

fn parse(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let (mut pieces, mut literal) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let (before, open) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            literal.push_str(before);
            literal.push_str(OPEN);
            rest = &open[OPEN.len()..];
            continue;
        }
        literal.push_str(before);
        let end = open.find(CLOSE).ok_or_else(|| TemplateError::Unclosed {
            written: open.lines().next().unwrap_or_default().to_owned(),
        })?;
        let written = &open[..end + CLOSE.len()];
        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        let words = open[OPEN.len()..end].split('|').map(str::trim);
        let inner = words.collect::<Vec<_>>().join("|");
        pieces.push(Piece::Placeholder(Placeholder::parse(written, &inner)?));
        rest = &open[written.len()..];
    }
    literal.push_str(rest);
    pieces.push(Piece::Literal(literal));
    Ok(pieces)
}

/// Refuses `{name}` of a variable, which is not filled in; `${name}` and `{{name}}` are the script's own.
fn refuse_lone_brace(text: &str, variables: &Variables) -> Result<(), TemplateError> {
    for (at, _) in text.match_indices('{') {
        let Some(end) = text[at..].find('}') else {
            return Ok(());
        };
        let inner = &text[at + 1..at + end];
        let name = inner.strip_suffix("|slug").unwrap_or(inner);
        let (before, after) = (&text[..at], &text[at + end + 1..]);
        let is_doubled = before.ends_with('{') && after.starts_with('}');
        let is_own = before.ends_with('$') || is_doubled;
        if variables.contains_key(name) && !is_own {
            return Err(TemplateError::LoneBrace {
                written: format!("{{{inner}}}"),
                meant: format!("{OPEN} {inner} {CLOSE}"),
            });
        }
    }
    Ok(())
}

impl Text for Script {
    fn problem(&self) -> Option<TemplateError> {
        parse(&self.text).err()
    }

    fn names(&self) -> Vec<&str> {
        let names = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(placeholder.name.as_str()),
            Piece::Literal(_) => None,
        });
        names.collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), TemplateError> {
        self.expand(variables).map(drop)
    }

    fn fill(&self, variables: &Variables, _: &Environment) -> Result<Filled, TemplateError> {
        self.expand(variables).map(Filled::known)
    }
}

impl FromStr for Script {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            text: text.to_owned(),
            pieces: parse(text)?,
        })
    }
}
