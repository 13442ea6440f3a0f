//! What was forwarded comes before what is read directly.
//!
//! A shard that was away, and an input partition that came from another worker, both bring records that were forwarded
//! before and lie in the routed topic. The worker handles those first, while its input partitions stand still: what it
//! read from them meanwhile would overtake, or be overtaken.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::Offset;

use crate::runtime::assignment::{Partition, list, partitions_of};
use crate::runtime::probe::offsets;
use crate::runtime::restore::passing_or_lost;
use crate::runtime::shard::{Phase, reads_inputs};
use crate::runtime::trouble::Trouble;

use super::Session;

/// How long the broker may take to tell the committed offsets of the routed topic; while a dead worker's transaction is
/// open it does not tell, and the question is repeated.
const COMMITTED_TIMEOUT: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// Has all shards whose state is complete, with those that were just restored, read their routed partition up to
    /// where it ends now.
    pub(super) fn catch_up(&mut self, restored: &[i32]) -> Result<(), Trouble> {
        // What this worker forwarded itself is to lie before the ends as well.
        if self.work.transaction.is_open() {
            self.commit()?;
        }
        for number in restored {
            if let Some(shard) = self.work.shards.get_mut(number) {
                shard.restored();
                shard.phase = Phase::CatchingUp(i64::MAX);
            }
            self.work.resume_staging(*number);
        }
        let topic = self.setup.config.routed_topic();
        let shards = self.work.shards.values();
        let complete = shards.filter(|shard| shard.phase != Phase::Restoring);
        let partitions = partitions_of(&topic, complete.map(|shard| shard.number));
        let ends = self.setup.probe.ends(&partitions).map_err(|error| {
            Trouble::from_kafka("asking for the ends of the routed topic", &error)
        })?;
        self.pulse.beat();
        for ((_, number), end) in ends {
            if let Some(shard) = self.work.shards.get_mut(&number) {
                shard.phase = Phase::CatchingUp(end);
            }
        }
        self.finish_catching_up()
    }

    /// Shards whose routed partition has been read far enough handle records wherever they are read.
    pub(super) fn finish_catching_up(&mut self) -> Result<(), Trouble> {
        let behind: Vec<(i32, i64)> = self
            .work
            .shards
            .values()
            .filter_map(|shard| match shard.phase {
                Phase::CatchingUp(end) => Some((shard.number, end)),
                Phase::Ready | Phase::Restoring => None,
            })
            .collect();
        if !behind.is_empty() {
            let shards: Vec<i32> = behind.iter().map(|(number, _)| *number).collect();
            let reached = self.routed_reached(&shards)?;
            for (number, end) in behind {
                if let Some(shard) = self.work.shards.get_mut(&number)
                    && (end == 0 || reached.get(&number).is_some_and(|offset| *offset >= end))
                {
                    shard.phase = Phase::Ready;
                }
            }
        }
        self.read_inputs_or_wait();
        Ok(())
    }

    /// Has the input partitions stand still or be read, as the shards stand.
    fn read_inputs_or_wait(&mut self) {
        let routed = &self.setup.config.routed_topic();
        let waits = !reads_inputs(&self.work.shards);
        self.lanes.hold(waits, |(topic, _)| topic != routed);
    }

    /// How far the routed partitions of these shards have been read: the position, or what is committed where nothing
    /// was read yet, or the beginning where nothing is committed.
    pub(super) fn routed_reached(&self, shards: &[i32]) -> Result<BTreeMap<i32, i64>, Trouble> {
        let topic = self.setup.config.routed_topic();
        let mut reached = self.positions()?;
        let unread: Vec<Partition> = shards
            .iter()
            .map(|number| (topic.clone(), *number))
            .filter(|partition| !reached.contains_key(partition))
            .collect();
        if !unread.is_empty() {
            let asked = list(unread.iter().map(|partition| (partition, Offset::Invalid)))
                .map_err(|error| Trouble::from_kafka("listing partitions", &error))?;
            // A worker that was killed may have left a transaction open that holds offsets of these partitions.
            let committed = self
                .consumer
                .committed_offsets(asked, COMMITTED_TIMEOUT)
                .and_then(|list| offsets(&list));
            self.pulse.beat();
            let beginnings = self.setup.probe.beginnings(&unread);
            self.pulse.beat();
            match (committed, beginnings) {
                (Ok(committed), Ok(beginnings)) => {
                    for (partition, beginning) in beginnings {
                        let offset = committed.get(&partition).copied().unwrap_or(beginning);
                        reached.insert(partition, offset.max(beginning));
                    }
                }
                (Err(error), _) | (_, Err(error)) => passing_or_lost(&error)?,
            }
        }
        Ok(reached
            .into_iter()
            .filter(|((name, _), _)| *name == topic)
            .map(|((_, number), offset)| (number, offset))
            .collect())
    }
}
