use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::Clock;

/// The wish that the bridge stops; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<Option<Clock>>, Condvar)>);

impl Stop {
    /// Asks to stop, and wakes whoever waits. Asking twice is the same.
    pub fn request(&self) {
        self.requested().get_or_insert_with(Clock::new);
        self.0.1.notify_all();
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        self.requested().is_some()
    }

    /// How long ago a stop was asked for first.
    pub fn requested_for(&self) -> Option<Duration> {
        self.requested().as_ref().map(Clock::elapsed)
    }

    /// Waits until a stop is asked for, at most `timeout`; returns whether one was.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (guard, _) = self
            .0
            .1
            .wait_timeout_while(self.requested(), timeout, |requested| requested.is_none())
            .expect("nobody panics while holding it");
        guard.is_some()
    }

    fn requested(&self) -> MutexGuard<'_, Option<Clock>> {
        self.0.0.lock().expect("nobody panics while holding it")
    }
}
