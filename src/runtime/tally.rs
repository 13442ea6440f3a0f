use std::collections::BTreeMap;
use std::time::Duration;

use super::insight::NewestDeadLetters;
use crate::onem2m::ResponseStatusCode;
use crate::record::Coordinates;
use crate::telemetry::{AGE_BOUNDS, WorkerMetrics};
use crate::time::Timestamp;
use crate::wire::{Destination, Input};

/// What a worker did since its last commit: plain numbers, told to the metrics once the commit has made them true.
#[derive(Debug, Default)]
pub(super) struct Tally {
    requests: u64,
    cpe_events: u64,
    routed: u64,
    forwarded_requests: u64,
    forwarded_cpe_events: u64,
    out: [u64; OUT.len()],
    dead_letters: BTreeMap<&'static str, u64>,
    newest_dead_letters: NewestDeadLetters,
    responses: BTreeMap<ResponseStatusCode, u64>,
    ages: BySource<Ages>,
    latest: BySource<Option<Timestamp>>,
}

/// One for each topic that is read.
#[derive(Debug, Default)]
struct BySource<T> {
    cpe_events: T,
    requests: T,
    routed: T,
}

impl<T> BySource<T> {
    const fn of(&self, source: Option<Input>) -> &T {
        match source {
            Some(Input::CpeEvents) => &self.cpe_events,
            Some(Input::Requests) => &self.requests,
            None => &self.routed,
        }
    }

    const fn of_mut(&mut self, source: Option<Input>) -> &mut T {
        match source {
            Some(Input::CpeEvents) => &mut self.cpe_events,
            Some(Input::Requests) => &mut self.requests,
            None => &mut self.routed,
        }
    }
}

/// How old records were, by [`AGE_BOUNDS`], and all ages together.
#[derive(Debug, Default)]
struct Ages {
    counts: [u64; AGE_BOUNDS.len() + 1],
    sum: Duration,
}

const OUT: [Destination; 6] = [
    Destination::Changelog,
    Destination::Commands,
    Destination::DeadLetters,
    Destination::Ledger,
    Destination::Responses,
    Destination::Routed,
];

impl Tally {
    /// A record of an input was read.
    pub(super) const fn read(&mut self, input: Input) {
        match input {
            Input::CpeEvents => self.cpe_events += 1,
            Input::Requests => self.requests += 1,
        }
    }

    /// A record of the routed topic was read.
    pub(super) const fn read_routed(&mut self) {
        self.routed += 1;
    }

    /// A record that was read was written at that time; `None`: from the routed topic.
    pub(super) fn written_at(&mut self, source: Option<Input>, at: Timestamp, now: Timestamp) {
        let age = now.since(at);
        let ages = self.ages.of_mut(source);
        let seconds = age.as_secs_f64();
        ages.counts[AGE_BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        ages.sum += age;
        *self.latest.of_mut(source) = Some(at);
    }

    /// When the record was written that was read last; `None`: none was read yet.
    pub(super) const fn latest(&self, source: Option<Input>) -> Option<Timestamp> {
        *self.latest.of(source)
    }

    /// A record of an input was passed on to the owner of its shard.
    pub(super) const fn forwarded(&mut self, input: Input) {
        match input {
            Input::CpeEvents => self.forwarded_cpe_events += 1,
            Input::Requests => self.forwarded_requests += 1,
        }
    }

    /// A record was handed to the producer.
    pub(super) fn wrote(&mut self, destination: Destination) {
        if let Some(index) = OUT.iter().position(|known| *known == destination) {
            self.out[index] += 1;
        }
    }

    /// A record went to the dead letters; `error` says why, for people.
    pub(super) fn set_aside(&mut self, source: &Coordinates, reason: &'static str, error: &str) {
        *self.dead_letters.entry(reason).or_default() += 1;
        self.newest_dead_letters.push(source, reason, error);
    }

    /// A request was answered without a shard.
    pub(super) fn responded(&mut self, code: ResponseStatusCode) {
        *self.responses.entry(code).or_default() += 1;
    }

    /// Tells the metrics, starts anew, and gives back the newest dead letters.
    pub(super) fn export(&mut self, metrics: &mut WorkerMetrics) -> NewestDeadLetters {
        let tally = std::mem::take(self);
        for source in [Some(Input::CpeEvents), Some(Input::Requests), None] {
            *self.latest.of_mut(source) = tally.latest(source);
            let ages = tally.ages.of(source);
            metrics
                .saturation()
                .record_ages(source, &ages.counts, ages.sum);
        }
        metrics.records_in(Some(Input::Requests), tally.requests);
        metrics.records_in(Some(Input::CpeEvents), tally.cpe_events);
        metrics.records_in(None, tally.routed);
        metrics.forwarded(Input::Requests, tally.forwarded_requests);
        metrics.forwarded(Input::CpeEvents, tally.forwarded_cpe_events);
        for (destination, count) in OUT.into_iter().zip(tally.out) {
            metrics.records_out(destination, count);
        }
        for (reason, count) in tally.dead_letters {
            metrics.dead_letters(reason, count);
        }
        metrics.responses(&BTreeMap::new(), &tally.responses);
        tally.newest_dead_letters
    }
}
