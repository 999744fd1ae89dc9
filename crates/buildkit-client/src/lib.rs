//! The daemon: connect, solve, progress, and the session that serves it.
