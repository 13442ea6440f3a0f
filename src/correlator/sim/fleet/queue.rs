//! What requesters and devices are going to write.

use fastrand::Rng;

use crate::time::Timestamp;

use super::{Fleet, Outgoing};

impl Fleet {
    /// When something is written next.
    pub(in super::super) fn next(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes what is due.
    pub(in super::super) fn take(&mut self, now: Timestamp) -> Option<Outgoing> {
        self.next().filter(|at| *at <= now)?;
        self.queue.pop_first().map(|(_, outgoing)| outgoing)
    }

    /// What is to be written, whenever.
    pub(in super::super) fn pending(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.values()
    }

    /// Takes the one of that number among them.
    pub(in super::super) fn take_any(&mut self, number: usize) -> Outgoing {
        let key = *self.queue.keys().nth(number).expect("it is pending");
        self.queue.remove(&key).expect("it is pending")
    }

    /// From here on all dice fall as that seed says.
    pub(in super::super) fn reseed(&mut self, seed: u64) {
        self.rng = Rng::with_seed(seed);
    }

    pub(super) fn put(&mut self, at: Timestamp, outgoing: Outgoing) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), outgoing);
    }
}
