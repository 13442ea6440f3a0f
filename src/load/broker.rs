use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, NoCustomPartitioner, Producer as _, ProducerContext,
};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use crate::config::Config;
use crate::record::{self, Coordinates, Record};
use crate::wire::Input;

use super::judge::Output;
use super::outgoing::Outgoing;

/// How long a broker may take to answer a question about its topics.
const METADATA_TIMEOUT: Duration = Duration::from_secs(30);
/// How long records that were written may take to be acknowledged at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// The fleet's producer and consumer.
pub(super) struct Broker<'c> {
    config: &'c Config,
    producer: BaseProducer<DeliveryWatch>,
    consumer: BaseConsumer,
}

/// Keeps the first failed delivery.
#[derive(Debug, Default)]
struct DeliveryWatch(OnceLock<String>);

impl ClientContext for DeliveryWatch {}

impl ProducerContext<NoCustomPartitioner> for DeliveryWatch {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            self.0.get_or_init(|| {
                format!("a record to {} was not written: {error}", message.topic())
            });
        }
    }
}

impl<'c> Broker<'c> {
    /// Connects. What stands in the output topics already is not read.
    pub(super) fn connect(config: &'c Config) -> anyhow::Result<Self> {
        let producer = client_config(config)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            // The partitioner of the Java client: events meet the other records of their device.
            .set("partitioner", "murmur2_random")
            .create_with_context(DeliveryWatch::default())
            .context("cannot create the producer of the fleet")?;
        let consumer = consumer(config)?;
        let topics = &config.topics;
        let mut ends = TopicPartitionList::new();
        for topic in [&topics.commands, &topics.responses, &topics.dead_letters] {
            for (partition, _, end) in partitions(&consumer, topic)? {
                ends.add_partition_offset(topic, partition, Offset::Offset(end))?;
            }
        }
        consumer
            .assign(&ends)
            .context("cannot read the output topics")?;
        for topic in [&topics.requests[0], &topics.cpe_events[0]] {
            partitions(&consumer, topic)?;
        }
        Ok(Self {
            config,
            producer,
            consumer,
        })
    }

    /// Writes a record; waits while the producer's queue is full.
    pub(super) fn send(&self, outgoing: &Outgoing) -> anyhow::Result<()> {
        let topics = &self.config.topics;
        let topic = match outgoing.input {
            Input::CpeEvents => &topics.cpe_events[0],
            Input::Requests => &topics.requests[0],
        };
        let mut headers = OwnedHeaders::new_with_capacity(outgoing.headers.len());
        for (key, value) in &outgoing.headers {
            headers = headers.insert(Header {
                key,
                value: Some(value),
            });
        }
        let mut record = BaseRecord::<str, [u8], ()>::to(topic).headers(headers);
        if let Some(key) = &outgoing.key {
            record = record.key(key);
        }
        if let Some(value) = &outgoing.value {
            record = record.payload(value);
        }
        while let Err((error, refused)) = self.producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error).with_context(|| format!("cannot write to {topic}"));
            }
            self.producer.poll(Duration::from_millis(1));
            record = refused;
        }
        Ok(())
    }

    /// Lets the producer work.
    ///
    /// # Errors
    /// If a record was not delivered.
    pub(super) fn turn(&self) -> anyhow::Result<()> {
        self.producer.poll(Duration::ZERO);
        match self.producer.context().0.get() {
            Some(failure) => bail!("{failure}"),
            None => Ok(()),
        }
    }

    /// Waits until everything is written.
    pub(super) fn flush(&self) -> anyhow::Result<()> {
        self.producer
            .flush(FLUSH_TIMEOUT)
            .context("the last records of the fleet were not acknowledged")?;
        self.turn()
    }

    /// The next record of an output topic, if there is one within `timeout`.
    pub(super) fn poll<T>(
        &self,
        timeout: Duration,
        read: impl FnOnce(Output, &Record<'_>) -> T,
    ) -> anyhow::Result<Option<T>> {
        let message = match self.consumer.poll(timeout) {
            None => return Ok(None),
            Some(Ok(message)) => message,
            Some(Err(error)) if is_passing(&error) => return Ok(None),
            Some(Err(error)) => return Err(error).context("cannot read the output topics"),
        };
        let topics = &self.config.topics;
        let output = if message.topic() == topics.commands {
            Output::Commands
        } else if message.topic() == topics.responses {
            Output::Responses
        } else {
            Output::DeadLetters
        };
        Ok(Some(with_record(&message, |record| read(output, record))))
    }
}

/// A consumer of committed records, which is told what to read.
pub(super) fn consumer(config: &Config) -> anyhow::Result<BaseConsumer> {
    client_config(config)
        // Never joined and never committed to: librdkafka wants a name.
        .set("group.id", format!("{}-load", config.application_id))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false")
        .set("fetch.wait.max.ms", "10")
        .set("fetch.queue.backoff.ms", "5")
        .create_with_context(DefaultConsumerContext)
        .context("cannot create a consumer of the fleet")
}

/// The partitions of a topic, each with its first offset and its end.
///
/// # Errors
/// If there is no such topic, or no broker answers.
pub(super) fn partitions(
    consumer: &BaseConsumer,
    topic: &str,
) -> anyhow::Result<Vec<(i32, i64, i64)>> {
    let metadata = consumer
        .fetch_metadata(Some(topic), METADATA_TIMEOUT)
        .with_context(|| {
            format!("no broker tells about topic {topic}: check kafka.bootstrap_servers and the access rights")
        })?;
    let found = metadata
        .topics()
        .iter()
        .find(|found| found.name() == topic && found.error().is_none())
        .map(rdkafka::metadata::MetadataTopic::partitions)
        .unwrap_or_default();
    ensure!(
        !found.is_empty(),
        "there is no topic {topic}: create it, or start the bridge with topics.create_missing"
    );
    found
        .iter()
        .map(|partition| {
            let (start, end) = consumer
                .fetch_watermarks(topic, partition.id(), METADATA_TIMEOUT)
                .with_context(|| {
                    format!("no broker tells the end of {topic}/{}", partition.id())
                })?;
            Ok((partition.id(), start, end))
        })
        .collect()
}

fn client_config(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (name, value) in &config.kafka.properties {
        client.set(name, value);
    }
    client.set("bootstrap.servers", &config.kafka.bootstrap_servers);
    client.set("client.id", format!("{}-load", config.application_id));
    client
}

/// Whether librdkafka mends it by itself.
pub(super) fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}

/// The message as a [`Record`].
pub(super) fn with_record<T>(
    message: &BorrowedMessage<'_>,
    read: impl FnOnce(&Record<'_>) -> T,
) -> T {
    let coordinates = Coordinates {
        topic: message.topic().into(),
        partition: message.partition(),
        offset: message.offset(),
    };
    let headers: Vec<record::Header<'_>> = message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter())
        .map(|header| (header.key, header.value.unwrap_or_default()))
        .collect();
    read(&Record {
        coordinates: &coordinates,
        key: message.key(),
        value: message.payload(),
        headers: &headers,
    })
}
