use std::io::Write;
use std::ops::ControlFlow;
use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::config::Config;
use crate::record::Coordinates;
use crate::runtime::Clock;
use crate::runtime::clients;
use crate::runtime::deliveries::Deliveries;
use crate::runtime::reader::Reader;
use crate::runtime::work::STRANGER_IN_ROUTED;
use crate::time::Timestamp;
use crate::wire::DEAD_LETTER_HEADERS;

use super::CANNOT_WRITE;

/// Letters that are chosen before they are written: each is held in memory, at most as many as this.
const LETTERS_MAX: usize = 1_000_000;

/// How long written records may take to be acknowledged.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// What `credbridge replay dead-letters` is asked to do.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct DeadLetterOptions {
    /// Only letters with this `credbridge-reason`; may be repeated.
    #[arg(long = "reason", value_name = "REASON")]
    pub reasons: Vec<String>,
    /// Only letters whose source record stood in this topic; may be repeated.
    #[arg(long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Only letters with this record key, e.g. a device key; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// Only letters that are not older.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    pub since: Option<Duration>,
    /// At most so many letters, the oldest of each partition first.
    #[arg(long, value_name = "N")]
    pub max: Option<usize>,
    /// Records a second; 0: as fast as the brokers take them.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub rate: u32,
    /// Say what would be written, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// A dead letter on its way back.
struct Letter {
    at: Coordinates,
    source: Coordinates,
    reason: String,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: OwnedHeaders,
}

/// Writes dead letters back into the topics that they came from, as they were before the bridge set them aside; tells
/// each of them on `out`. One without a value is left alone: its record had none, or did not fit, and what would be written
/// would only be set aside again. So is what a stranger wrote into the routed topic, which never stood in an input, unless its
/// reason is asked for. What came to stand in the dead letters after the start is left alone.
///
/// # Errors
/// If the cluster fails, or a letter names no input of the configuration as its source.
pub fn dead_letters(
    config: &Config,
    options: &DeadLetterOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let clock = Clock::new();
    let (letters, others): (Vec<_>, Vec<_>) = choose(config, options, clock.now())?
        .into_iter()
        .partition(|letter| !is_left_alone(options, letter));
    for letter in &others {
        let why = match letter.value {
            Some(_) => "a stranger wrote it into the routed topic, and says that its record stands",
            None => "it has no value; its record stands",
        };
        let (source, reason) = (&letter.source, letter.reason.escape_debug());
        writeln!(
            out,
            "{} left alone: {why} at {source} ({reason})",
            letter.at
        )
        .context(CANNOT_WRITE)?;
    }
    let producer = if options.dry_run {
        None
    } else {
        Some(clients::tool_producer(config).context("kafka.properties")?)
    };
    let begin = clock.elapsed();
    for (number, letter) in (0_u32..).zip(&letters) {
        if let Some(producer) = &producer {
            if options.rate > 0 {
                let due = begin + Duration::from_secs(1) / options.rate * number;
                while let Some(left) = due
                    .checked_sub(clock.elapsed())
                    .filter(|left| !left.is_zero())
                {
                    producer.poll(left.min(Duration::from_millis(100)));
                }
            }
            send(producer, letter)?;
        }
        writeln!(
            out,
            "{} -> {} ({})",
            letter.at,
            letter.source.topic,
            letter.reason.escape_debug()
        )
        .context(CANNOT_WRITE)?;
    }
    if let Some(producer) = &producer {
        flush(producer)?;
    }
    let done = if options.dry_run {
        "would be written back"
    } else {
        "written back"
    };
    writeln!(out, "{} dead letters {done}", letters.len())
        .and_then(|()| out.flush())
        .context(CANNOT_WRITE)
}

