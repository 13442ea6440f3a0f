use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use serde::Serialize;

use crate::config::Config;
use crate::correlator::Ledger;
use crate::wire::changelog::{self, ChangelogEntry};
use crate::wire::{Decoder, LedgerRecord};

use super::broker;
use super::clock::Clock;

/// Where the events of the run went, summed over the shards, as the bridge itself counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct LedgerDifference {
    /// Events in.
    #[serde(rename = "in")]
    pub events: i64,
    /// Moved an installation on, or were answered.
    pub applied: i64,
    /// Repeated, too late to tell anything, or contradicting.
    pub repeated: i64,
    /// Wait for their request; negative if more waited before.
    pub parked: i64,
    /// Belong to nothing.
    pub set_aside: i64,
    /// Never about an installation.
    pub foreign: i64,
    /// Whether there is a ledger, and that of every shard balances.
    pub balanced: bool,
}

/// The latest ledger of each shard.
pub(super) type Ledgers = BTreeMap<i32, Ledger>;

/// Records at the end of a partition among which its latest ledger is looked for first: a shard writes it often, and
/// a changelog can be long.
const TAIL: i64 = 10_000;
/// How long the ledger topic may lag behind the state: more than the minute after which a bridge tells it.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(90);

/// How long to wait before both are compared again.
const SETTLE_STEP: Duration = Duration::from_millis(200);

/// How long reading may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The events between two readings.
pub(super) fn difference(before: &Ledgers, after: &Ledgers) -> LedgerDifference {
    let sum = |count: &dyn Fn(&Ledger) -> u64| {
        let total = |ledgers: &Ledgers| -> u64 { ledgers.values().map(count).sum() };
        total(after).cast_signed() - total(before).cast_signed()
    };
    LedgerDifference {
        events: sum(&|ledger| ledger.events),
        applied: sum(&|ledger| ledger.applied),
        repeated: sum(&|ledger| ledger.repeated),
        parked: sum(&|ledger| ledger.parked),
        set_aside: sum(&|ledger| ledger.set_aside),
        foreign: sum(&|ledger| ledger.foreign),
        balanced: !after.is_empty() && after.values().all(Ledger::balanced),
    }
}

/// Reads what the ledger topic says last of each shard; a shard of which it says nothing has none.
pub(super) fn read(config: &Config) -> anyhow::Result<Ledgers> {
    let topic = config.ledger_topic();
    let consumer = broker::consumer(config)?;
    let partitions = broker::partitions(&consumer, &topic)?;
    let mut ledgers = Ledgers::new();
    read_ranges(&consumer, &topic, &partitions, |message| {
        let value = message.payload().unwrap_or_default();
        let record: LedgerRecord = serde_json::from_slice(value)
            .with_context(|| format!("{topic} holds a record that the bridge did not write"))?;
        ledgers.insert(record.shard, record.ledger());
        Ok(())
    })?;
    Ok(ledgers)
}

/// As [`read`], once the topic says what the state says: a bridge tells it when it falls quiet.
///
/// # Errors
/// If they do not agree in time.
pub(super) fn read_settled(config: &Config) -> anyhow::Result<Ledgers> {
    let clock = Clock::start();
    loop {
        let (state, told) = (read_state(config)?, read(config)?);
        let agree = |(shard, ledger): (&i32, &Ledger)| told.get(shard) == Some(ledger);
        if state.iter().all(agree) {
            return Ok(told);
        }
        ensure!(
            clock.elapsed() < SETTLE_TIMEOUT,
            "{} did not come to say what {} says within {SETTLE_TIMEOUT:?}: is the bridge still running, or are other \
             producers at work?",
            config.ledger_topic(),
            config.changelog_topic()
        );
        std::thread::park_timeout(SETTLE_STEP);
    }
}

/// The latest ledger of each shard in the changelog; a shard that never wrote one has none.
fn read_state(config: &Config) -> anyhow::Result<Ledgers> {
    let topic = config.changelog_topic();
    let consumer = broker::consumer(config)?;
    let partitions = broker::partitions(&consumer, &topic)?;
    let tails: Vec<_> = partitions
        .iter()
        .map(|(partition, start, end)| (*partition, (*start).max(end - TAIL), *end))
        .collect();
    let mut ledgers = Ledgers::new();
    let decoder = config.decoder();
    read_ranges(&consumer, &topic, &tails, |message| {
        note(message, &decoder, &mut ledgers)
    })?;
    let rest: Vec<_> = partitions
        .into_iter()
        .filter(|(partition, start, end)| !ledgers.contains_key(partition) && *start < end - TAIL)
        .map(|(partition, start, end)| (partition, start, end - TAIL))
        .collect();
    read_ranges(&consumer, &topic, &rest, |message| {
        note(message, &decoder, &mut ledgers)
    })?;
    Ok(ledgers)
}

fn read_ranges(
    consumer: &BaseConsumer,
    topic: &str,
    ranges: &[(i32, i64, i64)],
    mut take: impl FnMut(&BorrowedMessage<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut starts = TopicPartitionList::new();
    let mut open = BTreeMap::new();
    for (partition, start, end) in ranges {
        if start < end {
            starts.add_partition_offset(topic, *partition, Offset::Offset(*start))?;
            open.insert(*partition, *end);
        }
    }
    consumer.assign(&starts)?;
    let clock = Clock::start();
    while !open.is_empty() {
        ensure!(
            clock.elapsed() < READ_TIMEOUT,
            "the end of {topic} was not reached within {READ_TIMEOUT:?}; an open transaction may hold it back"
        );
        match consumer.poll(Duration::from_millis(10)) {
            Some(Ok(message)) => take(&message)?,
            Some(Err(error)) if !broker::is_passing(&error) => {
                return Err(error).with_context(|| format!("cannot read {topic}"));
            }
            Some(Err(_)) => {}
            // Only where nothing comes can the rest of a partition be control records, which positions step over.
            None => drop_reached(consumer, &mut open)?,
        }
    }
    Ok(())
}

fn drop_reached(consumer: &BaseConsumer, open: &mut BTreeMap<i32, i64>) -> anyhow::Result<()> {
    for position in consumer.position()?.elements() {
        if let Offset::Offset(offset) = position.offset()
            && open
                .get(&position.partition())
                .is_some_and(|end| offset >= *end)
        {
            open.remove(&position.partition());
        }
    }
    Ok(())
}

/// Takes the ledger out of a record of the changelog, if it is one.
fn note(
    message: &BorrowedMessage<'_>,
    decoder: &Decoder,
    ledgers: &mut Ledgers,
) -> anyhow::Result<()> {
    let key = message.key().unwrap_or_default();
    match changelog::decode(key, message.payload(), decoder)? {
        ChangelogEntry::Ledger(ledger, _) => {
            ledgers.insert(message.partition(), ledger);
        }
        ChangelogEntry::Forgotten(_)
        | ChangelogEntry::Installation(_)
        | ChangelogEntry::Pacing(_)
        | ChangelogEntry::Rest(..)
        | ChangelogEntry::Waiting(..) => {}
    }
    Ok(())
}
