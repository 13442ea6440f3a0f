//! A thin client: make topics, write records, read what was committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use credbridge::record::Coordinates;
use futures_executor::block_on;
use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::util::Timeout;

use super::tail::{Received, Tail};
use super::wait_for;

/// How long a cluster may need for any single call.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(30);

/// A record that was or will be written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) topic: String,
    /// `None`: by the key.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// A record for `topic`, without key and headers.
    pub(crate) fn new(topic: &str, value: impl Into<Vec<u8>>) -> Self {
        Self {
            topic: topic.to_owned(),
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// The same with a key.
    pub(crate) fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What a test does with a cluster.
pub(crate) struct Client {
    pub(super) bootstrap: String,
    nodes: usize,
    admin: AdminClient<DefaultClientContext>,
    producer: BaseProducer<Deliveries>,
}

/// Where records came to stand, by the number that they were sent with.
#[derive(Clone, Default)]
struct Deliveries(Arc<Mutex<BTreeMap<usize, Delivery>>>);

/// Partition and offset, or why the record was not written.
type Delivery = Result<(i32, i64), String>;

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let place = match result {
            Ok(message) => Ok((message.partition(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        };
        self.0
            .lock()
            .expect("nothing panics under this lock")
            .insert(number, place);
    }
}

impl Client {
    pub(crate) fn new(bootstrap: &str, nodes: usize) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
            nodes,
            admin: config(bootstrap).create().expect("the settings are right"),
            producer: producer(bootstrap, "murmur2_random"),
        }
    }

    /// How many brokers the one at `address` knows; `None` if it does not answer yet.
    pub(crate) fn brokers_seen_by(address: &str) -> Option<usize> {
        let consumer: BaseConsumer = config(address).create().expect("the settings are right");
        let metadata = consumer
            .fetch_metadata(Some("none"), Duration::from_millis(500))
            .ok()?;
        Some(metadata.brokers().len())
    }

    /// Makes a topic with as many replicas as the cluster has nodes, at most three.
    ///
    /// # Panics
    /// If the cluster refuses.
    pub(crate) fn create_topic(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        let replicas = i32::try_from(self.nodes.min(3)).expect("at most three");
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
        for (key, value) in settings {
            topic = topic.set(key, value);
        }
        let results = block_on(self.admin.create_topics([&topic], &admin_options()));
        for result in results.expect("the cluster answers") {
            result.expect("the cluster makes the topic");
        }
        wait_for("the leaders of a new topic", CALL_LIMIT, || {
            (self.partitions(name) == partitions).then_some(())
        });
    }

    /// Grows a topic to that many partitions.
    ///
    /// # Panics
    /// If the cluster refuses.
    pub(crate) fn grow_topic(&self, name: &str, partitions: usize) {
        let wanted = NewPartitions::new(name, partitions);
        let results = block_on(self.admin.create_partitions([&wanted], &admin_options()));
        for result in results.expect("the cluster answers") {
            result.expect("the cluster grows the topic");
        }
    }

    /// Removes a topic.
    pub(crate) fn delete_topic(&self, name: &str) {
        let results = block_on(self.admin.delete_topics(&[name], &admin_options()));
        for result in results.expect("the cluster answers") {
            result.expect("the cluster removes the topic");
        }
    }

    /// Forgets the offsets of a consumer group that has no members.
    ///
    /// # Panics
    /// If the cluster refuses.
    pub(crate) fn delete_group(&self, name: &str) {
        let results = block_on(self.admin.delete_groups(&[name], &admin_options()));
        for result in results.expect("the cluster answers") {
            result.expect("the cluster removes the group");
        }
    }

    /// Partitions of a topic that have a leader.
    pub(crate) fn partitions(&self, topic: &str) -> i32 {
        let admin = self.admin.inner();
        let metadata = answered(|| admin.fetch_metadata(Some(topic), CALL_LIMIT));
        let with_leader = metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions())
            .filter(|partition| partition.error().is_none() && partition.leader() >= 0);
        i32::try_from(with_leader.count()).expect("few partitions")
    }

    /// The index of the node that leads a partition; `None`: nobody does, or the cluster does not tell.
    pub(crate) fn leader(&self, topic: &str, partition: i32) -> Option<usize> {
        let metadata = self.admin.inner().fetch_metadata(Some(topic), CALL_LIMIT);
        let metadata = metadata.ok()?;
        let mut partitions = metadata.topics().iter().flat_map(|t| t.partitions());
        let found = partitions.find(|found| found.id() == partition)?;
        usize::try_from(found.leader() - 1).ok()
    }

    /// Whether every partition of every topic is as safe as it was made to be.
    pub(crate) fn all_in_sync(&self) -> bool {
        let metadata = self.admin.inner().fetch_metadata(None, CALL_LIMIT);
        metadata.is_ok_and(|metadata| {
            let mut partitions = metadata
                .topics()
                .iter()
                .flat_map(|topic| topic.partitions());
            partitions.all(|p| p.leader() >= 0 && p.isr().len() == p.replicas().len())
        })
    }

    /// Writes one record and tells where it stands.
    pub(crate) fn send(&self, record: Record) -> Coordinates {
        self.send_all(vec![record]).remove(0)
    }

    /// Writes records in their order and tells where they stand.
    ///
    /// # Panics
    /// If one cannot be written.
    pub(crate) fn send_all(&self, records: Vec<Record>) -> Vec<Coordinates> {
        send_with(&self.producer, &records)
    }

    /// Writes records as a client with another partitioner does, e.g. `consistent_random`, librdkafka's own.
    pub(crate) fn send_partitioned(
        &self,
        partitioner: &str,
        records: &[Record],
    ) -> Vec<Coordinates> {
        send_with(&producer(&self.bootstrap, partitioner), records)
    }

    /// Writes records in a transaction that is not ended before `inspect` returns; commits if that returns true, and
    /// aborts otherwise.
    pub(crate) fn send_in_transaction(
        &self,
        transactional_id: &str,
        records: &[Record],
        inspect: impl FnOnce() -> bool,
    ) {
        let producer = self.begin_transaction(transactional_id);
        send_with(&producer, records);
        if inspect() {
            producer
                .commit_transaction(CALL_LIMIT)
                .expect("nothing is wrong with the transaction");
        } else {
            producer
                .abort_transaction(CALL_LIMIT)
                .expect("nothing is in flight");
        }
    }

    /// Writes records in a transaction that nobody ends: the broker does after 60 s, if no other producer takes the id.
    pub(crate) fn leave_transaction_open(&self, transactional_id: &str, records: &[Record]) {
        send_with(&self.begin_transaction(transactional_id), records);
    }

    /// Takes the transactional id from whoever has it, and ends the transaction that is open under it.
    pub(crate) fn fence(&self, transactional_id: &str) {
        self.send_in_transaction(transactional_id, &[], || false);
    }

    fn begin_transaction(&self, transactional_id: &str) -> BaseProducer<Deliveries> {
        let producer: BaseProducer<Deliveries> = config(&self.bootstrap)
            .set("transactional.id", transactional_id)
            .create_with_context(Deliveries::default())
            .expect("the settings are right");
        producer
            .init_transactions(CALL_LIMIT)
            .expect("the cluster takes transactions");
        producer
            .begin_transaction()
            .expect("no transaction is open");
        producer
    }

    /// Follows topics from their beginning.
    pub(crate) fn tail(&self, topics: &[&str]) -> Tail {
        Tail::new(self, topics)
    }

    /// All that is committed in the topics at this moment.
    pub(crate) fn read_all(&self, topics: &[&str]) -> Vec<Received> {
        let mut tail = self.tail(topics);
        tail.read_to_end();
        tail.records
    }
}

