use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Counter, Gauge};
use rdkafka::types::RDKafkaErrorCode;

use super::distribution::Distribution;
use super::handle::{ByInput, Family, Share};
use super::metrics::{self as table, Metrics};
use super::{InstallationMetrics, KafkaMetrics, SaturationMetrics};
use crate::correlator::{Ledger, Progress, RetryCause, Stats, Step, UnmatchedReason};
use crate::cwmp::FaultCode;
use crate::onem2m::ResponseStatusCode;
use crate::wire::{Destination, Input};

/// A transaction takes some milliseconds on a good day and its time-out, a minute, on the worst.
const COMMIT_BOUNDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

/// A label, and how much is counted under it.
type Labelled = (&'static str, fn(&Stats) -> u64);

/// What is odd.
const ANOMALIES: [Labelled; 4] = [
    ("contradiction", |stats| stats.contradictions),
    ("fault_of_another_message", |stats| {
        stats.out_of_table_faults
    }),
    ("late_result", |stats| stats.late_results),
    ("unlisted_fault", |stats| stats.unlisted_faults),
];

/// How a transaction ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransactionOutcome {
    /// Nothing of it is visible; its records are read again.
    Aborted,
    /// All of it is visible.
    Committed,
    /// Its producer was fenced, or its end is not known; the next producer of the worker finds out, and ends it.
    Fatal,
}

/// A phase of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransactionPhase {
    /// Until all outputs are acknowledged.
    Drain,
    /// Until the transaction is ended.
    End,
    /// Until the offsets are in the transaction.
    Offsets,
}

/// The handles of one worker. Counters of several workers add up; so do their gauges, and a worker that is gone
/// counts no longer.
pub struct WorkerMetrics {
    records_in: ByInput<Counter>,
    records_routed_in: Counter,
    records_out: [Counter; DESTINATIONS.len()],
    forwarded: ByInput<Counter>,
    lag: ByInput<Share>,
    lag_routed: Share,
    applied: Counter,
    repeated: Counter,
    set_aside: Counter,
    foreign: Counter,
    parked: Share,
    waiting: Share,
    imbalance: Share,
    dead_letters: Family,
    responses: Family,
    faults: Family,
    timeouts: Family,
    commands: Family,
    retries: Family,
    anomalies: [Counter; ANOMALIES.len()],
    open: Share,
    ended: Share,
    transactions: [Counter; 3],
    phases: [Arc<Distribution>; 3],
    rebalances: Counter,
    shards_owned: Share,
    shards_restoring: Share,
    restore_records: Counter,
    restore_remaining: Share,
    watermark_age: Gauge,
    kafka_errors: Family,
    producer_recreations: Counter,
    queue_full: Counter,
    installations: InstallationMetrics,
    kafka: KafkaMetrics,
    saturation: SaturationMetrics,
}

