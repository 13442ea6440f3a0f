//! What of a worker decides how it goes on.

use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher};

use super::super::kafka::{Kafka, Place, Topic};
use super::Session;

impl Session {
    /// Whether nothing is left to be read there, as far as the worker knows.
    pub(in super::super) fn has_read_all(&self, place: Place, kafka: &Kafka) -> bool {
        let position = self.positions.get(&place).copied().flatten();
        position.is_some_and(|position| kafka.rest(place, position) == 0)
    }

    /// Two workers that hash alike will do alike on the same topics.
    pub(in super::super) fn hash_into(&self, kafka: &Kafka, hasher: &mut impl Hasher) {
        for (place, position) in &self.positions {
            let rest = match (place.0, position) {
                (Topic::Routed, Some(position)) => Some(kafka.rest(*place, *position)),
                (_, position) => position.map(|position| position.unsigned_abs()),
            };
            (place, rest).hash(hasher);
        }
        let mut state = String::new();
        let parked = self.parked.values().map(|(shard, ..)| shard);
        for shard in self.shards.values().chain(parked) {
            write!(state, "{shard:?}").expect("a text takes everything");
        }
        state.hash(hasher);
        self.restoring.keys().for_each(|shard| shard.hash(hasher));
        self.transaction
            .map(|number| kafka.rank(number))
            .hash(hasher);
        self.previous.map(|number| kafka.rank(number)).hash(hasher);
    }
}
