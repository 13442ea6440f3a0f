//! Requests whose node the node directory does not know yet: they wait a short while.
//!
//! They wait in the state of a shard, that of the node's address, and so in the changelog: their offsets are committed
//! with the others of their batch, and nothing behind them waits.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::time::Duration;

use crate::record::{Coordinates, Record};
use crate::time::Timestamp;
use crate::wire::{Input, NodeLookups, WaitingRequest};

use super::node_directory::NodeDirectory;
use super::router;
use super::shard::Phase;
use super::trouble::Trouble;
use super::work::{Sink, Via, Work};

/// How long a request waits for its node: longer than a CSE takes from the creation of a `<node>` to its record.
const NODE_WAIT: Duration = Duration::from_secs(10);

/// Requests that wait in one shard; more are answered at once.
pub(super) const REQUESTS_MAX: usize = 10_000;

/// Bytes of the requests that wait in one shard.
const BYTES_MAX: usize = 64 << 20;

/// Bytes of one of them: as much again fits into a record of the changelog.
const REQUEST_BYTES_MAX: usize = 512 << 10;

/// How often waiting requests are looked at.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// Requests of one shard that go on before others have their turn.
const RESUMED_PER_TURN_MAX: usize = 200;

/// The requests that wait in one shard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    requests: BTreeMap<Coordinates, WaitingRequest>,
    bytes: usize,
    /// What the changelog does not know yet.
    changed: BTreeSet<Coordinates>,
}

impl Waiting {
    /// Whether one more request of so many bytes may wait.
    fn has_room(&self, bytes: usize) -> bool {
        bytes <= REQUEST_BYTES_MAX
            && self.requests.len() < REQUESTS_MAX
            && self.bytes + bytes <= BYTES_MAX
    }

    fn hold(&mut self, request: WaitingRequest) {
        self.changed.insert(request.record.coordinates.clone());
        self.insert(request);
    }

    fn insert(&mut self, request: WaitingRequest) {
        self.bytes += bytes(&request);
        let coordinates = request.record.coordinates.clone();
        if let Some(before) = self.requests.insert(coordinates, request) {
            self.bytes -= bytes(&before);
        }
    }

    fn take(&mut self, coordinates: &Coordinates) -> Option<WaitingRequest> {
        let request = self.requests.remove(coordinates)?;
        self.bytes -= bytes(&request);
        self.changed.insert(coordinates.clone());
        Some(request)
    }

    /// Those that `goes_on` says of, at most `max`, in the order of their places.
    fn due(&self, max: usize, goes_on: impl Fn(&WaitingRequest) -> bool) -> Vec<Coordinates> {
        self.requests
            .values()
            .filter(|request| goes_on(request))
            .map(|request| request.record.coordinates.clone())
            .take(max)
            .collect()
    }

    /// Until when the first of them waits.
    fn first_end(&self) -> Option<Timestamp> {
        self.requests.values().map(|request| request.until).min()
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Takes over a record of the changelog.
    pub(super) fn restore(&mut self, coordinates: Coordinates, request: Option<WaitingRequest>) {
        match request {
            Some(request) => self.insert(request),
            None => {
                self.take(&coordinates);
                self.changed.clear();
            }
        }
    }

    /// Hands on what changed since the last call: a request that waits, or the place of one that does not any more.
    pub(super) fn write_changes<E>(
        &mut self,
        mut write: impl FnMut(Result<&WaitingRequest, &Coordinates>) -> Result<(), E>,
    ) -> Result<(), E> {
        for coordinates in mem::take(&mut self.changed) {
            write(self.requests.get(&coordinates).ok_or(&coordinates))?;
        }
        Ok(())
    }
}

fn bytes(request: &WaitingRequest) -> usize {
    request.record.bytes()
}

impl<S: Sink> Work<'_, S> {
    /// Whether the node directory has a say about a record: one of an input, or one that was forwarded to wait. Until
    /// then it may wait. What was forwarded otherwise has been decided where it was read.
    pub(super) fn may_ask_directory(
        &self,
        now: Timestamp,
        via: Via,
        record: &Record<'_>,
    ) -> Option<Timestamp> {
        self.application.nodes.as_ref()?;
        match via {
            Via::Input => Some(now + NODE_WAIT),
            Via::Routed(_) => router::waits_until(record),
        }
    }

    /// Handles a request whose device the node directory may tell; without `until` it does not wait.
    pub(super) fn on_asking(
        &mut self,
        now: Timestamp,
        via: Via,
        record: Record<'_>,
        until: Option<Timestamp>,
    ) -> Result<(), Trouble> {
        let decoder = &self.application.asking_decoder;
        self.lookups.found.clear();
        let decoded = decoder.decode_noting(Input::Requests, record, &mut self.lookups);
        if let (Some(address), Some(until)) = (self.lookups.missing.take(), until)
            && self.await_node(via, record, &address, until)?
        {
            return Ok(());
        }
        // Where the record waited is not where its device belongs: it goes its way as if it was just read.
        let done = self.on_decoded(now, Input::Requests, Via::Input, record, decoded);
        self.lookups.found.clear();
        done
    }

