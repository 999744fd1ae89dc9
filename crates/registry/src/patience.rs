//! The patience with servers: how long they are waited for, how often they are asked again, and who hears of it.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How often a question is asked again, unless it is said otherwise.
const RETRIES: u32 = 3;

/// How long a server may be silent, unless it is said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The first pause before another try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause that is our own choice.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The time in which one text is told once: many questions to one server fail at a time.
const TOLD_ONCE: Duration = Duration::from_secs(10);

type Told = BTreeMap<String, Instant>;

/// The patience with servers. Clones share the listener.
#[derive(Clone)]
pub struct Patience {
    /// How often a question is asked again after a failure that may well go away. 3 by default; 0 is never.
    pub retries: u32,
    /// How long a server may be silent, or so slow that it might as well be. 30 seconds by default.
    pub timeout: Duration,
    tell: Arc<dyn Fn(String) + Send + Sync>,
    told: Arc<Mutex<Told>>,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Patience {
    /// Patience of this length; `None` is the default of each.
    pub fn new(retries: Option<u32>, timeout: Option<Duration>) -> Self {
        Self {
            retries: retries.unwrap_or(RETRIES),
            timeout: timeout.unwrap_or(TIMEOUT),
            tell: Arc::new(drop),
            told: Arc::default(),
        }
    }

    /// The same with a listener that hears of each wait of some seconds and of each further try, as a phrase. Nobody
    /// hears of them by default.
    #[must_use]
    pub fn with_listener(self, tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self {
            tell: Arc::new(tell),
            ..self
        }
    }

    /// The pause before another try; `tries` is the number of those that failed so far.
    ///
    /// Half a second at first, then twice as long each time, up to ten seconds; up to a quarter more or less, so that
    /// those who failed together do not come back together.
    pub fn pause(&self, tries: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        // A new state is random.
        let random = RandomState::new().hash_one(tries) % 512;
        pause * (768 + u32::try_from(random).unwrap_or_default()) / 1024
    }

    /// Tells the listener, unless it has just heard the same.
    pub fn tell(&self, text: String) {
        let now = Instant::now();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.retain(|_, at| now.duration_since(*at) < TOLD_ONCE);
            if told.insert(text.clone(), now).is_some() {
                return;
            }
        }
        (self.tell)(text);
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("retries", &self.retries)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let patience = Patience::default();
        let check = |tries: u32, milliseconds: u64| {
            let around = Duration::from_millis(milliseconds);
            for _ in 0..100 {
                let pause = patience.pause(tries);
                assert!(
                    pause >= around * 3 / 4 && pause <= around * 5 / 4,
                    "{tries}: {pause:?}"
                );
            }
        };
        check(1, 500);
        check(2, 1000);
        check(5, 8000);
        check(6, 10_000);
        check(u32::MAX, 10_000);
    }

    #[tokio::test(start_paused = true)]
    async fn what_many_find_out_is_told_once() {
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let all = Arc::clone(&heard);
        let patience = Patience::default().with_listener(move |text| {
            all.lock().unwrap().push(text);
        });
        for text in ["a", "b", "a"] {
            patience.tell(text.to_owned());
        }
        assert_eq!(*heard.lock().unwrap(), ["a", "b"]);
        tokio::time::advance(TOLD_ONCE).await;
        patience.clone().tell("a".to_owned());
        assert_eq!(*heard.lock().unwrap(), ["a", "b", "a"]);
    }
}
