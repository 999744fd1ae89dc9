//! The globs of the files that a catalog file includes.

use std::fmt;

use serde::Deserialize;
use toml::{Spanned, de::DeValue};

use super::{FileError, Mistake, sources::Sources, value::Value, wrong::Wrong};
use crate::{either::OneOrSeveral, path::ContextPath, place::Place};

/// A glob of `include`: the files that match it in the context directory are files of the catalog.
#[derive(Debug, Clone)]
pub struct Include {
    glob: ContextPath,
    place: Place,
}

impl Include {
    /// The globs in the value of `include`.
    pub(super) fn read(
        value: &Spanned<DeValue<'_>>,
        sources: &Sources,
    ) -> Result<Vec<Self>, FileError> {
        let globs: OneOrSeveral<String> = Deserialize::deserialize(Value::of(value, "`include`"))
            .map_err(|error: Wrong| {
            let (span, mistake) = error.or_at(value.span());
            sources.error(span, mistake)
        })?;
        let elements = value.get_ref().as_array();
        let spans = elements.map(|elements| elements.iter().map(Spanned::span).collect());
        let spans: Vec<_> = spans.unwrap_or_else(|| vec![value.span()]);
        let includes = globs.iter().zip(spans).map(|(glob, span)| {
            let glob = ContextPath::declared(glob).map_err(|error| {
                let message = error.to_string();
                sources.error(span.clone(), Mistake::Value { message })
            })?;
            let place = sources.place(&span);
            Ok(Self { glob, place })
        });
        includes.collect()
    }

    /// The glob.
    pub fn glob(&self) -> &ContextPath {
        &self.glob
    }

    /// The error for a glob whose files cannot be read.
    pub fn wrong(&self, why: impl fmt::Display) -> FileError {
        let message = why.to_string();
        FileError {
            file: self.place.file.name.clone(),
            excerpt: self.place.excerpt(),
            mistake: Box::new(Mistake::Value { message }),
        }
    }
}
