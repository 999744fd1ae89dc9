//! The errors of serde, in the words of a catalog file and with a place.

use std::{fmt, ops::Range};

use serde::de::{self, Expected, Unexpected};

use super::Mistake;
use crate::nearest::nearest;

/// A mistake, and its place once that is known.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) span: Option<Range<usize>>,
    pub(super) mistake: Box<Mistake>,
}

impl Wrong {
    pub(super) fn new(mistake: Mistake) -> Self {
        Self {
            span: None,
            mistake: Box::new(mistake),
        }
    }

    /// The place and the mistake; the place is `span` when no inner one is known.
    pub(super) fn or_at(self, span: Range<usize>) -> (Range<usize>, Box<Mistake>) {
        (self.span.unwrap_or(span), self.mistake)
    }

    /// The same mistake within a value: it gets the place of that value, unless it has the place of an inner one.
    pub(super) fn within(mut self, span: &Range<usize>, name: &str) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        if let Mistake::UnknownKey { owner, .. }
        | Mistake::UnknownValue { owner, .. }
        | Mistake::MissingKey { owner, .. }
        | Mistake::Type { owner, .. } = &mut *self.mistake
            && owner.is_empty()
        {
            name.clone_into(owner);
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mistake)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        Self::new(Mistake::Value { message })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Mistake::Type {
            owner: String::new(),
            expected: in_toml(&expected.to_string()),
            found: found_in_toml(found),
        })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(value: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Mistake::UnknownValue {
            value: value.to_owned(),
            owner: String::new(),
            nearest: nearest(value, valid.iter().copied()).map(str::to_owned),
            valid: owned(valid),
        })
    }

    fn unknown_field(key: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Mistake::UnknownKey {
            key: key.to_owned(),
            owner: String::new(),
            nearest: nearest(key, valid.iter().copied()).map(str::to_owned),
            valid: owned(valid),
        })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Mistake::MissingKey {
            owner: String::new(),
            key: key.to_owned(),
        })
    }
}

/// An error about a value that cannot be there at all.
pub(super) fn unusable(what: &str, expected: &dyn Expected) -> Wrong {
    de::Error::invalid_type(Unexpected::Other(what), expected)
}

pub(super) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The words of serde for an expected value, in the words of TOML.
fn in_toml(expected: &str) -> String {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a string" => "text",
        "a boolean" => "`true` or `false`",
        "u32" => "a whole number, 0 or more",
        other => other,
    }
    .to_owned()
}

fn found_in_toml(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}
