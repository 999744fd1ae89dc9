//! What words are at a place.

use super::{Base, Binding, Scope};
use crate::{
    options::Options,
    text::{BUILD_PLATFORM, Bit, Text, TreeForm},
    words::{Form, Part, Pattern, Quotes, parse},
};

/// A word's text, and what was decided on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Evaluated {
    pub(crate) text: Text,
    /// The options whose defaults were looked at: what is said holds for these.
    pub(crate) fixed: Vec<String>,
}

/// What decides about a word: its place, and the options with their defaults.
struct Evaluation<'a> {
    scope: &'a Scope,
    options: &'a Options,
    fixed: Vec<String>,
}

impl Scope {
    /// What `word` is here, without its quotes.
    pub(crate) fn evaluate(
        &self,
        word: &str,
        escape: char,
        options: &Options,
    ) -> Result<Evaluated, String> {
        self.parts(word, escape, Quotes::Removed, options)
    }

    /// What a text with quotes is here: the content of a heredoc.
    pub(crate) fn evaluate_content(
        &self,
        text: &str,
        options: &Options,
    ) -> Result<Evaluated, String> {
        self.parts(text, '\\', Quotes::Kept, options)
    }

    fn parts(
        &self,
        word: &str,
        escape: char,
        quotes: Quotes,
        options: &Options,
    ) -> Result<Evaluated, String> {
        let parts = parse(word, escape, quotes).map_err(|error| error.to_string())?;
        let mut evaluation = Evaluation {
            scope: self,
            options,
            fixed: Vec::new(),
        };
        let text = evaluation.text(&parts)?;
        let fixed = evaluation.fixed;
        Ok(Evaluated { text, fixed })
    }
}

