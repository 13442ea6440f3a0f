//! The partitions of a worker, the oldest record first.
//!
//! The client library hands records over as they were fetched. In a backlog topics with small records would run ahead of
//! those with large ones, and the answers of devices would come long before what they answer: right in the end, but each
//! of them would have to be kept, and written to the changelog, until then. So every partition is a lane with a queue of
//! its own, and that lane has its turn whose next record was written first.

#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::consumer::BaseConsumer;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::message::OwnedMessage;

use crate::runtime::assignment::{Membership, Partition};
use crate::runtime::probe::Offsets;
use crate::runtime::trouble::Trouble;
use crate::wire::Input;

pub(super) use turn::{Head, Next, Rest, Turn};

/// Records that must be known to lie ahead in an empty lane before the others wait for it: a backlog, and not the last
/// records that were written.
const BACKLOG_MIN: i64 = 1_000;

/// How long the others wait for a lane whose records are still to be fetched; longer than a fetch of a busy broker takes,
/// and short enough for a lane that gives nothing, because its leader is away.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// A partition that is read.
struct Lane {
    partition: Partition,
    rank: u8,
    queue: PartitionQueue<Membership>,
    is_held: bool,
    /// A record that was taken out of the queue, and not handled in that turn.
    kept: Option<OwnedMessage>,
    view: View,
}

/// What is known of a lane without asking anybody.
#[derive(Clone, Copy, Default)]
struct View {
    /// The offset behind the last record that came.
    reached: i64,
    /// Where the partition ended when it was last asked for.
    end: i64,
    /// The others have waited for it in vain since its last record.
    is_late: bool,
}

impl View {
    const fn is_awaited(self) -> bool {
        !self.is_late && self.end - self.reached >= BACKLOG_MIN
    }
}

/// The lanes of a session.
#[derive(Default)]
pub(super) struct Lanes(Vec<Lane>);

/// Which of two records of the same millisecond comes first.
const fn rank(input: Option<Input>) -> u8 {
    match input {
        Some(Input::Requests) => 0,
        None => 1,
        Some(Input::CpeEvents) => 2,
    }
}

impl Lanes {
    /// Gives a partition a queue of its own; to be called before the consumer is told to read it, so that no record takes
    /// another way. `input` is what it carries; `None`: what was forwarded.
    pub(super) fn open(
        &mut self,
        consumer: &Arc<BaseConsumer<Membership>>,
        partition: &Partition,
        input: Option<Input>,
    ) -> Result<(), Trouble> {
        let (topic, number) = partition;
        let queue = consumer.split_partition_queue(topic, *number);
        let mut queue = queue.ok_or_else(|| {
            Trouble::SessionLost(format!("{topic}/{number} cannot have a queue of its own"))
        })?;
        queue.set_nonempty_callback(wake_this_thread());
        self.0.push(Lane {
            partition: partition.clone(),
            rank: rank(input),
            queue,
            is_held: false,
            kept: None,
            view: View::default(),
        });
        Ok(())
    }

    /// Lets go of lanes, and of what was taken out of them and not handled.
    pub(super) fn close(&mut self, partitions: &[Partition]) {
        self.0.retain(|lane| !partitions.contains(&lane.partition));
    }

    /// Whether each of those lanes stands still from the next turn on. Their records are still fetched.
    pub(super) fn hold(&mut self, is_held: bool, which: impl Fn(&Partition) -> bool) {
        let lanes = self.0.iter_mut();
        for lane in lanes.filter(|lane| which(&lane.partition)) {
            lane.is_held = is_held;
        }
    }

    /// Takes over how far the consumer stands, and where the partitions end. A position also moves over the markers of
    /// transactions, which are no records.
    pub(super) fn note(&mut self, positions: &Offsets, ends: &Offsets) {
        for lane in &mut self.0 {
            let known = |offsets: &Offsets| offsets.get(&lane.partition).copied();
            lane.view.reached = known(positions).unwrap_or(0).max(lane.view.reached);
            lane.view.end = known(ends).unwrap_or(lane.view.end);
        }
    }

    /// Makes positions those of the next records to *handle*: the consumer has handed over some that were not.
    pub(super) fn correct(&self, positions: &mut Offsets) {
        for lane in &self.0 {
            if let Some(kept) = &lane.kept {
                positions.insert(lane.partition.clone(), kept.offset());
            }
        }
    }

    /// Begins to read.
    pub(super) fn turn(&mut self) -> Result<Turn<'_>, Trouble> {
        let lanes = self.0.iter_mut();
        let kept = lanes.map(|lane| if lane.is_held { None } else { lane.kept.take() });
        let kept = kept.collect();
        Turn::begin(&self.0, kept)
    }

    /// Keeps what a turn has left over.
    pub(super) fn keep(&mut self, rest: Vec<Rest>) {
        for (lane, rest) in self.0.iter_mut().zip(rest) {
            lane.view = rest.view;
            if rest.head.is_some() {
                lane.kept = rest.head;
            }
        }
    }
}

/// Has this thread go on when a queue is no longer empty.
pub(super) fn wake_this_thread() -> impl Fn() + Send + Sync + 'static {
    let thread = thread::current();
    move || thread.unpark()
}
