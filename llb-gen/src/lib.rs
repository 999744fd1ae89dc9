//! The command: clap, the terminal, the rendering of events.
