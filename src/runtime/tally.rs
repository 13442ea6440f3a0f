use std::collections::BTreeMap;

use crate::onem2m::ResponseStatusCode;
use crate::telemetry::WorkerMetrics;
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
    responses: BTreeMap<ResponseStatusCode, u64>,
}

const OUT: [Destination; 5] = [
    Destination::Changelog,
    Destination::Commands,
    Destination::DeadLetters,
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

    /// A record went to the dead letters.
    pub(super) fn set_aside(&mut self, reason: &'static str) {
        *self.dead_letters.entry(reason).or_default() += 1;
    }

    /// A request was answered without a shard.
    pub(super) fn responded(&mut self, code: ResponseStatusCode) {
        *self.responses.entry(code).or_default() += 1;
    }

    /// Tells the metrics, and starts anew.
    pub(super) fn export(&mut self, metrics: &mut WorkerMetrics) {
        let tally = std::mem::take(self);
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
    }
}
