//! Topics as Kafka keeps them: offsets, transactions with their markers, compaction, committed offsets.

mod fingerprint;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::record::{Coordinates, Headers};
use crate::time::Timestamp;
use crate::wire::{Destination, Outbound};

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Topic {
    Changelog,
    CpeEvents,
    /// Commands, responses and dead letters together, so that their order is told.
    Outputs,
    Requests,
    Routed,
}

impl Topic {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Changelog => "credbridge-changelog",
            Self::CpeEvents => "cwmp.events",
            Self::Outputs => "outputs",
            Self::Requests => "onem2m.requests",
            Self::Routed => "credbridge-routed",
        }
    }
}

/// A partition of a topic.
pub(super) type Place = (Topic, i32);

pub(super) fn coordinates(place: Place, offset: i64) -> Coordinates {
    Coordinates {
        topic: place.0.name().into(),
        partition: place.1,
        offset,
    }
}

#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Message {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

impl Message {
    pub(super) fn of(outbound: &Outbound) -> Self {
        Self {
            key: outbound.key().map(<[u8]>::to_vec),
            value: outbound.value().map(<[u8]>::to_vec),
            headers: outbound
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_vec()))
                .collect(),
        }
    }

    pub(super) fn headers(&self) -> Headers<'_> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        std::str::from_utf8(value).ok()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) message: Message,
    pub(super) at: Timestamp,
    pub(super) destination: Option<Destination>,
    transaction: Option<usize>,
    is_readable: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Open,
    /// The commit is acknowledged; its markers are not written.
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Debug)]
struct Transaction {
    fate: Fate,
    places: BTreeSet<Place>,
    offsets: BTreeMap<Place, i64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Kafka {
    logs: BTreeMap<Place, Vec<Entry>>,
    transactions: Vec<Transaction>,
    pub(super) committed: BTreeMap<Place, i64>,
    /// The last record of each input partition that each shard handled.
    handled: BTreeMap<(i32, Arc<str>, i32), i64>,
    /// A record that a later one of its partition has overtaken.
    pub(super) overtaken: Option<String>,
}

fn index(offset: i64) -> usize {
    usize::try_from(offset).expect("offsets are not negative")
}

impl Kafka {
    /// Appends a record outside of transactions; returns its offset.
    pub(super) fn produce(&mut self, place: Place, message: Message, at: Timestamp) -> i64 {
        self.append(place, None, message, None, at, true)
    }

    fn append(
        &mut self,
        place: Place,
        transaction: Option<usize>,
        message: Message,
        destination: Option<Destination>,
        at: Timestamp,
        is_readable: bool,
    ) -> i64 {
        let offset = self.end(place);
        self.logs.entry(place).or_default().push(Entry {
            message,
            at,
            destination,
            transaction,
            is_readable,
        });
        offset
    }

    pub(super) fn begin(&mut self) -> usize {
        self.transactions.push(Transaction {
            fate: Fate::Open,
            places: BTreeSet::new(),
            offsets: BTreeMap::new(),
        });
        self.transactions.len() - 1
    }

    pub(super) fn send(
        &mut self,
        transaction: usize,
        place: Place,
        outbound: &Outbound,
        at: Timestamp,
    ) {
        assert_eq!(self.transactions[transaction].fate, Fate::Open);
        self.transactions[transaction].places.insert(place);
        let destination = Some(outbound.destination);
        self.append(
            place,
            Some(transaction),
            Message::of(outbound),
            destination,
            at,
            true,
        );
    }

