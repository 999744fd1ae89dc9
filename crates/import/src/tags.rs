//! Tags of targets, and other texts that are one text in terms of the axes of a matrix.

use crate::{
    describe::Family,
    model::Value,
    text::{Bit, Text},
};

/// The names that an image goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) repositories: Vec<String>,
    pub(crate) tags: Vec<Value>,
}

impl Tags {
    /// The names of a family; `None` if its repositories differ in their tags.
    pub(crate) fn of(family: &Family) -> Option<Self> {
        let named: Vec<Vec<(String, Vec<String>)>> = family
            .members
            .iter()
            .map(|member| by_repository(&member.tags))
            .collect();
        let mut repositories: Vec<String> = Vec::new();
        let mut lists: Vec<Vec<Text>> = Vec::new();
        for (at, of_member) in named.iter().enumerate() {
            let tags = of_member
                .first()
                .map(|(_, tags)| tags.clone())
                .unwrap_or_default();
            if of_member.iter().any(|(_, others)| *others != tags) {
                return None;
            }
            let of_axes = |text: &String| in_axes(family, at, text).template();
            let own: Vec<String> = of_member.iter().map(|(name, _)| of_axes(name)).collect();
            if at == 0 {
                repositories = own;
            } else if repositories != own {
                return None;
            }
            lists.push(tags.iter().map(|tag| in_axes(family, at, tag)).collect());
        }
        let is_common = |tag: &Text| lists.iter().all(|list| list.contains(tag));
        let first = lists.first().into_iter().flatten();
        let mut tags: Vec<Value> = first
            .filter(|tag| is_common(tag))
            .map(|tag| Value::text(tag.template()))
            .collect();
        for (at, list) in lists.iter().enumerate() {
            let own = list.iter().enumerate().filter(|(_, tag)| !is_common(tag));
            let own: Vec<String> = own
                .filter_map(|(number, _)| named[at].first()?.1.get(number))
                .map(|tag| crate::text::braces_doubled(tag))
                .collect();
            if !own.is_empty() {
                let when = condition(&family.axes, &family.combinations[at]);
                tags.push(Value::Table(vec![
                    ("tags".to_owned(), Value::list(own)),
                    ("when".to_owned(), Value::Table(when)),
                ]));
            }
        }
        Some(Self { repositories, tags })
    }
}

/// The condition of one combination.
pub(crate) fn condition(
    axes: &[(String, Vec<String>)],
    combination: &[String],
) -> Vec<(String, Value)> {
    let pairs = axes.iter().zip(combination);
    pairs
        .map(|((name, _), value)| (name.clone(), Value::text(value)))
        .collect()
}

/// References by their repositories, in order.
fn by_repository(references: &[String]) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for reference in references {
        let name_begins = reference.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match reference[name_begins..].rfind(':') {
            Some(at) => (
                &reference[..name_begins + at],
                &reference[name_begins + at + 1..],
            ),
            None => (reference.as_str(), "latest"),
        };
        match all.iter_mut().find(|(name, _)| name == repository) {
            Some((_, tags)) => tags.push(tag.to_owned()),
            None => all.push((repository.to_owned(), vec![tag.to_owned()])),
        }
    }
    all
}

/// The text that all members have, in terms of the axes.
pub(crate) fn common(family: &Family, texts: &[String]) -> Option<Text> {
    let (first, others) = texts.split_first()?;
    if others.iter().all(|text| text == first) {
        return Some(Text::literal(first.clone()));
    }
    let text = in_axes(family, 0, first);
    let is_same = |(at, other): (usize, &String)| in_axes(family, at + 1, other) == text;
    others.iter().enumerate().all(is_same).then_some(text)
}

/// The text of a member with its values on the axes replaced, the longest first.
fn in_axes(family: &Family, member: usize, text: &str) -> Text {
    let mut values: Vec<(&str, &str)> = family
        .axes
        .iter()
        .zip(family.combinations.get(member).into_iter().flatten())
        .map(|((name, _), value)| (name.as_str(), value.as_str()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut text = Text::literal(text);
    for (name, value) in values {
        text = with_variable(&text, name, value);
    }
    text
}

/// A text with a variable in the place of its value.
pub(crate) fn with_variable(text: &Text, name: &str, value: &str) -> Text {
    let mut replaced = Text::default();
    for bit in text.bits() {
        let Bit::Literal(literal) = bit else {
            replaced.push(bit.clone());
            continue;
        };
        let mut done = 0;
        for (at, _) in literal.match_indices(value) {
            let end = at + value.len();
            if at >= done && stands_alone(literal, at, end) {
                replaced.push(Bit::Literal(literal[done..at].to_owned()));
                replaced.push(Bit::Catalog(name.to_owned()));
                done = end;
            }
        }
        replaced.push(Bit::Literal(literal[done..].to_owned()));
    }
    replaced
}

/// Whether a place in a text is a word or a number of its own: `17` in `jdk17`, but not in `117` or `1.17`.
fn stands_alone(text: &str, begin: usize, end: usize) -> bool {
    let before: Vec<char> = text[..begin].chars().rev().take(2).collect();
    let after: Vec<char> = text[end..].chars().take(2).collect();
    let inner = &text[begin..end];
    let (first, last) = (inner.chars().next(), inner.chars().next_back());
    let joined = |inside: Option<char>, outside: &[char]| {
        let Some(inside) = inside else {
            return false;
        };
        match outside {
            [next, ..] if inside.is_ascii_digit() && next.is_ascii_digit() => true,
            [next, ..] if inside.is_alphabetic() && next.is_alphabetic() => true,
            ['.', next, ..] => inside.is_ascii_digit() && next.is_ascii_digit(),
            _ => false,
        }
    };
    !joined(first, &before) && !joined(last, &after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_they_stand_alone() {
        let check = |text: &str, value: &str, expected: &str| {
            let text = with_variable(&Text::literal(text), "x", value);
            assert_eq!(text.template(), expected);
        };
        check("jdk17", "17", "jdk{x}");
        check("117", "17", "117");
        check("1.17", "17", "1.17");
        check("17.1", "17", "17.1");
        check("v17-17", "17", "v{x}-{x}");
        check("debian-slim", "debian", "{x}-slim");
        check("debians", "debian", "debians");
    }

    #[test]
    fn references_have_a_repository_and_a_tag() {
        let references = ["a/b:1", "localhost:5000/c", "a/b:2"].map(str::to_owned);
        let expected = [
            ("a/b".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ("localhost:5000/c".to_owned(), vec!["latest".to_owned()]),
        ];
        assert_eq!(by_repository(&references), expected);
    }
}
