//! A worker as the runtime has it: its own work on records and deadlines, on the simulated topics.

mod application;
mod fingerprint;
mod sink;
mod staging;

use std::collections::BTreeMap;

use crate::record::{Coordinates, Record};
use crate::runtime::application::Application;
use crate::runtime::router;
use crate::runtime::shard::{Phase, Shard, reads_inputs};
use crate::runtime::trouble::Trouble;
use crate::runtime::work::{Via, Work};
use crate::time::Timestamp;

use super::judge::check_shard;
use super::kafka::{Entry, Kafka, Place, Topic, coordinates};
use super::store::Errand;

pub(super) use application::{application, certificate_of};
use sink::Open;

/// How long a shard that was given back is kept in memory.
const PARKED_TTL_MILLIS: u64 = 600_000;

/// How a commit goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Commit {
    Acknowledged,
    /// The worker dies with the transaction open.
    Killed,
    /// Done, and nobody tells the worker.
    UnknownDone,
    /// Not done, and nobody tells the worker.
    UnknownAborted,
}

/// One membership in the group; lost at the first trouble.
#[derive(Clone)]
pub(super) struct Session {
    /// Which membership of its worker it is; the group refuses commits of earlier ones.
    pub(super) epoch: u64,
    positions: BTreeMap<Place, Option<i64>>,
    pub(super) shards: BTreeMap<i32, Shard>,
    restoring: BTreeMap<i32, (i64, i64)>,
    parked: BTreeMap<i32, (Shard, i64, Timestamp)>,
    committed: BTreeMap<Place, i64>,
    pub(super) transaction: Option<usize>,
    /// The transaction before; its producer begins no other until this one is finished.
    previous: Option<usize>,
    /// Which shard handled which record since the last commit.
    handled: Vec<(i32, Coordinates)>,
    /// For the store, as soon as the transaction stands.
    errands: Vec<Errand>,
    /// For the store, now.
    resumed: Vec<Errand>,
}

