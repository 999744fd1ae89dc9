//! Texts whose variables are known by what they stand for, and how each class of text in llbgen.toml says them.

use std::collections::BTreeSet;

/// A bit of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bit {
    Literal(String),
    /// A variable of the catalog, `{name}`.
    Catalog(String),
    /// Something of the platform that builds: `platform`, `os`, `arch`, `variant`.
    Build(&'static str),
    /// A variable of the tree, `$NAME`.
    Tree {
        name: String,
        form: TreeForm,
    },
}

/// The forms of `$NAME` that llbgen.toml has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TreeForm {
    Value,
    Or(Text),
    If(Text),
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text(Vec<Bit>);

/// The platform that builds, if the catalog names no other.
pub(crate) const BUILD_PLATFORM: &str = "linux/amd64";

fn of_build(field: &str) -> &'static str {
    match field {
        "platform" => BUILD_PLATFORM,
        "os" => "linux",
        "arch" => "amd64",
        _ => "",
    }
}

impl Text {
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        let mut own = Self::default();
        own.push(Bit::Literal(text.into()));
        own
    }

    pub(crate) fn catalog(name: impl Into<String>) -> Self {
        Self(vec![Bit::Catalog(name.into())])
    }

    pub(crate) fn build(field: &'static str) -> Self {
        Self(vec![Bit::Build(field)])
    }

    pub(crate) fn tree(name: impl Into<String>, form: TreeForm) -> Self {
        let name = name.into();
        Self(vec![Bit::Tree { name, form }])
    }

    pub(crate) fn bits(&self) -> &[Bit] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, bit: Bit) {
        match (self.0.last_mut(), bit) {
            (_, Bit::Literal(text)) if text.is_empty() => {}
            (Some(Bit::Literal(text)), Bit::Literal(more)) => text.push_str(&more),
            (_, bit) => self.0.push(bit),
        }
    }

    pub(crate) fn extend(&mut self, text: &Self) {
        for bit in &text.0 {
            self.push(bit.clone());
        }
    }

    /// This text with another behind it.
    pub(crate) fn and(mut self, text: &Self) -> Self {
        self.extend(text);
        self
    }

    /// The text, if nothing in it is a variable.
    pub(crate) fn as_literal(&self) -> Option<String> {
        let literal = |bit: &Bit| match bit {
            Bit::Literal(text) => Some(text.clone()),
            Bit::Build(field) => Some(of_build(field).to_owned()),
            Bit::Catalog(_) | Bit::Tree { .. } => None,
        };
        self.0.iter().map(literal).collect()
    }

    /// What the text begins with, if that is no variable.
    pub(crate) fn literal_start(&self) -> Option<&str> {
        match self.0.first() {
            Some(Bit::Literal(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn ends_with(&self, c: char) -> bool {
        matches!(self.0.last(), Some(Bit::Literal(text)) if text.ends_with(c))
    }

    /// The catalog's variables in it.
    pub(crate) fn catalog_names(&self, names: &mut BTreeSet<String>) {
        for bit in &self.0 {
            match bit {
                Bit::Catalog(name) => {
                    names.insert(name.clone());
                }
                Bit::Tree {
                    form: TreeForm::Or(word) | TreeForm::If(word),
                    ..
                } => word.catalog_names(names),
                Bit::Literal(_) | Bit::Build(_) | Bit::Tree { .. } => {}
            }
        }
    }

    /// The text without a literal beginning.
    pub(crate) fn without_start(&self, start: &str) -> Self {
        let mut rest = self.clone();
        if let Some(Bit::Literal(text)) = rest.0.first_mut() {
            *text = text.strip_prefix(start).unwrap_or(text).to_owned();
            if text.is_empty() {
                rest.0.remove(0);
            }
        }
        rest
    }

    /// The text as class T has it, which has no variables of the tree.
    pub(crate) fn template(&self) -> String {
        self.written(&braces_doubled)
    }

    /// The text as class E has it.
    pub(crate) fn tree_text(&self) -> String {
        self.written(&|text| braces_doubled(text).replace('$', "$$"))
    }

    fn written(&self, literal: &dyn Fn(&str) -> String) -> String {
        let mut written = String::new();
        for (at, bit) in self.0.iter().enumerate() {
            match bit {
                Bit::Literal(text) => written.push_str(&literal(text)),
                Bit::Build(field) => written.push_str(of_build(field)),
                Bit::Catalog(name) => written.push_str(&in_braces(name)),
                Bit::Tree { name, form } => {
                    let goes_on = self.0.get(at + 1).is_some_and(continues_name);
                    written.push_str(&tree(name, form, goes_on));
                }
            }
        }
        written
    }
}

/// A variable of the catalog in classes T and E.
fn in_braces(name: &str) -> String {
    format!("{{{name}}}")
}

/// A variable of the catalog in a script.
fn in_script(name: &str) -> String {
    format!("${{{{ {name} }}}}")
}

fn tree(name: &str, form: &TreeForm, goes_on: bool) -> String {
    match form {
        TreeForm::Value if goes_on => format!("${{{name}}}"),
        TreeForm::Value => format!("${name}"),
        TreeForm::Or(word) => format!("${{{name}:-{}}}", word.tree_text()),
        TreeForm::If(word) => format!("${{{name}:+{}}}", word.tree_text()),
    }
}

/// Whether what follows a name would be taken for a part of it.
fn continues_name(bit: &Bit) -> bool {
    match bit {
        Bit::Literal(text) => text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'),
        Bit::Build(_) => true,
        Bit::Catalog(_) | Bit::Tree { .. } => false,
    }
}

/// A literal in class T.
pub(crate) fn braces_doubled(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A bit of a script, which is literal but for the catalog's variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script(pub(crate) Text);

/// The option that holds a brace, for scripts in which a brace and a variable's name meet.
pub(crate) const OPEN_BRACE: &str = "open-brace";

impl Script {
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        Self(Text::literal(text))
    }

    /// Whether a lone `{name}` of one of these variables is in it.
    pub(crate) fn has_lone(&self, names: &BTreeSet<String>) -> bool {
        self.0.bits().iter().any(|bit| match bit {
            Bit::Literal(text) => !lone_braces(text, names).is_empty(),
            _ => false,
        })
    }

    /// The script as class S has it, if these are the variables of the catalog.
    pub(crate) fn written(&self, names: &BTreeSet<String>) -> String {
        let mut written = String::new();
        for bit in self.0.bits() {
            match bit {
                Bit::Literal(text) => written.push_str(&literal_script(text, names)),
                Bit::Build(field) => written.push_str(of_build(field)),
                Bit::Catalog(name) => written.push_str(&in_script(name)),
                Bit::Tree { name, .. } => written.push_str(&tree(name, &TreeForm::Value, true)),
            }
        }
        written
    }
}

fn literal_script(text: &str, names: &BTreeSet<String>) -> String {
    let mut written = String::new();
    let mut done = 0;
    for at in lone_braces(text, names) {
        written.push_str(&text[done..at].replace("${{", "$${{"));
        written.push_str(&in_script(OPEN_BRACE));
        done = at + 1;
    }
    written.push_str(&text[done..].replace("${{", "$${{"));
    written
}

/// Where a brace begins `{name}` of a variable that would be taken for a mistake.
fn lone_braces(text: &str, names: &BTreeSet<String>) -> Vec<usize> {
    let is_lone = |at: &usize| {
        let rest = &text[at + 1..];
        let Some(end) = rest.find('}') else {
            return false;
        };
        let inner = &rest[..end];
        let name = inner.split(['|', '.']).next().unwrap_or(inner);
        let is_doubled = text[..*at].ends_with('{') && rest[end + 1..].starts_with('}');
        names.contains(name) && !text[..*at].ends_with('$') && !is_doubled
    };
    let braces = text.match_indices('{').map(|(at, _)| at);
    braces.filter(is_lone).collect()
}

#[cfg(test)]
mod tests;