    /// Has a request wait in the shard of its node's address; returns whether it does.
    fn await_node(
        &mut self,
        via: Via,
        record: Record<'_>,
        address: &str,
        until: Timestamp,
    ) -> Result<bool, Trouble> {
        let number = match via {
            Via::Input => router::shard_of(address, self.application.shards),
            Via::Routed(number) => number,
        };
        let takes = self.takes(number, via);
        match (self.shards.get_mut(&number), via) {
            (Some(shard), _) if takes => {
                if !shard.waiting.has_room(record.bytes()) {
                    return Ok(false);
                }
                shard.waiting.hold(WaitingRequest {
                    record: router::keep(record),
                    address: address.into(),
                    until,
                });
                Ok(true)
            }
            (_, Via::Input) => {
                router::forward_to_wait(record, address, until, number, &mut self.outbound);
                self.tally.forwarded(Input::Requests);
                self.send_for(Some(record))?;
                Ok(true)
            }
            (_, Via::Routed(_)) => Err(Trouble::SessionLost(format!(
                "a record of routed partition {number} came before its shard was restored"
            ))),
        }
    }

    /// Until when the first request waits for its node; `None`: none waits.
    pub(crate) fn first_waiting(&self) -> Option<Timestamp> {
        let shards = self.shards.values();
        shards.filter_map(|shard| shard.waiting.first_end()).min()
    }

    /// Goes on with the requests whose node has come, or has not come in time.
    pub(crate) fn resume_waiting(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let application = self.application;
        let Some(directory) = &application.nodes else {
            return Ok(());
        };
        // When these were written is not known any more.
        self.spans.reading(None);
        let numbers: Vec<i32> = self.shards.keys().copied().collect();
        for number in numbers {
            self.resume_waiting_of(number, directory, now)?;
        }
        Ok(())
    }

    fn resume_waiting_of(
        &mut self,
        number: i32,
        directory: &NodeDirectory,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let Some(shard) = self.shards.get(&number) else {
            return Ok(());
        };
        if shard.phase == Phase::Restoring || shard.waiting.len() == 0 {
            return Ok(());
        }
        let is_over = |request: &WaitingRequest| request.until <= directory.read_until();
        let due = shard.waiting.due(RESUMED_PER_TURN_MAX, |request| {
            is_over(request) || directory.knows(&request.address)
        });
        for coordinates in due {
            let shard = self.shards.get_mut(&number);
            let Some(request) = shard.and_then(|shard| shard.waiting.take(&coordinates)) else {
                continue;
            };
            self.transaction.begin()?;
            let until = (!is_over(&request)).then_some(request.until);
            let headers = request.record.headers();
            self.on_asking(now, Via::Input, request.record.borrow(&headers), until)?;
        }
        Ok(())
    }

    /// What the directory said goes with a forwarded record.
    pub(super) fn tell_found_nodes(&mut self) {
        for (address, device) in &self.lookups.found {
            let found = format_args!("{address} {}", device.key());
            self.outbound.header_display(NodeLookups::HEADER, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn request(offset: i64, bytes: usize) -> WaitingRequest {
        WaitingRequest {
            record: Record {
                coordinates: &Coordinates {
                    topic: "in".into(),
                    partition: 0,
                    offset,
                },
                key: None,
                value: Some(&vec![0; bytes]),
                headers: &[],
            }
            .to_owned(),
            address: "/cse1/node7".into(),
            until: Timestamp::from_millis(5),
        }
    }

    fn changes(waiting: &mut Waiting) -> Vec<(i64, bool)> {
        let mut changes = Vec::new();
        let written: Result<(), ()> = waiting.write_changes(|change| {
            changes.push(match change {
                Ok(request) => (request.record.coordinates.offset, true),
                Err(coordinates) => (coordinates.offset, false),
            });
            Ok(())
        });
        written.unwrap();
        changes
    }

    #[test]
    fn what_changed_is_written_once() {
        let mut waiting = Waiting::default();
        waiting.hold(request(1, 1));
        waiting.hold(request(2, 1));
        assert_eq!(changes(&mut waiting), [(1, true), (2, true)]);
        assert_eq!(changes(&mut waiting), []);
        let place = request(1, 1).record.coordinates;
        assert_eq!(waiting.take(&place), Some(request(1, 1)));
        assert_eq!(waiting.take(&place), None);
        assert_eq!(changes(&mut waiting), [(1, false)]);
        assert_eq!(waiting.len(), 1);
    }

    #[test]
    fn restored_requests_wait_without_being_written_again() {
        let mut waiting = Waiting::default();
        let place = |offset| request(offset, 1).record.coordinates;
        waiting.restore(place(1), Some(request(1, 1)));
        waiting.restore(place(1), Some(request(1, 1)));
        waiting.restore(place(2), Some(request(2, 1)));
        waiting.restore(place(2), None);
        waiting.restore(place(3), None);
        assert_eq!(waiting.due(9, |_| true), [place(1)]);
        assert_eq!(waiting.bytes, 1);
        assert_eq!(changes(&mut waiting), []);
    }

    #[test]
    fn bytes_and_number_are_bounded() {
        let mut waiting = Waiting::default();
        waiting.hold(request(1, BYTES_MAX));
        assert!(!waiting.has_room(1));
        waiting.take(&request(1, 1).record.coordinates);
        assert!(waiting.has_room(REQUEST_BYTES_MAX));
        assert!(!waiting.has_room(REQUEST_BYTES_MAX + 1));
        for offset in 0..i64::try_from(REQUESTS_MAX).unwrap() {
            assert!(waiting.has_room(0));
            waiting.hold(request(offset, 0));
        }
        assert!(!waiting.has_room(0));
    }
}
