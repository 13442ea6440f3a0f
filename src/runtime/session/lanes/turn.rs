//! Some records of all lanes, one after the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, OwnedMessage};

use crate::runtime::restore::passing_or_lost;
use crate::runtime::trouble::Trouble;

use super::{Lane, View};

/// Records handled between two looks at the lanes that were empty.
const RECORDS_PER_LOOK: u32 = 64;

/// The next record of a lane.
pub(in crate::runtime::session) enum Head<'l> {
    /// Left over from an earlier turn.
    Kept(OwnedMessage),
    /// Just taken out of its queue.
    Taken(BorrowedMessage<'l>),
}

/// What a turn has left over in a lane.
pub(in crate::runtime::session) struct Rest {
    pub(super) head: Option<OwnedMessage>,
    pub(super) view: View,
}

/// When the record was written, the rank of its lane, and its lane; the smallest is handled first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Place(Reverse<(i64, u8, usize)>);

impl Place {
    fn of(written_at: Option<i64>, rank: u8, lane: usize) -> Self {
        Self(Reverse((written_at.unwrap_or(0), rank, lane)))
    }

    const fn lane(self) -> usize {
        self.0.0.2
    }
}

/// What there is to do.
pub(in crate::runtime::session) enum Next<'l> {
    /// The oldest record that is there.
    Record(Head<'l>),
    /// The records of some lane are still to be fetched, and may be older than those that are there.
    Awaited,
    /// No lane has anything.
    Nothing,
}

/// Some records, one after the other.
pub(in crate::runtime::session) struct Turn<'l> {
    lanes: &'l [Lane],
    heads: Vec<Option<Head<'l>>>,
    views: Vec<View>,
    order: BinaryHeap<Place>,
    /// Lanes without a head.
    pub(super) empty: Vec<usize>,
    until_look: u32,
}

impl<'l> Turn<'l> {
    /// `kept` are the records that earlier turns have left over, by lane.
    pub(super) fn begin(
        lanes: &'l [Lane],
        kept: Vec<Option<OwnedMessage>>,
    ) -> Result<Self, Trouble> {
        let mut turn = Self {
            lanes,
            heads: Vec::with_capacity(lanes.len()),
            views: lanes.iter().map(|lane| lane.view).collect(),
            order: BinaryHeap::with_capacity(lanes.len()),
            empty: Vec::with_capacity(lanes.len()),
            until_look: RECORDS_PER_LOOK,
        };
        for (number, (lane, head)) in lanes.iter().zip(kept).enumerate() {
            match &head {
                Some(head) => {
                    let written_at = head.timestamp().to_millis();
                    turn.order.push(Place::of(written_at, lane.rank, number));
                }
                None if lane.is_held => {}
                None => turn.empty.push(number),
            }
            turn.heads.push(head.map(Head::Kept));
        }
        turn.look()?;
        Ok(turn)
    }

    /// The next record, if there is one.
    pub(in crate::runtime::session) fn next(&mut self) -> Result<Next<'l>, Trouble> {
        self.until_look -= 1;
        if self.until_look == 0 || self.order.is_empty() {
            self.look()?;
        }
        if self.awaits() {
            self.look()?;
            if self.awaits() {
                return Ok(Next::Awaited);
            }
        }
        let Some(place) = self.order.pop() else {
            return Ok(Next::Nothing);
        };
        let lane = place.lane();
        let head = self.heads[lane].take().expect("a lane in order has a head");
        if !self.take(lane)? {
            self.empty.push(lane);
        }
        Ok(Next::Record(head))
    }

    /// Whether an empty lane holds the others up.
    fn awaits(&self) -> bool {
        let mut empty = self.empty.iter();
        empty.any(|lane| self.views[*lane].is_awaited())
    }

    /// The others wait no longer for those lanes that are empty.
    pub(in crate::runtime::session) fn give_up(&mut self) {
        for lane in &self.empty {
            self.views[*lane].is_late = true;
        }
    }

    /// Looks whether something has come into empty lanes.
    fn look(&mut self) -> Result<(), Trouble> {
        self.until_look = RECORDS_PER_LOOK;
        let empty = std::mem::take(&mut self.empty);
        for lane in empty {
            if !self.take(lane)? {
                self.empty.push(lane);
            }
        }
        Ok(())
    }

    /// Takes the next record out of the queue of a lane; returns whether there was one.
    fn take(&mut self, number: usize) -> Result<bool, Trouble> {
        let lane = &self.lanes[number];
        loop {
            match lane.queue.poll(Duration::ZERO) {
                None => return Ok(false),
                Some(Ok(record)) => {
                    let place = Place::of(record.timestamp().to_millis(), lane.rank, number);
                    self.order.push(place);
                    self.views[number].reached = record.offset() + 1;
                    self.views[number].is_late = false;
                    self.heads[number] = Some(Head::Taken(record));
                    return Ok(true);
                }
                Some(Err(error)) => passing_or_lost(&error)?,
            }
        }
    }

    /// Ends the turn. What was taken out of the queues and not handled is copied, because a queue does not take it back.
    pub(in crate::runtime::session) fn end(self) -> Vec<Rest> {
        let heads = self.heads.into_iter().map(|head| {
            head.map(|head| match head {
                Head::Kept(record) => record,
                Head::Taken(record) => record.detach(),
            })
        });
        heads
            .zip(self.views)
            .map(|(head, view)| Rest { head, view })
            .collect()
    }
}
