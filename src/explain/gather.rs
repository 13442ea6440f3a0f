use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::ensure;
use rdkafka::message::{BorrowedMessage, Message as _};
use regex::bytes::Regex;

use crate::config::Config;
use crate::record::{Coordinates, Record};
use crate::runtime::reader::{self, Reader, Stretch, with_record};
use crate::runtime::router::partition_of;
use crate::time::Timestamp;
use crate::wire::Decoder;
use crate::wire::changelog;

use super::entry::{Entry, Kind};
use super::scope::{Role, partitions_of_key, role};
use super::subject::Subject;

/// How far clocks of producers may be apart.
const SKEW: Duration = Duration::from_secs(300);

/// Most records of one installation: it has some tens, and a device that repeats itself has hundreds.
const ENTRIES_MAX: usize = 10_000;

/// Fewest bytes of a CommandKey or serial number by which values are sifted; less would let nearly all through.
const NEEDLE_BYTES_MIN: usize = 3;

/// Collects what Kafka holds of one installation.
pub(super) struct Gatherer<'c> {
    pub(super) config: &'c Config,
    pub(super) reader: &'c Reader,
    pub(super) decoder: Decoder,
    /// Nothing older is read.
    pub(super) since: Option<Timestamp>,
    pub(super) subject: Subject,
    pub(super) entries: BTreeMap<Coordinates, Entry>,
    /// What was read.
    pub(super) looked_at: Vec<Stretch>,
    pub(super) records: u64,
    /// Inputs that copies and outputs name.
    named: BTreeSet<Coordinates>,
    /// Finds values in which the installation may be named; `None`: all may.
    sieve: Option<Regex>,
    /// Whether every record is taken, because it was asked for by its offset.
    pub(super) takes_all: bool,
    /// Key of the request record, once it was read.
    pub(super) request_key: Option<Option<Vec<u8>>>,
}

impl<'c> Gatherer<'c> {
    pub(super) fn new(config: &'c Config, reader: &'c Reader, since: Option<Timestamp>) -> Self {
        Self {
            config,
            reader,
            decoder: config.decoder(),
            since,
            subject: Subject::default(),
            entries: BTreeMap::new(),
            looked_at: Vec::new(),
            records: 0,
            named: BTreeSet::new(),
            sieve: None,
            takes_all: false,
            request_key: None,
        }
    }

    /// Collects all that belongs to `subject`.
    ///
    /// # Errors
    /// If a topic cannot be read, or there is far too much.
    pub(super) fn gather(&mut self, subject: Subject, all_partitions: bool) -> anyhow::Result<()> {
        self.subject = subject;
        self.read_state()?;
        if self.subject.request.is_none() {
            self.read_outputs(self.since)?;
        }
        let since = self.read_request()?;
        let was_known = self.subject.id.is_some();
        self.read_outputs(since)?;
        if !was_known {
            self.read_state()?;
        }
        if self.subject.id.is_none() && !self.config.topics.nodes.is_empty() {
            // It waits in the shard of its node, which nothing else tells.
            self.read_all(&self.config.changelog_topic(), since)?;
        }
        self.sieve = self.sieve();
        let topics = &self.config.topics;
        self.read_all(&topics.dead_letters, since)?;
        let device = self
            .subject
            .id
            .as_ref()
            .map(|id| id.device.key().to_owned());
        if let Some(device) = device {
            let routed = self.config.routed_topic();
            self.read_key(&routed, device.as_bytes(), since)?;
            for topic in &topics.cpe_events {
                self.read_key(topic, device.as_bytes(), since)?;
            }
        }
        self.read_named()?;
        for topic in &topics.cpe_events {
            if all_partitions || !self.is_keyed(topic) {
                self.read_all(topic, since)?;
            }
        }
        self.read_named()
    }

    /// Reads the partition of the changelog in which the installation is, if it is known.
    fn read_state(&mut self) -> anyhow::Result<()> {
        let topic = self.config.changelog_topic();
        while let Some(id) = self.subject.id.clone() {
            self.read_key(&topic, id.device.key().as_bytes(), None)?;
            if self.subject.id.as_ref() == Some(&id) {
                break;
            }
            // It was asked for by the ACS's key, and what was written before the ACS used it is still to be found.
            self.looked_at
                .retain(|stretch| stretch.partition.0 != topic);
        }
        Ok(())
    }

