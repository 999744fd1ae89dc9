//! What is known of every step of a build, gathered from what the daemon reports of all variants.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use buildkit_client::{Progress, Vertex, VertexDigest, without_command};
use catalog::Variant;

/// The most that is kept of a step's output until it is known whether the step fails: 4 MiB, its end.
const MAX_LOG: usize = 4 * 1024 * 1024;

/// All steps that were reported. A step that several variants share is one step here.
#[derive(Debug, Default)]
pub(super) struct Steps {
    known: BTreeMap<VertexDigest, Step>,
    begun: usize,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    /// In the order in which steps began, from 1; 0 for one that has not.
    pub(super) number: usize,
    /// What it does, with the artifact and platform that it was first seen for.
    pub(super) title: String,
    pub(super) state: State,
    /// What it has written.
    pub(super) log: Vec<u8>,
    started: Option<SystemTime>,
    /// Every variant that has the step is told of its output; only what this one is told counts.
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

/// What a report changed.
#[derive(Debug)]
pub(super) enum Change {
    /// The step is in another state.
    State(VertexDigest),
    /// The step wrote these bytes.
    Log(VertexDigest, Vec<u8>),
}

impl Steps {
    /// Takes a report in and tells what it changed.
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
            step.log.extend_from_slice(&log.data);
            if step.log.len() > MAX_LOG {
                step.log.drain(..step.log.len() - MAX_LOG);
            }
            changes.push(Change::Log(log.vertex.clone(), log.data.clone()));
        }
        changes
    }

    fn take_vertex(&mut self, variant: &Arc<Variant>, vertex: &Vertex) -> bool {
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
            _ if !vertex.error.is_empty() => {
                State::Failed(without_command(&vertex.error).into_owned())
            }
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

    /// How many steps have ended, and how many of them were found in the cache.
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

    /// The steps that failed by themselves: a cancelled one is the victim of another.
    pub(super) fn failed(&self) -> impl Iterator<Item = &Step> {
        self.known
            .values()
            .filter(|step| matches!(&step.state, State::Failed(error) if !error.contains("context canceled")))
    }
}

impl Step {
    /// What it has written, between two lines that say which step it is.
    pub(super) fn whole_log(&self) -> String {
        let log = String::from_utf8_lossy(&self.log);
        let rule = "─".repeat(8);
        format!("{rule} {}\n{}\n{rule}", self.title, log.trim_end())
    }

    /// How long it has been running.
    pub(super) fn elapsed(&self) -> Duration {
        self.started
            .and_then(|started| started.elapsed().ok())
            .unwrap_or_default()
    }
}

/// Our own vertices are named for their variant; for the daemon's (an image, an export) the variant is added.
fn title(variant: &Variant, name: &str) -> String {
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

#[cfg(test)]
mod tests;
