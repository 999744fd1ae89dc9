//! The outputs of a build: where they go, who takes them, and the report at the end.

pub(crate) mod kept;
mod load;
mod place;
pub(crate) mod report;

pub(crate) use self::place::Place;
