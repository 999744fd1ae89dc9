//! What names stand for at a place in a Dockerfile, and what a word is there.

mod evaluate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::text::{Bit, Text, TreeForm};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Binding {
    /// `ARG`. One without a value is not set.
    Argument { text: Text, is_set: bool },
    /// `ENV`, with its value if no base has a part in it.
    Environment { value: Option<Text> },
}

/// What is known of the variables that a base has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// `scratch` sets `PATH` alone.
    Scratch,
    /// An image may set anything.
    Image,
}

/// Names with what they stand for.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    bindings: BTreeMap<String, Binding>,
    base: Base,
}

impl Scope {
    pub(crate) fn new(base: Base) -> Self {
        let bindings = BTreeMap::new();
        Self { bindings, base }
    }

    pub(crate) fn bind(&mut self, name: &str, binding: Binding) {
        self.bindings.insert(name.to_owned(), binding);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.bindings.get(name)
    }

    /// The arguments, which commands have in their environment.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = (&str, &Text, bool)> {
        self.bindings
            .iter()
            .filter_map(|(name, binding)| match binding {
                Binding::Argument { text, is_set } => Some((name.as_str(), text, *is_set)),
                Binding::Environment { .. } => None,
            })
    }

    /// The text without variables of the tree, or the name of one that only the base knows.
    pub(crate) fn without_tree(&self, text: &Text) -> Result<Text, String> {
        let mut flat = Text::default();
        for bit in text.bits() {
            match bit {
                Bit::Tree { name, form } => flat.extend(&self.known(name, form)?),
                bit => flat.push(bit.clone()),
            }
        }
        Ok(flat)
    }

    fn known(&self, name: &str, form: &TreeForm) -> Result<Text, String> {
        let Some(Binding::Environment { value: Some(value) }) = self.bindings.get(name) else {
            return Err(name.to_owned());
        };
        match form {
            TreeForm::Value => Ok(value.clone()),
            TreeForm::Or(_) if value.as_literal().is_some_and(|text| !text.is_empty()) => {
                Ok(value.clone())
            }
            TreeForm::Or(_) | TreeForm::If(_) => Err(name.to_owned()),
        }
    }
}

/// What BuildKit's own arguments are.
pub(crate) fn predefined(name: &str, stage: &str) -> Option<Text> {
    Some(match name {
        "TARGETPLATFORM" => Text::catalog("platform"),
        "TARGETOS" => Text::catalog("os"),
        "TARGETARCH" => Text::catalog("arch"),
        "TARGETVARIANT" => Text::catalog("variant"),
        "TARGETSTAGE" => Text::literal(stage),
        "BUILDPLATFORM" => Text::build("platform"),
        "BUILDOS" => Text::build("os"),
        "BUILDARCH" => Text::build("arch"),
        "BUILDVARIANT" => Text::build("variant"),
        "TARGETOSVERSION" | "BUILDOSVERSION" => Text::default(),
        _ => return None,
    })
}

/// Arguments that BuildKit gives to commands in another way.
pub(crate) fn is_proxy(name: &str) -> bool {
    let names = [
        "http_proxy",
        "https_proxy",
        "ftp_proxy",
        "no_proxy",
        "all_proxy",
    ];
    names.iter().any(|proxy| name.eq_ignore_ascii_case(proxy))
}

/// Variables that every artifact has.
pub(crate) const BUILT_IN: [&str; 5] = ["artifact", "platform", "os", "arch", "variant"];
