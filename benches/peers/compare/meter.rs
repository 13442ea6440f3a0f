//! What a process and its children have used, from /proc, and how far a program has come, from the broker.

use std::fs;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::input::Input;
use super::kafka::broker::Broker;

/// Ticks of utime and stime a second (proc(5)); the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// How long the broker may take to answer.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// CPU seconds that the processes have used, with all their descendants, to a hundredth.
pub(super) fn cpu_seconds(processes: &[u32]) -> f64 {
    let stats: Vec<(u32, u32, u64)> = fs::read_dir("/proc")
        .expect("Linux has /proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(stat)
        .collect();
    let mut family = processes.to_vec();
    let mut index = 0;
    while let Some(parent) = family.get(index).copied() {
        let children = stats.iter().filter(|(_, of, _)| *of == parent);
        let children: Vec<u32> = children.map(|(id, _, _)| *id).collect();
        family.extend(children);
        index += 1;
    }
    let members = stats.iter().filter(|(id, _, _)| family.contains(id));
    let ticks: u64 = members.map(|(_, _, ticks)| ticks).sum();
    ticks as f64 / TICKS_PER_SECOND
}

/// Id, parent, and the ticks of a process and of the children that it has waited for.
fn stat(id: u32) -> Option<(u32, u32, u64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything; state, parent and so on follow.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    let ticks = fields
        .get(11..15)?
        .iter()
        .filter_map(|field| field.parse::<u64>().ok());
    Some((id, parent, ticks.sum()))
}

/// Most memory that the process ever had, in MiB.
pub(super) fn peak_mebibytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

/// Follows the offsets that a group has committed.
pub(super) struct Progress {
    consumer: BaseConsumer,
    partitions: TopicPartitionList,
    forwarded: TopicPartitionList,
}

impl Progress {
    /// `routed` is the topic in which the program forwards records to itself, if it has one.
    pub(super) fn of(broker: &Broker, group: &str, input: &Input, routed: Option<&str>) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", broker.bootstrap())
            .set("group.id", group)
            // Else the answer waits for the end of the transaction that is open.
            .set("isolation.level", "read_uncommitted")
            .create()
            .expect("the settings are right");
        let client = broker.client();
        let mut partitions = TopicPartitionList::new();
        let mut forwarded = TopicPartitionList::new();
        for topic in [&input.requests, &input.events] {
            for partition in 0..client.partitions(topic) {
                partitions.add_partition(topic, partition);
                // The routed topic has as many.
                if let Some(routed) = routed.filter(|_| *topic == input.requests) {
                    forwarded.add_partition(routed, partition);
                }
            }
        }
        Self {
            consumer,
            partitions,
            forwarded,
        }
    }

    /// Whether what the program forwarded to itself is done as well. Asked when the input is done.
    pub(super) fn nothing_is_forwarded(&self) -> bool {
        let committed = self
            .consumer
            .committed_offsets(self.forwarded.clone(), CALL_LIMIT);
        committed.is_ok_and(|committed| {
            committed.elements().iter().all(|element| {
                let marks = self.consumer.fetch_watermarks(
                    element.topic(),
                    element.partition(),
                    CALL_LIMIT,
                );
                marks.is_ok_and(|(_, end)| number(element.offset()) >= end)
            })
        })
    }

    /// Input records that are committed as done.
    pub(super) fn records(&self) -> u64 {
        let partitions = self.partitions.clone();
        let Ok(committed) = self.consumer.committed_offsets(partitions, CALL_LIMIT) else {
            return 0;
        };
        let offsets: i64 = committed
            .elements()
            .iter()
            .map(|element| number(element.offset()))
            .sum();
        u64::try_from(offsets).unwrap_or_default()
    }
}

/// The offset that a group has committed; 0 where it has committed none.
fn number(committed: Offset) -> i64 {
    if let Offset::Offset(number) = committed {
        number
    } else {
        0
    }
}
