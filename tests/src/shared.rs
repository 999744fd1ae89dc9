//! What several tests share, and the last of them takes down: a static lives as long as the process, and gigabytes that
//! nobody looks at any more take the disk from the tests that follow.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard},
};

/// Something that is made for the first of a known number of tests. When not all of them run, it stays until the process
/// ends.
pub struct Shared<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    made: Option<Arc<T>>,
    /// The tests that have yet to begin.
    to_come: usize,
    /// The tests that have yet to end.
    to_end: usize,
}

impl<T> Shared<T> {
    /// For so many tests.
    pub const fn of(tests: usize) -> Self {
        let state = State {
            made: None,
            to_come: tests,
            to_end: tests,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// What is shared, made by `make` for the first test; to be called once by each.
    ///
    /// # Panics
    /// When it could not be made, or more tests use it than were said.
    pub fn get(&'static self, make: impl FnOnce() -> T) -> Using<T> {
        let mut state = self.lock();
        let left = state.to_come.checked_sub(1);
        state.to_come = left.expect("as many tests use it as were said");
        let thing = state.made.get_or_insert_with(|| Arc::new(make()));
        Using {
            made: Some(Arc::clone(thing)),
            shared: self,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("it could be made")
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Its use by one test, which ends when this is dropped.
#[derive(Debug)]
pub struct Using<T: 'static> {
    made: Option<Arc<T>>,
    shared: &'static Shared<T>,
}

impl<T> Deref for Using<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.made.as_ref().expect("it is there until it is dropped")
    }
}

impl<T> Drop for Using<T> {
    fn drop(&mut self) {
        drop(self.made.take());
        // Poisoned: it was not made.
        let Ok(mut state) = self.shared.state.lock() else {
            return;
        };
        state.to_end -= 1;
        if state.to_end == 0 {
            state.made = None;
        }
    }
}
