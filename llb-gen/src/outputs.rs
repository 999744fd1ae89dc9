//! The outputs of a build: where they go, who takes them, and what is said of them in the end.

mod kept;
mod load;
mod place;
pub(crate) mod report;

pub(crate) use self::place::Place;
