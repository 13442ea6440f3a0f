//! Records, from the lanes to the work on them.

use std::thread;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::message::Headers as _;

use crate::record::{Coordinates, Headers, Record};
use crate::runtime::restore::passing_or_lost;
use crate::runtime::router;
use crate::runtime::transaction::Transaction;
use crate::runtime::trouble::Trouble;
use crate::runtime::work::{Via, Work};
use crate::time::Timestamp;

use super::Session;
use super::lanes::{Head, Next, PATIENCE};

/// Records handled before deadlines, restores and rebalances have their turn.
const RECORDS_PER_TURN_MAX: usize = 2_000;

/// Records handled between two looks at the clock, which tells when to commit.
const STEPS_PER_LOOK: usize = 16;

/// How long to wait for a record while a transaction is open: when nothing more comes, it is committed.
const WAIT_OPEN: Duration = Duration::from_millis(1);

/// How long to wait for a record while nothing is open.
const WAIT_IDLE: Duration = Duration::from_millis(20);

impl Session<'_> {
    /// Reads and handles records; returns whether there may be more.
    pub(super) fn read_some(&mut self) -> Result<bool, Trouble> {
        self.serve_group()?;
        let clock = &self.setup.clock;
        let (mut now, mut elapsed) = (clock.now(), clock.elapsed());
        let mut waits_since: Option<Duration> = None;
        let mut more = true;
        let mut turn = self.lanes.turn()?;
        for step in 1..=RECORDS_PER_TURN_MAX {
            match (turn.next()?, waits_since) {
                (Next::Record(record), _) => {
                    waits_since = None;
                    match record {
                        Head::Taken(record) => read(&mut self.work, now, &record)?,
                        Head::Kept(record) => read(&mut self.work, now, &record)?,
                    }
                }
                (Next::Awaited, Some(since))
                    if clock.elapsed().saturating_sub(since) >= PATIENCE =>
                {
                    turn.give_up();
                }
                (Next::Awaited, since) => {
                    waits_since = since.or_else(|| Some(clock.elapsed()));
                    thread::park_timeout(WAIT_OPEN);
                }
                (Next::Nothing, None) => {
                    waits_since = Some(clock.elapsed());
                    let is_idle =
                        !self.work.transaction.is_open() && self.restorer.remaining() == 0;
                    thread::park_timeout(if is_idle { WAIT_IDLE } else { WAIT_OPEN });
                    now = clock.now();
                }
                (Next::Nothing, Some(_)) => {
                    more = false;
                    break;
                }
            }
            if step % STEPS_PER_LOOK == 0 || waits_since.is_some() {
                elapsed = clock.elapsed();
            }
            if self.work.transaction.is_due(elapsed, &self.limits) {
                break;
            }
        }
        let rest = turn.end();
        self.lanes.keep(rest);
        Ok(more)
    }

    /// Lets the client library tell what the group decides.
    fn serve_group(&mut self) -> Result<(), Trouble> {
        let now = self.setup.clock.now();
        loop {
            match self.consumer.poll(Duration::ZERO) {
                None => return Ok(()),
                // What was fetched before its lane was opened.
                Some(Ok(message)) => read(&mut self.work, now, &message)?,
                Some(Err(error)) => passing_or_lost(&error)?,
            }
        }
    }
}

fn written_at(message: &impl Message) -> Option<Timestamp> {
    let millis = message.timestamp().to_millis()?;
    u64::try_from(millis).ok().map(Timestamp::from_millis)
}

/// Tells what a message is, and hands it on.
fn read(
    work: &mut Work<'_, Transaction<'_>>,
    now: Timestamp,
    message: &impl Message,
) -> Result<(), Trouble> {
    let mut headers: Headers<'_> = message.headers().map_or_else(Headers::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key, header.value.unwrap_or_default()))
            .collect()
    });
    let here = Coordinates {
        topic: work.application.shared_name(message.topic()),
        partition: message.partition(),
        offset: message.offset(),
    };
    let (coordinates, key, found) = match work.application.input(message.topic()) {
        Some(input) => (here, message.key(), Some((input, Via::Input))),
        None => match router::origin(&mut headers) {
            Some((source, key)) => {
                let input = work.application.input(&source.topic);
                (
                    source,
                    key,
                    input.map(|input| (input, Via::Routed(message.partition()))),
                )
            }
            None => (here, message.key(), None),
        },
    };
    let source = found.and_then(|(input, via)| (via == Via::Input).then_some(input));
    work.written_at(source, written_at(message), now);
    let record = Record {
        coordinates: &coordinates,
        key,
        value: message.payload(),
        headers: &headers,
    };
    match found {
        Some((input, via)) => work.on_record(now, input, via, record),
        None => work.on_stranger(record),
    }
}