    /// Decides for the commit; it becomes visible with [`Self::finish`]. `handled` tells which shard handled which
    /// record, in order.
    pub(super) fn prepare(
        &mut self,
        transaction: usize,
        offsets: BTreeMap<Place, i64>,
        handled: Vec<(i32, Coordinates)>,
    ) {
        for (shard, record) in handled {
            let told = record.to_string();
            let partition = (shard, record.topic, record.partition);
            match self.handled.insert(partition, record.offset) {
                Some(before) if before >= record.offset => {
                    self.overtaken = Some(format!("{told} was handled after offset {before}"));
                }
                Some(_) | None => {}
            }
        }
        let transaction = &mut self.transactions[transaction];
        assert_eq!(transaction.fate, Fate::Open);
        transaction.fate = Fate::Prepared;
        transaction.offsets = offsets;
    }

    pub(super) fn finish(&mut self, transaction: usize) {
        if self.transactions[transaction].fate == Fate::Prepared {
            self.mark(transaction, Fate::Committed);
            self.committed
                .extend(&self.transactions[transaction].offsets);
        }
    }

    /// What a new producer of the same transactional id, or the time-out of the broker, does to a transaction.
    pub(super) fn end_transaction(&mut self, transaction: usize) {
        match self.transactions[transaction].fate {
            Fate::Open => self.mark(transaction, Fate::Aborted),
            Fate::Prepared => self.finish(transaction),
            Fate::Committed | Fate::Aborted => {}
        }
    }

    fn mark(&mut self, transaction: usize, fate: Fate) {
        self.transactions[transaction].fate = fate;
        for place in self.transactions[transaction].places.clone() {
            let at = Timestamp::default();
            self.append(place, None, Message::default(), None, at, false);
        }
    }

    /// Transactions whose commit is acknowledged and not visible.
    pub(super) fn prepared(&self) -> Vec<usize> {
        (0..self.transactions.len())
            .filter(|number| self.transactions[*number].fate == Fate::Prepared)
            .collect()
    }

    /// The high watermark.
    pub(super) fn end(&self, place: Place) -> i64 {
        let length = self.logs.get(&place).map_or(0, Vec::len);
        i64::try_from(length).expect("a log fits memory")
    }

    /// Reads committed records: the next one at or after `position`, and the position after it, which also moves over
    /// what is not to be seen.
    pub(super) fn read(&self, place: Place, mut position: i64) -> (Option<(i64, &Entry)>, i64) {
        let log = self.logs.get(&place).map_or(&[][..], Vec::as_slice);
        while let Some(entry) = log.get(index(position)) {
            let fate = entry.transaction.map_or(Fate::Committed, |transaction| {
                self.transactions[transaction].fate
            });
            match fate {
                Fate::Open | Fate::Prepared => break,
                Fate::Committed if entry.is_readable => {
                    return (Some((position, entry)), position + 1);
                }
                Fate::Committed | Fate::Aborted => position += 1,
            }
        }
        (None, position)
    }

    /// The committed offset; `None` while a transaction that may change it is not finished.
    pub(super) fn stable_offset(&self, place: Place) -> Option<i64> {
        let is_pending = self.transactions.iter().any(|transaction| {
            transaction.fate == Fate::Prepared && transaction.offsets.contains_key(&place)
        });
        (!is_pending).then(|| self.committed.get(&place).copied().unwrap_or(0))
    }

    /// Keeps only the last visible record of each key; a tombstone that is the last goes after a day.
    pub(super) fn compact(&mut self, place: Place, now: Timestamp) {
        let mut last = BTreeMap::new();
        let mut position = 0;
        while let (Some((offset, entry)), next) = self.read(place, position) {
            last.insert(entry.message.key.clone(), offset);
            position = next;
        }
        let log = self.logs.entry(place).or_default();
        for (offset, entry) in log.iter_mut().enumerate().take(index(position)) {
            let keeps = last.get(&entry.message.key).map(|last| index(*last)) == Some(offset);
            let is_committed = entry
                .transaction
                .is_none_or(|number| self.transactions[number].fate == Fate::Committed);
            if is_committed {
                let is_old = now.since(entry.at) > Duration::from_hours(24);
                entry.is_readable &= keeps && (entry.message.value.is_some() || !is_old);
            }
        }
    }
}
