//! Whether a program wrote what it had to: counts by the plan of the input, contents by what credbridge wrote.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use credbridge::wire::r#gen as proto;
use prost::Message as _;
use proto::cpe_command::Rpc;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use super::input::Expected;
use super::kafka::broker::Broker;
use super::outputs::Outputs;

/// How long reading everything may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Headers that must be the same whatever program wrote the record.
const SAME_HEADERS: [&str; 5] = [
    "content-type",
    "cwmp-device-id",
    "cwmp-command-key",
    "traceparent",
    "credbridge-request",
];

/// What stands in the output topics.
pub(super) struct Written {
    pub(super) counts: Expected,
    /// Hash of each record's contents by hash of what names it.
    contents: HashMap<u64, u64>,
    /// Records whose name was there already.
    doubled: u64,
    /// Some records in full, for people.
    samples: HashMap<u64, String>,
}

/// Texts of records that are kept, so that a difference can be shown.
const SAMPLES: usize = 20_000;

impl Written {
    /// Reads all committed records of the outputs.
    pub(super) fn read(broker: &Broker, outputs: &Outputs) -> Self {
        let mut written = Self {
            counts: Expected::default(),
            contents: HashMap::new(),
            doubled: 0,
            samples: HashMap::new(),
        };
        read_all(broker, &outputs.names(), |message| {
            let topic = message.topic();
            let (name, contents) = if topic == outputs.commands {
                written.command(message)
            } else if topic == outputs.responses {
                written.response(message)
            } else {
                written.dead_letter(message)
            };
            written.take(&name, contents);
        });
        written
    }

    /// What is wrong; empty if nothing is. `reference` is what another program wrote from the same input.
    pub(super) fn mistakes(&self, expected: &Expected, reference: Option<&Self>) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.counts != *expected {
            mistakes.push(format!("wrote {:?}, not {expected:?}", self.counts));
        }
        if self.doubled > 0 {
            mistakes.push(format!("{} records were written twice", self.doubled));
        }
        let Some(reference) = reference else {
            return mistakes;
        };
        let differs = |name: &&u64| self.contents.get(*name) != reference.contents.get(*name);
        let different: Vec<&u64> = reference.samples.keys().filter(differs).collect();
        let all = reference
            .contents
            .iter()
            .filter(|(name, contents)| self.contents.get(name) != Some(contents))
            .count();
        if all > 0 {
            mistakes.push(format!("{all} records differ from those of credbridge"));
        }
        for name in different.into_iter().take(3) {
            let text = |written: &Self| written.samples.get(name).cloned().unwrap_or_default();
            mistakes.push(format!("{}\n  not {}", text(self), text(reference)));
        }
        mistakes
    }

    fn take(&mut self, name: &str, contents: String) {
        let name = hash(name);
        if self.contents.insert(name, hash(&contents)).is_some() {
            self.doubled += 1;
        }
        if self.samples.len() < SAMPLES {
            self.samples.insert(name, contents);
        }
    }

    fn command(&mut self, message: &BorrowedMessage<'_>) -> (String, String) {
        let value = message.payload().unwrap_or_default();
        let mut command = proto::CpeCommand::decode(value).expect("a command is a CpeCommand");
        assert!(
            command.expires_at.take().is_some(),
            "a command without expires_at"
        );
        match &command.rpc {
            Some(Rpc::Download(_)) => self.counts.downloads += 1,
            Some(Rpc::SetParameterValues(_)) => self.counts.sets += 1,
            other => panic!("no program has to write {other:?}"),
        }
        let name = format!("command {}", command.command_id);
        (name, format!("{command:?} {}", around(message)))
    }

    fn response(&mut self, message: &BorrowedMessage<'_>) -> (String, String) {
        let value = message.payload().unwrap_or_default();
        let primitive: Value = serde_json::from_slice(value).expect("a response is JSON");
        let code = primitive["rsc"].as_u64().expect("rsc is a number");
        *self.counts.responses.entry(code).or_default() += 1;
        let name = format!("response {}", primitive["rqi"]);
        (name, format!("{primitive} {}", around(message)))
    }

    fn dead_letter(&mut self, message: &BorrowedMessage<'_>) -> (String, String) {
        let reason = header(message, "credbridge-reason").expect("a dead letter has a reason");
        *self.counts.dead_letters.entry(reason.clone()).or_default() += 1;
        let source = header(message, "credbridge-source").expect("a dead letter has a source");
        let value = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
        let name = format!("dead letter {source}");
        (name, format!("{reason} {value} {}", around(message)))
    }
}

/// Key and headers.
fn around(message: &BorrowedMessage<'_>) -> String {
    let headers: BTreeMap<&str, String> = SAME_HEADERS
        .into_iter()
        .filter_map(|name| Some((name, header(message, name)?)))
        .collect();
    let key = String::from_utf8_lossy(message.key().unwrap_or_default());
    format!("{key} {headers:?}")
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let mut headers = message.headers()?.iter();
    let header = headers.find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(header.value.unwrap_or_default()).into_owned())
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A consumer that belongs to no group.
fn consumer(broker: &Broker, isolation: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap())
        .set("group.id", "compare-verdict")
        .set("enable.auto.commit", "false")
        .set("isolation.level", isolation)
        .create()
        .expect("the settings are right")
}

/// Calls `each` for all records that are committed in the topics now.
///
/// A commit is answered before its marks stand in the partitions: to a reader of committed records the end seems to be
/// before the last transaction for a moment. So another reader tells the ends.
fn read_all(broker: &Broker, topics: &[&str], mut each: impl FnMut(&BorrowedMessage<'_>)) {
    let probe = consumer(broker, "read_uncommitted");
    let consumer = consumer(broker, "read_committed");
    let client = broker.client();
    let mut ends = BTreeMap::new();
    let mut assignment = TopicPartitionList::new();
    for topic in topics {
        for partition in 0..client.partitions(topic) {
            let marks = probe.fetch_watermarks(topic, partition, LIMIT);
            let (start, end) = marks.expect("the broker answers");
            assignment
                .add_partition_offset(topic, partition, Offset::Offset(start))
                .expect("the offset is valid");
            if end > start {
                ends.insert(((*topic).to_owned(), partition), end);
            }
        }
    }
    consumer.assign(&assignment).expect("nothing is subscribed");
    let begin = Instant::now();
    let mut polled = 0_u64;
    loop {
        assert!(
            begin.elapsed() < LIMIT,
            "the outputs cannot be read: {ends:?}"
        );
        match consumer.poll(Duration::from_millis(20)) {
            Some(message) => each(&message.expect("the outputs can be read")),
            None => polled = 0,
        }
        polled += 1;
        // Positions step over the marks of transactions; asking for them after each record would take long.
        if polled.is_multiple_of(1_000) || polled == 1 {
            let positions = consumer.position().expect("partitions are assigned");
            ends.retain(|(topic, partition), end| {
                let position = positions.find_partition(topic, *partition);
                !matches!(position.map(|p| p.offset()), Some(Offset::Offset(at)) if at >= *end)
            });
            if ends.is_empty() {
                return;
            }
        }
    }
}

/// Committed records of the outputs.
pub(super) fn count(broker: &Broker, outputs: &Outputs) -> u64 {
    let mut count = 0;
    read_all(broker, &outputs.names(), |_| count += 1);
    count
}
