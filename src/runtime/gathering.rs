//! The workers of a process join the group together.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// How long a worker waits for the others: one may have to end what a predecessor left open.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// The workers that have not been ready to join yet. The group hands all partitions to whoever comes alone, and takes
/// half of them back when the next one comes.
#[derive(Debug)]
pub(super) struct Gathering {
    missing: Mutex<BTreeSet<usize>>,
    arrived: Condvar,
}

impl Gathering {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            missing: Mutex::new((0..workers).collect()),
            arrived: Condvar::new(),
        }
    }

    /// Tells that a worker is ready, and waits for the others, [`WAIT_MAX`] at most. Only the first time: a worker that
    /// comes back waits for nobody.
    pub(super) fn wait(&self, worker: usize) {
        let mut missing = self.missing.lock().expect("nobody panics while holding it");
        if missing.remove(&worker) {
            self.arrived.notify_all();
            drop(
                self.arrived
                    .wait_timeout_while(missing, WAIT_MAX, |missing| !missing.is_empty())
                    .expect("nobody panics while holding it"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_last_one_lets_all_go_and_nobody_waits_twice() {
        let gathering = Gathering::new(2);
        thread::scope(|scope| {
            let first = scope.spawn(|| gathering.wait(0));
            gathering.wait(1);
            first.join().expect("it waits for nothing else");
        });
        assert!(gathering.missing.lock().unwrap().is_empty());
        gathering.wait(0);
    }
}
