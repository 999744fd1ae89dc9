//! The progress of a build on stderr. stdout is for results.

mod plain;
mod quiet;
mod rawjson;
mod steps;
mod tty;

use std::{
    io::{self, IsTerminal},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use engine::{Event, Patience};

use crate::{args::ProgressMode, logins::blotted, terminal::plain};

/// The most events that wait for the terminal. One may have 16 MiB, the most of a message of the daemon, and a daemon
/// that floods has to wait.
const QUEUE: usize = 16;

/// The pause before a full queue is looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// Shows events as they come, on a thread of its own. Where the terminal is slower than the daemon for long, the sender
/// waits, and so does the daemon.
pub(crate) struct Progress {
    sender: Arc<mpsc::SyncSender<Event>>,
    thread: JoinHandle<()>,
    /// Whether the user gave up, so that nothing waits for a terminal that stands still.
    is_given_up: Box<dyn Fn() -> bool + Send + Sync>,
}

/// One way to show events.
trait Renderer {
    /// Shows one event.
    fn show(&mut self, event: &Event);

    /// Shows the rest when the build has ended, and takes down lines that would not stay true.
    fn end(&mut self);
}

impl Progress {
    /// Starts to show events in the given way.
    pub(crate) fn start(
        mode: ProgressMode,
        is_given_up: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::shown_by(move || renderer(mode), is_given_up)
    }

    fn shown_by(
        renderer: impl FnOnce() -> Box<dyn Renderer> + Send + 'static,
        is_given_up: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let thread = thread::spawn(move || {
            let mut renderer = renderer();
            for event in receiver {
                renderer.show(&event);
            }
            renderer.end();
        });
        Self {
            sender: Arc::new(sender),
            thread,
            is_given_up: Box::new(is_given_up),
        }
    }

    /// Takes an event.
    pub(crate) fn send(&self, event: Event) {
        self.queue(match event {
            Event::Notice(text) => notice(&text),
            Event::Warning(text) => Event::Warning(plain(&blotted(&text)).into_owned()),
            event => event,
        });
    }

    /// The same patience, whose waits and further tries are shown. One that would have to wait for the terminal, or
    /// comes after the end, is left out.
    pub(crate) fn listening(&self, patience: Patience) -> Patience {
        let sender = Arc::downgrade(&self.sender);
        patience.with_listener(move |text| {
            if let Some(sender) = sender.upgrade() {
                _ = sender.try_send(notice(&text));
            }
        })
    }

    /// Waits for room. The thread ends early only when it panics, which `end` reports; an event that comes after the
    /// user gave up may be lost.
    fn queue(&self, mut event: Event) {
        while let Err(mpsc::TrySendError::Full(unsent)) = self.sender.try_send(event) {
            if (self.is_given_up)() {
                return;
            }
            event = unsent;
            thread::sleep(PAUSE);
        }
    }

    /// Waits until everything is shown.
    pub(crate) fn end(self) {
        drop(self.sender);
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn notice(text: &str) -> Event {
    Event::Notice(plain(&blotted(text)).into_owned())
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

/// A warning as a line on stderr.
fn told_as_warning(warning: &str) -> String {
    format!("warning: {warning}")
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
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    };

    use super::*;

    /// A terminal that takes nothing until it is let.
    struct Stuck {
        moves: Arc<AtomicBool>,
        shown: Arc<AtomicUsize>,
    }

    impl Renderer for Stuck {
        fn show(&mut self, _: &Event) {
            while !self.moves.load(Ordering::Relaxed) {
                thread::sleep(PAUSE);
            }
            self.shown.fetch_add(1, Ordering::Relaxed);
        }

        fn end(&mut self) {}
    }

    #[test]
    fn a_terminal_that_stands_still_holds_the_sender_back() {
        let (moves, shown) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let stuck = Stuck {
            moves: Arc::clone(&moves),
            shown: Arc::clone(&shown),
        };
        let given_up = Arc::<AtomicBool>::default();
        let is_given_up = Arc::clone(&given_up);
        let progress = Progress::shown_by(
            || Box::new(stuck),
            move || is_given_up.load(Ordering::Relaxed),
        );
        let count = AtomicUsize::new(0);
        let send = || {
            progress.send(Event::Notice("x".to_owned()));
            count.fetch_add(1, Ordering::Relaxed);
        };
        thread::scope(|scope| {
            let sender = scope.spawn(|| (0..QUEUE * 4).for_each(|_| send()));
            while count.load(Ordering::Relaxed) < QUEUE {
                thread::sleep(PAUSE);
            }
            thread::sleep(PAUSE * 10);
            // One is being shown.
            assert!(count.load(Ordering::Relaxed) <= QUEUE + 1);
            given_up.store(true, Ordering::Relaxed);
            sender.join().unwrap();
        });
        moves.store(true, Ordering::Relaxed);
        progress.end();
        assert!(shown.load(Ordering::Relaxed) <= QUEUE + 1);
    }

    #[test]
    fn a_warning_is_told_in_every_way_and_a_notice_where_it_is_wanted() {
        let check = |show: &dyn Fn(&mut Vec<u8>, &Event), warning: &str, notice: &str| {
            let shown = |event: Event| {
                let mut out = Vec::new();
                show(&mut out, &event);
                String::from_utf8(out).unwrap()
            };
            assert_eq!(shown(Event::Warning("w".to_owned())), warning);
            assert_eq!(shown(Event::Notice("n".to_owned())), notice);
        };
        check(
            &|out, event| plain::Plain::new(out).show(event),
            "warning: w\n",
            "n\n",
        );
        check(
            &|out, event| quiet::Quiet::new(out).show(event),
            "warning: w\n",
            "",
        );
        check(
            &|out, event| rawjson::RawJson::new(out).show(event),
            "{\"warning\":\"w\"}\n",
            "",
        );
    }

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
