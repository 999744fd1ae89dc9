//! Placeholders of a variable's value: `{name}` and `{name|slug}`.

use super::{TemplateError, Variables};

/// A variable's value in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placeholder {
    /// As it is written, with its braces.
    pub(super) written: String,
    pub(super) name: String,
    filter: Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Filter {
    None,
    Slug,
}

impl Placeholder {
    /// The placeholder of `inner`, the text between the braces.
    pub(super) fn parse(written: &str, inner: &str) -> Result<Self, TemplateError> {
        let (name, filter) = match inner.split_once('|') {
            None => (inner, Filter::None),
            Some((name, "slug")) => (name, Filter::Slug),
            Some((_, filter)) => {
                return Err(TemplateError::UnknownFilter {
                    template: written.to_owned(),
                    filter: filter.to_owned(),
                });
            }
        };
        Ok(Self {
            written: written.to_owned(),
            name: name.to_owned(),
            filter,
        })
    }

    pub(super) fn value(&self, variables: &Variables) -> Result<String, TemplateError> {
        let value = variables
            .get(&self.name)
            .ok_or_else(|| TemplateError::unknown(&self.written, &self.name, variables))?;
        Ok(match self.filter {
            Filter::None => value.to_owned(),
            Filter::Slug => slug(value),
        })
    }
}

/// The value in a form that registries accept: `zh_CN` is `zh-cn`.
fn slug(value: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let slug = value.chars().map(|c| {
        if is_word(c) {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    slug.collect()
}
