//! The questions that can be asked.

use engine::table;
use serde::Serialize;

use super::{Answer, question::Question};
use crate::error::FrontendError;

/// BuildKit's `subrequests.Request`.
#[derive(Debug, Serialize)]
struct Request {
    name: &'static str,
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
    opts: Vec<Named>,
    /// Graphs that must be given: never any.
    inputs: [Named; 0],
    metadata: Vec<Named>,
    /// File systems in the answer: never any.
    refs: [Named; 0],
}

#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    description: &'static str,
}

pub(super) fn answer() -> Result<Answer, FrontendError> {
    let rows = Question::ALL.map(|question| {
        let name = question.name().trim_start_matches("frontend.");
        [name, question.version(), question.description()].map(str::to_owned)
    });
    let text = table(["NAME", "VERSION", "DESCRIPTION"], &rows);
    Answer::new(&Question::ALL.map(request), text)
}

fn request(question: Question) -> Request {
    let named = |(name, description): &(&'static str, &'static str)| Named { name, description };
    let entry = |name: &&'static str| Named {
        name,
        description: "",
    };
    Request {
        name: question.name(),
        version: question.version(),
        kind: "rpc",
        description: question.description(),
        opts: question.options().iter().map(named).collect(),
        inputs: [],
        metadata: question.entries().iter().map(entry).collect(),
        refs: [],
    }
}
