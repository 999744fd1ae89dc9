//! The options of the catalog: the arguments of all its Dockerfiles.

use std::collections::BTreeMap;

use crate::{scope::BUILT_IN, text::Text};

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) name: String,
    pub(crate) comments: Vec<String>,
    /// The file and line that it comes from.
    pub(crate) place: (String, usize),
    /// Its default, which has other options at most.
    pub(crate) default: Text,
}

/// The options in the order in which they came up, and the values of what is no option but known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    list: Vec<Opt>,
    known: BTreeMap<String, String>,
    axes: Vec<String>,
    /// The targets, their arguments, and the options that these are.
    arguments: Vec<(String, String, String)>,
}

impl Options {
    /// The option `name` with this default. If there is one of this name with another default, it has another name,
    /// with `of` before it.
    pub(crate) fn declare(
        &mut self,
        name: &str,
        of: &str,
        default: &Text,
        comments: &[String],
        place: (&str, usize),
    ) -> String {
        let option = self.declared(name, of, default, comments, place);
        let argument = (of.to_owned(), name.to_owned(), option.clone());
        if !self.arguments.contains(&argument) {
            self.arguments.push(argument);
        }
        option
    }

    /// The options of a target, each with the argument that it stands for.
    pub(crate) fn of_target(&self, target: &str) -> Vec<(String, String)> {
        let of_target = |(of, ..): &&(String, String, String)| of == target;
        let arguments = self.arguments.iter().filter(of_target);
        let pair =
            |(_, argument, option): &(String, String, String)| (option.clone(), argument.clone());
        arguments.map(pair).collect()
    }

    fn declared(
        &mut self,
        name: &str,
        of: &str,
        default: &Text,
        comments: &[String],
        place: (&str, usize),
    ) -> String {
        let mut candidates = Vec::from([usable(name)]);
        candidates.push(usable(&format!("{of}-{name}")));
        let mut number = 2;
        loop {
            for candidate in &candidates {
                match self.list.iter_mut().find(|known| known.name == *candidate) {
                    Some(known) if known.default == *default => {
                        let new = comments
                            .iter()
                            .filter(|line| !known.comments.contains(line));
                        let new: Vec<String> = new.cloned().collect();
                        known.comments.extend(new);
                        return candidate.clone();
                    }
                    None if !self.axes.contains(candidate) => {
                        self.add(candidate, default, comments, place);
                        return candidate.clone();
                    }
                    _ => {}
                }
            }
            candidates = vec![usable(&format!("{of}-{name}-{number}"))];
            number += 1;
        }
    }

    fn add(&mut self, name: &str, default: &Text, comments: &[String], place: (&str, usize)) {
        if let Some(value) = self.at_defaults(default) {
            self.known.insert(name.to_owned(), value);
        }
        self.list.push(Opt {
            name: name.to_owned(),
            comments: comments.to_vec(),
            place: (place.0.to_owned(), place.1),
            default: default.clone(),
        });
    }

    /// An axis of some artifact, with its first value: no option may have its name.
    pub(crate) fn axis(&mut self, name: &str, first: &str) {
        if !self.axes.iter().any(|axis| axis == name) {
            self.axes.push(name.to_owned());
            self.known.insert(name.to_owned(), first.to_owned());
        }
    }

    /// The value that something else than an option has at first: a field of a row.
    pub(crate) fn know(&mut self, name: &str, value: &str) {
        self.known.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.list.iter().any(|known| known.name == name)
    }

    /// The value of an option if nothing sets it.
    pub(crate) fn known(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// The text if nothing sets an option.
    pub(crate) fn at_defaults(&self, text: &Text) -> Option<String> {
        let mut value = String::new();
        for bit in text.bits() {
            match bit {
                crate::text::Bit::Catalog(name) => value.push_str(self.known(name)?),
                bit => {
                    let mut literal = Text::default();
                    literal.push(bit.clone());
                    value.push_str(&literal.as_literal()?);
                }
            }
        }
        Some(value)
    }

    /// Whether the text can be a default: it has options and nothing else that varies.
    pub(crate) fn can_be_default(&self, text: &Text) -> bool {
        text.bits().iter().all(|bit| match bit {
            crate::text::Bit::Catalog(name) => self.list.iter().any(|known| known.name == *name),
            crate::text::Bit::Tree { .. } => false,
            crate::text::Bit::Literal(_) | crate::text::Bit::Build(_) => true,
        })
    }

    /// Gives an option another default.
    pub(crate) fn amend(&mut self, name: &str, default: Text) {
        if let Some(value) = self.at_defaults(&default) {
            self.known.insert(name.to_owned(), value);
        }
        if let Some(known) = self.list.iter_mut().find(|known| known.name == name) {
            known.default = default;
        }
    }

    pub(crate) fn into_list(self) -> Vec<Opt> {
        self.list
    }
}

/// A name that an option may have.
fn usable(name: &str) -> String {
    let usable = |c: char| {
        if c.is_ascii_alphanumeric() || "_-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let mut name: String = name.chars().map(usable).collect();
    if name.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '_') {
        name.insert(0, '_');
    }
    if BUILT_IN.contains(&name.as_str()) || name == "git" {
        name.push('_');
    }
    name
}
