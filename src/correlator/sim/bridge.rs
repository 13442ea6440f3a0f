//! A worker as the runtime has it, with the real shards, router, decoder and encoder, on the simulated topics.

mod setup;

use std::collections::BTreeMap;

use crate::correlator::{Effect, Effects};
use crate::record::Record;
use crate::runtime::router;
use crate::runtime::shard::{Phase, Shard};
use crate::time::Timestamp;
use crate::wire::{Cause, Decoded, Destination, Input, Outbound, Undecoded};

use super::judge::check_shard;
use super::kafka::{Entry, Kafka, Place, Topic, coordinates};

pub(super) use setup::{Setup, certificate_of, decoder, encoder};

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
    effects: Effects,
    outbound: Outbound,
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
            effects: Effects::new(),
            outbound: Outbound::default(),
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        self.positions.keys().copied().collect()
    }

    pub(super) fn is_restoring(&self) -> bool {
        !self.restoring.is_empty()
    }

    pub(super) fn on_assigned(&mut self, places: &[Place], setup: &Setup, kafka: &Kafka) {
        for place in places {
            self.positions.insert(*place, kafka.stable_offset(*place));
            if place.0 != Topic::Routed {
                continue;
            }
            let number = place.1;
            let (next, mut shard) = match self.parked.remove(&number) {
                Some((shard, next, _)) => (next, shard),
                None => (0, Shard::new(number, &setup.limits, &setup.rules)),
            };
            shard.phase = Phase::Restoring;
            self.shards.insert(number, shard);
            let end = kafka.end((Topic::Changelog, number));
            if next < end {
                self.restoring.insert(number, (next, end));
            } else {
                self.catch_up(number, kafka);
            }
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

    fn catch_up(&mut self, number: i32, kafka: &Kafka) {
        let end = kafka.end((Topic::Routed, number));
        let shard = self.shards.get_mut(&number).expect("it is assigned");
        shard.restored();
        shard.phase = Phase::CatchingUp(end);
        self.finish_catching_up(kafka);
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
    pub(super) fn restore_some(&mut self, max: usize, setup: &Setup, kafka: &Kafka) -> bool {
        let mut moved = false;
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
                    .restore(key, value, &setup.decoder, setup.shards)
                    .expect("the bridge reads what it wrote");
            }
            self.restoring.insert(number, (next, end));
            if next >= end {
                self.restoring.remove(&number);
                self.catch_up(number, kafka);
                moved = true;
            }
        }
        moved
    }

    /// Reads and handles one record of that partition; returns whether the position moved.
    pub(super) fn read_one(
        &mut self,
        place: Place,
        setup: &Setup,
        kafka: &mut Kafka,
        now: Timestamp,
    ) -> bool {
        if place.0 == Topic::Routed && self.restoring.contains_key(&place.1) {
            return false;
        }
        let Some(position) = self.positions[&place].or_else(|| kafka.stable_offset(place)) else {
            return false;
        };
        let (found, next) = kafka.read(place, position);
        let found = found.map(|(offset, entry)| (offset, entry.clone()));
        if let Some((offset, entry)) = found {
            self.begin(kafka);
            self.on_entry(place, offset, &entry, setup, kafka, now);
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
        setup: &Setup,
        kafka: &mut Kafka,
        now: Timestamp,
    ) {
        let mut headers = entry.message.headers();
        let is_routed = place.0 == Topic::Routed;
        let (coordinates, key) = if is_routed {
            router::origin(&mut headers).expect("only the bridge writes there")
        } else {
            (coordinates(place, offset), entry.message.key.as_deref())
        };
        let input = match Topic::named(&coordinates.topic) {
            Some(Topic::Requests) => Input::Requests,
            _ => Input::CpeEvents,
        };
        let record = Record {
            coordinates: &coordinates,
            key,
            value: entry.message.value.as_deref(),
            headers: &headers,
        };
        let event = match setup.decoder.decode(input, record) {
            Ok(Decoded::One(event)) => event,
            Ok(Decoded::Several(_)) => panic!("the fleet writes no notifications"),
            Err(Undecoded::Foreign | Undecoded::Homeless(..) | Undecoded::Unreadable(_)) => {
                panic!("the fleet writes nothing unreadable")
            }
        };
        let number = router::shard_of(event.device.key(), setup.shards);
        assert!(!is_routed || number == place.1, "routed to the wrong shard");
        match self.shards.get_mut(&number) {
            Some(shard) if takes(shard.phase, is_routed) => {
                shard.handle(now, event, &mut self.effects);
                self.carry_out(number, Some(record), setup, kafka, now);
            }
            Some(_) | None => {
                assert!(!is_routed, "a record came before its shard was restored");
                router::forward(record, event.device.key(), number, &mut self.outbound);
                self.send(kafka, now);
            }
        }
    }

    /// Fires deadlines that are due at the watermark; returns whether there were some.
    pub(super) fn on_time(
        &mut self,
        watermark: Timestamp,
        max: usize,
        setup: &Setup,
        kafka: &mut Kafka,
        now: Timestamp,
    ) -> bool {
        let is_due = |shard: &&Shard| {
            shard.phase != Phase::Restoring
                && shard
                    .correlator
                    .poll_timeout()
                    .is_some_and(|at| at <= watermark)
        };
        let due = self.shards.values().filter(is_due);
        let due: Vec<i32> = due.map(|shard| shard.number).collect();
        for number in &due {
            self.begin(kafka);
            let shard = self.shards.get_mut(number).expect("it was just there");
            let correlator = &mut shard.correlator;
            correlator.handle_timeout(watermark, max, &mut self.effects);
            self.carry_out(*number, None, setup, kafka, now);
        }
        !due.is_empty()
    }

    fn carry_out(
        &mut self,
        number: i32,
        record: Option<Record<'_>>,
        setup: &Setup,
        kafka: &mut Kafka,
        now: Timestamp,
    ) {
        let cause = record.map_or(Cause::Deadline, |record| Cause::Record(record.coordinates));
        for effect in std::mem::take(&mut self.effects) {
            let shard = self.shards.get_mut(&number).expect("it is assigned");
            match effect {
                Effect::Forget(id) => shard.forget(id),
                Effect::Remember(slot) => shard.remember(slot),
                Effect::Respond(response) => {
                    let transaction = self.transaction.expect("it has begun");
                    let place = (Topic::Outputs, 0);
                    let sent: Result<(), ()> =
                        setup
                            .encoder
                            .response(&response, cause, &mut self.outbound, |outbound| {
                                kafka.send(transaction, place, outbound, now);
                                Ok(())
                            });
                    sent.expect("sending to memory does not fail");
                }
                Effect::Send(command) => {
                    setup.encoder.command(&command, cause, &mut self.outbound);
                    self.send(kafka, now);
                }
                Effect::SetAside(unmatched) => {
                    let headers = unmatched.record.as_ref().map(|kept| kept.headers());
                    let kept = unmatched.record.as_ref().zip(headers.as_ref());
                    let kept = kept.map(|(kept, headers)| kept.borrow(headers));
                    let source = kept.or(record).expect("a record is set aside");
                    let reason = unmatched.reason.as_str();
                    let text = &unmatched.explanation;
                    let encoder = &setup.encoder;
                    encoder.dead_letter(source, reason, text, &mut self.outbound);
                    self.send(kafka, now);
                }
            }
        }
    }

    fn send(&self, kafka: &mut Kafka, now: Timestamp) {
        let transaction = self.transaction.expect("it has begun");
        send(kafka, transaction, &self.outbound, now);
    }

    /// Commits what is open, and positions that moved by themselves. `false`: the session is lost.
    pub(super) fn commit(
        &mut self,
        how: Commit,
        is_member: bool,
        setup: &Setup,
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
        for shard in self.shards.values_mut() {
            // Half a state need not be right, nor what a worker holds that the group has left behind.
            if is_member && shard.phase != Phase::Restoring {
                check_shard(&shard.correlator, &setup.limits)
                    .expect("state that is committed is right");
            }
            let sent: Result<(), ()> =
                shard.write_changes(setup.shards, &mut self.outbound, |outbound| {
                    send(kafka, transaction, outbound, now);
                    Ok(())
                });
            sent.expect("sending to memory does not fail");
        }
        if !is_member {
            kafka.end_transaction(transaction);
            return false;
        }
        match how {
            Commit::Acknowledged | Commit::UnknownDone => {
                kafka.prepare(transaction, offsets.clone());
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

const fn takes(phase: Phase, is_routed: bool) -> bool {
    match phase {
        Phase::Ready => true,
        Phase::CatchingUp(_) => is_routed,
        Phase::Restoring => false,
    }
}

fn send(kafka: &mut Kafka, transaction: usize, outbound: &Outbound, now: Timestamp) {
    let place = match outbound.destination {
        Destination::Changelog => Topic::Changelog,
        Destination::Routed => Topic::Routed,
        Destination::Commands | Destination::DeadLetters | Destination::Responses => Topic::Outputs,
    };
    kafka.send(
        transaction,
        (place, outbound.partition.unwrap_or(0)),
        outbound,
        now,
    );
}
