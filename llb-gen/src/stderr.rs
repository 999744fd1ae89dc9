//! What is told to the user, on stderr. Where stderr is closed or full there is nobody left to tell, and that is no reason to
//! end: results are on stdout.

use std::io::Write as _;

/// Writes a line.
pub(crate) fn line(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{text}").and_then(|()| stderr.flush());
}
