//! `--progress quiet`: nothing but warnings and the logs of steps that fail.

use std::io::Write;

use engine::Event;

use super::{Renderer, steps::Steps, told_as_warning};
use crate::failure::told_at_once;

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

impl<W: Write> Quiet<W> {
    fn logs(&mut self) {
        for log in self.steps.take_failed() {
            // Where stderr is gone, there is no reader left.
            let _ = writeln!(self.out, "{log}");
        }
    }
}

impl<W: Write> Renderer for Quiet<W> {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Progress { variant, progress } => {
                self.steps.take(variant, progress);
            }
            Event::Failed(failure) => {
                self.logs();
                let _ = write!(self.out, "{}", told_at_once(failure));
            }
            Event::Warning(warning) => {
                let _ = writeln!(self.out, "{}", told_as_warning(warning));
            }
            Event::Notice(_) => {}
        }
    }

    fn end(&mut self) {
        self.logs();
    }
}
