//! The end: what is left is done, and nothing may stay behind.

use crate::correlator::Correlator;
use crate::runtime::shard::Shard;

use super::super::bridge::{Commit, Session};
use super::super::judge::{Verdict, must};
use super::super::kafka::Topic;
use super::Simulation;

/// Rounds after which a simulation that has not come to rest never will.
const ROUNDS_MAX: u32 = 20_000;

impl Simulation {
    /// No more trouble: everything that is left is done, and time passes until nothing is left.
    pub(super) fn come_to_rest(&mut self) -> Verdict {
        for number in 0..self.workers.len() {
            if self.workers[number]
                .session
                .as_ref()
                .is_some_and(|session| session.epoch != self.workers[number].epoch)
            {
                self.lose(number);
            }
            self.start(number);
        }
        self.rebalance();
        for _ in 0..ROUNDS_MAX {
            if self.round()? {
                continue;
            }
            let sessions = || {
                self.workers
                    .iter()
                    .filter_map(|worker| worker.session.as_ref())
            };
            let timeouts = sessions()
                .flat_map(|session| session.shards.values())
                .filter_map(|shard| shard.correlator.poll_timeout());
            match timeouts
                .chain(self.fleet.next())
                .chain(self.store.next())
                .min()
            {
                Some(next) => self.now = self.now.max(next),
                None => {
                    return must(!sessions().any(Session::is_restoring), || {
                        "a restore does not end".to_owned()
                    });
                }
            }
        }
        Err("it does not come to rest".to_owned())
    }

    /// Everybody has a turn; returns whether anything was done.
    fn round(&mut self) -> Result<bool, String> {
        let mut moved = false;
        while self.fleet.next().is_some_and(|at| at <= self.now) {
            self.deliver();
            moved = true;
        }
        while self.serve() {
            moved = true;
        }
        for number in 0..self.workers.len() {
            let session = self.workers[number]
                .session
                .as_mut()
                .expect("it was started");
            let (application, kafka, now) = (&self.application, &mut self.kafka, self.now);
            let reads_inputs = session.reads_inputs();
            moved |= session.restore_some(usize::MAX, application, kafka);
            for place in session.places() {
                while session.read_one(place, application, kafka, now) {
                    moved = true;
                }
            }
            moved |= session.on_time(self.watermark, usize::MAX, application, kafka, now);
            self.commit(number, Commit::Acknowledged);
            let session = self.workers[number].session.as_ref();
            moved |= session.is_some_and(|session| session.reads_inputs() != reads_inputs);
            for transaction in self.kafka.prepared() {
                self.kafka.finish(transaction);
                moved = true;
            }
        }
        let before = self.watermark;
        self.note_watermark();
        self.look()?;
        Ok(moved || self.watermark != before)
    }

    /// Nothing is left open, every event is counted once, and the changelog says the same.
    pub(super) fn check_state(&self) -> Verdict {
        let mut counted = 0;
        for number in 0..self.scale.shards {
            let (application, place) = (&self.application, (Topic::Changelog, number));
            let mut shard = Shard::new(number, &application.limits, &application.rules);
            let mut position = 0;
            while let (Some((_, entry)), next) = self.kafka.read(place, position) {
                let key = entry.message.key.as_deref().unwrap_or_default();
                let value = entry.message.value.as_deref();
                let restored = shard.restore(key, value, &application.decoder, application.shards);
                restored.map_err(|error| error.to_string())?;
                position = next;
            }
            must(is_empty(&shard.correlator), || {
                format!("shard {number} is not empty: {:?}", shard.correlator)
            })?;
            let ledger = shard.correlator.stats().ledger;
            must(ledger.balanced(), || format!("{ledger:?} does not balance"))?;
            counted += ledger.events;
        }
        let written = self.judge.written() as u64;
        must(counted == written, || {
            format!("{written} events were written, {counted} were counted")
        })
    }
}

fn is_empty(correlator: &Correlator) -> bool {
    correlator.poll_timeout().is_none()
        && correlator.open_installations() == 0
        && correlator.ended_installations() == 0
        && correlator.early_events() == 0
}
