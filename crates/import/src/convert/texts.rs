//! What words are in a stage.

use super::{Loss, loss, stage::StageConversion};
use crate::{finding::Weight, path, scope::Binding, text::Text};

impl StageConversion<'_, '_, '_> {
    /// What a word is here.
    pub(super) fn evaluate(&mut self, word: &str) -> Result<Text, Loss> {
        let options = &self.all.shared.options;
        let evaluated = self.end.scope.evaluate(word, self.all.escape, options)?;
        for name in evaluated.fixed {
            match loss::fixed(&name) {
                (Weight::Lost, reason) => self.lose(&reason),
                (weight, reason) => self.tell(weight, &reason),
            }
        }
        Ok(evaluated.text)
    }

    /// What a word is here, for a text that has no variables of the tree.
    pub(super) fn template(&mut self, word: &str) -> Result<Text, Loss> {
        let text = self.evaluate(word)?;
        self.flat(&text)
    }

    pub(super) fn flat(&self, text: &Text) -> Result<Text, Loss> {
        self.end.scope.without_tree(text).map_err(|name| {
            Loss::new(format!(
                "`${name}` comes from the base, and no variable of the tree can stand here"
            ))
        })
    }

    /// The working directory. Where only the base knows it, `/` is taken, and that is told.
    pub(super) fn directory(&mut self) -> Text {
        if let Some(workdir) = &self.end.workdir {
            return workdir.clone();
        }
        let reason = "the working directory of the base is not known: `/` is taken for it";
        self.tell(Weight::Changed, reason);
        Text::literal("/")
    }

    /// A path in the tree, below the working directory if it is relative.
    pub(super) fn path(&mut self, word: &str) -> Result<Text, Loss> {
        let text = self.evaluate(word)?;
        let known = self.known(&text);
        let is_relative = path::in_tree(&text, &Text::literal("/"), known.as_deref()) != text
            && !text
                .literal_start()
                .is_some_and(|start| start.starts_with('/'));
        let workdir = if is_relative {
            self.directory()
        } else {
            Text::literal("/")
        };
        Ok(path::in_tree(&text, &workdir, known.as_deref()))
    }

    /// The text with the defaults of options, if nothing else varies.
    pub(super) fn known(&self, text: &Text) -> Option<String> {
        let flat = self.end.scope.without_tree(text).ok()?;
        self.all.shared.options.at_defaults(&flat)
    }

    pub(super) fn bind_environment(&mut self, name: &str, text: &Text) {
        let value = self.end.scope.without_tree(text).ok();
        self.end.scope.bind(name, Binding::Environment { value });
    }
}
