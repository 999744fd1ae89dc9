//! The causes of an error, as people read them.

use std::error::Error;

/// The causes of an error, without those that repeat the error above them.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    for cause in std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source()) {
        let text = cause.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
        }
        said = text;
    }
    causes
}

/// An error with its causes in one line, each behind a colon.
pub fn in_a_line(error: &dyn Error) -> String {
    let all = [error.to_string()].into_iter().chain(causes(error));
    all.collect::<Vec<_>>().join(": ")
}
