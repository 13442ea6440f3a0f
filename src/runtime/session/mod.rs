//! A session: one membership in the group, with the shards that it brings.
//!
//! A session is disposable. Whatever goes wrong in it (an aborted transaction, a fenced producer, an outcome that is
//! not known), the next one starts from what Kafka holds: the same path for every trouble, and always right.

mod answering;
mod catching_up;
mod exposition;
mod lanes;
mod ownership;
mod reading;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::Offset;

use crate::runtime::allowance::Allowance;
use crate::runtime::assignment::{Membership, leave, list};
use crate::runtime::probe::{Offsets, offsets};
use crate::runtime::pulse::Pulse;
use crate::runtime::restore::Restorer;
use crate::runtime::shard::{Phase, Shard};
use crate::runtime::transaction::{CommitLimits, Transaction};
use crate::runtime::trouble::Trouble;
use crate::runtime::work::Work;
use crate::runtime::{Setup, clients, waiting, watermark};
use crate::telemetry::{TransactionOutcome, WorkerMetrics};

use lanes::{Lanes, wake_this_thread};

/// Deadlines that a worker fires in a second. After an outage a million of them may be past; what they cause must not
/// flood the ACS and the requesters.
const EXPIRIES_PER_SECOND_MAX: u32 = 5_000;

/// How often positions are compared with what is committed, where no record makes a commit necessary: a position also
/// moves over the markers of transactions, and the watermark looks at committed offsets.
const POSITIONS_INTERVAL: Duration = Duration::from_millis(400);

/// How long a shard that was given back is kept in memory: longer than a rolling restart of the other processes.
const PARKED_TTL: Duration = Duration::from_mins(10);

/// A shard that was given back in peace, kept in case it returns.
struct Parked {
    shard: Shard,
    /// Next offset of the changelog that the shard does not know.
    next: i64,
    /// When it was given back.
    since: Duration,
}

/// How the restore moves on; it stands still while a dead worker's transaction is open.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    remaining: i64,
    since: Duration,
}

/// One membership in the group.
pub(super) struct Session<'s> {
    setup: &'s Setup,
    worker: usize,
    pulse: Pulse<'s>,
    /// Invariant: gone before the consumer that their queues belong to.
    lanes: Lanes,
    consumer: Arc<BaseConsumer<Membership>>,
    restorer: Restorer,
    work: Work<'s, Transaction<'s>>,
    parked: BTreeMap<i32, Parked>,
    restore: Progress,
    committed: Offsets,
    positions_checked: Duration,
    gauges_told: Duration,
    waiting_checked: Duration,
    joined: bool,
    limits: CommitLimits,
    expiries: Allowance,
    metrics: WorkerMetrics,
}

impl<'s> Session<'s> {
    /// Fences what the worker left behind, and joins the group.
    pub(super) fn open(setup: &'s Setup, worker: usize) -> Result<Self, Trouble> {
        let pulse = Pulse { setup, worker };
        let transaction = Transaction::open(pulse)?;
        pulse.beat();
        let restorer = Restorer::open(&setup.config, worker)?;
        let mut consumer = clients::member(&setup.config, worker, partitions_in_all(setup)?)
            .map_err(|error| Trouble::from_kafka("making the consumer", &error))?;
        setup.gathering.wait(worker);
        consumer.set_nonempty_callback(wake_this_thread());
        let routed = setup.config.routed_topic();
        let topics: Vec<&str> = std::iter::once(&routed)
            .chain(&setup.config.topics.requests)
            .chain(&setup.config.topics.cpe_events)
            .map(String::as_str)
            .collect();
        consumer
            .subscribe(&topics)
            .map_err(|error| Trouble::from_kafka("subscribing", &error))?;
        Ok(Self {
            setup,
            worker,
            pulse,
            lanes: Lanes::default(),
            consumer: Arc::new(consumer),
            restorer,
            work: Work::new(&setup.application, transaction),
            parked: BTreeMap::new(),
            restore: Progress::default(),
            committed: Offsets::new(),
            positions_checked: Duration::ZERO,
            gauges_told: Duration::ZERO,
            waiting_checked: Duration::ZERO,
            joined: false,
            limits: CommitLimits::default(),
            expiries: Allowance::new(EXPIRIES_PER_SECOND_MAX),
            metrics: setup.metrics.worker(),
        })
    }

    /// One round of everything.
    ///
    /// # Errors
    /// If the session is lost, or the process must end.
    pub(super) fn turn(&mut self) -> Result<(), Trouble> {
        self.apply_rebalances()?;
        self.restore_some()?;
        let more = self.read_some()?;
        self.expire_some()?;
        self.resume_waiting()?;
        self.work.take_answers(self.setup.clock.now())?;
        self.work.transaction.serve();
        if self.work.transaction.is_open() {
            let due = self
                .work
                .transaction
                .is_due(self.setup.clock.elapsed(), &self.limits);
            if due || !more {
                self.commit()?;
            }
        } else {
            self.finish_catching_up()?;
            self.commit_positions()?;
        }
        self.tell();
        Ok(())
    }

    /// Commits, and leaves the group.
    pub(super) fn close(mut self) -> Result<(), Trouble> {
        let done = self.commit_all();
        leave(&self.consumer);
        done
    }

    fn commit_all(&mut self) -> Result<(), Trouble> {
        if self.work.is_ledger_behind() {
            self.work.transaction.begin()?;
            let clock = &self.setup.clock;
            self.work
                .write_ledgers(clock.now(), clock.elapsed(), true)?;
        }
        if self.work.transaction.is_open() {
            self.commit()?;
        }
        Ok(())
    }

