//! An `llbgen.toml` of the language before parts and values, in the language of today: the text stays, but for what has
//! another meaning now.

mod document;
mod edits;
mod keys;
mod rewrite;
mod words;

use toml::{Spanned, de::DeTable};

use self::{document::Upgrade, edits::Edits, words::Names};
use crate::import::{ImportError, Imported, Source};

/// Rewrites the file.
pub(crate) fn upgrade(source: &Source) -> Result<Imported, ImportError> {
    let text = &source.text;
    let wrong = |at: usize, reason: String| {
        ImportError::new(&source.path, Some(edits::line(text, at)), reason)
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, error.message().to_owned())
    })?;
    if let Some((at, what)) = of_today(text, &table) {
        let reason = format!("{what} is of today's language: this file needs no import");
        return Err(wrong(at, reason));
    }
    let names = Names::of(table.get_ref());
    let mut upgrade = Upgrade {
        source,
        names: &names,
        edits: Edits::default(),
        findings: Vec::new(),
    };
    upgrade.file(table.get_ref());
    let Upgrade {
        edits,
        mut findings,
        ..
    } = upgrade;
    findings.sort();
    Ok(Imported {
        text: edits.apply(text),
        originals: Vec::new(),
        findings,
    })
}

/// The place of the first thing that the old language did not have, and its name.
fn of_today(text: &str, table: &Spanned<DeTable<'_>>) -> Option<(usize, String)> {
    for (key, _) in table.get_ref() {
        if keys::NEW.contains(&key.get_ref().as_ref()) {
            return Some((key.span().start, format!("`{}`", key.get_ref())));
        }
    }
    for (_, artifact) in keys::artifacts(table.get_ref()) {
        for (key, _) in artifact {
            if keys::NEW_OF_ARTIFACTS.contains(&key.get_ref().as_ref()) {
                return Some((key.span().start, format!("`{}`", key.get_ref())));
            }
        }
    }
    let texts = ["|slug}", "${{"].into_iter();
    texts
        .filter_map(|new| Some((text.find(new)?, format!("`{new}`"))))
        .min()
}