impl Evaluation<'_> {
    fn text(&mut self, parts: &[Part]) -> Result<Text, String> {
        let mut text = Text::default();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push(Bit::Literal(literal.clone())),
                Part::Variable { name, form } => text.extend(&self.variable(name, form)?),
            }
        }
        Ok(text)
    }

    fn variable(&mut self, name: &str, form: &Form) -> Result<Text, String> {
        let (scope, binding) = (self.scope, self.scope.get(name).cloned());
        match binding {
            Some(Binding::Argument { text, is_set }) => self.argument(&text, is_set, form),
            Some(Binding::Environment { value }) => self.environment(name, value, form),
            None if scope.base == Base::Scratch && name != "PATH" => {
                self.argument(&Text::default(), false, form)
            }
            None => self.of_base(name, form),
        }
    }

    fn argument(&mut self, text: &Text, is_set: bool, form: &Form) -> Result<Text, String> {
        match form {
            Form::Value => Ok(text.clone()),
            Form::Or { empty_counts, word } => {
                if self.is_there(text, is_set, *empty_counts)? {
                    Ok(text.clone())
                } else {
                    self.text(word)
                }
            }
            Form::If { empty_counts, word } => {
                if self.is_there(text, is_set, *empty_counts)? {
                    self.text(word)
                } else {
                    Ok(Text::default())
                }
            }
            Form::Required { empty_counts } => {
                if self.is_there(text, is_set, *empty_counts)? {
                    Ok(text.clone())
                } else {
                    Err("a value is required that nothing sets".to_owned())
                }
            }
            Form::WithoutPrefix { .. } | Form::WithoutSuffix { .. } | Form::Replaced { .. } => {
                let value = self.at_defaults(text)?;
                self.cut(&value, form).map(Text::literal)
            }
        }
    }

    fn environment(
        &mut self,
        name: &str,
        value: Option<Text>,
        form: &Form,
    ) -> Result<Text, String> {
        match (form, value) {
            (Form::Value | Form::Required { .. }, _) => Ok(Text::tree(name, TreeForm::Value)),
            (Form::Or { .. } | Form::If { .. }, _) => self.or_if(name, form),
            (_, Some(value)) => self.argument(&value, true, form),
            (_, None) => Err(unknown(name)),
        }
    }

    /// A variable that the base may have set. One that it has not set is empty, as in a Dockerfile.
    fn of_base(&mut self, name: &str, form: &Form) -> Result<Text, String> {
        match form {
            Form::Value if name == "PATH" => Ok(Text::tree(name, TreeForm::Value)),
            Form::Value => Ok(Text::tree(name, TreeForm::Or(Text::default()))),
            Form::Required { .. } => Ok(Text::tree(name, TreeForm::Value)),
            Form::Or { .. } | Form::If { .. } => self.or_if(name, form),
            _ => Err(unknown(name)),
        }
    }

    fn or_if(&mut self, name: &str, form: &Form) -> Result<Text, String> {
        let (Form::Or { word, empty_counts } | Form::If { word, empty_counts }) = form else {
            return Err(unknown(name));
        };
        let is_set_here = matches!(self.scope.get(name), Some(Binding::Environment { .. }));
        let is_or = matches!(form, Form::Or { .. });
        match (is_set_here && *empty_counts, is_or) {
            (true, true) => return Ok(Text::tree(name, TreeForm::Value)),
            (true, false) => return self.text(word),
            (false, _) => {}
        }
        let word = self.text(word)?;
        let closes = |bit: &Bit| matches!(bit, Bit::Literal(text) if text.contains(['{', '}']));
        if word.bits().iter().any(closes) {
            return Err(format!("a brace in the word of `${{{name}:…}}`"));
        }
        let form = if is_or { TreeForm::Or } else { TreeForm::If };
        Ok(Text::tree(name, form(word)))
    }

    /// Whether an argument has a value: with the defaults of the options, if that is what it hangs on.
    fn is_there(&mut self, text: &Text, is_set: bool, empty_counts: bool) -> Result<bool, String> {
        if empty_counts {
            self.fix(text);
            return Ok(is_set);
        }
        for bit in text.bits() {
            match bit {
                Bit::Build("variant") => {}
                Bit::Literal(_) | Bit::Build(_) => return Ok(true),
                Bit::Catalog(name) if name == "variant" => {}
                Bit::Catalog(name) => match self.options.known(name) {
                    Some("") => {}
                    _ => return Ok(true),
                },
                Bit::Tree { name, .. } => return Err(unknown(name)),
            }
        }
        self.fix(text);
        Ok(false)
    }

    /// The value of an argument with the defaults of the options.
    fn at_defaults(&mut self, text: &Text) -> Result<String, String> {
        let mut value = String::new();
        for bit in self
            .scope
            .without_tree(text)
            .map_err(|name| unknown(&name))?
            .bits()
        {
            match bit {
                Bit::Catalog(name) => {
                    let known = self.options.known(name);
                    let known = known.or_else(|| on_build_platform(name));
                    value
                        .push_str(known.ok_or_else(|| {
                            format!("a part of `{{{name}}}`, which is not known")
                        })?);
                    self.fixed.push(name.clone());
                }
                bit => {
                    let mut literal = Text::default();
                    literal.push(bit.clone());
                    value.push_str(&literal.as_literal().unwrap_or_default());
                }
            }
        }
        Ok(value)
    }

    fn cut(&mut self, value: &str, form: &Form) -> Result<String, String> {
        let cut = match form {
            Form::WithoutPrefix { longest, pattern } => {
                Pattern::without_prefix(&self.literal(pattern)?, value, *longest)
            }
            Form::WithoutSuffix { longest, pattern } => {
                Pattern::without_suffix(&self.literal(pattern)?, value, *longest)
            }
            Form::Replaced {
                all,
                pattern,
                replacement,
            } => {
                let (pattern, replacement) = (self.literal(pattern)?, self.literal(replacement)?);
                Pattern::replace(&pattern, &replacement, value, *all)
            }
            _ => return Ok(value.to_owned()),
        };
        cut.map_err(|error| error.to_string())
    }

    fn literal(&mut self, parts: &[Part]) -> Result<String, String> {
        let text = self.text(parts)?;
        self.at_defaults(&text)
    }

    fn fix(&mut self, text: &Text) {
        for bit in text.bits() {
            if let Bit::Catalog(name) = bit {
                self.fixed.push(name.clone());
            }
        }
    }
}

/// The value of a variable of the platform, where one has to be looked at.
fn on_build_platform(name: &str) -> Option<&'static str> {
    match name {
        "platform" => Some(BUILD_PLATFORM),
        "os" => Some("linux"),
        "arch" => Some("amd64"),
        "variant" => Some(""),
        _ => None,
    }
}

fn unknown(name: &str) -> String {
    format!("a part of `${name}`, which only the base knows")
}
