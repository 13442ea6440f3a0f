use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The wish that the bridge stops; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks to stop, and wakes whoever waits. Asking twice is the same.
    pub fn request(&self) {
        let (requested, woken) = &*self.0;
        *requested.lock().expect("nobody panics while holding it") = true;
        woken.notify_all();
    }

    /// Whether a stop was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.0.lock().expect("nobody panics while holding it")
    }

    /// Waits until a stop is asked for, at most `timeout`; returns whether one was.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (requested, woken) = &*self.0;
        let guard = requested.lock().expect("nobody panics while holding it");
        let (guard, _) = woken
            .wait_timeout_while(guard, timeout, |requested| !*requested)
            .expect("nobody panics while holding it");
        *guard
    }
}
