//! Pattern cases.