    /// Reads the request; returns from when on the rest may stand.
    fn read_request(&mut self) -> anyhow::Result<Option<Timestamp>> {
        let Some(request) = self.subject.request.clone() else {
            return Ok(self.since);
        };
        self.read_one(&request)?;
        let time = self.entries.get(&request).and_then(|entry| entry.time);
        let Some(time) = time else {
            return Ok(self.since);
        };
        let before = self.config.timeouts.early_ttl + SKEW;
        let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
        let begin = Timestamp::from_millis(time.as_millis().saturating_sub(before));
        Ok(Some(self.since.map_or(begin, |since| since.max(begin))))
    }

    fn read_outputs(&mut self, since: Option<Timestamp>) -> anyhow::Result<()> {
        let topics = &self.config.topics;
        let device = self
            .subject
            .id
            .as_ref()
            .map(|id| id.device.key().to_owned());
        match &device {
            Some(device) => self.read_key(&topics.commands, device.as_bytes(), since)?,
            None => self.read_all(&topics.commands, since)?,
        }
        let key = match self.request_key.clone() {
            // What has no key of its own has the device's.
            Some(key) => key.or_else(|| device.map(String::into_bytes)),
            None => None,
        };
        match key.filter(|key| !key.is_empty()) {
            Some(key) => self.read_key(&topics.responses, &key, since),
            None => self.read_all(&topics.responses, since),
        }
    }

    /// Reads what copies and outputs name and was not read yet.
    fn read_named(&mut self) -> anyhow::Result<()> {
        let named = std::mem::take(&mut self.named);
        for at in named {
            if !self.entries.contains_key(&at) && role(self.config, &at.topic).is_some() {
                self.read_one(&at)?;
            }
        }
        Ok(())
    }

    /// Whether all events that are known stand where their device's key belongs.
    fn is_keyed(&self, topic: &str) -> bool {
        let mut events = self.entries.keys().filter(|at| &*at.topic == topic);
        let read: BTreeSet<i32> = self
            .looked_at
            .iter()
            .filter(|stretch| stretch.partition.0 == topic && stretch.end - stretch.begin > 1)
            .map(|stretch| stretch.partition.1)
            .collect();
        let first = events.next();
        first.is_some_and(|first| read.contains(&first.partition))
            && events.all(|at| read.contains(&at.partition))
    }

    /// Reads one record; what is gone is told so.
    pub(super) fn read_one(&mut self, at: &Coordinates) -> anyhow::Result<()> {
        let mut stretch = self.reader.stretch(&at.topic, at.partition, None)?;
        if (stretch.begin..stretch.end).contains(&at.offset) {
            stretch.begin = at.offset;
            stretch.end = at.offset + 1;
            self.takes_all = true;
            let done = self.read(vec![stretch]);
            self.takes_all = false;
            done?;
        }
        let gone = || Entry::gone(at.clone());
        self.entries.entry(at.clone()).or_insert_with(gone);
        Ok(())
    }

    fn read_key(
        &mut self,
        topic: &str,
        key: &[u8],
        since: Option<Timestamp>,
    ) -> anyhow::Result<()> {
        let count = self.reader.partition_count(topic)?;
        let is_ours = !self
            .config
            .topics
            .cpe_events
            .iter()
            .any(|known| known == topic);
        let partitions = if is_ours {
            vec![partition_of(key, count)]
        } else {
            partitions_of_key(key, count)
        };
        self.read_partitions(topic, &partitions, since)
    }

    fn read_all(&mut self, topic: &str, since: Option<Timestamp>) -> anyhow::Result<()> {
        let partitions: Vec<i32> = (0..self.reader.partition_count(topic)?).collect();
        self.read_partitions(topic, &partitions, since)
    }

