//! What the group gives and takes: shards come, are restored, catch up, and go.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::Offset;

use crate::runtime::assignment::{Partition, Rebalance, give_back, list, partitions_of, take_over};
use crate::runtime::shard::{Phase, RestoreError, Shard};
use crate::runtime::trouble::Trouble;
use crate::runtime::{RuntimeError, Setup, clients};

use super::{Parked, Progress, Session};

/// Changelog records read before other things have their turn.
const RESTORED_PER_TURN_MAX: usize = 20_000;

/// How long a restore may stand still before transactions of dead workers are ended.
const STALLED: Duration = Duration::from_secs(1);

impl Session<'_> {
    pub(super) fn apply_rebalances(&mut self) -> Result<(), Trouble> {
        while let Some(rebalance) = self.consumer.context().take() {
            self.metrics.rebalance();
            if self.work.transaction.is_open() {
                if self.consumer.assignment_lost() {
                    return Err(Trouble::SessionLost(
                        "the group went on without this worker".to_owned(),
                    ));
                }
                self.commit()?;
            }
            match rebalance {
                Rebalance::Assigned(partitions) => self.on_assigned(partitions)?,
                Rebalance::Revoked(partitions) => self.on_revoked(&partitions)?,
            }
        }
        Ok(())
    }

    fn on_assigned(&mut self, partitions: Vec<Partition>) -> Result<(), Trouble> {
        let routed = self.setup.config.routed_topic();
        let shards = self.shards_among(&partitions);
        tracing::info!(
            worker = self.worker,
            ?shards,
            partitions = partitions.len(),
            "partitions assigned"
        );
        let start = list(
            partitions
                .iter()
                .map(|partition| (partition, Offset::Stored)),
        )
        .map_err(|error| Trouble::from_kafka("listing partitions", &error))?;
        for partition in &partitions {
            let input = self.setup.application.input(&partition.0);
            self.lanes.open(&self.consumer, partition, input)?;
        }
        take_over(&self.consumer, &start)
            .map_err(|error| Trouble::from_kafka("taking partitions over", &error))?;
        let ends = self.changelog_ends(&shards)?;
        let application = &self.setup.application;
        let mut stretches = Vec::new();
        for number in &shards {
            let (next, mut shard) = match self.parked.remove(number) {
                Some(parked) => (parked.next, parked.shard),
                None => (
                    0,
                    Shard::new(*number, &application.limits, &application.rules),
                ),
            };
            let (beginning, end) = ends.get(number).copied().unwrap_or_default();
            if next.max(beginning) < end {
                stretches.push((*number, next.max(beginning), end));
            }
            shard.phase = Phase::Restoring;
            self.work.shards.insert(*number, shard);
        }
        let restoring: Vec<i32> = stretches.iter().map(|(number, ..)| *number).collect();
        self.restorer.start(stretches)?;
        let restored: Vec<i32> = shards
            .into_iter()
            .filter(|number| !restoring.contains(number))
            .collect();
        self.lanes.hold(true, |(topic, number)| {
            *topic == routed && restoring.contains(number)
        });
        self.joined = true;
        self.catch_up(&restored)
    }

    /// Beginning and high watermark of these partitions of the changelog, as of now: after the assignment.
    fn changelog_ends(&self, shards: &[i32]) -> Result<BTreeMap<i32, (i64, i64)>, Trouble> {
        let topic = self.setup.config.changelog_topic();
        let partitions = partitions_of(&topic, shards.iter().copied());
        let asked = |error| Trouble::from_kafka("asking for the ends of the changelog", &error);
        let beginnings = self.setup.probe.beginnings(&partitions).map_err(asked)?;
        self.pulse.beat();
        let ends = self.setup.probe.ends(&partitions).map_err(asked)?;
        self.pulse.beat();
        Ok(ends
            .into_iter()
            .map(|(partition, end)| {
                let beginning = beginnings.get(&partition).copied().unwrap_or(0);
                (partition.1, (beginning, end))
            })
            .collect())
    }

    /// The shards whose routed partitions are among these.
    fn shards_among(&self, partitions: &[Partition]) -> Vec<i32> {
        let routed = self.setup.config.routed_topic();
        partitions
            .iter()
            .filter(|(topic, _)| *topic == routed)
            .map(|(_, number)| *number)
            .collect()
    }

    fn on_revoked(&mut self, partitions: &[Partition]) -> Result<(), Trouble> {
        let shards = self.shards_among(partitions);
        let lost = self.consumer.assignment_lost();
        tracing::info!(worker = self.worker, ?shards, lost, "partitions revoked");
        self.restorer.stop(&shards)?;
        let ends = if lost {
            BTreeMap::new()
        } else {
            self.changelog_ends(&shards)?
        };
        for number in shards {
            let Some(shard) = self.work.shards.remove(&number) else {
                continue;
            };
            // Nobody else can have written to the changelog yet, so the shard knows all up to its end. A shard that was
            // lost may have a new owner already, and one that was not restored knows too little.
            if let (Some((_, next)), true) = (ends.get(&number), shard.phase != Phase::Restoring) {
                self.parked.insert(
                    number,
                    Parked {
                        shard,
                        next: *next,
                        since: self.setup.clock.elapsed(),
                    },
                );
            }
        }
        self.committed
            .retain(|partition, _| !partitions.contains(partition));
        self.lanes.close(partitions);
        give_back(&self.consumer, partitions)
            .map_err(|error| Trouble::from_kafka("giving partitions back", &error))
    }

    pub(super) fn restore_some(&mut self) -> Result<(), Trouble> {
        let shards = &mut self.work.shards;
        let setup = self.setup;
        let (count, complete) =
            self.restorer
                .step(RESTORED_PER_TURN_MAX, |number, key, value| {
                    shards
                        .get_mut(&number)
                        .map_or(Ok(()), |shard| {
                            shard.restore(
                                key,
                                value,
                                &setup.application.decoder,
                                setup.application.shards,
                            )
                        })
                        .map_err(|error| not_restored(setup, number, &error))
                })?;
        self.metrics.restored(count as u64, self.remaining());
        self.end_transactions_of_the_dead()?;
        if complete.is_empty() {
            return Ok(());
        }
        let routed = self.setup.config.routed_topic();
        self.lanes.hold(false, |(topic, number)| {
            *topic == routed && complete.contains(number)
        });
        self.catch_up(&complete)
    }

    /// A worker that was killed within a transaction holds the restore back until the broker times it out. Once nothing
    /// has moved for a while, its transactional id, known from its last commit, is taken and given up at once: that ends
    /// the transaction. A worker that is alive commits long before; one that only slept is fenced, which is right.
    fn end_transactions_of_the_dead(&mut self) -> Result<(), Trouble> {
        let elapsed = self.setup.clock.elapsed();
        let remaining = self.restorer.remaining();
        if remaining == 0 || remaining != self.restore.remaining {
            self.restore = Progress {
                remaining,
                since: elapsed,
            };
            return Ok(());
        }
        if elapsed.saturating_sub(self.restore.since) < STALLED {
            return Ok(());
        }
        self.restore.since = elapsed;
        let topic = self.setup.config.routed_topic();
        let stalled = partitions_of(&topic, self.restorer.shards());
        let signatures = self
            .setup
            .probe
            .signatures(&stalled)
            .map_err(|error| Trouble::from_kafka("asking who committed last", &error))?;
        let own = clients::transactional_id(&self.setup.config, self.worker);
        for id in signatures.into_iter().filter(|id| *id != own) {
            tracing::info!(
                worker = self.worker,
                transactional_id = id,
                "ending the transaction that a dead worker left open"
            );
            self.pulse.beat();
            if let Err(error) = clients::end_transaction(&self.setup.config, &id) {
                tracing::warn!(worker = self.worker, transactional_id = id, %error, "the transaction could not be ended; waiting for its time-out");
            }
        }
        Ok(())
    }
}

fn not_restored(setup: &Setup, shard: i32, error: &RestoreError) -> Trouble {
    let (routed, changelog) = (setup.config.routed_topic(), setup.config.changelog_topic());
    let mend = match error {
        RestoreError::ShardCount { written_with, .. } => format!(
            "the number of partitions of {routed} and {changelog} must never change; make the topics again with \
             {written_with} partitions, or start a new application_id"
        ),
        RestoreError::Unreadable(_) => {
            format!(
                "only this application may write to {changelog}, and no older version may follow a newer one"
            )
        }
    };
    Trouble::Ended(RuntimeError::Configuration(format!(
        "shard {shard} cannot be restored: {error}: {mend}"
    )))
}
