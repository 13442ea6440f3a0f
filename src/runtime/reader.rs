//! Reads stretches of topics for people's tools, without joining the group.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::topic_partition_list::Offset;

use crate::config::Config;
use crate::record::{Coordinates, Header, Record};
use crate::time::Timestamp;

use super::assignment::{Partition, list};
use super::clients;
use super::clock::Clock;
use super::diagnostics::Diagnostics;
use super::probe::offsets;

/// How long the cluster may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long nothing may come before the reader gives up.
const STALLED: Duration = Duration::from_secs(30);

/// How long one poll waits.
const WAIT: Duration = Duration::from_millis(50);

/// Records between two looks at the positions.
const RECORDS_PER_LOOK: u32 = 20_000;

/// Offsets of one partition, the end excluded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) partition: Partition,
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

/// A reader of what is committed.
pub(crate) struct Reader {
    consumer: BaseConsumer<Diagnostics>,
    clock: Clock,
}

impl Reader {
    /// Connects.
    ///
    /// # Errors
    /// If a property of `kafka.properties` is none.
    pub(crate) fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            consumer: clients::tool(config).context("kafka.properties")?,
            clock: Clock::new(),
        })
    }

    /// Number of partitions of a topic.
    ///
    /// # Errors
    /// If there is no such topic, or no broker answers.
    pub(crate) fn partition_count(&self, topic: &str) -> anyhow::Result<i32> {
        let metadata = self
            .consumer
            .fetch_metadata(Some(topic), ANSWER_TIMEOUT)
            .with_context(|| format!("asking for the partitions of {topic}"))?;
        let count = metadata
            .topics()
            .iter()
            .find(|known| known.name() == topic && known.error().is_none())
            .map_or(0, |known| known.partitions().len());
        ensure!(
            count > 0,
            "topic {topic} does not exist, or this user may not describe it"
        );
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// What stands in a partition at this moment, from the first record that is as new as `since`.
    ///
    /// # Errors
    /// If no broker answers.
    pub(crate) fn stretch(
        &self,
        topic: &str,
        partition: i32,
        since: Option<Timestamp>,
    ) -> anyhow::Result<Stretch> {
        let asking = || format!("asking for the offsets of {topic}/{partition}");
        let (low, end) = self
            .consumer
            .fetch_watermarks(topic, partition, ANSWER_TIMEOUT)
            .with_context(asking)?;
        let partition = (topic.to_owned(), partition);
        let begin = match since {
            None => low,
            Some(since) => {
                let time = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
                let found = list([(&partition, Offset::Offset(time))])
                    .and_then(|asked| self.consumer.offsets_for_times(asked, ANSWER_TIMEOUT))
                    .and_then(|found| offsets(&found))
                    .with_context(asking)?;
                // A partition in which nothing is as new has no such offset.
                found.get(&partition).copied().unwrap_or(end).max(low)
            }
        };
        Ok(Stretch {
            partition,
            begin,
            end,
        })
    }

    /// Calls `each` with every record of these stretches, until it breaks off; within a partition in its order.
    ///
    /// # Errors
    /// If a partition cannot be read, or `each` fails.
    pub(crate) fn read(
        &self,
        stretches: &[Stretch],
        mut each: impl FnMut(&BorrowedMessage<'_>) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let mut open: BTreeMap<Partition, &Stretch> = stretches
            .iter()
            .filter(|stretch| stretch.begin < stretch.end)
            .map(|stretch| (stretch.partition.clone(), stretch))
            .collect();
        let start = list(
            open.iter()
                .map(|(partition, stretch)| (partition, Offset::Offset(stretch.begin))),
        )?;
        self.consumer.assign(&start)?;
        let mut came = self.clock.elapsed();
        let mut records = 0;
        while !open.is_empty() {
            match self.consumer.poll(WAIT) {
                Some(Ok(message)) => {
                    came = self.clock.elapsed();
                    records += 1;
                    let partition = (message.topic().to_owned(), message.partition());
                    if open
                        .get(&partition)
                        .is_some_and(|stretch| message.offset() < stretch.end)
                        && each(&message)?.is_break()
                    {
                        return Ok(());
                    }
                    if records % RECORDS_PER_LOOK != 0 {
                        continue;
                    }
                }
                Some(Err(KafkaError::MessageConsumption(code))) => {
                    if let Some(advice) = super::trouble::advice(code) {
                        bail!("{code}: {advice}");
                    }
                }
                Some(Err(error)) => return Err(error.into()),
                None => {}
            }
            let reached = offsets(&self.consumer.position()?)?;
            let before = open.len();
            open.retain(|partition, stretch| {
                reached
                    .get(partition)
                    .is_none_or(|offset| *offset < stretch.end)
            });
            if open.len() < before {
                came = self.clock.elapsed();
            }
            ensure!(
                self.clock.elapsed().saturating_sub(came) < STALLED,
                "nothing has come from {:?} for {} s; is the cluster well, and may this user read there?",
                open.keys().next(),
                STALLED.as_secs()
            );
        }
        Ok(())
    }
}

/// The message as a [`Record`].
pub(crate) fn with_record<T>(
    message: &BorrowedMessage<'_>,
    look: impl FnOnce(Record<'_>) -> T,
) -> T {
    let headers: Vec<Header<'_>> = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key, header.value.unwrap_or_default()))
            .collect()
    });
    let coordinates = Coordinates {
        topic: message.topic().into(),
        partition: message.partition(),
        offset: message.offset(),
    };
    look(Record {
        coordinates: &coordinates,
        key: message.key(),
        value: message.payload(),
        headers: &headers,
    })
}

/// When the record was written, as the producer or the broker says.
pub(crate) fn time(message: &BorrowedMessage<'_>) -> Option<Timestamp> {
    let millis = message.timestamp().to_millis()?;
    u64::try_from(millis).ok().map(Timestamp::from_millis)
}