/// Asks the cluster until it answers: a question ends at once when its connection does.
///
/// # Panics
/// If the cluster does not answer in time, or answers with an error.
pub(super) fn answered<T>(mut ask: impl FnMut() -> Result<T, KafkaError>) -> T {
    wait_for("an answer of the cluster", CALL_LIMIT, || match ask() {
        Err(error)
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::BrokerTransportFailure) =>
        {
            None
        }
        answer => Some(answer.expect("the cluster answers")),
    })
}

pub(super) fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("allow.auto.create.topics", "false")
        .set("reconnect.backoff.max.ms", "500")
        .set("topic.metadata.refresh.interval.ms", "1000")
        .set("log_level", "2");
    config
}

fn producer(bootstrap: &str, partitioner: &str) -> BaseProducer<Deliveries> {
    config(bootstrap)
        .set("enable.idempotence", "true")
        .set("partitioner", partitioner)
        .set("linger.ms", "2")
        .create_with_context(Deliveries::default())
        .expect("the settings are right")
}

fn send_with(producer: &BaseProducer<Deliveries>, records: &[Record]) -> Vec<Coordinates> {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let first = NUMBER.fetch_add(records.len(), std::sync::atomic::Ordering::Relaxed);
    for (number, record) in (first..).zip(records) {
        send_one(producer, record, number);
    }
    while producer.in_flight_count() > 0 {
        producer.poll(Timeout::After(Duration::from_millis(1)));
    }
    let mut deliveries = producer
        .context()
        .0
        .lock()
        .expect("nothing panics under this lock");
    (first..)
        .zip(records)
        .map(|(number, record)| {
            let place = deliveries.remove(&number).expect("nothing is in flight");
            let (partition, offset) = place.expect("the cluster takes the record");
            Coordinates {
                topic: record.topic.as_str().into(),
                partition,
                offset,
            }
        })
        .collect()
}

fn send_one(producer: &BaseProducer<Deliveries>, record: &Record, number: usize) {
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        });
    let mut out = BaseRecord::with_opaque_to(&record.topic, number).headers(headers);
    out.key = record.key.as_ref();
    out.payload = record.value.as_ref();
    out.partition = record.partition;
    let begin = Instant::now();
    while let Err((error, again)) = producer.send(out) {
        // A partition that was just added is not known to every client yet.
        let passes = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => true,
            Some(RDKafkaErrorCode::UnknownPartition) => begin.elapsed() < CALL_LIMIT,
            _ => false,
        };
        assert!(passes, "a record cannot be sent: {error}");
        producer.poll(Timeout::After(Duration::from_millis(1)));
        out = again;
    }
}

fn admin_options() -> AdminOptions {
    AdminOptions::new()
        .operation_timeout(Some(Timeout::After(CALL_LIMIT)))
        .request_timeout(Some(Timeout::After(CALL_LIMIT)))
}
