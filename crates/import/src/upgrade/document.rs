//! The walk through a file.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    edits::{Edits, line, whole_line},
    keys::{self, Class},
    rewrite,
    words::Names,
};
use crate::{
    finding::{Finding, Weight},
    import::Source,
};

/// A file on its way into the language of today.
pub(super) struct Upgrade<'a> {
    pub(super) source: &'a Source,
    pub(super) names: &'a Names,
    pub(super) edits: Edits,
    pub(super) findings: Vec<Finding>,
}

impl Upgrade<'_> {
    pub(super) fn file(&mut self, root: &DeTable<'_>) {
        if let Some((key, _)) = root.iter().find(|(key, _)| key.get_ref() == "builtin") {
            let line = whole_line(&self.source.text, key.span().start);
            self.edits.replace(&line, String::new());
            let reason = "`builtin` is gone: a program has no artifacts but those of its crate";
            self.find(&key.span(), Weight::Changed, reason);
        }
        let mut options = BTreeMap::new();
        for (name, artifact) in keys::artifacts(root) {
            self.artifact(artifact);
            self.options(name, artifact, &mut options);
        }
    }

    fn artifact(&mut self, artifact: &DeTable<'_>) {
        for (key, value) in artifact {
            match key.get_ref().as_ref() {
                "axes" => self.rename(value),
                "steps" => self.steps(value, false),
                "finally" => self.steps(value, true),
                "base" if matches!(value.get_ref(), DeValue::Table(_)) => {}
                key => {
                    if let Some(class) = keys::of_artifact(key) {
                        self.texts(value, class);
                    }
                }
            }
        }
    }

    /// Options are the catalog's today: those of one name must say the same.
    fn options(
        &mut self,
        artifact: &str,
        table: &DeTable<'_>,
        known: &mut BTreeMap<String, (String, String)>,
    ) {
        let Some(options) = table.get("options") else {
            return;
        };
        self.rename(options);
        let DeValue::Table(options) = options.get_ref() else {
            return;
        };
        for (name, option) in options {
            match option.get_ref() {
                DeValue::Table(keys) => {
                    if let Some(default) = keys.get("default") {
                        self.texts(default, Class::Plain);
                    }
                }
                _ => self.texts(option, Class::Plain),
            }
            let said = self.source.text[option.span()].to_owned();
            let first = known
                .entry(name.get_ref().to_string())
                .or_insert_with(|| (artifact.to_owned(), said.clone()));
            if first.1 != said {
                let reason = format!(
                    "the option `{}` of `{artifact}` is another one than that of `{}`: options are the catalog's, so give \
                     one of them another name",
                    name.get_ref(),
                    first.0
                );
                self.find(&name.span(), Weight::Lost, &reason);
            }
        }
    }

    fn steps(&mut self, steps: &Spanned<DeValue<'_>>, is_last: bool) {
        let DeValue::Array(steps) = steps.get_ref() else {
            return;
        };
        for step in steps {
            if let DeValue::Table(step) = step.get_ref() {
                self.step(step, is_last);
            }
        }
    }

    fn step(&mut self, step: &DeTable<'_>, is_last: bool) {
        let has_tree = step.contains_key("from");
        for (key, value) in step {
            let name = key.get_ref().as_ref();
            if is_last && keys::NOT_LAST.contains(&name) && !step.contains_key("run") {
                let reason = format!(
                    "`{name}` in `finally` would overrule the artifacts on top: it goes among the steps"
                );
                self.find(&key.span(), Weight::Lost, &reason);
            }
            let has_several = matches!(value.get_ref(), DeValue::Array(_));
            match name {
                "steps" => self.steps(value, is_last),
                "when" => self.condition(value),
                name => {
                    if let Some(class) = keys::of_step(name, has_several, has_tree) {
                        self.texts(value, class);
                    }
                }
            }
        }
    }

    fn condition(&mut self, condition: &Spanned<DeValue<'_>>) {
        self.rename(condition);
        let DeValue::Table(condition) = condition.get_ref() else {
            return;
        };
        if let Some(platform) = condition.get("platform") {
            self.each_text(platform, &mut |text| text.replace('-', "/"));
        }
    }

    /// The keys of a table that are names of variables.
    fn rename(&mut self, table: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = table.get_ref() else {
            return;
        };
        for (key, _) in table {
            if let Some(new) = self.names.renamed(key.get_ref()) {
                self.edits.replace(&key.span(), new.to_owned());
            }
        }
    }

    /// The texts of a value.
    fn texts(&mut self, value: &Spanned<DeValue<'_>>, class: Class) {
        let names = self.names;
        if class == Class::Script {
            let script = match value.get_ref() {
                DeValue::Table(script) => {
                    if let Some(path) = script.get("script") {
                        self.texts(path, Class::Template);
                    }
                    return;
                }
                DeValue::String(script) => script,
                _ => return,
            };
            if let Some(name) = rewrite::in_script(script, names) {
                let reason = format!(
                    "`{{{name}}}` in a command: `${{{{ {name} }}}}` is its value, and braces for the shell go into `env`"
                );
                self.find(&value.span(), Weight::Lost, &reason);
            }
            return;
        }
        self.each_text(value, &mut |text| rewrite::text(text, class, names));
    }

    /// Puts what `of` makes of each text of a value into its place, as it is written.
    fn each_text(&mut self, value: &Spanned<DeValue<'_>>, of: &mut dyn FnMut(&str) -> String) {
        match value.get_ref() {
            DeValue::String(text) => {
                let new = of(text);
                if new != text.as_ref() {
                    let written = self.written(&value.span(), text, &new);
                    self.edits.replace(&value.span(), written);
                }
            }
            DeValue::Array(values) => values.iter().for_each(|value| self.each_text(value, of)),
            DeValue::Table(table) => table.values().for_each(|value| self.each_text(value, of)),
            _ => {}
        }
    }

    /// The new text in the quotes of the old one, or in others where it would be another text there.
    fn written(&self, span: &Range<usize>, old: &str, new: &str) -> String {
        let quoted = &self.source.text[span.clone()];
        let kept = quoted.replacen(old, new, 1);
        let reads_as_new = kept.parse::<toml::Value>();
        if reads_as_new.is_ok_and(|value| value.as_str() == Some(new)) {
            return kept;
        }
        toml::Value::from(new).to_string()
    }

    fn find(&mut self, span: &Range<usize>, weight: Weight, reason: &str) {
        self.findings.push(Finding {
            file: self.source.path.clone(),
            line: Some(line(&self.source.text, span.start)),
            weight,
            reason: reason.to_owned(),
        });
    }
}
