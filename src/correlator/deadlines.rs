use std::collections::BTreeSet;

use crate::time::Timestamp;

use super::Slot;

/// Installations by time; each at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Timestamp, Slot)>);

impl Deadlines {
    pub(super) fn insert(&mut self, time: Timestamp, slot: Slot) {
        let is_new = self.0.insert((time, slot));
        assert!(is_new, "an installation has one deadline");
    }

    pub(super) fn remove(&mut self, time: Timestamp, slot: Slot) {
        let was_there = self.0.remove(&(time, slot));
        assert!(was_there, "every installation has a deadline");
    }

    pub(super) fn first(&self) -> Option<(Timestamp, Slot)> {
        self.0.first().copied()
    }

    /// Those of that time.
    pub(super) fn at(&self, time: Timestamp) -> impl Iterator<Item = Slot> {
        let all = (time, Slot(u32::MIN))..=(time, Slot(u32::MAX));
        self.0.range(all).map(|(_, slot)| *slot)
    }

    /// In the order of their times.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.0.iter().map(|(_, slot)| *slot)
    }
}
