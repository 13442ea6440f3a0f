//! What was committed, read as others read it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use credbridge::record::Coordinates;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{CALL_LIMIT, Client, answered, config};

/// A record that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Received {
    pub(crate) coordinates: Coordinates,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Received {
    /// The value; empty for a tombstone.
    pub(crate) fn value(&self) -> &[u8] {
        self.value.as_deref().unwrap_or_default()
    }

    /// The text of a header that stands there once.
    ///
    /// # Panics
    /// If the header stands there several times.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next();
        assert!(
            values.next().is_none(),
            "header {name} stands twice: {self:?}"
        );
        value.map(|(_, value)| std::str::from_utf8(value).expect("our headers are text"))
    }

    /// The text of a header.
    ///
    /// # Panics
    /// If it is missing.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("header {name} is missing: {self:?}"))
    }
}

/// A reader of committed records that goes on where it stopped.
pub(crate) struct Tail {
    consumer: BaseConsumer,
    partitions: Vec<(String, i32)>,
    /// All that was read, in the order of arrival.
    pub(crate) records: Vec<Received>,
    /// Indices of the records that [`Tail::next`] gave.
    given: BTreeSet<usize>,
}

impl Tail {
    pub(super) fn new(client: &Client, topics: &[&str]) -> Self {
        let consumer: BaseConsumer = config(&client.bootstrap)
            .set("group.id", "test")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "20")
            .set("fetch.queue.backoff.ms", "5")
            .create()
            .expect("the settings are right");
        let mut assignment = TopicPartitionList::new();
        let mut partitions = Vec::new();
        for topic in topics {
            for partition in 0..client.partitions(topic) {
                assignment
                    .add_partition_offset(topic, partition, Offset::Beginning)
                    .expect("the offset is right");
                partitions.push(((*topic).to_owned(), partition));
            }
        }
        consumer
            .assign(&assignment)
            .expect("the assignment is right");
        Self {
            consumer,
            partitions,
            records: Vec::new(),
            given: BTreeSet::new(),
        }
    }

    /// Reads until `done` is content with all that was read so far.
    ///
    /// # Panics
    /// If that is not within `limit`.
    pub(crate) fn read_until(
        &mut self,
        what: &str,
        limit: Duration,
        mut done: impl FnMut(&[Received]) -> bool,
    ) {
        let begin = Instant::now();
        while !done(&self.records) {
            assert!(
                begin.elapsed() < limit,
                "waited {limit:?} in vain for {what}; {} records read, the last: {:#?}",
                self.records.len(),
                &self.records[self.records.len().saturating_sub(5)..]
            );
            self.poll(Duration::from_millis(50));
        }
    }

    /// The first record that `wanted` picks and that was not given before; waits for it if it is not there yet.
    ///
    /// # Panics
    /// If it does not come within `limit`.
    pub(crate) fn next(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Received) -> bool,
    ) -> Received {
        let given = std::mem::take(&mut self.given);
        let mut found = None;
        self.read_until(what, limit, |records| {
            found = (0..records.len()).find(|i| !given.contains(i) && wanted(&records[*i]));
            found.is_some()
        });
        let index = found.expect("read_until returns when it is found");
        self.given = given;
        self.given.insert(index);
        self.records[index].clone()
    }

    /// Reads until nothing is left that was committed when this was called.
    pub(crate) fn read_to_end(&mut self) {
        let ends: Vec<i64> = self
            .partitions
            .iter()
            .map(|(topic, partition)| {
                answered(|| {
                    self.consumer
                        .fetch_watermarks(topic, *partition, CALL_LIMIT)
                })
                .1
            })
            .collect();
        let begin = Instant::now();
        while !self.has_passed(&ends) {
            assert!(
                begin.elapsed() < 4 * CALL_LIMIT,
                "the end of {:?} is not reached",
                self.partitions
            );
            self.poll(Duration::from_millis(50));
        }
    }

    /// Reads for that long at most, forgets what it read, and tells how many records that were; `None`: a topic is gone.
    pub(crate) fn count(&mut self, wait: Duration) -> Option<usize> {
        match self.read(wait) {
            Ok(()) => Some(self.records.drain(..).count()),
            Err(error) if is_of_a_topic_that_is_gone(&error) => None,
            Err(error) => panic!("reading failed: {error}"),
        }
    }

    /// Whether the positions, which step over the marks of transactions, have reached `ends`.
    fn has_passed(&self, ends: &[i64]) -> bool {
        let positions = self.consumer.position().expect("partitions are assigned");
        self.partitions
            .iter()
            .zip(ends)
            .all(|((topic, partition), end)| {
                let position = positions.find_partition(topic, *partition);
                *end == 0
                    || matches!(position.map(|p| p.offset()), Some(Offset::Offset(o)) if o >= *end)
            })
    }

    fn poll(&mut self, wait: Duration) {
        if let Err(error) = self.read(wait) {
            panic!("reading failed: {error}");
        }
    }

    fn read(&mut self, wait: Duration) -> Result<(), KafkaError> {
        match self.consumer.poll(wait) {
            Some(Ok(message)) => {
                let received = received(&message);
                self.records.push(received);
            }
            Some(Err(error)) if !is_passing(&error) => return Err(error),
            Some(Err(_)) | None => {}
        }
        Ok(())
    }
}

fn is_of_a_topic_that_is_gone(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
        )
    )
}

/// Whether the client mends it by itself, e.g. while a broker restarts.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
        )
    )
}

fn received(message: &impl Message) -> Received {
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|header| {
                let value = header.value.unwrap_or_default();
                (header.key.to_owned(), value.to_vec())
            })
            .collect()
    });
    Received {
        coordinates: Coordinates {
            topic: message.topic().into(),
            partition: message.partition(),
            offset: message.offset(),
        },
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
    }
}