impl Session {
    pub(super) fn new(epoch: u64) -> Self {
        Self {
            epoch,
            positions: BTreeMap::new(),
            shards: BTreeMap::new(),
            restoring: BTreeMap::new(),
            parked: BTreeMap::new(),
            committed: BTreeMap::new(),
            transaction: None,
            previous: None,
            handled: Vec::new(),
            errands: Vec::new(),
            resumed: Vec::new(),
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        self.positions.keys().copied().collect()
    }

    pub(super) fn is_restoring(&self) -> bool {
        !self.restoring.is_empty()
    }

    pub(super) fn on_assigned(
        &mut self,
        places: &[Place],
        application: &Application,
        kafka: &Kafka,
    ) {
        let mut restored = Vec::new();
        for place in places {
            self.positions.insert(*place, kafka.stable_offset(*place));
            if place.0 != Topic::Routed {
                continue;
            }
            let number = place.1;
            let (next, mut shard) = match self.parked.remove(&number) {
                Some((shard, next, _)) => (next, shard),
                None => (
                    0,
                    Shard::new(number, &application.limits, &application.rules),
                ),
            };
            shard.phase = Phase::Restoring;
            self.shards.insert(number, shard);
            let end = kafka.end((Topic::Changelog, number));
            if next < end {
                self.restoring.insert(number, (next, end));
            } else {
                restored.push(number);
            }
        }
        if !places.is_empty() {
            self.catch_up(&restored, kafka);
        }
    }

    /// Everything is committed; the shards are kept in case they return.
    pub(super) fn on_revoked(&mut self, places: &[Place], kafka: &Kafka, now: Timestamp) {
        assert_eq!(self.transaction, None);
        for place in places {
            self.positions.remove(place);
            self.committed.remove(place);
            if place.0 == Topic::Routed
                && let Some(shard) = self.shards.remove(&place.1)
            {
                self.restoring.remove(&place.1);
                if shard.phase != Phase::Restoring {
                    let next = kafka.end((Topic::Changelog, place.1));
                    self.parked.insert(place.1, (shard, next, now));
                }
            }
        }
    }

    fn catch_up(&mut self, restored: &[i32], kafka: &Kafka) {
        for shard in self.shards.values_mut() {
            if restored.contains(&shard.number) {
                shard.restored();
                self.resumed.extend(staging::resumed(shard));
            } else if shard.phase == Phase::Restoring {
                continue;
            }
            shard.phase = Phase::CatchingUp(kafka.end((Topic::Routed, shard.number)));
        }
        self.finish_catching_up(kafka);
    }

    pub(super) fn reads_inputs(&self) -> bool {
        reads_inputs(&self.shards)
    }

    fn finish_catching_up(&mut self, kafka: &Kafka) {
        for shard in self.shards.values_mut() {
            if let Phase::CatchingUp(end) = shard.phase {
                let place = (Topic::Routed, shard.number);
                let position = self.positions[&place].or_else(|| kafka.stable_offset(place));
                if end == 0 || position.is_some_and(|position| position >= end) {
                    shard.phase = Phase::Ready;
                }
            }
        }
    }

    /// Reads up to `max` records of the changelog; returns whether anything moved.
    pub(super) fn restore_some(
        &mut self,
        max: usize,
        application: &Application,
        kafka: &Kafka,
    ) -> bool {
        let mut moved = false;
        let mut restored = Vec::new();
        for number in self.restoring.keys().copied().collect::<Vec<_>>() {
            let (mut next, end) = self.restoring[&number];
            for _ in 0..max {
                let (found, after) = kafka.read((Topic::Changelog, number), next);
                moved |= after != next;
                next = after;
                let Some((_, entry)) = found else { break };
                let key = entry.message.key.as_deref().unwrap_or_default();
                let value = entry.message.value.as_deref();
                let shard = self.shards.get_mut(&number).expect("it is assigned");
                shard
                    .restore(key, value, &application.decoder, application.shards)
                    .expect("the bridge reads what it wrote");
            }
            self.restoring.insert(number, (next, end));
            if next >= end {
                self.restoring.remove(&number);
                restored.push(number);
            }
        }
        if !restored.is_empty() {
            self.catch_up(&restored, kafka);
            moved = true;
        }
        moved
    }

    /// Reads and handles one record of that partition; returns whether the position moved.
    pub(super) fn read_one(
        &mut self,
        place: Place,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
    ) -> bool {
        let stands_still = match place.0 {
            Topic::Routed => self.restoring.contains_key(&place.1),
            Topic::Changelog | Topic::CpeEvents | Topic::Outputs | Topic::Requests => {
                !self.reads_inputs()
            }
        };
        if stands_still {
            return false;
        }
        let Some(position) = self.positions[&place].or_else(|| kafka.stable_offset(place)) else {
            return false;
        };
        let (found, next) = kafka.read(place, position);
        let found = found.map(|(offset, entry)| (offset, entry.clone()));
        if let Some((offset, entry)) = found {
            self.begin(kafka);
            self.on_entry(place, offset, &entry, application, kafka, now);
        }
        self.positions.insert(place, Some(next));
        next != position
    }

    fn begin(&mut self, kafka: &mut Kafka) -> usize {
        if let Some(previous) = self.previous.take() {
            kafka.finish(previous);
        }
        *self.transaction.get_or_insert_with(|| kafka.begin())
    }

    fn on_entry(
        &mut self,
        place: Place,
        offset: i64,
        entry: &Entry,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
    ) {
        let mut headers = entry.message.headers();
        let (coordinates, key, via) = if place.0 == Topic::Routed {
            let (source, key) = router::origin(&mut headers).expect("only the bridge writes there");
            (source, key, Via::Routed(place.1))
        } else {
            let key = entry.message.key.as_deref();
            (coordinates(place, offset), key, Via::Input)
        };
        let input = application.input(&coordinates.topic);
        let input = input.expect("records stand in inputs, or come from there");
        let record = Record {
            coordinates: &coordinates,
            key,
            value: entry.message.value.as_deref(),
            headers: &headers,
        };
        let before = self.counted();
        self.work(application, kafka, now, |work| {
            work.on_record(now, input, via, record)
        });
        for (number, counted) in self.counted() {
            if before.get(&number) != Some(&counted) {
                self.handled.push((number, coordinates.clone()));
            }
        }
    }

    /// How many events each shard has counted.
    fn counted(&self) -> BTreeMap<i32, u64> {
        let shards = self.shards.values();
        shards
            .map(|shard| (shard.number, shard.correlator.stats().ledger.events))
            .collect()
    }

    /// Fires deadlines that are due at the watermark; returns whether there were some.
    pub(super) fn on_time(
        &mut self,
        watermark: Timestamp,
        max: usize,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
    ) -> bool {
        let is_due = |shard: &Shard| {
            shard.phase != Phase::Restoring
                && shard
                    .correlator
                    .poll_timeout()
                    .is_some_and(|at| at <= watermark)
        };
        if !self.shards.values().any(is_due) {
            return false;
        }
        let fired = self.work(application, kafka, now, |work| {
            work.on_time(now, watermark, max)
        });
        fired > 0
    }

    /// Does what a worker does, on the shards of this session and within its transaction.
    fn work<R>(
        &mut self,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
        act: impl FnOnce(&mut Work<'_, Open>) -> Result<R, Trouble>,
    ) -> R {
        let open = Open {
            transaction: self.begin(kafka),
            kafka: std::mem::take(kafka),
            now,
        };
        let mut work = Work::new(application, open);
        std::mem::swap(&mut work.shards, &mut self.shards);
        let done = act(&mut work).expect("nothing fails in memory");
        self.shards = work.shards;
        let orders = work.desk.take_orders();
        self.errands.extend(orders.into_iter().map(Errand::from));
        *kafka = work.transaction.kafka;
        done
    }

    /// Commits what is open, and positions that moved by themselves. `false`: the session is lost.
    pub(super) fn commit(
        &mut self,
        how: Commit,
        is_member: bool,
        application: &Application,
        kafka: &mut Kafka,
        now: Timestamp,
    ) -> bool {
        self.parked
            .retain(|_, (_, _, since)| now.since(*since).as_millis() < PARKED_TTL_MILLIS.into());
        self.finish_catching_up(kafka);
        let known = self.positions.iter();
        let offsets: BTreeMap<Place, i64> = known
            .filter_map(|(place, position)| Some((*place, (*position)?)))
            .collect();
        if self.transaction.is_none() && offsets == self.committed {
            return true;
        }
        let transaction = self.begin(kafka);
        for shard in self.shards.values() {
            // Half a state need not be right, nor what a worker holds that the group has left behind.
            if is_member && shard.phase != Phase::Restoring {
                check_shard(&shard.correlator, &application.limits)
                    .expect("state that is committed is right");
            }
        }
        self.work(application, kafka, now, |work| work.write_changes());
        if !is_member {
            kafka.end_transaction(transaction);
            return false;
        }
        match how {
            Commit::Acknowledged | Commit::UnknownDone => {
                let handled = std::mem::take(&mut self.handled);
                kafka.prepare(transaction, offsets.clone(), handled);
            }
            Commit::Killed => {}
            Commit::UnknownAborted => kafka.end_transaction(transaction),
        }
        self.previous = self.transaction.take();
        self.committed = offsets;
        self.finish_catching_up(kafka);
        how == Commit::Acknowledged
    }
}
