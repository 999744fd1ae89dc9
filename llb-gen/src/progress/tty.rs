//! `--progress tty`: a line for every running step, and one that counts.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write,
    time::{Duration, Instant},
};

use buildkit_client::VertexDigest;
use fleet::Event;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::{
    Renderer, seconds,
    steps::{Change, State, Step, Steps},
};

pub(super) struct Tty {
    lines: MultiProgress,
    count: ProgressBar,
    running: BTreeMap<VertexDigest, ProgressBar>,
    steps: Steps,
    started: Instant,
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
            if let Some(old) = self.running.insert(digest.clone(), bar) {
                old.finish_and_clear();
            }
        } else if let Some(bar) = self.running.remove(digest) {
            bar.finish_and_clear();
        }
        let (ended, cached) = self.steps.ended();
        self.count.set_message(format!(
            "{} running, {ended} steps done ({cached} cached)",
            self.running.len()
        ));
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
                    if let Change::State(digest) = change {
                        self.state(&digest);
                    }
                }
            }
            Event::Notice(notice) => {
                // As above.
                let _ = self.lines.println(notice);
            }
        }
    }

    fn end(&mut self) {
        for bar in self.running.values().chain([&self.count]) {
            bar.finish_and_clear();
        }
        let logs: Vec<String> = self.steps.failed().map(Step::whole_log).collect();
        let (ended, cached) = self.steps.ended();
        let took = seconds(self.started.elapsed());
        let summary = format!("{ended} steps done ({cached} cached) in {took}");
        let mut stderr = anstream::stderr().lock();
        for line in logs.iter().chain((ended > 0).then_some(&summary)) {
            // Where the terminal is gone there is nobody left to tell.
            let _ = self.lines.clear().and_then(|()| writeln!(stderr, "{line}"));
        }
    }
}
