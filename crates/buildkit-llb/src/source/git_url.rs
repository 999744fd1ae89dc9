//! Addresses of git repositories.
