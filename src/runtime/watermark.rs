//! Up to which time everything in Kafka has been handled.
//!
//! No time-out fires while the answer may already lie in the log, in any partition, also one that another process
//! reads. So deadlines run on a watermark: the ends of all inputs are noted together with the time; once the group's
//! committed offsets have passed them, all that was there then is handled or forwarded; once the committed offsets of
//! the routed topic have passed the ends that it had at that moment, what was forwarded is handled too.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::error::KafkaResult;

use crate::time::Timestamp;

use super::assignment::{Partition, partitions_of};
use super::probe::{Offsets, Probe};
use super::{RuntimeError, Setup};

/// How often the offsets are compared.
const INTERVAL: Duration = Duration::from_millis(400);

/// How often partitions are counted again: inputs may grow.
const RECOUNT: Duration = Duration::from_secs(10);

/// Notes kept at most; under lag the oldest ones decide, so new ones are left out.
const MARKS_MAX: usize = 64;

/// The time up to which everything in Kafka has been handled.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    millis: AtomicU64,
    ends: Mutex<Offsets>,
}

impl Watermark {
    /// Deadlines up to this time are due.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::Relaxed))
    }

    /// The ends of all partitions that were seen last, to tell lag by.
    pub(super) fn ends(&self) -> Offsets {
        self.ends
            .lock()
            .expect("nobody panics while holding it")
            .clone()
    }

    fn saw(&self, ends: &Offsets) {
        let mut seen = self.ends.lock().expect("nobody panics while holding it");
        seen.extend(
            ends.iter()
                .map(|(partition, end)| (partition.clone(), *end)),
        );
    }

    fn advance(&self, to: Timestamp) {
        self.millis.fetch_max(to.as_millis(), Ordering::Relaxed);
    }
}

/// The ends that a set of partitions had at a time.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) time: Timestamp,
    pub(crate) ends: Offsets,
}

impl Mark {
    fn is_passed(&self, reached: &Offsets) -> bool {
        self.ends
            .iter()
            .all(|(partition, end)| reached.get(partition).is_some_and(|offset| offset >= end))
    }
}

/// Two queues of marks: the inputs first, then the routed topic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) inputs: VecDeque<Mark>,
    pub(crate) routed: VecDeque<Mark>,
}

impl Marks {
    /// Takes the newest of the marks that `reached` has passed, and drops it with all before it.
    pub(crate) fn pass(marks: &mut VecDeque<Mark>, reached: &Offsets) -> Option<Timestamp> {
        let newest = marks.iter().rposition(|mark| mark.is_passed(reached))?;
        marks.drain(..=newest).next_back().map(|mark| mark.time)
    }

    pub(crate) fn note(marks: &mut VecDeque<Mark>, mark: Mark) {
        if marks.len() < MARKS_MAX {
            marks.push_back(mark);
        }
    }
}

/// Keeps the watermark until the stop is requested.
pub(super) fn keep(setup: &Setup) -> Result<(), RuntimeError> {
    let mut marks = Marks::default();
    let mut inputs = Vec::new();
    let mut counted: Option<Duration> = None;
    while !setup.stop.is_requested() {
        let elapsed = setup.clock.elapsed();
        if counted.is_none_or(|at| elapsed.saturating_sub(at) >= RECOUNT) {
            match input_partitions(setup) {
                Ok(partitions) => {
                    inputs = partitions;
                    counted = Some(elapsed);
                }
                Err(error) => {
                    tracing::debug!(%error, "partitions of the inputs could not be counted")
                }
            }
        }
        if counted.is_some() {
            match step(setup, &inputs, &mut marks) {
                Ok(Some(time)) => setup.watermark.advance(time),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "the watermark stands still: offsets could not be asked for")
                }
            }
        }
        hold_no_longer(setup);
        setup.stop.wait(INTERVAL);
    }
    Ok(())
}

