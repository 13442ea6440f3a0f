//! The bare pipe: what librdkafka itself costs, through the calls that everybody uses.
//!
//! It reads both inputs with `BaseConsumer::poll`, writes with `BaseProducer::send`, and commits what it wrote together
//! with its offsets in a transaction, every 100 ms. It decodes nothing and keeps nothing. Without `changelog=TOPIC` it
//! writes one record of 300 bytes for each that it reads; with it, three such outputs and one changelog record of 150
//! bytes for two that it reads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const COMMIT_INTERVAL: Duration = Duration::from_millis(100);
const CALL_LIMIT: Duration = Duration::from_secs(30);
const OUTPUT_BYTES: usize = 300;
const CHANGELOG_BYTES: usize = 150;

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> Result<()> {
    let arguments: HashMap<String, String> = std::env::args()
        .skip(1)
        .filter_map(|argument| {
            argument
                .split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect();
    let argument = |name: &str| {
        arguments
            .get(name)
            .cloned()
            .with_context(|| format!("argument {name}=.. is missing"))
    };
    stop_on_signal()?;
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", argument("bootstrap")?)
        .set("group.id", argument("group")?)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.min.messages", "100000")
        .set("queued.max.messages.kbytes", "65536")
        .create()?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", argument("bootstrap")?)
        .set("transactional.id", argument("group")?)
        .set("linger.ms", "5")
        .set("batch.size", "1000000")
        .set("compression.type", "lz4")
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144")
        .set("partitioner", "murmur2_random")
        .create()?;
    consumer.subscribe(&[&argument("requests")?, &argument("events")?])?;
    producer.init_transactions(CALL_LIMIT)?;
    let pipe = Pipe {
        commands: argument("commands")?,
        responses: argument("responses")?,
        changelog: arguments.get("changelog").cloned(),
        consumer,
        producer,
    };
    pipe.run()
}

fn stop_on_signal() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut signal =
                tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                    .expect("SIGTERM can be caught");
            signal.recv().await;
        });
        STOP.store(true, Ordering::Relaxed);
    });
    Ok(())
}

struct Pipe {
    commands: String,
    responses: String,
    changelog: Option<String>,
    consumer: BaseConsumer,
    producer: BaseProducer,
}

impl Pipe {
    fn run(&self) -> Result<()> {
        let filler = [b'x'; OUTPUT_BYTES];
        let mut count = 0_u64;
        let mut next: HashMap<(bool, i32), i64> = HashMap::new();
        let mut topics = [String::new(), String::new()];
        self.producer.begin_transaction()?;
        let mut begin = Instant::now();
        while !STOP.load(Ordering::Relaxed) {
            if let Some(message) = self.consumer.poll(Duration::from_millis(5)) {
                let message = message?;
                count += 1;
                let key = message.key().unwrap_or_default();
                match &self.changelog {
                    None => self.send(&self.commands, key, &filler)?,
                    Some(changelog) if count.is_multiple_of(2) => {
                        self.send(&self.commands, key, &filler)?;
                        self.send(&self.commands, key, &filler)?;
                        self.send(&self.responses, key, &filler)?;
                        self.send(changelog, key, &filler[..CHANGELOG_BYTES])?;
                    }
                    Some(_) => {}
                }
                if topics[0].is_empty() {
                    message.topic().clone_into(&mut topics[0]);
                }
                let is_second = message.topic() != topics[0];
                if is_second && topics[1].is_empty() {
                    message.topic().clone_into(&mut topics[1]);
                }
                next.insert((is_second, message.partition()), message.offset() + 1);
            }
            if !next.is_empty() && begin.elapsed() >= COMMIT_INTERVAL {
                self.commit(&topics, &mut next)?;
                begin = Instant::now();
            }
        }
        self.commit(&topics, &mut next)?;
        self.consumer.commit_consumer_state(CommitMode::Sync).ok();
        Ok(())
    }

    fn send(&self, topic: &str, key: &[u8], value: &[u8]) -> Result<()> {
        let mut record = BaseRecord::to(topic).key(key).payload(value);
        while let Err((error, again)) = self.producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            self.producer.poll(Duration::from_millis(1));
            record = again;
        }
        Ok(())
    }

    fn commit(&self, topics: &[String; 2], next: &mut HashMap<(bool, i32), i64>) -> Result<()> {
        let mut offsets = TopicPartitionList::new();
        for ((is_second, partition), offset) in next.drain() {
            let topic = &topics[usize::from(is_second)];
            offsets.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        }
        let group = self
            .consumer
            .group_metadata()
            .context("the consumer has joined a group")?;
        self.producer
            .send_offsets_to_transaction(&offsets, &group, CALL_LIMIT)?;
        self.producer.commit_transaction(CALL_LIMIT)?;
        self.producer.begin_transaction()?;
        Ok(())
    }
}
