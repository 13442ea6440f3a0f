use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use serde::Serialize;

use crate::config::Config;
use crate::correlator::Ledger;
use crate::wire::changelog::{self, ChangelogEntry};

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
    /// Repeated, late or contradicting.
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

/// Reads the latest ledger of each shard from the changelog; a shard that never wrote one has none.
pub(super) fn read(config: &Config) -> anyhow::Result<Ledgers> {
    let topic = config.changelog_topic();
    let consumer = broker::consumer(config)?;
    let partitions = broker::partitions(&consumer, &topic)?;
    let tails: Vec<_> = partitions
        .iter()
        .map(|(partition, start, end)| (*partition, (*start).max(end - TAIL), *end))
        .collect();
    let mut ledgers = Ledgers::new();
    read_ranges(config, &consumer, &topic, &tails, &mut ledgers)?;
    let rest: Vec<_> = partitions
        .into_iter()
        .filter(|(partition, start, end)| !ledgers.contains_key(partition) && *start < end - TAIL)
        .map(|(partition, start, end)| (partition, start, end - TAIL))
        .collect();
    read_ranges(config, &consumer, &topic, &rest, &mut ledgers)?;
    Ok(ledgers)
}

fn read_ranges(
    config: &Config,
    consumer: &BaseConsumer,
    topic: &str,
    ranges: &[(i32, i64, i64)],
    ledgers: &mut Ledgers,
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
            Some(Ok(message)) => {
                if let Some(ledger) = ledger_of(config, message.key(), message.payload())? {
                    ledgers.insert(message.partition(), ledger);
                }
            }
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

/// The ledger in a record of the changelog, if it is one.
fn ledger_of(
    config: &Config,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> anyhow::Result<Option<Ledger>> {
    match changelog::decode(key.unwrap_or_default(), value, &config.decoder())? {
        ChangelogEntry::Ledger(ledger, _) => Ok(Some(ledger)),
        ChangelogEntry::Forgotten(_)
        | ChangelogEntry::Installation(_)
        | ChangelogEntry::Waiting(..) => Ok(None),
    }
}
