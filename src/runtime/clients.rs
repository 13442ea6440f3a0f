//! The Kafka clients of a process, and the settings that the guarantees rest on.

use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::config::{Config, Delivery};

use super::assignment::Membership;
use super::clock::Clock;
use super::deliveries::Deliveries;
use super::diagnostics::Diagnostics;
use super::sign_in;

/// Longest open transaction: it holds back every reader of committed records, and a killed worker leaves one behind.
const TRANSACTION_TIMEOUT_MS: &str = "15000";

/// Properties of the consumer that belong to the broker under the consumer group protocol of KIP-848. A member learns with
/// its next heartbeat that others came or went; until then what they are to have rests.
const CLASSIC_GROUP: [(&str, &str); 3] = [
    ("partition.assignment.strategy", "range"),
    ("session.timeout.ms", "30000"),
    ("heartbeat.interval.ms", "500"),
];

/// How long the cluster may take to end the transaction of a dead worker.
const FENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one call of the client library that takes a transactional id lasts, before the next one goes on with it.
const INIT_STEP: Duration = Duration::from_millis(50);

/// How often a client tells of itself: a report names every partition, and takes time to write and to read.
const STATISTICS: (&str, &str) = ("statistics.interval.ms", "10000");

/// Bytes that a worker reads ahead altogether, and of one partition at least and at most: enough for the time that a
/// fetch takes.
const READ_AHEAD_BYTES: usize = 64 << 20;
const READ_AHEAD_BYTES_MIN: usize = 256 << 10;
const READ_AHEAD_BYTES_MAX: usize = 8 << 20;

const CONSUMER: [(&str, &str); 7] = [
    ("auto.offset.reset", "earliest"),
    ("fetch.wait.max.ms", "50"),
    ("fetch.queue.backoff.ms", "5"),
    ("queued.min.messages", "100000"),
    ("queued.max.messages.kbytes", "65536"),
    ("max.poll.interval.ms", "60000"),
    ("socket.timeout.ms", "15000"),
];

const PRODUCER: [(&str, &str); 8] = [
    ("linger.ms", "5"),
    ("batch.size", "1000000"),
    ("compression.type", "lz4"),
    ("queue.buffering.max.messages", "500000"),
    ("queue.buffering.max.kbytes", "262144"),
    ("retry.backoff.ms", "20"),
    ("message.max.bytes", "10485760"),
    ("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS),
];

fn client(config: &Config, role: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.kafka.bootstrap_servers)
        .set(
            "client.id",
            format!("{}-{}-{role}", config.application_id, config.instance_id),
        )
        .set("log.connection.close", "false")
        .set("topic.metadata.refresh.interval.ms", "60000")
        .set_log_level(RDKafkaLogLevel::Warning);
    client
}

fn set_all(client: &mut ClientConfig, properties: &[(&str, &str)]) {
    for (name, value) in properties {
        client.set(*name, *value);
    }
}

/// Properties that mean something to one kind of client only; the other kind warns about them.
fn is_for(property: &str, producer: bool) -> bool {
    const OF_PRODUCERS: [&str; 10] = [
        "linger.ms",
        "queue.buffering.",
        "batch.",
        "compression.",
        "transaction.timeout.ms",
        "message.timeout.ms",
        "request.timeout.ms",
        "message.send.max.retries",
        "retries",
        "sticky.partitioning",
    ];
    const OF_CONSUMERS: [&str; 12] = [
        "group.",
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "max.poll.interval.ms",
        "partition.assignment.strategy",
        "fetch.",
        "queued.",
        "auto.offset.reset",
        "check.crcs",
        "max.partition.fetch.bytes",
        "client.rack",
        "coordinator.query.interval.ms",
    ];
    let other: &[&str] = if producer {
        &OF_CONSUMERS
    } else {
        &OF_PRODUCERS
    };
    !other.iter().any(|prefix| property.starts_with(prefix))
}

fn pass_through(client: &mut ClientConfig, config: &Config, producer: bool) {
    for (name, value) in &config.kafka.properties {
        if is_for(name, producer) && name != STATISTICS.0 {
            client.set(name, value);
        }
    }
}

/// Has a client tell of itself; only one that is listened to all the time may.
fn tell_figures(client: &mut ClientConfig, config: &Config) {
    let (name, ours) = STATISTICS;
    let theirs = config.kafka.properties.get(name);
    client.set(name, theirs.map_or(ours, String::as_str));
}

