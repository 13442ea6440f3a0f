use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::Clock;

/// The wish that the bridge stops; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<Wish>, Condvar)>);

#[derive(Debug, Default)]
struct Wish {
    since: Option<Clock>,
    /// The bridge is to go on with another configuration.
    is_pause: bool,
}

impl Stop {
    /// Asks to stop, and wakes whoever waits. Asking twice is the same.
    pub fn request(&self) {
        self.ask(false);
    }

    /// Asks to stop work for a moment, until [`Self::resume`].
    pub fn request_pause(&self) {
        self.ask(true);
    }

    /// Takes the wish for a pause back; returns false if a stop was asked for.
    pub fn resume(&self) -> bool {
        let mut wish = self.wish();
        let is_pause = wish.is_pause;
        if is_pause {
            *wish = Wish::default();
        }
        is_pause
    }

    fn ask(&self, pause: bool) {
        let mut wish = self.wish();
        wish.is_pause = pause && (wish.is_pause || wish.since.is_none());
        wish.since.get_or_insert_with(Clock::new);
        drop(wish);
        self.0.1.notify_all();
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        self.wish().since.is_some()
    }

    /// How long ago a stop was asked for first.
    pub fn requested_for(&self) -> Option<Duration> {
        self.wish().since.as_ref().map(Clock::elapsed)
    }

    /// Waits until a stop is asked for, at most `timeout`; returns whether one was.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (guard, _) = self
            .0
            .1
            .wait_timeout_while(self.wish(), timeout, |wish| wish.since.is_none())
            .expect("nobody panics while holding it");
        guard.since.is_some()
    }

    /// Whether a stop for good was asked for.
    pub fn is_final(&self) -> bool {
        let wish = self.wish();
        wish.since.is_some() && !wish.is_pause
    }

    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.0.0.lock().expect("nobody panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_and_a_stop_does_not() {
        let stop = Stop::default();
        assert!(!stop.resume());
        stop.request_pause();
        assert!(stop.is_requested() && !stop.is_final());
        assert!(stop.resume());
        assert!(!stop.is_requested());
        stop.request_pause();
        stop.request();
        stop.request_pause();
        assert!(stop.is_requested() && stop.is_final());
        assert!(!stop.resume());
        assert!(stop.is_requested());
    }
}
