//! What a worker does with a record: decode, route, handle, and carry out what the core decides.

mod effects;

use std::collections::BTreeMap;

use crate::correlator::{Effects, Event, Response};
use crate::record::Record;
use crate::time::Timestamp;
use crate::wire::{Cause, DecodeError, Decoded, Input, NodeLookups, Outbound, Several, Undecoded};

use super::application::Application;
use super::shard::{Phase, Shard};
use super::spans::Spans;
use super::staging::Desk;
use super::tally::Tally;
use super::transaction::Refused;
use super::trouble::Trouble;
use super::{RuntimeError, router};

use effects::Occasion;

/// Deadlines that one shard may fire before others have their turn.
const EXPIRIES_PER_TURN_MAX: usize = 200;

/// Why a record is set aside that somebody else wrote into the routed topic.
pub(crate) const STRANGER_IN_ROUTED: &str = "stranger_in_routed";

/// Where a record was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Via {
    /// From an input topic.
    Input,
    /// From this partition of the routed topic.
    Routed(i32),
}

/// Where outputs go: to Kafka within a transaction, or into memory.
pub(crate) trait Sink {
    /// An input or a deadline is about to be handled: its outputs belong together.
    ///
    /// # Errors
    /// If nothing can be sent any more.
    fn begin(&mut self) -> Result<(), Trouble>;

    /// Takes one record.
    ///
    /// # Errors
    /// If it is too large, or nothing can be sent any more.
    fn send(&mut self, outbound: &Outbound) -> Result<(), Refused>;
}

/// The part of a session that knows no consumer: shards and the open transaction.
pub(crate) struct Work<'s, S> {
    pub(crate) application: &'s Application,
    pub(crate) shards: BTreeMap<i32, Shard>,
    pub(crate) transaction: S,
    pub(super) tally: Tally,
    /// What the node directory said about the record at hand.
    pub(super) lookups: NodeLookups,
    pub(super) spans: Spans<'s>,
    effects: Effects,
    pub(crate) desk: Desk<'s>,
    pub(super) outbound: Outbound,
}

impl<'s, S: Sink> Work<'s, S> {
    pub(crate) fn new(application: &'s Application, transaction: S) -> Self {
        Self {
            application,
            shards: BTreeMap::new(),
            transaction,
            tally: Tally::default(),
            lookups: NodeLookups::default(),
            spans: Spans::new(application.tracer.as_ref()),
            effects: Effects::new(),
            desk: Desk::new(application.stager.as_ref()),
            outbound: Outbound::default(),
        }
    }

    /// A record is at hand that was written then; `None` as its source: in the routed topic.
    pub(super) fn written_at(
        &mut self,
        source: Option<Input>,
        at: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.spans.reading(at);
        if let Some(at) = at {
            self.tally.written_at(source, at, now);
        }
    }

    /// The transaction stands.
    pub(super) fn committed(&mut self) {
        self.desk.committed();
        self.spans.committed();
    }

    /// Does all that one record asks for, within the open transaction.
    pub(crate) fn on_record(
        &mut self,
        now: Timestamp,
        input: Input,
        via: Via,
        record: Record<'_>,
    ) -> Result<(), Trouble> {
        self.transaction.begin()?;
        match via {
            Via::Input => self.tally.read(input),
            Via::Routed(_) => self.tally.read_routed(),
        }
        if input == Input::Requests
            && let Some(until) = self.may_ask_directory(now, via, &record)
        {
            return self.on_asking(now, via, record, Some(until));
        }
        let decoded = self.application.decoder.decode(input, record);
        self.on_decoded(now, input, via, record, decoded)
    }

