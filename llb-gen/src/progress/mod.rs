//! What a running build shows on stderr. stdout is for results.

mod plain;
mod quiet;
mod rawjson;
mod steps;
mod tty;

use std::{
    io::{self, IsTerminal},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use fleet::Event;

use crate::args::ProgressMode;

/// Shows events as they come, on a thread of its own, so that a slow terminal does not slow the build down.
pub(crate) struct Progress {
    sender: mpsc::Sender<Event>,
    thread: JoinHandle<()>,
}

/// One way to show events.
trait Renderer {
    /// Shows one event.
    fn show(&mut self, event: &Event);

    /// Shows what is left to show when the build has ended, and takes down what would not stay true.
    fn end(&mut self);
}

impl Progress {
    /// Starts to show events in the given way.
    pub(crate) fn start(mode: ProgressMode) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut renderer = renderer(mode);
            for event in receiver {
                renderer.show(&event);
            }
            renderer.end();
        });
        Self { sender, thread }
    }

    /// Takes an event.
    pub(crate) fn send(&self, event: Event) {
        // The thread ends early only when it panics, which `end` tells.
        let _ = self.sender.send(event);
    }

    /// Waits until everything is shown.
    pub(crate) fn end(self) {
        drop(self.sender);
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn renderer(mode: ProgressMode) -> Box<dyn Renderer> {
    let mode = match mode {
        ProgressMode::Auto if io::stderr().is_terminal() => ProgressMode::Tty,
        ProgressMode::Auto => ProgressMode::Plain,
        mode => mode,
    };
    match mode {
        ProgressMode::Auto | ProgressMode::Plain => Box::new(plain::Plain::new(anstream::stderr())),
        ProgressMode::Tty => Box::new(tty::Tty::new()),
        ProgressMode::Rawjson => Box::new(rawjson::RawJson::new(io::stderr())),
        ProgressMode::Quiet => Box::new(quiet::Quiet::new(anstream::stderr())),
    }
}

/// Seconds as a person reads them: `0.4s`, `12.3s`, `2m05s`.
fn seconds(duration: std::time::Duration) -> String {
    let whole = duration.as_secs();
    if whole >= 60 {
        format!("{}m{:02}s", whole / 60, whole % 60)
    } else {
        format!("{:.1}s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn durations_are_short() {
        let check = |milliseconds, expected: &str| {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), expected);
        };
        check(440, "0.4s");
        check(12_340, "12.3s");
        check(125_000, "2m05s");
    }
}