fn choose(
    config: &Config,
    options: &DeadLetterOptions,
    now: Timestamp,
) -> anyhow::Result<Vec<Letter>> {
    let topic = &config.topics.dead_letters;
    let reader = Reader::open(config)?;
    let since = options.since.map(|ago| {
        let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(now.as_millis().saturating_sub(ago))
    });
    let stretches = (0..reader.partition_count(topic)?)
        .map(|partition| reader.stretch(topic, partition, since))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut letters = Letters::new(options.max, LETTERS_MAX);
    reader.read(&stretches, |message| {
        let Some(letter) = read(message) else {
            tracing::warn!(
                partition = message.partition(),
                offset = message.offset(),
                "left alone: without a header credbridge-source, so the bridge did not write it"
            );
            return Ok(ControlFlow::Continue(()));
        };
        if !letters.are_enough() && is_wanted(options, &letter) {
            if !is_left_alone(options, &letter) {
                check_source(config, &letter)?;
            }
            letters.add(letter)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut letters = letters.chosen;
    letters.sort_by(|one, other| one.at.cmp(&other.at));
    Ok(letters)
}

/// What is chosen.
struct Letters<T> {
    chosen: Vec<T>,
    /// So many are asked for; `None`: all.
    max: Option<usize>,
    /// So many have room.
    limit: usize,
}

impl<T> Letters<T> {
    const fn new(max: Option<usize>, limit: usize) -> Self {
        Self {
            chosen: Vec::new(),
            max,
            limit,
        }
    }

    fn are_enough(&self) -> bool {
        self.max.is_some_and(|max| self.chosen.len() >= max)
    }

    /// # Errors
    /// If there is no room: some would be left in the dead letters without a word.
    fn add(&mut self, letter: T) -> anyhow::Result<()> {
        if self.chosen.len() == self.limit {
            bail!(
                "more than {limit} dead letters are meant: narrow them by --reason, --topic, --key or --since, or take \
                 at most {limit} at a time by --max",
                limit = self.limit
            );
        }
        self.chosen.push(letter);
        Ok(())
    }
}

fn is_wanted(options: &DeadLetterOptions, letter: &Letter) -> bool {
    let any = |wanted: &[String], is: &[u8]| {
        wanted.is_empty() || wanted.iter().any(|wanted| wanted.as_bytes() == is)
    };
    any(&options.reasons, letter.reason.as_bytes())
        && any(&options.topics, letter.source.topic.as_bytes())
        && any(&options.keys, letter.key.as_deref().unwrap_or_default())
}

fn is_left_alone(options: &DeadLetterOptions, letter: &Letter) -> bool {
    let is_strange = letter.reason == STRANGER_IN_ROUTED && options.reasons.is_empty();
    letter.value.is_none() || is_strange
}

/// Nothing is written to a topic only because a header names it.
fn check_source(config: &Config, letter: &Letter) -> anyhow::Result<()> {
    let mut inputs = config
        .topics
        .requests
        .iter()
        .chain(&config.topics.cpe_events);
    if inputs.any(|input| **input == *letter.source.topic) {
        return Ok(());
    }
    bail!(
        "the dead letter at {} came from {}, which is no input of the configuration: add it to topics.requests or \
         topics.cpe_events, or leave such letters out by --topic",
        letter.at,
        letter.source.topic
    )
}

/// `None` if the bridge did not write it.
fn read(message: &BorrowedMessage<'_>) -> Option<Letter> {
    let at = Coordinates {
        topic: message.topic().into(),
        partition: message.partition(),
        offset: message.offset(),
    };
    let mut source = None;
    let mut reason = String::new();
    let mut kept = OwnedHeaders::new();
    for header in message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter())
    {
        let text = || str::from_utf8(header.value.unwrap_or_default()).unwrap_or_default();
        match header.key {
            "credbridge-source" => source = Coordinates::from_str(text()).ok(),
            "credbridge-reason" => text().clone_into(&mut reason),
            _ => {}
        }
        if !DEAD_LETTER_HEADERS.contains(&header.key) {
            kept = kept.insert(Header {
                key: header.key,
                value: header.value,
            });
        }
    }
    Some(Letter {
        source: source?,
        at,
        reason,
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: kept,
    })
}

fn send(producer: &BaseProducer<Deliveries>, letter: &Letter) -> anyhow::Result<()> {
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(&letter.source.topic).headers(letter.headers.clone());
    record.key = letter.key.as_deref();
    record.payload = letter.value.as_deref();
    while let Err((error, back)) = producer.send(record) {
        if !matches!(
            error,
            KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)
        ) {
            return Err(error)
                .with_context(|| format!("cannot write the dead letter at {} back", letter.at));
        }
        producer.poll(Duration::from_millis(1));
        record = back;
    }
    producer.poll(Duration::ZERO);
    failed(producer)
}

fn flush(producer: &BaseProducer<Deliveries>) -> anyhow::Result<()> {
    producer
        .flush(FLUSH_TIMEOUT)
        .context("not all records were acknowledged; those that were not may be missing")?;
    failed(producer)
}

fn failed(producer: &BaseProducer<Deliveries>) -> anyhow::Result<()> {
    match producer.context().take_failure() {
        Some(error) => Err(error).context("a record was not written; letters before it were"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many letters are chosen; `None`: it is refused.
    fn chosen(count: usize, max: Option<usize>) -> Option<usize> {
        let mut letters = Letters::new(max, 3);
        for letter in 0..count {
            if !letters.are_enough() {
                let added = letters.add(letter);
                if let Err(error) = added {
                    assert!(error.to_string().contains("more than 3 dead letters"));
                    return None;
                }
            }
        }
        Some(letters.chosen.len())
    }

    #[test]
    fn more_letters_than_have_room_are_told_unless_fewer_are_asked_for() {
        for (count, max, expected) in [
            (3, None, Some(3)),
            (4, None, None),
            (4, Some(4), None),
            (4, Some(3), Some(3)),
            (4, Some(0), Some(0)),
            (2, Some(3), Some(2)),
        ] {
            assert_eq!(chosen(count, max), expected, "{count} {max:?}");
        }
    }
}