/// Lag holds back time-outs for `timeouts.hold_max` at most.
fn hold_no_longer(setup: &Setup) {
    let hold_max = u64::try_from(setup.config.timeouts.hold_max.as_millis()).unwrap_or(u64::MAX);
    let limit = setup.clock.now().as_millis().saturating_sub(hold_max);
    setup.watermark.advance(Timestamp::from_millis(limit));
}

/// All partitions of the inputs, as of now.
pub(super) fn input_partitions(setup: &Setup) -> KafkaResult<Vec<Partition>> {
    let mut partitions = Vec::new();
    for topic in setup
        .config
        .topics
        .requests
        .iter()
        .chain(&setup.config.topics.cpe_events)
    {
        partitions.extend(partitions_of(topic, 0..setup.probe.partition_count(topic)?));
    }
    Ok(partitions)
}

fn step(setup: &Setup, inputs: &[Partition], marks: &mut Marks) -> KafkaResult<Option<Timestamp>> {
    let routed = partitions_of(&setup.config.routed_topic(), 0..setup.application.shards);
    let time = setup.clock.now();
    let ends = setup.probe.ends(inputs)?;
    setup.watermark.saw(&ends);
    let reached = reached(&setup.probe, inputs, &ends)?;
    Marks::note(&mut marks.inputs, Mark { time, ends });
    if let Some(time) = Marks::pass(&mut marks.inputs, &reached) {
        let ends = setup.probe.ends(&routed)?;
        Marks::note(&mut marks.routed, Mark { time, ends });
    }
    if marks.routed.is_empty() {
        return Ok(None);
    }
    let ends = setup.probe.ends(&routed)?;
    setup.watermark.saw(&ends);
    let reached = self::reached(&setup.probe, &routed, &ends)?;
    Ok(Marks::pass(&mut marks.routed, &reached))
}

/// How far the group has come. Where it has committed nothing, or retention has overtaken it, the beginning of the
/// partition counts: there is nothing before it to read.
fn reached(probe: &Probe, partitions: &[Partition], ends: &Offsets) -> KafkaResult<Offsets> {
    let mut reached = probe.committed(partitions)?;
    let behind: Vec<Partition> = ends
        .iter()
        .filter(|(partition, end)| reached.get(*partition).is_none_or(|offset| offset < *end))
        .map(|(partition, _)| partition.clone())
        .collect();
    for (partition, beginning) in probe.beginnings(&behind)? {
        let offset = reached.entry(partition).or_insert(beginning);
        *offset = (*offset).max(beginning);
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(of: &[(i32, i64)]) -> Offsets {
        of.iter()
            .map(|(partition, offset)| (("t".to_owned(), *partition), *offset))
            .collect()
    }

    fn mark(time: u64, of: &[(i32, i64)]) -> Mark {
        Mark {
            time: Timestamp::from_millis(time),
            ends: offsets(of),
        }
    }

    #[test]
    fn mark_is_passed_when_every_partition_has_reached_its_end() {
        let mark = mark(1, &[(0, 5), (1, 0)]);
        assert!(!mark.is_passed(&offsets(&[(0, 4), (1, 0)])));
        assert!(!mark.is_passed(&offsets(&[(0, 5)])));
        assert!(mark.is_passed(&offsets(&[(0, 5), (1, 0)])));
    }

    #[test]
    fn newest_passed_mark_counts_and_older_ones_go() {
        let mut marks: VecDeque<_> =
            [mark(1, &[(0, 1)]), mark(2, &[(0, 2)]), mark(3, &[(0, 9)])].into();
        assert_eq!(
            Marks::pass(&mut marks, &offsets(&[(0, 2)])),
            Some(Timestamp::from_millis(2))
        );
        assert_eq!(marks.len(), 1);
        assert_eq!(Marks::pass(&mut marks, &offsets(&[(0, 2)])), None);
    }

    #[test]
    fn under_lag_the_oldest_marks_stay() {
        let mut marks = VecDeque::new();
        for time in 0..1000 {
            Marks::note(&mut marks, mark(time, &[(0, 9)]));
        }
        assert_eq!(marks.len(), MARKS_MAX);
        assert_eq!(marks[0].time, Timestamp::from_millis(0));
    }
}
