//! Tars: the canonical writer, and readers that refuse what is broken.