impl WorkerMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let counter = |metric| metrics.counter(metric, &[]);
        let share = |metric| Share::new(metrics.gauge(metric, &[]));
        let fate = |fate| metrics.counter(&table::EVENTS, &[fate]);
        let topic = |metric, role| metrics.counter(metric, &[role]);
        let lag = |role| Share::new(metrics.gauge(&table::CONSUMER_LAG, &[role]));
        let family = |metric| Family::new(metrics, metric);
        let steps = Step::ALL.map(Step::as_str);
        Self {
            records_in: ByInput::new(|role| topic(&table::RECORDS_IN, role)),
            records_routed_in: topic(&table::RECORDS_IN, "routed"),
            records_out: DESTINATIONS.map(|to| topic(&table::RECORDS_OUT, role(to))),
            forwarded: ByInput::new(|role| topic(&table::RECORDS_FORWARDED, role)),
            lag: ByInput::new(lag),
            lag_routed: lag("routed"),
            applied: fate("applied"),
            repeated: fate("repeated"),
            set_aside: fate("set_aside"),
            foreign: fate("foreign"),
            parked: share(&table::PARKED),
            waiting: share(&table::REQUESTS_WAITING),
            imbalance: share(&table::LEDGER_IMBALANCE),
            dead_letters: family(&table::DEAD_LETTERS)
                .with(&UNMATCHED.map(UnmatchedReason::as_str)),
            responses: family(&table::RESPONSES).with(&["2001", "4000"]),
            faults: family(&table::FAULTS).with(&["vendor", "other"]),
            timeouts: family(&table::TIMEOUTS).with(&Progress::ALL.map(Progress::timeout_name)),
            commands: family(&table::COMMANDS).with(&steps),
            retries: family(&table::RETRIES)
                .with(&RetryCause::NAMED.map(|cause| cause.name().unwrap_or_default())),
            anomalies: ANOMALIES.map(|(kind, _)| metrics.counter(&table::ANOMALIES, &[kind])),
            open: share(&table::INSTALLATIONS_OPEN),
            ended: share(&table::INSTALLATIONS_ENDED),
            transactions: ["aborted", "committed", "fatal"]
                .map(|outcome| metrics.counter(&table::TRANSACTIONS, &[outcome])),
            phases: ["drain", "end", "offsets"].map(|phase| {
                metrics.distribution(&table::TRANSACTION_DURATION, &[phase], &COMMIT_BOUNDS)
            }),
            rebalances: counter(&table::REBALANCES),
            shards_owned: share(&table::SHARDS_OWNED),
            shards_restoring: share(&table::SHARDS_RESTORING),
            restore_records: counter(&table::RESTORE_RECORDS),
            restore_remaining: share(&table::RESTORE_REMAINING),
            watermark_age: metrics.gauge(&table::WATERMARK_AGE, &[]),
            kafka_errors: family(&table::KAFKA_ERRORS).with(&["AllBrokersDown"]),
            producer_recreations: counter(&table::PRODUCER_RECREATIONS),
            queue_full: counter(&table::QUEUE_FULL),
            installations: InstallationMetrics::new(metrics),
            kafka: KafkaMetrics::new(metrics),
            saturation: SaturationMetrics::new(metrics),
        }
    }

    /// What is told of installations beyond counts.
    pub const fn installations(&mut self) -> &mut InstallationMetrics {
        &mut self.installations
    }

    /// What its Kafka clients tell of themselves.
    pub const fn kafka(&mut self) -> &mut KafkaMetrics {
        &mut self.kafka
    }

    /// How near the worker is to what it bears.
    pub const fn saturation(&self) -> &SaturationMetrics {
        &self.saturation
    }

    /// Records were read; `None`: from the routed topic.
    pub fn records_in(&self, input: Option<Input>, count: u64) {
        match input {
            Some(input) => self.records_in.of(input).increment(count),
            None => self.records_routed_in.increment(count),
        }
    }

    /// Records were handed to the producer.
    pub fn records_out(&self, destination: Destination, count: u64) {
        let index = DESTINATIONS.iter().position(|known| *known == destination);
        self.records_out[index.expect("every destination is listed")].increment(count);
    }

    /// Records of an input were passed on to the worker that owns their shard.
    pub fn forwarded(&self, input: Input, count: u64) {
        self.forwarded.of(input).increment(count);
    }

    /// How many records lie ahead of this worker; `None`: in the routed topic.
    pub fn set_lag(&mut self, input: Option<Input>, records: u64) {
        match input {
            Some(input) => self.lag.of_mut(input).set(records),
            None => self.lag_routed.set(records),
        }
    }

    /// A ledger went from `before` to `after` by events that were handled (not by a restore).
    pub fn events(&self, before: &Ledger, after: &Ledger) {
        let difference = |count: fn(&Ledger) -> u64| count(after).saturating_sub(count(before));
        self.applied.increment(difference(|ledger| ledger.applied));
        self.repeated
            .increment(difference(|ledger| ledger.repeated));
        self.set_aside
            .increment(difference(|ledger| ledger.set_aside));
        self.foreign.increment(difference(|ledger| ledger.foreign));
    }

    /// The ledgers of all shards that this worker owns.
    pub fn set_ledgers<'a>(&mut self, ledgers: impl IntoIterator<Item = &'a Ledger>) {
        let (mut parked, mut imbalance) = (0, 0);
        for ledger in ledgers {
            parked += ledger.parked;
            imbalance += ledger.imbalance();
        }
        self.parked.set(parked);
        self.imbalance.set(imbalance);
    }

    /// Records were written to the dead letters; `reason` is that of a `DecodeReason` or an `UnmatchedReason`.
    pub fn dead_letters(&mut self, reason: &'static str, count: u64) {
        self.dead_letters.add(reason, count);
    }

    /// Responses were given: counts before and after.
    pub fn responses(
        &mut self,
        before: &BTreeMap<ResponseStatusCode, u64>,
        after: &BTreeMap<ResponseStatusCode, u64>,
    ) {
        self.responses
            .add_differences(before, after, |code| code.to_string().into());
    }

    /// Faults ended installations: counts before and after.
    pub fn faults(&mut self, before: &BTreeMap<FaultCode, u64>, after: &BTreeMap<FaultCode, u64>) {
        self.faults
            .add_differences(before, after, |code| fault_label(*code));
    }

    /// Deadlines passed: counts before and after; `label` names what was waited for.
    pub fn timeouts<K: Ord>(
        &mut self,
        before: &BTreeMap<K, u64>,
        after: &BTreeMap<K, u64>,
        label: fn(&K) -> &'static str,
    ) {
        self.timeouts
            .add_differences(before, after, |step| label(step).into());
    }

    /// Commands were sent: counts before and after.
    pub fn commands(&mut self, before: &BTreeMap<Step, u64>, after: &BTreeMap<Step, u64>) {
        self.commands
            .add_differences(before, after, |step| step.as_str().into());
    }

    /// Commands are to come again: counts before and after.
    pub fn retries(
        &mut self,
        before: &BTreeMap<RetryCause, u64>,
        after: &BTreeMap<RetryCause, u64>,
    ) {
        self.retries
            .add_differences(before, after, |cause| match cause.fault() {
                Some(code) => fault_label(code),
                None => cause.name().unwrap_or_default().into(),
            });
    }

    /// Something was odd: counts before and after.
    pub fn anomalies(&self, before: &Stats, after: &Stats) {
        for (counter, (_, count)) in self.anomalies.iter().zip(ANOMALIES) {
            counter.increment(count(after).saturating_sub(count(before)));
        }
    }

    /// Installations of all shards that this worker owns: under way, and ended but remembered.
    pub fn set_installations(&mut self, open: u64, ended: u64) {
        self.open.set(open);
        self.ended.set(ended);
    }

    /// A transaction ended.
    pub fn transaction(&self, outcome: TransactionOutcome) {
        let index = match outcome {
            TransactionOutcome::Aborted => 0,
            TransactionOutcome::Committed => 1,
            TransactionOutcome::Fatal => 2,
        };
        self.transactions[index].increment(1);
    }

    /// A phase of a commit took so long.
    pub fn transaction_phase(&self, phase: TransactionPhase, duration: Duration) {
        let index = match phase {
            TransactionPhase::Drain => 0,
            TransactionPhase::End => 1,
            TransactionPhase::Offsets => 2,
        };
        self.phases[index].observe(duration);
    }

    /// The group assigned or revoked partitions.
    pub fn rebalance(&self) {
        self.rebalances.increment(1);
    }

    /// Shards that this worker owns, and how many of them are being restored.
    pub fn set_shards(&mut self, owned: u64, restoring: u64) {
        self.shards_owned.set(owned);
        self.shards_restoring.set(restoring);
    }

    /// Requests that wait for their node.
    pub fn set_waiting(&mut self, requests: u64) {
        self.waiting.set(requests);
    }

    /// Changelog records were read, and at most so many remain.
    pub fn restored(&mut self, records: u64, remaining: u64) {
        self.restore_records.increment(records);
        self.restore_remaining.set(remaining);
    }

    /// How far the watermark of the process is behind its clock. Workers of a process share it; the last one counts.
    pub fn set_watermark_age(&self, age: Duration) {
        self.watermark_age.set(age.as_secs_f64());
    }

    /// librdkafka reported an error.
    pub fn kafka_error(&mut self, code: RDKafkaErrorCode) {
        self.kafka_errors.add(format!("{code:?}"), 1);
    }

    /// The producer was replaced.
    pub fn producer_recreated(&self) {
        self.producer_recreations.increment(1);
    }

    /// The producer's queue was full so many times.
    pub fn queue_full(&self, count: u64) {
        self.queue_full.increment(count);
    }
}

