//! `COPY`, and what `ADD` has in common with it.

use super::{Loss, above::whole_owner, globs::has_glob, stage::StageConversion};
use crate::{
    Kind,
    dockerfile::{Source, Transfer},
    finding::Weight,
    model::Value,
    path::{in_context, join},
    stages,
    target::NamedContext,
    text::Text,
};

/// Where files go, and how.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) to: Text,
    pub(super) owner: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) exclude: Vec<String>,
    pub(super) parents: bool,
}

/// Where files come from.
#[derive(Debug, Clone)]
enum Origin {
    /// A directory below the catalog's.
    Context(String),
    Tree(String),
}

impl Place {
    /// The keys that a step has for it, `to` first.
    pub(super) fn keys(&self) -> Vec<(&'static str, Value)> {
        let mut keys = vec![("to", Value::text(self.to.tree_text()))];
        let owner = self
            .owner
            .clone()
            .map(|owner| ("owner", Value::Text(owner)));
        let mode = self.mode.clone().map(|mode| ("mode", Value::Text(mode)));
        keys.extend(owner.into_iter().chain(mode));
        keys
    }
}

impl StageConversion<'_, '_, '_> {
    pub(super) fn transfer(&mut self, transfer: &Transfer) -> Result<(), Loss> {
        let place = self.place(transfer)?;
        let origin = self.origin(transfer)?;
        self.directories_above(&place, transfer);
        let is_several = transfer.sources.len() > 1;
        let mut plain = Vec::new();
        for source in &transfer.sources {
            match source {
                Source::Heredoc(heredoc) => {
                    self.copies(&mut plain, &origin, &place)?;
                    self.file(heredoc, &place, is_several)?;
                }
                Source::Path(word) if transfer.is_add && self.is_remote(word) => {
                    self.copies(&mut plain, &origin, &place)?;
                    self.remote(word, transfer, &place)?;
                }
                Source::Path(word) if transfer.is_add && self.is_tar(word, transfer.unpack) => {
                    self.copies(&mut plain, &origin, &place)?;
                    self.unpacked(word, &place)?;
                }
                Source::Path(word) => plain.push(word.clone()),
            }
        }
        self.copies(&mut plain, &origin, &place)
    }

    fn place(&mut self, transfer: &Transfer) -> Result<Place, Loss> {
        let to = self.path(&transfer.to)?;
        let owner = transfer.chown.as_deref().map(|owner| self.evaluate(owner));
        let mode = transfer.chmod.as_deref().map(|mode| self.template(mode));
        let mut exclude = Vec::new();
        for pattern in &transfer.exclude {
            exclude.push(self.template(pattern)?.template());
        }
        Ok(Place {
            to,
            owner: owner
                .transpose()?
                .map(|owner| whole_owner(&owner.tree_text())),
            mode: mode.transpose()?.map(|mode| mode.template()),
            exclude,
            parents: transfer.parents,
        })
    }

    fn origin(&mut self, transfer: &Transfer) -> Result<Origin, Loss> {
        let Some(from) = transfer.from.as_deref() else {
            return Ok(Origin::Context(self.all.target.context.clone()));
        };
        if from.contains('$') {
            return Err(Loss::new("`--from` takes no variable"));
        }
        if let Some(NamedContext::Directory(directory)) = self.named(from) {
            return Ok(Origin::Context(directory));
        }
        if self.named(from).is_none()
            && let Some(number) = stages::of_transfer(transfer, self.all.stages, self.number)
        {
            return Ok(Origin::Tree(self.all.names[number].clone()));
        }
        if from.parse::<usize>().is_ok() {
            let reason = format!("there is no stage number {from} before this one");
            return Err(Loss(reason));
        }
        self.tree(from).map(Origin::Tree)
    }

    /// The steps for plain sources, which are taken.
    fn copies(
        &mut self,
        words: &mut Vec<String>,
        origin: &Origin,
        place: &Place,
    ) -> Result<(), Loss> {
        let words = std::mem::take(words);
        match origin {
            _ if words.is_empty() => Ok(()),
            Origin::Tree(from) => self.copies_of_tree(&words, from, place),
            Origin::Context(directory) => self.copies_of_context(&words, directory, place),
        }
    }

    fn copies_of_tree(&mut self, words: &[String], from: &str, place: &Place) -> Result<(), Loss> {
        let mut paths = Vec::new();
        for word in words {
            let text = self.evaluate(word)?;
            let path = crate::path::in_tree(&text, &Text::literal("/"), None);
            if place.parents {
                let place = self.with_parents(&path, place)?;
                let path = path.tree_text().replace("/./", "/");
                self.copy(Value::text(path), Some(from), &place);
            } else {
                paths.push(path.tree_text());
            }
        }
        if !paths.is_empty() {
            self.copy(Value::one_or_list(paths), Some(from), place);
        }
        Ok(())
    }

    fn copies_of_context(
        &mut self,
        words: &[String],
        directory: &str,
        place: &Place,
    ) -> Result<(), Loss> {
        let mode = place.mode.clone().or_else(|| Some("keep".to_owned()));
        let place = Place {
            mode,
            ..place.clone()
        };
        let mut paths: Vec<String> = Vec::new();
        let mut exclude: Option<Vec<String>> = None;
        let words = if place.parents {
            words.to_vec()
        } else {
            self.spelled_out(words, directory, !place.exclude.is_empty())
        };
        for word in &words {
            let (path, ignored) = self.context_path(word, directory, place.parents)?;
            let mut own = place.clone();
            if !place.parents && self.is_file(word, directory) {
                own.exclude.clear();
            }
            own.exclude.extend(ignored);
            if place.parents {
                let text = self.template(word)?;
                let own = self.with_parents(&text, &own)?;
                self.copy(Value::text(path.replace("/./", "/")), None, &own);
                continue;
            }
            // What is left out of one directory is not what is left out of another.
            if exclude
                .as_ref()
                .is_some_and(|exclude| *exclude != own.exclude)
            {
                let place = Place {
                    exclude: exclude.take().unwrap_or_default(),
                    ..place.clone()
                };
                self.copy(Value::one_or_list(std::mem::take(&mut paths)), None, &place);
            }
            paths.push(path);
            exclude = Some(own.exclude);
        }
        if !paths.is_empty() {
            let place = Place {
                exclude: exclude.unwrap_or_default(),
                ..place
            };
            self.copy(Value::one_or_list(paths), None, &place);
        }
        Ok(())
    }

    fn copy(&mut self, paths: Value, from: Option<&str>, place: &Place) {
        let mut others = place.keys();
        if let Some(from) = from {
            others.insert(0, ("from", Value::text(from)));
        }
        if !place.exclude.is_empty() {
            others.push(("exclude", Value::one_or_list(place.exclude.clone())));
        }
        self.step("copy", paths, others);
    }

    /// A path of the context with what is ignored below it.
    pub(super) fn context_path(
        &mut self,
        word: &str,
        directory: &str,
        keeps_parents: bool,
    ) -> Result<(String, Vec<String>), Loss> {
        let text = self.template(word)?;
        let Some(literal) = text.as_literal() else {
            let below = text.without_start("./").without_start("/");
            let prefix = if directory.is_empty() {
                String::new()
            } else {
                format!("{directory}/")
            };
            return Ok((Text::literal(prefix).and(&below).template(), Vec::new()));
        };
        let literal = if keeps_parents {
            literal
        } else {
            self.glob(&literal)
        };
        let below = in_context(&literal);
        let path = join(directory, &below).unwrap_or_else(|| below.clone());
        // Of a link on the way to a source, COPY takes what it leads to; links inside of a source stay.
        let path = self.all.shared.files.followed(&path).unwrap_or(path);
        let is_directory = self.is_directory(&path, &literal);
        let ignored = if is_directory && directory == self.all.target.context {
            self.ignored_below(&below)
        } else {
            Vec::new()
        };
        let slash = if literal.ends_with('/') && !path.is_empty() {
            "/"
        } else {
            ""
        };
        let path = if path.is_empty() {
            ".".to_owned()
        } else {
            path
        };
        Ok((Text::literal(format!("{path}{slash}")).template(), ignored))
    }

    fn is_directory(&self, path: &str, written: &str) -> bool {
        let last = path.rsplit('/').next().unwrap_or(path);
        match self.all.shared.files.kind(path) {
            Some(kind) => kind == Kind::Directory,
            None => {
                path.is_empty() || written.ends_with('/') || !last.contains('.') || has_glob(last)
            }
        }
    }

    /// A glob as the language has it. In COPY all that matches comes into one directory; here it keeps its path below
    /// the part without a glob.
    fn glob(&mut self, path: &str) -> String {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let Some((last, before)) = parts.split_last() else {
            return path.to_owned();
        };
        if before.iter().any(|part| has_glob(part)) {
            let reason = format!(
                "`{path}`: COPY puts all that matches into one directory; here it keeps its path below the part without a glob"
            );
            self.lose(&reason);
        } else if has_glob(last) && !last.contains('.') {
            let reason = format!(
                "`{path}`: of a directory that matches, COPY takes what is in it; here the directory is taken"
            );
            self.tell(Weight::Changed, &reason);
        }
        path.replace("**", "*")
    }

    fn ignored_below(&self, path: &str) -> Vec<String> {
        let patterns = self.all.ignore.below(path).into_iter();
        patterns
            .map(|pattern| Text::literal(pattern).template())
            .collect()
    }
}
