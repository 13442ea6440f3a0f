//! Asks the cluster how far partitions and the group have come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::assignment::{Partition, list};
use super::clock::Clock;
use super::diagnostics::Diagnostics;
use super::stop::Stop;

/// Asks for the offset of the next record that will be written (ListOffsets, KIP-79).
const LATEST: Offset = Offset::End;

/// Asks for the offset of the first record that is still there.
const EARLIEST: Offset = Offset::Beginning;

/// How long a question for offsets is repeated before its error counts.
const OFFSETS_MAX: Duration = Duration::from_secs(5);

/// How long one question for a topic may take, and how long it is repeated; below the time after which a worker counts as
/// hanging.
const METADATA_STEP: Duration = Duration::from_secs(5);
const METADATA_MAX: Duration = Duration::from_secs(15);

/// How long the client is listened to: what it logs waits in the same queue before what it says about errors, and a poll
/// without a time-out ends after one of either.
pub(super) const LISTENED: Duration = Duration::from_millis(50);

/// How long to wait before a question is repeated.
const PAUSE: Duration = Duration::from_millis(100);

/// An offset per partition.
pub(crate) type Offsets = BTreeMap<Partition, i64>;

/// A client that reads uncommitted and asks for offsets; shared by the threads of a process.
pub(super) struct Probe {
    client: BaseConsumer<Diagnostics>,
    /// Its owner polls the client for records, and so listens to it; a poll in between would take one from him.
    is_read: bool,
    timeout: Duration,
    stop: Stop,
}

impl Probe {
    pub(super) const fn new(
        client: BaseConsumer<Diagnostics>,
        timeout: Duration,
        stop: Stop,
    ) -> Self {
        Self {
            client,
            is_read: false,
            timeout,
            stop,
        }
    }

    /// Asks with a client that its owner polls for records.
    pub(super) fn of_reader(
        client: BaseConsumer<Diagnostics>,
        timeout: Duration,
        stop: Stop,
    ) -> Self {
        Self {
            is_read: true,
            ..Self::new(client, timeout, stop)
        }
    }

    /// Ends of these partitions: the high watermarks, open transactions included.
    pub(super) fn ends(&self, partitions: &[Partition]) -> KafkaResult<Offsets> {
        self.list_offsets(partitions, LATEST)
    }

    /// Beginnings of these partitions.
    pub(super) fn beginnings(&self, partitions: &[Partition]) -> KafkaResult<Offsets> {
        self.list_offsets(partitions, EARLIEST)
    }

    /// Offsets that the group has committed, transactions that are still open left aside; a partition without a commit is absent.
    pub(super) fn committed(&self, partitions: &[Partition]) -> KafkaResult<Offsets> {
        if partitions.is_empty() {
            return Ok(Offsets::new());
        }
        let asked = list(
            partitions
                .iter()
                .map(|partition| (partition, Offset::Invalid)),
        )?;
        self.listen();
        offsets(&self.client.committed_offsets(asked, self.timeout)?)
    }

    /// What was written beside the group's offsets of these partitions, each text once: the transactional ids of the
    /// workers that committed them.
    pub(super) fn signatures(&self, partitions: &[Partition]) -> KafkaResult<BTreeSet<String>> {
        let asked = list(
            partitions
                .iter()
                .map(|partition| (partition, Offset::Invalid)),
        )?;
        self.listen();
        let committed = self.client.committed_offsets(asked, self.timeout)?;
        Ok(committed
            .elements()
            .iter()
            .map(|element| element.metadata().to_owned())
            .filter(|signature| !signature.is_empty())
            .collect())
    }

    /// Number of partitions of a topic; 0 if there is no such topic.
    pub(super) fn partition_count(&self, topic: &str) -> KafkaResult<i32> {
        // A connection to a broker that has hung is given up after 10 s; the next one is answered.
        let metadata = self.ask(METADATA_MAX, || {
            self.client.fetch_metadata(Some(topic), METADATA_STEP)
        })?;
        let count = metadata
            .topics()
            .iter()
            .find(|known| known.name() == topic && known.error().is_none())
            .map_or(0, |known| known.partitions().len());
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// The client, for what else is asked at the start.
    pub(super) const fn client(&self) -> &BaseConsumer<Diagnostics> {
        &self.client
    }

    /// What the client said last about its trouble with the cluster, e.g. with a certificate; empty: nothing.
    pub(super) fn trouble(&self) -> String {
        // It says so only to who asks for records; there are none, since nothing is assigned.
        while let Some(said) = self.client.poll(LISTENED) {
            if let Ok(record) = said {
                tracing::debug!(topic = record.topic(), "a record that nobody asked for");
            }
        }
        self.client.context().reasons()
    }

    /// Lets the client take the next token, if it signs in with one.
    fn listen(&self) {
        if !self.is_read {
            drop(self.client.poll(Duration::ZERO));
        }
    }

    fn list_offsets(&self, partitions: &[Partition], which: Offset) -> KafkaResult<Offsets> {
        if partitions.is_empty() {
            return Ok(Offsets::new());
        }
        // A leader that is just being elected passes within moments.
        self.ask(OFFSETS_MAX, || {
            let asked = list(partitions.iter().map(|partition| (partition, which)))?;
            offsets(&self.client.offsets_for_times(asked, self.timeout)?)
        })
    }

    /// Waits until a broker answers, with `step` for each question and `pause` between two; `patience` tells after each
    /// error how long to go on altogether.
    ///
    /// # Errors
    /// The last error, once that time has passed or the stop is requested.
    pub(super) fn reach(
        &self,
        step: Duration,
        pause: Duration,
        patience: impl FnMut(&KafkaError) -> Duration,
    ) -> KafkaResult<()> {
        let question = || self.client.fetch_metadata(None, step).map(|_| ());
        self.ask_again(pause, patience, question)
    }

    /// Asks until there is an answer, the stop is requested, or `max` has passed.
    fn ask<T>(&self, max: Duration, question: impl Fn() -> KafkaResult<T>) -> KafkaResult<T> {
        self.ask_again(PAUSE, |_| max, question)
    }

    fn ask_again<T>(
        &self,
        pause: Duration,
        mut patience: impl FnMut(&KafkaError) -> Duration,
        question: impl Fn() -> KafkaResult<T>,
    ) -> KafkaResult<T> {
        let clock = Clock::new();
        loop {
            self.listen();
            match question() {
                Err(error) if clock.elapsed() < patience(&error) && !self.stop.wait(pause) => {}
                answer => return answer,
            }
        }
    }
}

/// The offsets of a list that are there; the first error that a partition carries.
pub(super) fn offsets(list: &TopicPartitionList) -> KafkaResult<Offsets> {
    let mut offsets = Offsets::new();
    for element in list.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(offsets)
}
