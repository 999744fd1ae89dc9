//! A registry with bad minutes: it stands in front of another one, and answers some requests with faults instead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::front::{Front, Verdict};

/// A fault in the place of an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A status, with further lines of a header: `429 Too Many Requests\r\nRetry-After: 1`.
    Status(&'static str),
    /// The connection is reset.
    Reset,
    /// No answer at all.
    Silence,
}

/// The requests that get a fault.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The beginning of the request's first line, such as `PUT /v2/`.
    pub beginning: String,
    /// The end of its path, such as `/manifests/1`.
    pub end: String,
    /// How many of them; the others go through.
    pub times: usize,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// A fault for the move of a tag.
    pub fn on_tag(tag: &str, times: usize, fault: Fault) -> Self {
        Self {
            beginning: "PUT /v2/".to_owned(),
            end: format!("/manifests/{tag}"),
            times,
            fault,
        }
    }

    fn is_for(&self, request: &str) -> bool {
        let line = request.trim_end_matches(" HTTP/1.1");
        self.times > 0 && line.starts_with(&self.beginning) && line.ends_with(&self.end)
    }
}

/// A running registry with faults. Dropping it stops it.
#[derive(Debug)]
pub struct FaultyRegistry {
    front: Front,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<String>,
}

impl FaultyRegistry {
    /// Stands in front of the registry at `upstream`, `127.0.0.1:PORT`, without a fault so far.
    ///
    /// # Panics
    /// When no port can be bound.
    pub fn start(upstream: &str) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let judge = {
            let state = Arc::clone(&state);
            move |request: &str| Ok(locked(&state).verdict(request))
        };
        let front = Front::start(upstream, judge);
        Self { front, state }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.front.address()
    }

    /// The faults from now on.
    pub fn set(&self, rules: impl IntoIterator<Item = Rule>) {
        locked(&self.state).rules = rules.into_iter().collect();
    }

    /// The first lines of the requests with this beginning, in order, since it was asked last.
    pub fn requests(&self, beginning: &str) -> Vec<String> {
        let all = std::mem::take(&mut locked(&self.state).requests);
        let wanted = all.into_iter().filter(|line| line.starts_with(beginning));
        wanted.collect()
    }
}

impl State {
    /// The fault for a request, if there is one left.
    fn verdict(&mut self, request: &str) -> Verdict {
        self.requests.push(request.to_owned());
        let Some(rule) = self.rules.iter_mut().find(|rule| rule.is_for(request)) else {
            return Verdict::Through;
        };
        rule.times -= 1;
        match rule.fault {
            Fault::Status(status) => Verdict::Answer(status.to_owned(), String::new()),
            Fault::Reset => Verdict::Reset,
            Fault::Silence => Verdict::Silence,
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
