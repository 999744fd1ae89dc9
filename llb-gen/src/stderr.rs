//! Messages to the user, on stderr. Where stderr is closed or full, there is no reader left, and that is no reason to
//! end: results are on stdout.

use std::io::Write as _;

use crate::{
    logins::blotted,
    terminal::{coloured, plain},
};

/// Writes a line.
pub(crate) fn line(text: &str) {
    write(&plain(&blotted(text)));
}

/// Writes lines with colours.
pub(crate) fn in_colours(text: &str) {
    let text = blotted(text);
    let lines: Vec<_> = text.lines().map(coloured).collect();
    write(&lines.join("\n"));
}

fn write(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{text}").and_then(|()| stderr.flush());
}
