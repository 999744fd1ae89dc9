//! `--progress tty`: a line for every running step, and one that counts.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write,
    time::{Duration, Instant},
};

use anstream::ColorChoice;
use anstyle::Style;
use buildkit_client::VertexDigest;
use engine::Event;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::{
    Renderer, seconds,
    steps::{Change, State, Step, Steps},
    told_as_warning,
};
use crate::failure::told_at_once;

pub(super) struct Tty {
    lines: MultiProgress,
    count: ProgressBar,
    running: BTreeMap<VertexDigest, Lines>,
    steps: Steps,
    started: Instant,
    /// The style of the last line of a step's output.
    faint: Style,
}

/// The lines of a running step.
struct Lines {
    step: ProgressBar,
    /// The last line of its output, once there is one.
    log: Option<ProgressBar>,
}

impl Lines {
    fn clear(&self) {
        [Some(&self.step), self.log.as_ref()]
            .into_iter()
            .flatten()
            .for_each(ProgressBar::finish_and_clear);
    }
}

/// How often the elapsed times move.
const TICK: Duration = Duration::from_millis(100);

impl Tty {
    pub(super) fn new() -> Self {
        let lines = MultiProgress::new();
        let count = lines.add(ProgressBar::new_spinner().with_style(style("{wide_msg} {time}")));
        count.set_message("looking for the daemon");
        count.enable_steady_tick(TICK);
        Self {
            lines,
            count,
            running: BTreeMap::new(),
            steps: Steps::default(),
            started: Instant::now(),
            faint: match anstream::AutoStream::choice(&std::io::stderr()) {
                ColorChoice::Never => Style::new(),
                _ => Style::new().dimmed(),
            },
        }
    }

    fn state(&mut self, digest: &VertexDigest) {
        let Some(step) = self.steps.get(digest) else {
            return;
        };
        if step.state == State::Running {
            let bar = ProgressBar::new_spinner().with_style(style("{spinner} {wide_msg} {time}"));
            let bar = self
                .lines
                .insert_before(&self.count, bar.with_elapsed(step.elapsed()));
            bar.set_message(step.title.clone());
            bar.enable_steady_tick(TICK);
            let lines = Lines {
                step: bar,
                log: None,
            };
            if let Some(old) = self.running.insert(digest.clone(), lines) {
                old.clear();
            }
        } else if let Some(lines) = self.running.remove(digest) {
            lines.clear();
        }
        let (ended, cached) = self.steps.ended();
        self.count.set_message(format!(
            "{} running, {ended} steps done ({cached} cached)",
            self.running.len()
        ));
    }
}

impl Tty {
    /// Shows the last line of a step's output below it.
    fn log(&mut self, digest: &VertexDigest) {
        let step = self.steps.get(digest);
        let (Some(line), Some(lines)) =
            (step.and_then(Step::last_line), self.running.get_mut(digest))
        else {
            return;
        };
        let log = lines.log.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner().with_style(style("  {wide_msg}"));
            self.lines.insert_after(&lines.step, bar)
        });
        let faint = self.faint;
        log.set_message(format!("{faint}{line}{faint:#}"));
        log.tick();
    }

    /// Writes lines above the moving ones, where they stay.
    fn print(&self, text: &str) {
        self.lines.suspend(|| {
            // Where the terminal is gone, there is no reader left.
            let _ = writeln!(anstream::stderr(), "{text}");
        });
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates are ours")
        .with_key(
            "time",
            |state: &ProgressState, text: &mut dyn fmt::Write| {
                // Nothing can be done about a line that cannot be written.
                let _ = write!(text, "{}", seconds(state.elapsed()));
            },
        )
}

impl Renderer for Tty {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Progress { variant, progress } => {
                for change in self.steps.take(variant, progress) {
                    match change {
                        Change::State(digest) => self.state(&digest),
                        Change::Log(digest, _) => self.log(&digest),
                    }
                }
            }
            Event::Notice(notice) => self.print(notice),
            Event::Warning(warning) => self.print(&told_as_warning(warning)),
            Event::Failed(failure) => {
                for log in self.steps.take_failed() {
                    self.print(&log);
                }
                self.print(told_at_once(failure).trim_end());
            }
        }
    }

    fn end(&mut self) {
        self.running.values().for_each(Lines::clear);
        self.count.finish_and_clear();
        let logs = self.steps.take_failed();
        let (ended, cached) = self.steps.ended();
        let took = seconds(self.started.elapsed());
        let summary = format!("{ended} steps done ({cached} cached) in {took}");
        let mut stderr = anstream::stderr().lock();
        for line in logs.iter().chain((ended > 0).then_some(&summary)) {
            // Where the terminal is gone, there is no reader left.
            let _ = self.lines.clear().and_then(|()| writeln!(stderr, "{line}"));
        }
    }
}