fn consumer_config(config: &Config, role: &str, isolation: &str) -> ClientConfig {
    let mut client = client(config, role);
    set_all(&mut client, &CONSUMER);
    client.set("group.id", &config.application_id);
    pass_through(&mut client, config, false);
    client
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", isolation)
        .set("allow.auto.create.topics", "false");
    client
}

/// The member of the group that reads the inputs and the routed topic, which have so many partitions in all. Limits of
/// what is read ahead are those of a queue, and each partition has its own.
pub(super) fn member(
    config: &Config,
    worker: usize,
    partitions: usize,
) -> Result<BaseConsumer<Membership>, KafkaError> {
    let mut client = consumer_config(config, &format!("{worker}-consumer"), "read_committed");
    let ahead =
        (READ_AHEAD_BYTES / partitions.max(1)).clamp(READ_AHEAD_BYTES_MIN, READ_AHEAD_BYTES_MAX);
    for (name, value) in [
        ("queued.max.messages.kbytes", ahead >> 10),
        ("fetch.message.max.bytes", ahead.min(1 << 20)),
    ] {
        if !config.kafka.properties.contains_key(name) {
            client.set(name, value.to_string());
        }
    }
    tell_figures(&mut client, config);
    if config
        .kafka
        .properties
        .get("group.protocol")
        .is_none_or(|protocol| protocol != "consumer")
    {
        for (name, value) in CLASSIC_GROUP {
            if !config.kafka.properties.contains_key(name) {
                client.set(name, value);
            }
        }
    }
    if let Some(instance) = config.kafka.properties.get("group.instance.id") {
        client.set("group.instance.id", format!("{instance}-{worker}"));
    }
    client.create_with_context(Membership::new(config))
}

/// A consumer that can be asked without being listened to.
fn signed_in(consumer: BaseConsumer<Diagnostics>) -> BaseConsumer<Diagnostics> {
    sign_in::await_token(|| {
        let can_sign_in = consumer.context().can_sign_in();
        if !can_sign_in {
            // Nothing is assigned, so there is no record that would be lost.
            drop(consumer.poll(sign_in::ASKED_STEP));
        }
        can_sign_in
    });
    consumer
}

/// A reader of `isolation` that belongs to no group, though it carries the group's name because access is granted by
/// it. Group settings are taken off: it never joins.
fn reader(
    config: &Config,
    role: &'static str,
    name: &str,
    isolation: &str,
) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    let client = reader_config(config, name, isolation);
    client
        .create_with_context(Diagnostics::new(role, config))
        .map(signed_in)
}

fn reader_config(config: &Config, name: &str, isolation: &str) -> ClientConfig {
    let mut client = consumer_config(config, name, isolation);
    for property in [
        "group.instance.id",
        "group.protocol",
        "group.remote.assignor",
    ] {
        client.remove(property);
    }
    client
}

/// A reader that says when it has come to the end.
pub(super) fn end_reader(config: &Config) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    let mut client = reader_config(config, "check", "read_uncommitted");
    client.set("enable.partition.eof", "true");
    client
        .create_with_context(Diagnostics::new("check", config))
        .map(signed_in)
}

/// A writer that no broker takes a record from: it asks for a number of acknowledgements that there is not. A broker
/// that would take it says so, and one that would not because of missing access says that.
pub(super) fn refused_producer(config: &Config) -> Result<BaseProducer<Deliveries>, KafkaError> {
    let mut client = client(config, "check-producer");
    pass_through(&mut client, config, true);
    client.remove("transaction.timeout.ms");
    client
        .set("enable.idempotence", "false")
        .set("acks", "2")
        .set("message.timeout.ms", TRANSACTION_TIMEOUT_MS);
    writer(&client, config)
}

/// The reader of the changelog.
pub(super) fn restorer(
    config: &Config,
    worker: usize,
) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    reader(
        config,
        "restore",
        &format!("{worker}-restore"),
        "read_committed",
    )
}

/// The reader of the node directory.
pub(super) fn nodes(config: &Config) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    reader(config, "nodes", "nodes", "read_committed")
}

