//! Refills shards from the changelog.

use std::collections::BTreeMap;

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;

use crate::config::Config;

use super::assignment::list;
use super::clients;
use super::diagnostics::Diagnostics;
use super::probe::{Offsets, offsets};
use super::trouble::Trouble;

/// What is left to read of one partition of the changelog.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stretch {
    /// The next offset to read.
    next: i64,
    /// Where to stop: the high watermark at the time of the assignment. Not the last stable offset: a commit is
    /// acknowledged before its markers are written, so that one may hide committed state (KAFKA-10167).
    end: i64,
}

/// One long-lived reader of the changelog: its connections and metadata stay warm.
pub(super) struct Restorer {
    consumer: BaseConsumer<Diagnostics>,
    topic: String,
    stretches: BTreeMap<i32, Stretch>,
}

impl Restorer {
    pub(super) fn open(config: &Config, worker: usize) -> Result<Self, Trouble> {
        Ok(Self {
            consumer: clients::restorer(config, worker).map_err(|error| {
                Trouble::from_kafka("making the reader of the changelog", &error)
            })?,
            topic: config.changelog_topic(),
            stretches: BTreeMap::new(),
        })
    }

    /// Adds what is to be read of these shards: (shard, next offset, end).
    pub(super) fn start(
        &mut self,
        shards: impl IntoIterator<Item = (i32, i64, i64)>,
    ) -> Result<(), Trouble> {
        let before = self.stretches.len();
        for (shard, next, end) in shards {
            self.stretches.insert(shard, Stretch { next, end });
        }
        if self.stretches.len() == before {
            Ok(())
        } else {
            self.assign()
        }
    }

    /// Forgets these shards, e.g. because they were revoked.
    pub(super) fn stop(&mut self, shards: &[i32]) -> Result<(), Trouble> {
        let before = self.stretches.len();
        self.stretches.retain(|shard, _| !shards.contains(shard));
        if self.stretches.len() == before {
            Ok(())
        } else {
            self.assign()
        }
    }

    /// The shards that are being read.
    pub(super) fn shards(&self) -> impl Iterator<Item = i32> {
        self.stretches.keys().copied()
    }

    /// Records that are left to read, at most.
    pub(super) fn remaining(&self) -> i64 {
        self.stretches
            .values()
            .map(|stretch| (stretch.end - stretch.next).max(0))
            .sum()
    }

    /// Reads at most `records_max` records into `apply` (shard, key, value); returns how many there were and the
    /// shards that are complete.
    ///
    /// # Errors
    /// What `apply` returns, or if the changelog cannot be read.
    pub(super) fn step(
        &mut self,
        records_max: usize,
        mut apply: impl FnMut(i32, &[u8], Option<&[u8]>) -> Result<(), Trouble>,
    ) -> Result<(usize, Vec<i32>), Trouble> {
        if self.stretches.is_empty() {
            return Ok((0, Vec::new()));
        }
        let mut count = 0;
        while count < records_max {
            match self.consumer.poll(std::time::Duration::from_millis(1)) {
                None => break,
                Some(Ok(record)) => {
                    count += 1;
                    apply(
                        record.partition(),
                        record.key().unwrap_or_default(),
                        record.payload(),
                    )?;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) => passing_or_lost(&error)?,
            }
        }
        let complete = self.complete()?;
        self.stop(&complete)?;
        Ok((count, complete))
    }

    /// The shards whose position has reached the end. The position counts, not the last record: control records and
    /// aborted ones stand at the end too.
    fn complete(&mut self) -> Result<Vec<i32>, Trouble> {
        let positions: Offsets = self
            .consumer
            .position()
            .and_then(|list| offsets(&list))
            .map_err(|error| {
                Trouble::from_kafka("asking for positions in the changelog", &error)
            })?;
        for ((_, shard), position) in positions {
            if let Some(stretch) = self.stretches.get_mut(&shard) {
                stretch.next = stretch.next.max(position);
            }
        }
        Ok(self
            .stretches
            .iter()
            .filter(|(_, stretch)| stretch.next >= stretch.end)
            .map(|(shard, _)| *shard)
            .collect())
    }

    fn assign(&self) -> Result<(), Trouble> {
        let partitions: Vec<_> = self
            .stretches
            .iter()
            .map(|(shard, stretch)| ((self.topic.clone(), *shard), Offset::Offset(stretch.next)))
            .collect();
        list(
            partitions
                .iter()
                .map(|(partition, offset)| (partition, *offset)),
        )
        .and_then(|list| self.consumer.assign(&list))
        .map_err(|error| Trouble::from_kafka("assigning the changelog", &error))
    }
}

/// Errors of a reader pass by themselves, but for those that somebody must mend.
pub(super) fn passing_or_lost(error: &KafkaError) -> Result<(), Trouble> {
    match (Trouble::from_kafka("reading", error), error) {
        (ended @ Trouble::Ended(_), _) => Err(ended),
        (lost, KafkaError::MessageConsumptionFatal(_)) => Err(lost),
        (Trouble::SessionLost(_), _) => {
            tracing::debug!(%error, "the reader met trouble that passes");
            Ok(())
        }
    }
}
