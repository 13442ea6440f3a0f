//! What of the topics decides how things go on, whatever led there.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Entry, Fate, Kafka, Message, Place, Topic, index};

impl Kafka {
    /// Two logs with the same fingerprint hold the same for every reader, but for offsets and for the order of outputs
    /// that were visible already.
    pub(in super::super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (place, log) in &self.logs {
            match place.0 {
                Topic::CpeEvents | Topic::Requests => {
                    for entry in log {
                        (place, &entry.message).hash(&mut hasher);
                    }
                    self.committed.get(place).hash(&mut hasher);
                }
                Topic::Routed => {
                    let reached = self.committed.get(place).copied().unwrap_or(0);
                    for entry in log[index(reached)..]
                        .iter()
                        .filter(|entry| self.is_visible(entry))
                    {
                        (place, &entry.message).hash(&mut hasher);
                    }
                }
                Topic::Changelog => {
                    let visible = log.iter().filter(|entry| self.is_visible(entry));
                    let state: BTreeMap<_, _> = visible
                        .map(|entry| (&entry.message.key, &entry.message.value))
                        .collect();
                    (place, state).hash(&mut hasher);
                }
                Topic::Outputs => {
                    let visible = log.iter().filter(|entry| self.is_visible(entry));
                    let mut outputs: Vec<_> = visible.map(|entry| hash(&entry.message)).collect();
                    outputs.sort_unstable();
                    (place, outputs).hash(&mut hasher);
                }
            }
        }
        self.unfinished().hash(&mut hasher);
        for number in self.prepared() {
            let offsets = self.transactions[number].offsets.iter();
            let inputs = offsets.filter(|(place, _)| place.0 != Topic::Routed);
            inputs.for_each(|offset| offset.hash(&mut hasher));
        }
        hasher.finish()
    }

    /// The number of an unfinished transaction among those that are not finished; `None`: it is.
    pub(in super::super) fn rank(&self, transaction: usize) -> Option<usize> {
        let is_unfinished =
            |number: &usize| matches!(self.transactions[*number].fate, Fate::Open | Fate::Prepared);
        is_unfinished(&transaction).then(|| (0..transaction).filter(is_unfinished).count())
    }

    /// How many records can be read from `position` on.
    pub(in super::super) fn rest(&self, place: Place, mut position: i64) -> u64 {
        let mut rest = 0;
        while let (Some(_), next) = self.read(place, position) {
            position = next;
            rest += 1;
        }
        rest
    }

    fn is_visible(&self, entry: &Entry) -> bool {
        let is_committed = entry
            .transaction
            .is_none_or(|number| self.transactions[number].fate == Fate::Committed);
        entry.is_readable && is_committed
    }

    /// What is not visible yet, and may be.
    fn unfinished(&self) -> Vec<(usize, bool, Place, &Message)> {
        let mut found = Vec::new();
        for (place, log) in &self.logs {
            for entry in log {
                if let Some(number) = entry.transaction
                    && let Some(rank) = self.rank(number)
                {
                    let is_prepared = self.transactions[number].fate == Fate::Prepared;
                    found.push((rank, is_prepared, *place, &entry.message));
                }
            }
        }
        found
    }
}

fn hash(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