    pub(super) fn on_decoded<'r>(
        &mut self,
        now: Timestamp,
        input: Input,
        via: Via,
        record: Record<'r>,
        decoded: Result<Decoded<'r>, Undecoded>,
    ) -> Result<(), Trouble> {
        match decoded {
            Ok(Decoded::One(event)) => self.on_event(now, input, via, event),
            Ok(Decoded::Several(several)) => self.on_several(now, input, via, record, several),
            Err(Undecoded::Foreign) => Ok(()),
            Err(Undecoded::Homeless(response, error)) => {
                self.respond_homeless(&response, record)?;
                self.dead_letter(record, &error)
            }
            Err(Undecoded::Unreadable(error)) => self.dead_letter(record, &error),
        }
    }

    fn respond_homeless(&mut self, response: &Response, record: Record<'_>) -> Result<(), Trouble> {
        self.respond(response, Cause::Record(record.coordinates), Some(record))?;
        self.tally.responded(response.response_status_code);
        Ok(())
    }

    /// Handles the events of a record that has several. One that belongs to other workers goes to each of them once,
    /// as a whole; each handles what belongs to its shard, and what belongs to none is done where the record was read.
    fn on_several(
        &mut self,
        now: Timestamp,
        input: Input,
        via: Via,
        record: Record<'_>,
        several: Several<'_>,
    ) -> Result<(), Trouble> {
        if via == Via::Input {
            for response in &several.homeless {
                self.respond_homeless(response, record)?;
            }
            if let Some(error) = &several.error {
                self.dead_letter(record, error)?;
            }
        }
        let shards = self.application.shards;
        let is_elsewhere = |event: &Event<'_>| {
            let number = router::shard_of(event.device.key(), shards);
            matches!(via, Via::Routed(partition) if partition != number)
        };
        // If all are, the record should not be there, and the first event says so.
        if let (Via::Routed(partition), Some(first)) = (via, several.events.first())
            && several.events.iter().all(is_elsewhere)
        {
            let number = router::shard_of(first.device.key(), shards);
            return self.on_misplaced(partition, number, record);
        }
        let mut forwarded = Vec::new();
        for event in several.events {
            let number = router::shard_of(event.device.key(), shards);
            if forwarded.contains(&number) || is_elsewhere(&event) {
                continue;
            }
            if !self.takes(number, via) {
                forwarded.push(number);
            }
            self.on_event(now, input, via, event)?;
        }
        Ok(())
    }

    /// Whether a record that was read there is handled here.
    pub(super) fn takes(&self, number: i32, via: Via) -> bool {
        let phase = self.shards.get(&number).map(|shard| shard.phase);
        match (phase, via) {
            (Some(Phase::Ready), _) | (Some(Phase::CatchingUp(_)), Via::Routed(_)) => true,
            (Some(Phase::CatchingUp(_) | Phase::Restoring) | None, _) => false,
        }
    }

    /// A record of the routed topic that no worker of this application wrote.
    pub(super) fn on_stranger(&mut self, record: Record<'_>) -> Result<(), Trouble> {
        self.transaction.begin()?;
        self.set_aside(
            record,
            STRANGER_IN_ROUTED,
            "the record has no usable header credbridge-source, or names a topic that is no input; only this application may write to the routed topic",
        )
    }

    /// A record of the routed topic that belongs to a shard which reads another partition.
    ///
    /// The number of shards stands in their ledgers, and a shard that was written with another is not restored. So if one of
    /// them has a ledger, the number was always the same, and a stranger wrote the record. Else it may have been changed before
    /// anything was handled.
    fn on_misplaced(
        &mut self,
        partition: i32,
        number: i32,
        record: Record<'_>,
    ) -> Result<(), Trouble> {
        let topic = &self.application.routed_topic;
        if self.shards.values().any(Shard::has_ledger) {
            let text = format!(
                "the record stood in {topic}/{partition} and belongs to shard {number}, so this application did not write it there, unless with another \
                 `devices.from_target`; let nobody else write to {topic}: look at its access control"
            );
            return self.set_aside(record, STRANGER_IN_ROUTED, &text);
        }
        Err(Trouble::Ended(RuntimeError::Configuration(format!(
            "{topic}/{partition} holds a record of shard {number}: the number of its partitions was changed, or a stranger writes to it; \
             restore the number of partitions, and let only this application write there"
        ))))
    }

    fn dead_letter(&mut self, record: Record<'_>, error: &DecodeError) -> Result<(), Trouble> {
        tracing::debug!(record = %record.coordinates, reason = error.reason.as_str(), error = error.detail, "dead letter");
        self.set_aside(record, error.reason.as_str(), &error.detail)
    }

    fn set_aside(
        &mut self,
        record: Record<'_>,
        reason: &'static str,
        error: &str,
    ) -> Result<(), Trouble> {
        self.application
            .encoder
            .dead_letter(record, reason, error, &mut self.outbound);
        self.tally.set_aside(record.coordinates, reason, error);
        match send(&mut self.transaction, &mut self.tally, &self.outbound) {
            Err(Refused::TooLarge) => {
                self.application.encoder.bare_dead_letter(
                    record,
                    reason,
                    error,
                    &mut self.outbound,
                );
                self.send_for(None)
            }
            sent => sent.or_else(|refused| self.refused(refused, None)),
        }
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        input: Input,
        via: Via,
        event: Event<'_>,
    ) -> Result<(), Trouble> {
        let number = router::shard_of(event.device.key(), self.application.shards);
        if let Via::Routed(partition) = via
            && partition != number
        {
            return self.on_misplaced(partition, number, event.record);
        }
        let takes = self.takes(number, via);
        let record = event.record;
        match self.shards.get_mut(&number) {
            Some(shard) if takes => {
                shard.handle(now, event, &mut self.effects);
                self.carry_out(number, Occasion::Record(record))
            }
            _ if via == Via::Input => {
                router::forward(record, event.device.key(), number, &mut self.outbound);
                self.tell_found_nodes();
                self.tally.forwarded(input);
                self.send_for(Some(record))
            }
            _ => Err(Trouble::SessionLost(format!(
                "a record of routed partition {number} came before its shard was restored"
            ))),
        }
    }

    /// Fires deadlines up to `due`, at most `max`; returns how many.
    pub(crate) fn on_time(
        &mut self,
        now: Timestamp,
        due: Timestamp,
        max: usize,
    ) -> Result<usize, Trouble> {
        let mut fired = 0;
        let numbers: Vec<i32> = self
            .shards
            .values()
            .filter(|shard| {
                shard.phase != Phase::Restoring
                    && shard.correlator.poll_timeout().is_some_and(|at| at <= due)
            })
            .map(|shard| shard.number)
            .collect();
        for number in numbers {
            let share = EXPIRIES_PER_TURN_MAX.min(max - fired);
            if share == 0 {
                break;
            }
            self.transaction.begin()?;
            if let Some(shard) = self.shards.get_mut(&number) {
                fired += shard
                    .correlator
                    .handle_timeout(now, due, share, &mut self.effects);
            }
            self.carry_out(number, Occasion::Deadline)?;
        }
        Ok(fired)
    }

    /// Answers a request: one record, or one for each target that the requester named.
    fn respond(
        &mut self,
        response: &Response,
        cause: Cause<'_>,
        record: Option<Record<'_>>,
    ) -> Result<(), Trouble> {
        let (transaction, tally) = (&mut self.transaction, &mut self.tally);
        let sent =
            self.application
                .encoder
                .response(response, cause, &mut self.outbound, |outbound| {
                    send(transaction, tally, outbound)
                });
        sent.or_else(|refused| self.refused(refused, record))
    }

    /// Sends what stands in the outbound buffer; `cause` is the record that made it necessary.
    pub(super) fn send_for(&mut self, cause: Option<Record<'_>>) -> Result<(), Trouble> {
        send(&mut self.transaction, &mut self.tally, &self.outbound)
            .or_else(|refused| self.refused(refused, cause))
    }

    /// What is too large to be sent becomes a dead letter of its cause; without one there is nothing smaller to send,
    /// and the process ends.
    fn refused(&mut self, refused: Refused, cause: Option<Record<'_>>) -> Result<(), Trouble> {
        match refused {
            Refused::Trouble(trouble) => Err(trouble),
            Refused::TooLarge => {
                let text = format!(
                    "an output to {:?} of {} bytes is larger than message.max.bytes; raise it in kafka.properties and on the topic",
                    self.outbound.destination,
                    self.outbound.bytes()
                );
                match cause {
                    Some(record) => self.set_aside(record, "output_too_large", &text),
                    None => Err(Trouble::Ended(RuntimeError::Failed(text))),
                }
            }
        }
    }

    /// Writes what the changelog does not know yet. With at-least-once everything sent so far must be acknowledged
    /// first, else a crash could remember a command that was never sent; the caller sees to it.
    pub(crate) fn write_changes(&mut self) -> Result<(), Trouble> {
        for shard in self.shards.values_mut() {
            let transaction = &mut self.transaction;
            let tally = &mut self.tally;
            shard
                .write_changes(self.application.shards, &mut self.outbound, |outbound| send(transaction, tally, outbound))
                .map_err(|refused| match refused {
                    Refused::Trouble(trouble) => trouble,
                    Refused::TooLarge => Trouble::Ended(RuntimeError::Failed(
                        "the state of one installation is larger than message.max.bytes; raise it in kafka.properties and on the changelog".to_owned(),
                    )),
                })?;
        }
        Ok(())
    }
}

fn send(
    transaction: &mut impl Sink,
    tally: &mut Tally,
    outbound: &Outbound,
) -> Result<(), Refused> {
    transaction.send(outbound)?;
    tally.wrote(outbound.destination);
    Ok(())
}