    /// Leaves the group without a commit: the next session does it again. Tells what becomes of an open transaction.
    pub(super) fn abandon(self) -> Option<TransactionOutcome> {
        leave(&self.consumer);
        self.work.transaction.outcome_if_lost()
    }

    fn expire_some(&mut self) -> Result<(), Trouble> {
        let max = self.expiries.left(self.setup.clock.elapsed());
        let now = self.setup.clock.now();
        let due = self.setup.watermark.now().min(now);
        let fired = self.work.on_time(now, due, max)?;
        self.expiries.used(fired);
        Ok(())
    }

    /// Goes on with requests that wait for their node.
    fn resume_waiting(&mut self) -> Result<(), Trouble> {
        let elapsed = self.setup.clock.elapsed();
        if elapsed.saturating_sub(self.waiting_checked) < waiting::INTERVAL {
            return Ok(());
        }
        self.waiting_checked = elapsed;
        self.work.resume_waiting(self.setup.clock.now())
    }

    /// The next records to handle, where any have been read.
    fn positions(&self) -> Result<Offsets, Trouble> {
        let mut positions = self
            .consumer
            .position()
            .and_then(|list| offsets(&list))
            .map_err(|error| Trouble::from_kafka("asking for positions", &error))?;
        self.lanes.correct(&mut positions);
        Ok(positions)
    }

    /// Where this worker stands, with the routed partitions of all its shards, also of those where it has read nothing:
    /// the offset that stands there carries the name of whoever may leave a transaction open in the changelog.
    fn positions_to_commit(&self) -> Result<Offsets, Trouble> {
        let mut positions = self.positions()?;
        let topic = self.setup.config.routed_topic();
        let mut unknown = Vec::new();
        for shard in self.work.shards.values() {
            let partition = (topic.clone(), shard.number);
            if shard.phase != Phase::Ready || positions.contains_key(&partition) {
                continue;
            }
            match self.committed.get(&partition) {
                Some(offset) => {
                    positions.insert(partition, *offset);
                }
                None => unknown.push(shard.number),
            }
        }
        if !unknown.is_empty() {
            for (number, offset) in self.routed_reached(&unknown)? {
                positions.entry((topic.clone(), number)).or_insert(offset);
            }
        }
        Ok(positions)
    }

    /// Commits positions that moved without a record, e.g. over the markers of transactions.
    fn commit_positions(&mut self) -> Result<(), Trouble> {
        let elapsed = self.setup.clock.elapsed();
        if elapsed.saturating_sub(self.positions_checked) < POSITIONS_INTERVAL {
            return Ok(());
        }
        self.positions_checked = elapsed;
        self.parked
            .retain(|_, parked| elapsed.saturating_sub(parked.since) < PARKED_TTL);
        let moved = self
            .positions_to_commit()?
            .iter()
            .any(|(partition, offset)| self.committed.get(partition) != Some(offset));
        if moved || self.work.is_ledger_due(elapsed) {
            self.work.transaction.begin()?;
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        // Outputs are acknowledged before the changelog is written, and the changelog before the offsets: with
        // at-least-once the order is what keeps a crash harmless, within a transaction it costs nothing.
        if self.setup.is_at_least_once() {
            self.work.transaction.drain()?;
        }
        self.work.write_changes()?;
        let clock = &self.setup.clock;
        self.work
            .write_ledgers(clock.now(), clock.elapsed(), false)?;
        self.pulse.beat();
        let mut positions = self.positions_to_commit()?;
        if positions.is_empty() {
            positions = self.fence_offsets()?;
        }
        let offsets = list(
            positions
                .iter()
                .map(|(partition, offset)| (partition, Offset::Offset(*offset))),
        )
        .and_then(|list| sign(list, self.setup, self.worker))
        .map_err(|error| Trouble::from_kafka("listing offsets", &error))?;
        self.pulse.beat();
        let times = self
            .work
            .transaction
            .commit(&self.consumer, offsets, || clock.elapsed())?;
        self.committed = positions;
        self.work.committed();
        self.export_commit(&times);
        self.finish_catching_up()
    }

    /// Offsets for a transaction that read nothing, e.g. of deadlines alone: where the routed partitions of this
    /// worker stand. Without any offset the transaction would lack its fence.
    fn fence_offsets(&self) -> Result<Offsets, Trouble> {
        let shards: Vec<i32> = self.work.shards.keys().copied().collect();
        let topic = self.setup.config.routed_topic();
        let reached = self.routed_reached(&shards)?;
        if reached.is_empty() {
            let servers = &self.setup.config.kafka.bootstrap_servers;
            return Err(Trouble::without_fence(&topic, &shards, servers));
        }
        Ok(reached
            .into_iter()
            .map(|(number, offset)| ((topic.clone(), number), offset))
            .collect())
    }
}

/// Writes the transactional id of the worker beside its offsets, so that whoever takes over can end the transaction
/// that it may leave open.
fn sign(
    offsets: TopicPartitionList,
    setup: &Setup,
    worker: usize,
) -> KafkaResult<TopicPartitionList> {
    if !setup.is_at_least_once() {
        let id = clients::transactional_id(&setup.config, worker);
        for mut offset in offsets.elements() {
            offset.set_metadata(&id);
        }
    }
    Ok(offsets)
}

/// How many partitions a worker may have to read.
fn partitions_in_all(setup: &Setup) -> Result<usize, Trouble> {
    let inputs = watermark::input_partitions(setup)
        .map_err(|error| Trouble::from_kafka("counting partitions", &error))?;
    Ok(inputs.len() + usize::try_from(setup.application.shards).unwrap_or_default())
}