/// The client that asks for offsets. It reads uncommitted, because the end of a partition and the offsets of the group
/// must be seen while a transaction is open.
pub(super) fn probe(config: &Config) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    reader(config, "probe", "probe", "read_uncommitted")
}

/// The reader of people's tools: what is committed, and a position that moves on over markers.
pub(super) fn tool(config: &Config) -> Result<BaseConsumer<Diagnostics>, KafkaError> {
    reader(config, "tool", "tool", "read_committed")
}

/// The writer of people's tools; each record is acknowledged by itself.
pub(crate) fn tool_producer(config: &Config) -> Result<BaseProducer<Deliveries>, KafkaError> {
    let mut client = client(config, "tool-producer");
    set_all(&mut client, &PRODUCER);
    pass_through(&mut client, config, true);
    client.remove("transaction.timeout.ms");
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", TRANSACTION_TIMEOUT_MS);
    writer(&client, config)
}

/// Records that the queue of a producer holds at most.
pub(super) fn producer_queue_max(config: &Config) -> usize {
    const NAME: &str = "queue.buffering.max.messages";
    let ours = PRODUCER.iter().find(|(name, _)| *name == NAME);
    let theirs = config.kafka.properties.get(NAME);
    theirs
        .map(String::as_str)
        .or_else(|| ours.map(|(_, value)| *value))
        .and_then(|value| value.parse().ok())
        .unwrap_or(usize::MAX)
}

/// The producer of a worker.
pub(super) fn producer(
    config: &Config,
    worker: usize,
) -> Result<BaseProducer<Deliveries>, KafkaError> {
    let mut client = client(config, &format!("{worker}-producer"));
    set_all(&mut client, &PRODUCER);
    pass_through(&mut client, config, true);
    tell_figures(&mut client, config);
    client
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random");
    match config.delivery {
        Delivery::ExactlyOnce => {
            client.set("transactional.id", transactional_id(config, worker));
        }
        Delivery::AtLeastOnce => {
            client.remove("transaction.timeout.ms");
            client.set("message.timeout.ms", TRANSACTION_TIMEOUT_MS);
        }
    }
    writer(&client, config)
}

/// The transactional id of a worker; all ids of an application share its prefix.
pub(super) fn transactional_id(config: &Config, worker: usize) -> String {
    format!("{}-{}-{worker}", config.application_id, config.instance_id)
}

/// Ends whatever transaction of that id is open, and fences its producer.
pub(super) fn end_transaction(config: &Config, transactional_id: &str) -> Result<(), KafkaError> {
    let mut client = client(config, "fence");
    pass_through(&mut client, config, true);
    client.set("transactional.id", transactional_id);
    let producer = writer(&client, config)?;
    init_transactions(&producer, FENCE_TIMEOUT)
}

/// Makes a producer the owner of its transactional id: it fences whoever had that before, and ends what that one left
/// open. A client that has no connection at that moment looks for the coordinator again after half a second only; each
/// call has it look at once, and goes on with what the one before began.
pub(super) fn init_transactions(
    producer: &BaseProducer<Deliveries>,
    timeout: Duration,
) -> Result<(), KafkaError> {
    let clock = Clock::new();
    loop {
        match producer.init_transactions(INIT_STEP) {
            Err(KafkaError::Transaction(error))
                if error.is_retriable() && clock.elapsed() < timeout => {}
            done => return done,
        }
    }
}

/// A producer that can be asked without being listened to.
fn writer(client: &ClientConfig, config: &Config) -> Result<BaseProducer<Deliveries>, KafkaError> {
    let producer: BaseProducer<Deliveries> = client.create_with_context(Deliveries::new(config))?;
    sign_in::await_token(|| {
        let can_sign_in = producer.context().diagnostics().can_sign_in();
        if !can_sign_in {
            producer.poll(sign_in::ASKED_STEP);
        }
        can_sign_in
    });
    Ok(producer)
}

/// The client that creates topics and reads their settings. It takes no token (`kafka.oauth_token_file`).
pub(super) fn admin(
    config: &Config,
) -> Result<rdkafka::admin::AdminClient<Diagnostics>, KafkaError> {
    use rdkafka::config::FromClientConfigAndContext as _;
    let mut client = client(config, "admin");
    pass_through(&mut client, config, true);
    rdkafka::admin::AdminClient::from_config_and_context(&client, Diagnostics::new("admin", config))
}
