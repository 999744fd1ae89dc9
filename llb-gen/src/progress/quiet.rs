//! `--progress quiet`: nothing but the logs of steps that fail.

use std::io::Write;

use fleet::Event;

use super::{Renderer, steps::Steps};

pub(super) struct Quiet<W> {
    out: W,
    steps: Steps,
}

impl<W> Quiet<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            steps: Steps::default(),
        }
    }
}

impl<W: Write> Renderer for Quiet<W> {
    fn show(&mut self, event: &Event) {
        if let Event::Progress { variant, progress } = event {
            self.steps.take(variant, progress);
        }
    }

    fn end(&mut self) {
        for step in self.steps.failed() {
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(self.out, "{}", step.whole_log());
        }
    }
}
