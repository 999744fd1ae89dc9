//! Our catalog: the built-in artifacts.
