//! All steps of a build, gathered from the daemon's reports on all variants.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anstream::adapter::strip_str;
use buildkit_client::{Progress, Vertex, VertexDigest, readable};
use catalog::Variant;

use crate::terminal::{coloured, plain, told};

/// The most of a step's output that is kept until it is known whether the step fails: the end of the output.
const MAX_LOG: usize = 1 << 20;

/// The most that is kept of the output of all steps together: that of 64 steps at a time.
const MAX_LOGS: usize = 64 << 20;

/// The most steps that are kept account of. Hundreds of artifacts have some tens of thousands.
const MAX_STEPS: usize = 200_000;

/// The most that is searched for the last line of a step's output: no terminal is wider.
const MAX_LINE: usize = 2048;

/// All steps that were reported. A step that several variants share is one step here.
#[derive(Debug, Default)]
pub(super) struct Steps {
    known: BTreeMap<VertexDigest, Step>,
    begun: usize,
    /// The bytes of all logs that are kept.
    kept: usize,
    /// The failed steps whose output was shown.
    shown: BTreeSet<VertexDigest>,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    /// The number of the step, in the order in which steps began, from 1; 0 before it begins.
    pub(super) number: usize,
    /// The step's title, with the artifact and platform that it was first seen for.
    pub(super) title: String,
    pub(super) state: State,
    /// Its output.
    pub(super) log: Vec<u8>,
    started: Option<SystemTime>,
    /// Every variant with the step gets reports of its output; only those of this variant count.
    teller: Arc<Variant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Running,
    Done(Duration),
    Cached,
    Failed(String),
}

/// A change that a report made.
#[derive(Debug)]
pub(super) enum Change {
    /// The step is in another state.
    State(VertexDigest),
    /// The step wrote these bytes.
    Log(VertexDigest, Vec<u8>),
}

impl Steps {
    /// Takes in a report. Returns the changes.
    pub(super) fn take(&mut self, variant: &Arc<Variant>, progress: &Progress) -> Vec<Change> {
        let mut changes = Vec::new();
        for vertex in &progress.vertexes {
            if self.take_vertex(variant, vertex) {
                changes.push(Change::State(vertex.digest.clone()));
            }
        }
        for log in &progress.logs {
            let Some(step) = self
                .known
                .get_mut(&log.vertex)
                .filter(|step| step.teller == *variant)
            else {
                continue;
            };
            self.kept -= step.log.len();
            step.keep(&log.data, MAX_LOG.min(MAX_LOGS - self.kept));
            self.kept += step.log.len();
            changes.push(Change::Log(log.vertex.clone(), log.data.clone()));
        }
        changes
    }

    /// Takes in a vertex. Steps beyond the most that are kept account of are not shown; they are built all the same.
    fn take_vertex(&mut self, variant: &Arc<Variant>, vertex: &Vertex) -> bool {
        if self.known.len() >= MAX_STEPS && !self.known.contains_key(&vertex.digest) {
            return false;
        }
        let step = self
            .known
            .entry(vertex.digest.clone())
            .or_insert_with(|| Step {
                number: 0,
                title: title(variant, &vertex.name),
                state: State::Waiting,
                log: Vec::new(),
                started: None,
                teller: variant.clone(),
            });
        let state = match (vertex.started, vertex.completed) {
            _ if !vertex.error.is_empty() => State::Failed(told(&readable(&vertex.error))),
            _ if vertex.cached => State::Cached,
            (Some(started), Some(completed)) => {
                State::Done(completed.duration_since(started).unwrap_or_default())
            }
            (Some(_), None) => State::Running,
            (None, _) => State::Waiting,
        };
        step.started = vertex.started.or(step.started);
        // Another variant finds in the cache what this build has just run, and starts no step that has ended.
        let settled = matches!(
            step.state,
            State::Done(_) | State::Cached | State::Failed(_)
        );
        let is_news = match &state {
            State::Waiting => false,
            State::Running => step.state == State::Waiting || (settled && step.teller == *variant),
            State::Cached => !settled,
            State::Done(_) => step.state != state && !matches!(step.state, State::Failed(_)),
            State::Failed(_) => step.state != state,
        };
        if is_news {
            step.state = state;
            // Only of a step that fails is the output shown at the end.
            if matches!(step.state, State::Done(_) | State::Cached) {
                self.kept -= step.log.len();
                step.log = Vec::new();
            }
            if step.number == 0 {
                self.begun += 1;
                step.number = self.begun;
            }
        }
        is_news
    }

    pub(super) fn get(&self, digest: &VertexDigest) -> Option<&Step> {
        self.known.get(digest)
    }

    /// The number of steps that have ended, and of those that were found in the cache.
    pub(super) fn ended(&self) -> (usize, usize) {
        let cached = self
            .known
            .values()
            .filter(|step| step.state == State::Cached)
            .count();
        let done = self
            .known
            .values()
            .filter(|step| matches!(step.state, State::Done(_)))
            .count();
        (done + cached, cached)
    }

    /// The output of the steps that failed by themselves, each once: a cancelled one is the victim of another.
    pub(super) fn take_failed(&mut self) -> Vec<String> {
        let failed = self.known.iter().filter(|(_, step)| {
            matches!(&step.state, State::Failed(error) if !error.contains("context canceled"))
        });
        let new = failed.filter(|(digest, _)| self.shown.insert((*digest).clone()));
        new.filter_map(|(_, step)| step.whole_log()).collect()
    }
}

impl Step {
    /// The whole output, if there is any, between two lines that name the step.
    fn whole_log(&self) -> Option<String> {
        let log = String::from_utf8_lossy(&self.log);
        let lines: Vec<_> = log.trim_end().split('\n').map(in_colours).collect();
        let log = lines.join("\n");
        let rule = "─".repeat(8);
        (!log.is_empty()).then(|| format!("{rule} {}\n{log}\n{rule}", self.title))
    }

    /// Appends to the log, and keeps its end.
    fn keep(&mut self, data: &[u8], most: usize) {
        let data = &data[data.len().saturating_sub(most)..];
        let too_much = (self.log.len() + data.len()).saturating_sub(most);
        self.log.drain(..too_much.min(self.log.len()));
        self.log.extend_from_slice(data);
    }

    /// The last line of the output, complete or not, fit for a terminal: without colours, and with escapes in the place
    /// of everything else that would move the cursor. `None` if it is blank.
    pub(super) fn last_line(&self) -> Option<String> {
        let end = &self.log[self.log.len().saturating_sub(MAX_LINE)..];
        let end = String::from_utf8_lossy(end);
        let end = end.trim_end();
        // A progress bar overwrites its line.
        let line = end.rsplit(['\n', '\r']).next().unwrap_or_default();
        let line = strip_str(line).to_string().replace('\t', " ");
        let line = plain(line.trim_start());
        (!line.is_empty()).then(|| line.into_owned())
    }

    /// The time for which it has been running.
    pub(super) fn elapsed(&self) -> Duration {
        self.started
            .and_then(|started| started.elapsed().ok())
            .unwrap_or_default()
    }
}

/// Our own vertices are named for their variant; for the daemon's (an image, an export) the variant is added.
fn title(variant: &Variant, name: &str) -> String {
    let name = told(name);
    let name: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if name.starts_with('[') && !name.starts_with("[internal]") {
        name
    } else {
        format!("[{variant}] {name}")
    }
}

/// A whole line of output; of a progress bar, which overwrites its line, the last state.
pub(super) fn in_colours(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches('\r');
    coloured(line.rsplit('\r').next().unwrap_or_default())
}

#[cfg(test)]
mod tests;
