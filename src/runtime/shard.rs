//! One shard: its correlator, and what of it the changelog does not know yet.

use std::collections::BTreeMap;

use crate::correlator::{
    Correlator, Effects, Event, InstallationId, Ledger, Limits, Pacing, Slot, Stats,
};
use crate::mapping::Rules;
use crate::telemetry::WorkerMetrics;
use crate::time::Timestamp;
use crate::wire::changelog::{self, ChangelogEntry, ChangelogError};
use crate::wire::{Decoder, Outbound};

use super::ledger_report::LedgerReport;
use super::waiting::Waiting;

/// How far a shard is on its way to handling records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// The changelog is being read; nothing is handled.
    Restoring,
    /// Only records of the routed topic are handled, until its position has passed this offset: what was forwarded
    /// before must not be overtaken.
    CatchingUp(i64),
    /// Records are handled wherever they are read.
    Ready,
}

/// Whether a worker with these shards reads its input partitions.
///
/// While one of them catches up it does not: what it read would be forwarded behind the offset where catching up ends,
/// and the next record would be handled before it. While all are being restored it would only forward to itself.
pub(crate) fn reads_inputs(shards: &BTreeMap<i32, Shard>) -> bool {
    let mut phases = shards.values().map(|shard| shard.phase);
    let catches_up = phases
        .clone()
        .any(|phase| matches!(phase, Phase::CatchingUp(_)));
    let is_away = |phase| phase == Phase::Restoring;
    shards.is_empty() || !(catches_up || phases.all(is_away))
}

/// Why a shard cannot be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    /// The number of shards was changed, which must never happen.
    #[error("the state was written with {written_with} shards, the topics have {shards}")]
    ShardCount {
        /// When the state was written.
        written_with: u32,
        /// That the topics have.
        shards: i32,
    },
    /// A newer version or a stranger wrote the record.
    #[error(transparent)]
    Unreadable(#[from] ChangelogError),
}

/// One slice of the fleet.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(crate) number: i32,
    pub(crate) phase: Phase,
    pub(crate) correlator: Correlator,
    pub(super) waiting: Waiting,
    pub(super) report: LedgerReport,
    changed: Vec<Slot>,
    forgotten: Vec<InstallationId>,
    written: Ledger,
    paced: Pacing,
    exported: Stats,
}

impl Shard {
    pub(crate) fn new(number: i32, limits: &Limits, rules: &Rules) -> Self {
        Self {
            number,
            phase: Phase::Restoring,
            correlator: Correlator::new(limits.clone(), rules.clone()),
            waiting: Waiting::default(),
            report: LedgerReport::default(),
            changed: Vec::new(),
            forgotten: Vec::new(),
            written: Ledger::default(),
            paced: Pacing::default(),
            exported: Stats::default(),
        }
    }

    /// Takes over one record of the changelog; `shards` is the number of shards that the topics have.
    ///
    /// # Errors
    /// If it was written by a newer version, by another shard count, or by a stranger.
    pub(crate) fn restore(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        decoder: &Decoder,
        shards: i32,
    ) -> Result<(), RestoreError> {
        let entry = changelog::decode(key, value, decoder)?;
        match entry {
            ChangelogEntry::Forgotten(id) => self.correlator.restore_forgotten(&id),
            ChangelogEntry::Installation(installation) => self.correlator.restore(*installation),
            ChangelogEntry::Ledger(ledger, written_with) => {
                if i32::try_from(written_with) != Ok(shards) {
                    return Err(RestoreError::ShardCount {
                        written_with,
                        shards,
                    });
                }
                self.correlator.restore_ledger(ledger);
                self.written = ledger;
            }
            ChangelogEntry::Pacing(pacing) => {
                self.correlator.restore_pacing(pacing.clone());
                self.paced = pacing;
            }
            ChangelogEntry::Rest(device, until) => self.correlator.restore_rest(&device, until),
            ChangelogEntry::Waiting(coordinates, request) => {
                self.waiting
                    .restore(coordinates, request.map(|request| *request));
            }
        }
        Ok(())
    }

    /// Handles one event; what it changed is remembered here, the other effects are left in `effects`.
    pub(crate) fn handle(&mut self, now: Timestamp, event: Event<'_>, effects: &mut Effects) {
        self.correlator.handle(now, event, effects);
    }

    /// The changelog wants this installation at the end of the transaction.
    pub(crate) fn remember(&mut self, slot: Slot) {
        if self.changed.last() != Some(&slot) {
            self.changed.push(slot);
        }
    }

    /// The changelog wants a tombstone at the end of the transaction.
    pub(crate) fn forget(&mut self, id: InstallationId) {
        self.forgotten.push(id);
    }

    /// Writes what changed since the last call, one record per installation, and the ledger. Tombstones come first: an
    /// installation that was forgotten and came back is written after its tombstone.
    pub(crate) fn write_changes<E>(
        &mut self,
        shards: i32,
        outbound: &mut Outbound,
        mut send: impl FnMut(&Outbound) -> Result<(), E>,
    ) -> Result<(), E> {
        for id in self.forgotten.drain(..) {
            changelog::encode_forgotten(&id, outbound);
            outbound.partition = Some(self.number);
            send(outbound)?;
        }
        self.changed.sort_unstable();
        self.changed.dedup();
        for slot in self.changed.drain(..) {
            if let Some(installation) = self.correlator.installation(slot) {
                changelog::encode_installation(installation, outbound);
                outbound.partition = Some(self.number);
                send(outbound)?;
            }
        }
        self.waiting.write_changes(|change| {
            match change {
                Ok(request) => changelog::encode_waiting(request, outbound),
                Err(coordinates) => changelog::encode_waited(coordinates, outbound),
            }
            outbound.partition = Some(self.number);
            send(outbound)
        })?;
        let pacing = self.correlator.pacing();
        if *pacing != self.paced {
            changelog::encode_pacing(pacing, outbound);
            outbound.partition = Some(self.number);
            send(outbound)?;
            self.paced = pacing.clone();
        }
        for (device, until) in self.correlator.take_rests() {
            changelog::encode_rest(&device, until, outbound);
            outbound.partition = Some(self.number);
            send(outbound)?;
        }
        let ledger = self.correlator.stats().ledger;
        if ledger != self.written {
            changelog::encode_ledger(&ledger, shards.unsigned_abs(), outbound);
            outbound.partition = Some(self.number);
            send(outbound)?;
            self.written = ledger;
        }
        Ok(())
    }

    /// Whether it has handled anything: then its ledger tells with how many shards.
    pub(super) fn has_ledger(&self) -> bool {
        self.correlator.stats().ledger != Ledger::default()
    }

    /// The state is complete: what is counted from here on was done here.
    pub(crate) fn restored(&mut self) {
        self.exported = self.correlator.stats().clone();
    }

    /// Tells the metrics what was counted since the last call.
    pub(super) fn export(&mut self, metrics: &mut WorkerMetrics) {
        let (before, after) = (&self.exported, self.correlator.stats());
        if before == after {
            return;
        }
        metrics.events(&before.ledger, &after.ledger);
        metrics.responses(&before.responses, &after.responses);
        metrics.faults(&before.faults, &after.faults);
        metrics.timeouts(&before.timeouts, &after.timeouts, |progress| {
            progress.timeout_name()
        });
        metrics.commands(&before.commands, &after.commands);
        metrics.retries(&before.retries, &after.retries);
        metrics.anomalies(before, after);
        self.exported = after.clone();
        metrics
            .installations()
            .observed(&self.correlator.take_observations());
    }
}