const DESTINATIONS: [Destination; 6] = [
    Destination::Changelog,
    Destination::Commands,
    Destination::DeadLetters,
    Destination::Ledger,
    Destination::Responses,
    Destination::Routed,
];

const UNMATCHED: [UnmatchedReason; 6] = [
    UnmatchedReason::AmbiguousCommandKey,
    UnmatchedReason::EarlyEventsFull,
    UnmatchedReason::EarlyEventsOfDeviceFull,
    UnmatchedReason::EmptyCommandKey,
    UnmatchedReason::UnknownCommandId,
    UnmatchedReason::UnknownCommandKey,
];

const fn role(destination: Destination) -> &'static str {
    match destination {
        Destination::Changelog => "changelog",
        Destination::Commands => "commands",
        Destination::DeadLetters => "dead_letters",
        Destination::Ledger => "ledger",
        Destination::Responses => "responses",
        Destination::Routed => "routed",
    }
}

/// Codes with a meaning of their own (`cwmp-1-2.xsd`) by number; the hundreds of others together.
fn fault_label(code: FaultCode) -> Cow<'static, str> {
    match code.get() {
        number @ (8000..=8006 | 9000..=9032) => number.to_string().into(),
        8800..=8899 | 9800..=9899 => "vendor".into(),
        _ => "other".into(),
    }
}

#[cfg(test)]
mod tests;
