//! What a session tells the probes and the metrics.

use std::time::Duration;

use rdkafka::consumer::Consumer as _;

use crate::runtime::probe::Offsets;
use crate::runtime::shard::{Phase, Shard};
use crate::runtime::transaction::CommitTimes;
use crate::runtime::waiting;
use crate::telemetry::{KafkaClient, Limit, TransactionOutcome, TransactionPhase};
use crate::wire::Input;

use super::Session;

/// How often gauges are told, whether or not there is a moment without work.
const GAUGES_INTERVAL: Duration = Duration::from_millis(400);

impl Session<'_> {
    /// Changelog records that are left to read, at most.
    pub(super) fn remaining(&self) -> u64 {
        self.restorer.remaining().max(0).unsigned_abs()
    }

    /// Tells whoever wants to know, after each turn.
    pub(super) fn tell(&mut self) {
        self.answer_questions();
        let elapsed = self.setup.clock.elapsed();
        if elapsed.saturating_sub(self.gauges_told) >= GAUGES_INTERVAL {
            self.gauges_told = elapsed;
            self.export_gauges();
        }
        self.tell_health();
    }

    fn tell_health(&self) {
        let mut shards = self.work.shards.values();
        let ready = self.joined && shards.all(|shard| shard.phase == Phase::Ready);
        self.setup.health.set_ready(self.worker, ready);
    }

    /// What the commit made true.
    pub(super) fn export_commit(&mut self, times: &CommitTimes) {
        self.metrics.transaction(TransactionOutcome::Committed);
        self.metrics
            .transaction_phase(TransactionPhase::Drain, times.drain);
        self.metrics
            .transaction_phase(TransactionPhase::Offsets, times.offsets);
        self.metrics
            .transaction_phase(TransactionPhase::End, times.end);
        let dead_letters = self.work.tally.export(&mut self.metrics);
        if !dead_letters.is_empty() {
            let now = self.setup.clock.now();
            self.setup.insight.note_dead_letters(dead_letters, now);
        }
        for shard in self.work.shards.values_mut() {
            shard.export(&mut self.metrics);
        }
    }

    /// How things stand.
    fn export_gauges(&mut self) {
        let ends = self.setup.watermark.ends();
        self.note_ends(&ends);
        let shards = self.work.shards.values();
        let restoring = shards
            .clone()
            .filter(|shard| shard.phase == Phase::Restoring)
            .count();
        self.metrics
            .set_shards(self.work.shards.len() as u64, restoring as u64);
        self.metrics
            .set_ledgers(shards.clone().map(|shard| &shard.correlator.stats().ledger));
        let open: usize = shards
            .clone()
            .map(|shard| shard.correlator.open_installations())
            .sum();
        let ended: usize = shards
            .map(|shard| shard.correlator.ended_installations())
            .sum();
        self.metrics.set_installations(open as u64, ended as u64);
        let shards = self.work.shards.values();
        let waiting: usize = shards.map(|shard| shard.waiting.len()).sum();
        self.metrics.set_waiting(waiting as u64);
        let remaining = self.remaining();
        self.metrics.restored(0, remaining);
        let age = self.setup.clock.now().since(self.setup.watermark.now());
        self.metrics.set_watermark_age(age);
        self.export_lag(&ends);
        self.export_saturation();
        self.export_errors();
        self.export_figures();
    }

    /// Tells the lanes what lies ahead of them.
    fn note_ends(&mut self, ends: &Offsets) {
        match self.positions() {
            Ok(positions) => self.lanes.note(&positions, ends),
            Err(error) => tracing::debug!(?error, "the lanes keep what they know"),
        }
    }

    /// What the client library told of itself.
    fn export_figures(&mut self) {
        let consumer = self.consumer.context().diagnostics().take_figures();
        let producer = self.work.transaction.take_figures();
        for (client, figures) in [
            (KafkaClient::Consumer, consumer),
            (KafkaClient::Producer, producer),
        ] {
            if let Some(figures) = figures {
                self.metrics.kafka().told(client, &figures);
            }
        }
    }

    /// What the client library reported by itself.
    fn export_errors(&mut self) {
        let consumer = self.consumer.context().diagnostics().take_errors();
        for code in consumer
            .into_iter()
            .chain(self.work.transaction.take_errors())
        {
            self.metrics.kafka_error(code);
        }
        self.metrics
            .queue_full(self.work.transaction.take_queue_full());
    }

    /// Records between the committed offsets and the ends that the watermark saw last.
    fn export_lag(&mut self, ends: &Offsets) {
        let (mut requests, mut cpe_events, mut routed) = (0, 0, 0);
        for (partition, offset) in &self.committed {
            let lag = ends
                .get(partition)
                .map_or(0, |end| end.saturating_sub(*offset).max(0).unsigned_abs());
            match self.setup.application.input(&partition.0) {
                Some(Input::CpeEvents) => cpe_events += lag,
                Some(Input::Requests) => requests += lag,
                None => routed += lag,
            }
        }
        for (source, records) in [
            (Some(Input::Requests), requests),
            (Some(Input::CpeEvents), cpe_events),
            (None, routed),
        ] {
            self.metrics.set_lag(source, records);
            self.metrics
                .saturation()
                .set_lag(source, self.lag_of(source, records));
        }
    }

    /// How old the record is that was read last while `records` more lie ahead; before the first one the watermark
    /// tells.
    fn lag_of(&self, source: Option<Input>, records: u64) -> Duration {
        match records {
            0 => Duration::ZERO,
            _ => {
                let latest = self.work.tally.latest(source);
                let latest = latest.unwrap_or_else(|| self.setup.watermark.now());
                self.setup.clock.now().since(latest)
            }
        }
    }

    /// How near the shards are to their limits.
    fn export_saturation(&self) {
        let saturation = self.metrics.saturation();
        let shards = self.work.shards.values();
        let oldest = shards
            .clone()
            .filter_map(|shard| shard.correlator.oldest_open())
            .min();
        let now = self.setup.clock.now();
        saturation.set_oldest_open(oldest.map_or(Duration::ZERO, |since| now.since(since)));
        let limits = &self.setup.application.limits;
        let fullest =
            |count: fn(&Shard) -> usize| shards.clone().map(count).max().unwrap_or_default();
        let open = fullest(|shard| shard.correlator.open_installations());
        saturation.set_fill(
            Limit::OpenInstallations,
            open,
            limits.open_installations_max,
        );
        let early = fullest(|shard| shard.correlator.early_events());
        saturation.set_fill(Limit::EarlyEvents, early, limits.early_events_max);
        let waiting = fullest(|shard| shard.waiting.len());
        saturation.set_fill(Limit::WaitingRequests, waiting, waiting::REQUESTS_MAX);
        let (queued, queue_max) = self.work.transaction.queue();
        saturation.set_fill(Limit::ProducerQueue, queued, queue_max);
    }
}
