//! The node directory: which device is behind the address of a `<node>` resource, read from its topic by every process.
//!
//! The device of a request must be known before its shard is, so each process reads all partitions, outside the group.
//! One thread reads; the workers look addresses up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::Offset;

use crate::config::Config;
use crate::record::Record;
use crate::telemetry::DirectoryMetrics;
use crate::time::Timestamp;
use crate::wire::{NodeRecord, Nodes, read_node};

use super::assignment::{Partition, list, partitions_of};
use super::probe::{Offsets, Probe, offsets};
use super::reader::with_record;
use super::restore::passing_or_lost;
use super::trouble::Trouble;
use super::watermark::{Mark, Marks};
use super::{PROBE_TIMEOUT, RuntimeError, Setup, clients};

/// How often the directory looks how far it has come.
const INTERVAL: Duration = Duration::from_millis(500);

/// How often partitions are counted again: the topic may grow.
const RECOUNT: Duration = Duration::from_secs(10);

/// How long to wait for a record; a stop is noticed in between.
const WAIT: Duration = Duration::from_millis(50);

/// How often records that tell of no node are said in the log.
const REFUSED_LOG_INTERVAL: Duration = Duration::from_mins(1);

/// How long to wait before the directory is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// What the workers of a process see of the node directory.
#[derive(Debug)]
pub(crate) struct NodeDirectory {
    nodes: Arc<Nodes>,
    restored: AtomicBool,
    /// Milliseconds since the Unix epoch.
    read_until: AtomicU64,
}

impl NodeDirectory {
    /// An empty directory, not restored; `None` if the configuration has none.
    pub(super) fn new(config: &Config) -> Option<Self> {
        (!config.topics.nodes.is_empty()).then(|| Self {
            nodes: Arc::new(Nodes::new(Nodes::ENTRIES_MAX)),
            restored: AtomicBool::new(false),
            read_until: AtomicU64::new(0),
        })
    }

    /// What is known, for the decoder.
    pub(super) fn nodes(&self) -> Arc<Nodes> {
        Arc::clone(&self.nodes)
    }

    /// Whether all that was in the topic at the start has been read.
    pub(super) fn is_restored(&self) -> bool {
        self.restored.load(Ordering::Acquire)
    }

    /// Whether the node at this address is known.
    pub(super) fn knows(&self, address: &str) -> bool {
        self.nodes.device(address).is_some()
    }

    /// The time up to which everything in the topic has been read, or that has passed `timeouts.hold_max` ago.
    pub(super) fn read_until(&self) -> Timestamp {
        Timestamp::from_millis(self.read_until.load(Ordering::Acquire))
    }

    /// Takes a record of the topic in.
    ///
    /// # Errors
    /// If it tells of no node, or the directory is full: where it stands, and what is wrong with it.
    pub(crate) fn apply(&self, record: Record<'_>) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", record.coordinates);
        match read_node(record).map_err(|error| told(&error))? {
            NodeRecord::Gone(address) => self.nodes.remove(address),
            NodeRecord::Known(address, device) => self
                .nodes
                .set(address, &device)
                .map_err(|error| told(&error))?,
        }
        Ok(())
    }

    /// Everything in the topic up to that time has been read.
    pub(crate) fn advance(&self, to: Timestamp) {
        self.read_until.fetch_max(to.as_millis(), Ordering::Release);
    }
}

/// Keeps the directory until the stop is requested.
pub(super) fn keep(setup: &Setup) -> Result<(), RuntimeError> {
    let Some(directory) = &setup.application.nodes else {
        return Ok(());
    };
    setup.health.directory_awaited();
    let metrics = setup.metrics.directory();
    while !setup.stop.is_requested() {
        let read = Reader::open(setup, directory).and_then(|mut reader| reader.read(&metrics));
        match read {
            Ok(()) => {}
            Err(Trouble::Ended(error)) => return Err(error),
            // What was read stays; reading it again says the same once more.
            Err(Trouble::SessionLost(error)) => {
                tracing::warn!(
                    topic = setup.config.topics.nodes,
                    error,
                    "the node directory is read again from the beginning"
                );
                setup.stop.wait(PAUSE);
            }
        }
    }
    Ok(())
}

/// One reading of the topic from its beginning.
struct Reader<'s> {
    setup: &'s Setup,
    directory: &'s NodeDirectory,
    probe: Probe,
    partitions: Vec<Partition>,
    counted: Option<Duration>,
    looked: Option<Duration>,
    marks: VecDeque<Mark>,
    refused: Refused,
}

/// Records that tell of no node, since they were last said.
#[derive(Default)]
struct Refused {
    count: u64,
    said: Option<Duration>,
}