    fn read_partitions(
        &mut self,
        topic: &str,
        partitions: &[i32],
        since: Option<Timestamp>,
    ) -> anyhow::Result<()> {
        let mut stretches = Vec::new();
        for partition in partitions {
            let mut stretch = self.reader.stretch(topic, *partition, since)?;
            // What was read before is not read again.
            for known in &self.looked_at {
                if known.partition == stretch.partition
                    && (known.begin..known.end).contains(&stretch.begin)
                {
                    stretch.begin = known.end.min(stretch.end);
                }
            }
            stretches.push(stretch);
        }
        self.read(stretches)
    }

    fn read(&mut self, mut stretches: Vec<Stretch>) -> anyhow::Result<()> {
        stretches.retain(|stretch| stretch.begin < stretch.end);
        let reader = self.reader;
        reader.read(&stretches, |message| {
            self.take(message)?;
            Ok(ControlFlow::Continue(()))
        })?;
        self.looked_at.append(&mut stretches);
        Ok(())
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) -> anyhow::Result<()> {
        self.records += 1;
        let Some(role) = role(self.config, message.topic()) else {
            return Ok(());
        };
        if !self.takes_all && !self.may_concern(role, message) {
            return Ok(());
        }
        let time = reader::time(message);
        let Some(entry) = with_record(message, |record| self.entry(role, record, time))? else {
            return Ok(());
        };
        if entry.kind != Kind::DeadLetter || !entry.is_stranger {
            let cause = entry.cause.as_deref().and_then(|cause| cause.parse().ok());
            self.named.extend(cause);
        }
        self.entries.insert(entry.at.clone(), entry);
        ensure!(
            self.entries.len() <= ENTRIES_MAX,
            "more than {ENTRIES_MAX} records belong to it: leave old ones out by --since"
        );
        Ok(())
    }

    /// Sifts what is worth a closer look, at the speed at which records come.
    fn may_concern(&self, role: Role, message: &BorrowedMessage<'_>) -> bool {
        let device = self
            .subject
            .id
            .as_ref()
            .map(|id| id.device.key().as_bytes());
        let is_keyed = device.is_some() && message.key() == device;
        match role {
            Role::Request => false,
            Role::Response => true,
            Role::Command => is_keyed || device.is_none(),
            Role::State => {
                let key = message.key().unwrap_or_default();
                match device {
                    Some(device) => key
                        .strip_prefix(device)
                        .is_some_and(|rest| rest.starts_with(b"/")),
                    None => changelog::is_waiting(key),
                }
            }
            Role::Routed => is_keyed,
            Role::CpeEvent | Role::DeadLetter => {
                let value = message.payload().unwrap_or_default();
                is_keyed
                    || self
                        .sieve
                        .as_ref()
                        .is_none_or(|sieve| sieve.is_match(value))
                    || with_record(message, |record| self.names_device(&record))
            }
        }
    }

    /// Whether headers name the device, or the value hides what it says from a search.
    fn names_device(&self, record: &Record<'_>) -> bool {
        let device = self
            .subject
            .id
            .as_ref()
            .map(|id| id.device.key().as_bytes());
        let content_type = record.header_text("content-type").unwrap_or_default();
        let value = record.value.unwrap_or_default();
        device.is_some() && record.header("cwmp-device-id") == device
            || content_type.contains("cloudevents")
            || content_type.contains("charset")
            || matches!(value, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..])
            || self.subject.id.is_none()
    }

    /// A search for what the values of events must hold; `None` if there is nothing to search for.
    fn sieve(&self) -> Option<Regex> {
        let id = self.subject.id.as_ref()?;
        let serial_number = id.device.serial_number();
        let alias = self.subject.alias.as_ref();
        let texts = [id.command_key.as_str(), &serial_number];
        let needles: Vec<&str> = texts
            .into_iter()
            .chain(alias.map(|alias| alias.as_str()))
            .map(longest_run)
            .collect();
        if needles.iter().any(|needle| needle.len() < NEEDLE_BYTES_MIN) {
            return None;
        }
        Regex::new(&needles.join("|")).ok()
    }
}

/// The longest part of a text that every format writes as it is.
fn longest_run(text: &str) -> &str {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_searched_for_what_no_format_escapes() {
        assert_eq!(longest_run("a<bcd>&e"), "bcd");
        assert_eq!(longest_run("\u{e9}"), "");
    }
}
