//! `--progress plain`: lines that stay, for logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use buildkit_client::VertexDigest;
use engine::Event;

use super::{
    Renderer, seconds,
    steps::{Change, State, Step, Steps, in_colours},
    told_as_warning,
};
use crate::failure::told_at_once;

/// The longest line of a step's output that is shown as one, in bytes.
const MAX_LINE: usize = 64 << 10;

pub(super) struct Plain<W> {
    out: W,
    steps: Steps,
    /// The steps whose titles were shown.
    titled: BTreeSet<VertexDigest>,
    /// The output of each step after its last complete line.
    unfinished: BTreeMap<VertexDigest, Vec<u8>>,
}

impl<W: Write> Plain<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            steps: Steps::default(),
            titled: BTreeSet::new(),
            unfinished: BTreeMap::new(),
        }
    }

    fn line(&mut self, line: &str) {
        // Where stderr is gone, there is no reader left.
        let _ = writeln!(self.out, "{line}");
    }

    fn state(&mut self, digest: &VertexDigest) {
        self.flush(digest);
        let Some(step) = self.steps.get(digest) else {
            return;
        };
        let (number, is_new) = (step.number, self.titled.insert(digest.clone()));
        let outcome = match &step.state {
            State::Waiting | State::Running => None,
            State::Done(duration) => Some(format!("#{number} DONE {}", seconds(*duration))),
            State::Cached => Some(format!("#{number} CACHED")),
            State::Failed(error) => Some(format!("#{number} FAILED: {error}")),
        };
        let title = is_new.then(|| format!("#{number} {}", step.title));
        for line in title.iter().chain(&outcome) {
            self.line(line);
        }
    }

    fn log(&mut self, digest: &VertexDigest, data: &[u8]) {
        let buffer = self.unfinished.entry(digest.clone()).or_default();
        buffer.extend_from_slice(data);
        let end = buffer.iter().rposition(|byte| *byte == b'\n');
        // A line that does not end is shown in pieces: it must not grow in memory.
        let end = end.or_else(|| buffer.len().checked_sub(1).filter(|end| *end >= MAX_LINE));
        let Some(end) = end else { return };
        let complete: Vec<u8> = buffer.drain(..=end).collect();
        self.log_lines(digest, &complete);
    }

    fn flush(&mut self, digest: &VertexDigest) {
        if let Some(rest) = self
            .unfinished
            .remove(digest)
            .filter(|rest| !rest.is_empty())
        {
            self.log_lines(digest, &rest);
        }
    }

    fn log_lines(&mut self, digest: &VertexDigest, data: &[u8]) {
        let Some(number) = self.steps.get(digest).map(|step: &Step| step.number) else {
            return;
        };
        for line in String::from_utf8_lossy(data).lines() {
            self.line(&format!("#{number} {}", in_colours(line)));
        }
    }
}

impl<W: Write> Renderer for Plain<W> {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Progress { variant, progress } => {
                for change in self.steps.take(variant, progress) {
                    match change {
                        Change::State(digest) => self.state(&digest),
                        Change::Log(digest, data) => self.log(&digest, &data),
                    }
                }
            }
            Event::Notice(notice) => self.line(notice),
            Event::Warning(warning) => self.line(&told_as_warning(warning)),
            Event::Failed(failure) => self.line(told_at_once(failure).trim_end()),
        }
    }

    fn end(&mut self) {
        let digests: Vec<VertexDigest> = self.unfinished.keys().cloned().collect();
        for digest in digests {
            self.flush(&digest);
        }
    }
}

#[cfg(test)]
mod tests;