impl<'s> Reader<'s> {
    fn open(setup: &'s Setup, directory: &'s NodeDirectory) -> Result<Self, Trouble> {
        let consumer = clients::nodes(&setup.config)
            .map_err(|error| Trouble::from_kafka("making the reader of topics.nodes", &error))?;
        Ok(Self {
            setup,
            directory,
            probe: Probe::of_reader(consumer, PROBE_TIMEOUT, setup.stop.clone()),
            partitions: Vec::new(),
            counted: None,
            looked: None,
            marks: VecDeque::new(),
            refused: Refused::default(),
        })
    }

    fn read(&mut self, metrics: &DirectoryMetrics) -> Result<(), Trouble> {
        while !self.setup.stop.is_requested() {
            if self.is_time(self.counted, RECOUNT) {
                self.counted = Some(self.setup.clock.elapsed());
                self.count_partitions()?;
            }
            let polled = self.probe.client().poll(WAIT).map(|result| {
                result.map(|message| with_record(&message, |record| self.directory.apply(record)))
            });
            match polled {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(refused))) => {
                    metrics.refused();
                    self.say_refused(&refused);
                }
                Some(Err(error)) => passing_or_lost(&error)?,
                None => {}
            }
            if self.is_time(self.looked, INTERVAL) {
                self.looked = Some(self.setup.clock.elapsed());
                self.look(metrics);
            }
        }
        Ok(())
    }

    fn is_time(&self, last: Option<Duration>, interval: Duration) -> bool {
        let elapsed = self.setup.clock.elapsed();
        last.is_none_or(|last| elapsed.saturating_sub(last) >= interval)
    }

    /// Reads partitions that are new from their beginning.
    fn count_partitions(&mut self) -> Result<(), Trouble> {
        let topic = &self.setup.config.topics.nodes;
        let known = i32::try_from(self.partitions.len()).unwrap_or(i32::MAX);
        let Ok(count) = self.probe.partition_count(topic) else {
            return Ok(());
        };
        if count <= known {
            return Ok(());
        }
        let new = partitions_of(topic, known..count);
        list(new.iter().map(|partition| (partition, Offset::Beginning)))
            .and_then(|list| self.probe.client().incremental_assign(&list))
            .map_err(|error| Trouble::from_kafka("assigning topics.nodes", &error))?;
        self.partitions.extend(new);
        // Older marks know nothing of the new partitions.
        self.marks.clear();
        Ok(())
    }

    /// Looks how far the reading has come.
    fn look(&mut self, metrics: &DirectoryMetrics) {
        let time = self.setup.clock.now();
        // Before the directory can be told restored: who waits for that may look at once.
        metrics.set_entries(self.directory.nodes.len() as u64);
        match self.ends_and_reached() {
            Ok((ends, reached)) if !self.partitions.is_empty() => {
                let lag: i64 = ends
                    .iter()
                    .map(|(partition, end)| end - reached.get(partition).copied().unwrap_or(0))
                    .sum();
                metrics.set_lag(lag.max(0).unsigned_abs());
                Marks::note(&mut self.marks, Mark { time, ends });
                if let Some(time) = Marks::pass(&mut self.marks, &reached) {
                    self.directory.advance(time);
                    self.tell_restored();
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "how far the node directory has come is not known");
            }
        }
        if self.directory.is_restored() {
            let hold_max = self.setup.config.timeouts.hold_max.as_millis();
            let hold_max = u64::try_from(hold_max).unwrap_or(u64::MAX);
            let limit = time.as_millis().saturating_sub(hold_max);
            self.directory.advance(Timestamp::from_millis(limit));
        }
    }

    fn tell_restored(&self) {
        if !self.directory.restored.swap(true, Ordering::AcqRel) {
            tracing::info!(
                topic = self.setup.config.topics.nodes,
                nodes = self.directory.nodes.len(),
                "node directory restored"
            );
            self.setup.health.directory_restored();
        }
    }

    /// The ends of committed records, and where the reading stands; where nothing was read yet, the beginning.
    fn ends_and_reached(&self) -> KafkaResult<(Offsets, Offsets)> {
        let ends = self.probe.ends(&self.partitions)?;
        let mut reached = offsets(&self.probe.client().position()?)?;
        let unread: Vec<Partition> = self
            .partitions
            .iter()
            .filter(|partition| !reached.contains_key(*partition))
            .cloned()
            .collect();
        reached.extend(self.probe.beginnings(&unread)?);
        Ok((ends, reached))
    }

    fn say_refused(&mut self, refused: &str) {
        self.refused.count += 1;
        if self.is_time(self.refused.said, REFUSED_LOG_INTERVAL) {
            self.refused.said = Some(self.setup.clock.elapsed());
            tracing::warn!(
                topic = self.setup.config.topics.nodes,
                refused = self.refused.count,
                latest = refused,
                "records of the node directory tell of no node; what was known of their address stays"
            );
            self.refused.count = 0;
        }
    }
}
