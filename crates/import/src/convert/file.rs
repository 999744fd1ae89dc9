//! Heredocs of `COPY` and `ADD`: files with their contents.

use super::{Loss, copy::Place, loss, stage::StageConversion};
use crate::{
    dockerfile::Heredoc,
    finding::Weight,
    model::Value,
    text::{Script, Text},
};

impl StageConversion<'_, '_, '_> {
    pub(super) fn file(
        &mut self,
        heredoc: &Heredoc,
        place: &Place,
        is_several: bool,
    ) -> Result<(), Loss> {
        let is_directory = is_several || self.is_known_directory(&place.to);
        let slash = if is_directory && !place.to.ends_with('/') {
            "/"
        } else {
            ""
        };
        let path = if place.to.ends_with('/') || is_directory {
            let name = format!("{slash}{}", heredoc.name);
            place.to.clone().and(&Text::literal(name))
        } else {
            place.to.clone()
        };
        let content = self.content(heredoc)?;
        let keys = place.keys().into_iter().filter(|(key, _)| *key != "to");
        let mut others = vec![("content", Value::Script(content))];
        others.extend(keys);
        self.step("file", Value::text(path.tree_text()), others);
        Ok(())
    }

    fn content(&mut self, heredoc: &Heredoc) -> Result<Script, Loss> {
        let text = heredoc.text();
        if !heredoc.expands {
            return Ok(Script::literal(text));
        }
        let options = &self.all.shared.options;
        let evaluated = self.end.scope.evaluate_content(&text, options)?;
        for name in evaluated.fixed {
            match loss::fixed(&name) {
                (Weight::Lost, reason) => self.lose(&reason),
                (weight, reason) => self.tell(weight, &reason),
            }
        }
        Ok(Script(self.flat(&evaluated.text)?))
    }

    /// Whether a directory of this path is there for certain.
    fn is_known_directory(&self, to: &Text) -> bool {
        let literal = to.as_literal();
        literal.as_deref() == Some("/") || self.end.workdir.as_ref() == Some(to)
    }
}
