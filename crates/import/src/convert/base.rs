//! The base of a stage, and other trees that it names.

use super::stage::StageConversion;
use crate::{
    model::Value,
    stages::Reference,
    target::NamedContext,
    text::{Bit, Text},
};

impl StageConversion<'_, '_, '_> {
    /// The value of `base`.
    pub(super) fn base(&mut self, base: &Reference) -> Value {
        let text = self.all.bases[self.number].clone();
        if let Some(named) = text.as_literal().and_then(|name| self.named(&name)) {
            return match named {
                NamedContext::Artifact(name) => Value::text(name),
                NamedContext::Image(image) => Value::text(self.image(&Text::literal(image))),
                NamedContext::Directory(directory) => {
                    let reason = format!("the directory `{directory}` cannot be a base");
                    self.lose(&reason);
                    Value::text("scratch")
                }
                NamedContext::Other(other) => {
                    self.lose(&format!("`{other}` cannot be a base"));
                    Value::text("scratch")
                }
            };
        }
        match base {
            Reference::Scratch => Value::text("scratch"),
            Reference::Image => Value::text(self.image(&text)),
            Reference::Stages(numbers) => Value::text(self.stages(&text, numbers)),
        }
    }

    /// The artifact of a stage, or the text that a variable completes to the name of one.
    fn stages(&mut self, text: &Text, numbers: &[usize]) -> String {
        if let ([number], Some(_)) = (numbers, text.as_literal()) {
            return self.all.names[*number].clone();
        }
        let name_of = |number: &usize| {
            let own = self.all.stages[*number]
                .from
                .name
                .clone()
                .unwrap_or_default();
            (own, self.all.names[*number].clone())
        };
        let names: Vec<(String, String)> = numbers.iter().map(name_of).collect();
        let prefix = names
            .iter()
            .find_map(|(own, name)| name.strip_suffix(own.as_str()));
        let prefix = prefix.unwrap_or_default().to_owned();
        if let Some((_, odd)) = names
            .iter()
            .find(|(own, name)| *name != format!("{prefix}{own}"))
        {
            let reason = format!("a variable chooses the stage, and `{odd}` has another name here");
            self.lose(&reason);
        }
        Text::literal(prefix).and(text).template()
    }

    /// The reference of an image, with the tag that it has by default.
    pub(super) fn image(&mut self, text: &Text) -> String {
        let at_defaults = self.all.shared.options.at_defaults(text);
        let literals = || {
            let literal = |bit: &Bit| match bit {
                Bit::Literal(text) => text.clone(),
                _ => String::new(),
            };
            text.bits().iter().map(literal).collect::<String>()
        };
        let plain = at_defaults.clone().unwrap_or_else(literals);
        let last = plain.rsplit('/').next().unwrap_or_default();
        let is_none = last.is_empty() || last.starts_with([':', '@']) || last.ends_with([':', '@']);
        if is_none && at_defaults.is_some() {
            let reason = format!(
                "the base `{plain}` is no image: a variable in it has no value, and its option needs one"
            );
            self.lose(&reason);
            return text.template();
        }
        if let Some(part) = at_defaults.as_deref().and_then(odd_part) {
            let reason = format!(
                "the base `{plain}` is no image: `{part}` has more than small letters and digits with `.`, `_` or `-` between them"
            );
            self.lose(&reason);
            return text.template();
        }
        if last.contains([':', '@']) {
            return text.template();
        }
        let options = &mut self.all.shared.options;
        if let ([Bit::Catalog(name)], Some(image)) = (text.bits(), at_defaults)
            && options.has(name)
        {
            let image = Text::literal(format!("{image}:latest"));
            options.amend(name, image);
            return text.template();
        }
        format!("{}:latest", text.template())
    }

    /// What stands for a name, if the caller says so.
    pub(super) fn named(&self, name: &str) -> Option<NamedContext> {
        let contexts = &self.all.target.contexts;
        let tagged = format!("{name}:latest");
        let found = contexts.get(name).or_else(|| contexts.get(&tagged));
        found.cloned()
    }
}

/// The part of an image's path that no registry takes, if there is one.
fn odd_part(image: &str) -> Option<&str> {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let path = match name.split_once('/') {
        Some((first, path)) if is_host(first) => path,
        _ => name,
    };
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    let is_outer = |part: &str| {
        part.starts_with(|c| ".-_".contains(c)) || part.ends_with(|c| ".-_".contains(c))
    };
    path.split('/')
        .map(|part| part.split(':').next().unwrap_or_default())
        .find(|part| part.is_empty() || !part.chars().all(is_inner) || is_outer(part))
}
