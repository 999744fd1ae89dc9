//! Text with placeholders: `{arch}-rootfs.tar`, `etc/{l10n}/`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The values that placeholders take for one variant.
pub type Variables = BTreeMap<String, String>;

/// Text in which `{name}` stands for a value of the variant: `arch`, `os`, `platform` (`linux-arm64`), `artifact`,
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
    Placeholder { name: String, filter: Filter },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Filter {
    None,
    Slug,
}

impl Filter {
    fn apply(self, value: &str) -> String {
        match self {
            Self::None => value.to_owned(),
            Self::Slug => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '.';
                let slug = value
                    .chars()
                    .map(|c| if word(c) { c.to_ascii_lowercase() } else { '-' });
                slug.collect()
            }
        }
    }
}

/// Why a template cannot be read or filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("`{template}` has an unbalanced `{brace}`; write `{brace}{brace}` for a literal one")]
    Unbalanced {
        /// The whole template.
        template: String,
        /// The brace in question.
        brace: char,
    },
    /// A filter that does not exist.
    #[error("`{template}` uses the filter `{filter}`, but there is only `slug`")]
    UnknownFilter {
        /// The whole template.
        template: String,
        /// The unknown filter.
        filter: String,
    },
    /// A placeholder that the variant has no value for.
    #[error(
        "`{template}` uses `{{{placeholder}}}`, but there is only {}",
        list(valid)
    )]
    UnknownPlaceholder {
        /// The whole template.
        template: String,
        /// The unknown name.
        placeholder: String,
        /// The names that have values.
        valid: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{{{name}}}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Template {
    /// Fills in the placeholders.
    pub fn expand(&self, variables: &Variables) -> Result<String, TemplateError> {
        let mut expanded = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => expanded.push_str(text),
                Part::Placeholder { name, filter } => match variables.get(name) {
                    Some(value) => expanded.push_str(&filter.apply(value)),
                    None => {
                        return Err(TemplateError::UnknownPlaceholder {
                            template: self.text.clone(),
                            placeholder: name.clone(),
                            valid: variables.keys().cloned().collect(),
                        });
                    }
                },
            }
        }
        Ok(expanded)
    }

    /// A template that [`Catalog::check`](crate::Catalog::check) will look at before anything uses it.
    pub(crate) fn unchecked(text: &str) -> Self {
        let parts = parse(text).unwrap_or_default();
        Self {
            text: text.to_owned(),
            parts,
        }
    }

    /// Whether `{name}` occurs.
    pub fn uses(&self, name: &str) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Placeholder { name: used, .. } if used == name))
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
                let (name, filter) = match name.split_once('|') {
                    None => (name, Filter::None),
                    Some((name, "slug")) => (name.to_owned(), Filter::Slug),
                    Some((_, filter)) => {
                        return Err(TemplateError::UnknownFilter {
                            template: text.to_owned(),
                            filter: filter.to_owned(),
                        });
                    }
                };
                parts.push(Part::Placeholder { name, filter });
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

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_expand() {
        let variables = Variables::from([
            ("arch".into(), "arm64".into()),
            ("l10n".into(), "en_US".into()),
        ]);
        let check = |template: &str, expected: Result<&str, &str>| {
            let expanded = template
                .parse::<Template>()
                .and_then(|t| t.expand(&variables));
            assert_eq!(
                expanded.as_deref().map_err(ToString::to_string),
                expected.map_err(str::to_owned),
                "{template}"
            );
        };
        check("{arch}-rootfs.tar", Ok("arm64-rootfs.tar"));
        check("etc/{l10n}/{arch}", Ok("etc/en_US/arm64"));
        check("plain", Ok("plain"));
        check("1.2-{l10n|slug}", Ok("1.2-en-us"));
        check(
            "{l10n|upper}",
            Err("`{l10n|upper}` uses the filter `upper`, but there is only `slug`"),
        );
        check("{{arch}}", Ok("{arch}"));
        check("", Ok(""));
        check(
            "{arhc}",
            Err("`{arhc}` uses `{arhc}`, but there is only `{arch}`, `{l10n}`"),
        );
        check(
            "{arch",
            Err("`{arch` has an unbalanced `{`; write `{{` for a literal one"),
        );
        check(
            "a}",
            Err("`a}` has an unbalanced `}`; write `}}` for a literal one"),
        );
        check(
            "{a{b}",
            Err("`{a{b}` has an unbalanced `{`; write `{{` for a literal one"),
        );
    }
}
