//! Texts of a catalog, by class: a [`Template`] has placeholders, a [`TreeText`] also has `$NAME`, and a [`Script`] is
//! verbatim but for `${{ name }}`. Each is read once, together with its file, so that its errors have a place.

mod either;
mod environment;
mod error;
mod placeholder;
mod script;
mod tree_text;
mod values;
mod variables;

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::placeholder::Placeholder;
pub use self::{
    either::EitherText,
    environment::{Environment, Filled},
    error::{MissingField, TemplateError},
    script::Script,
    tree_text::TreeText,
    variables::Variables,
};
pub(crate) use self::{
    values::ValueTables,
    variables::{GitUse, variable_of},
};

/// A text that is filled in for a variant, and for the tree that a step is carried out on.
pub trait Text {
    /// The problem of the text in all variants.
    fn problem(&self) -> Option<TemplateError>;

    /// The variables that it uses.
    fn names(&self) -> Vec<&str>;

    /// Refuses a text that these variables cannot fill in, in any environment.
    fn check(&self, variables: &Variables) -> Result<(), TemplateError>;

    /// The text with everything filled in.
    fn fill(
        &self,
        variables: &Variables,
        environment: &Environment,
    ) -> Result<Filled, TemplateError>;
}

/// Text in which `{name}` stands for a value of the variant: `arch`, `os`, `platform` (`linux/arm64`), `artifact`,
/// or an axis or option; `{name|slug}` is the same in lower case with `-` for all that is no letter, digit or `.`
/// (`zh_CN` is `zh-cn`), as registries want it. `{{` and `}}` are literal braces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal(String),
    Placeholder(Placeholder),
}

impl Template {
    /// Fills in the placeholders.
    pub fn expand(&self, variables: &Variables) -> Result<String, TemplateError> {
        let mut expanded = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => expanded.push_str(text),
                Part::Placeholder(placeholder) => {
                    expanded.push_str(&placeholder.value(variables)?);
                }
            }
        }
        Ok(expanded)
    }

    /// The text as a pattern: what `known` has no value for can be anything.
    pub(crate) fn pattern(&self, known: &Variables) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Placeholder(placeholder) => {
                let value = placeholder.value(known);
                value.unwrap_or_else(|_| "*".to_owned())
            }
        });
        parts.collect()
    }

    /// A template that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
    pub(crate) fn unchecked(text: &str) -> Self {
        let parts = parse(text).unwrap_or_default();
        Self {
            text: text.to_owned(),
            parts,
        }
    }

    /// A text without placeholders.
    pub(crate) fn literal(text: String) -> Self {
        Self {
            parts: vec![Part::Literal(text.clone())],
            text,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `{name}` occurs.
    pub fn uses(&self, name: &str) -> bool {
        self.names().contains(&name)
    }
}

impl Text for Template {
    fn problem(&self) -> Option<TemplateError> {
        parse(&self.text).err()
    }

    fn names(&self) -> Vec<&str> {
        let names = self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder.name.as_str()),
            Part::Literal(_) => None,
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

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            text: text.to_owned(),
            parts: parse(text)?,
        })
    }
}

fn parse(text: &str) -> Result<Vec<Part>, TemplateError> {
    let unbalanced = |brace| TemplateError::Unbalanced {
        template: text.to_owned(),
        brace,
    };
    let (mut parts, mut literal) = (Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                literal.push(c);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some(c) if c != '{' => name.push(c),
                        _ => return Err(unbalanced('{')),
                    }
                }
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let placeholder = Placeholder::parse(&format!("{{{name}}}"), &name)?;
                parts.push(Part::Placeholder(placeholder));
            }
            '}' => return Err(unbalanced('}')),
            c => literal.push(c),
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

macro_rules! written {
    ($($text:ident),*) => {
        $(impl TryFrom<String> for $text {
            type Error = TemplateError;

            fn try_from(text: String) -> Result<Self, TemplateError> {
                text.parse()
            }
        }

        impl From<$text> for String {
            fn from(text: $text) -> Self {
                text.as_str().to_owned()
            }
        }

        /// As it is written.
        impl fmt::Display for $text {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        })*
    };
}

written!(Template, TreeText, Script);

#[cfg(test)]
mod tests;
