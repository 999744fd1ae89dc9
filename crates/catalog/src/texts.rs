//! Texts of an image's publication: its repositories and tags, some of them for certain variants alone.

pub(crate) mod keyed;

use crate::{
    condition::{Condition, Domains, Impossible, conditions, hold},
    template::{Template, TemplateError, Text, Variables},
};

/// Texts for the variants for which a condition holds: `{ tags = ["latest"], when = { jdk = "21" } }`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    pub(crate) condition: Option<Condition>,
    pub(crate) unless: Option<Condition>,
    pub(crate) list: Vec<ListedText>,
}

/// An element of a list of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListedText {
    /// A text of all variants.
    Text(Template),
    /// Texts of some variants.
    Group(Texts),
}

impl Texts {
    /// Texts for variants whose variable `name` is `value`, in which `*` and `?` are wild.
    pub fn equals(name: &str, value: &str) -> Self {
        Self {
            condition: Some(Condition::equals(name, value)),
            ..Self::default()
        }
    }

    /// Texts for variants whose variable `name` is not `value`.
    pub fn differs(name: &str, value: &str) -> Self {
        Self {
            unless: Some(Condition::equals(name, value)),
            ..Self::default()
        }
    }

    /// Appends a text; a [`Template`].
    pub fn text(mut self, template: &str) -> Self {
        let text = ListedText::Text(Template::unchecked(template));
        self.list.push(text);
        self
    }

    /// Appends texts that have a further condition.
    pub fn texts(mut self, texts: Self) -> Self {
        self.list.push(ListedText::Group(texts));
        self
    }

    /// The conditions with their keys.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = (&'static str, &Condition)> {
        conditions(self.condition.as_ref(), self.unless.as_ref())
    }
}

/// The texts of a variant with these variables, each with its number among all. Below a condition that does not hold,
/// nothing is looked at.
pub(crate) fn texts_of<'a>(
    list: &'a [ListedText],
    variables: &Variables,
) -> Result<Vec<(usize, &'a Template)>, TemplateError> {
    let mut found = Vec::new();
    let mut number = 0;
    for listed in list {
        match listed {
            ListedText::Text(text) => {
                found.push((number, text));
                number += 1;
            }
            ListedText::Group(group) => {
                if hold(group.conditions(), variables)? {
                    let inner = texts_of(&group.list, variables)?.into_iter();
                    found.extend(inner.map(|(within, text)| (number + within, text)));
                }
                number += all_texts(&group.list).len();
            }
        }
    }
    Ok(found)
}

/// All texts, whatever the variant.
pub(crate) fn all_texts(list: &[ListedText]) -> Vec<&Template> {
    let texts = list.iter().flat_map(|listed| match listed {
        ListedText::Text(text) => vec![text],
        ListedText::Group(group) => all_texts(&group.list),
    });
    texts.collect()
}

/// The variables that the texts and their conditions use.
pub(crate) fn names_in(list: &[ListedText]) -> Vec<&str> {
    let names = list.iter().flat_map(|listed| match listed {
        ListedText::Text(text) => text.names(),
        ListedText::Group(group) => {
            let own = group.conditions().flat_map(|(_, it)| it.names());
            own.chain(names_in(&group.list)).collect()
        }
    });
    names.collect()
}

/// The values in conditions that no variant can have.
pub(crate) fn impossible_in(list: &[ListedText], domains: &Domains) -> Vec<Impossible> {
    let found = list.iter().flat_map(|listed| match listed {
        ListedText::Text(_) => Vec::new(),
        ListedText::Group(group) => {
            let own = group.conditions();
            let own = own.flat_map(|(key, it)| it.impossible(key, domains));
            own.chain(impossible_in(&group.list, domains)).collect()
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_variant() {
        let list = [
            ListedText::Text("edge".parse().unwrap()),
            ListedText::Group(
                Texts::equals("jdk", "2*")
                    .text("{jdk}")
                    .texts(Texts::differs("l10n", "en").text("{l10n}"))
                    .texts(Texts::equals("l10n", "en").text("latest")),
            ),
        ];
        let check = |jdk: &str, l10n: &str, expected: &[&str]| {
            let variables = [("jdk", jdk), ("l10n", l10n)];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let texts = texts_of(&list, &Variables::from(variables)).unwrap();
            let texts: Vec<&str> = texts.into_iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts, expected, "{jdk} {l10n}");
        };
        check("17", "en", &["edge"]);
        check("21", "en", &["edge", "{jdk}", "latest"]);
        check("21", "zh", &["edge", "{jdk}", "{l10n}"]);
        assert_eq!(names_in(&list), ["jdk", "jdk", "l10n", "l10n", "l10n"]);
        assert_eq!(all_texts(&list).len(), 4);
        let unknown = texts_of(&list, &Variables::new());
        assert!(unknown.unwrap_err().to_string().contains("`when.jdk`"));
    }
}
