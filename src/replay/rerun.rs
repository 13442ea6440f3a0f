use anyhow::{anyhow, bail};

use crate::config::Config;
use crate::correlator::Ledger;
use crate::record::Record;
use crate::runtime::application::Application;
use crate::runtime::shard::{Phase, Shard};
use crate::runtime::transaction::Refused;
use crate::runtime::trouble::Trouble;
use crate::runtime::work::{Sink, Via, Work};
use crate::time::Timestamp;
use crate::wire::{Destination, Outbound};

use super::output::Output;
use super::recording::Recorded;

/// The application as a recording is played to it: as many shards as the configuration names, and a node directory that
/// is filled from the recording, if it names one.
pub(crate) fn application(config: &Config) -> Application {
    let shards = i32::try_from(config.topics.shards).expect("at most 10000 shards");
    Application::new(config, shards).with_directory(config)
}

/// Outputs on their way to whoever asked for them.
struct Memory<'c> {
    config: &'c Config,
    with_state: bool,
    now: Timestamp,
    outputs: Vec<Output>,
}

impl Sink for Memory<'_> {
    fn begin(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    fn send(&mut self, outbound: &Outbound) -> Result<(), Refused> {
        if self.with_state || outbound.destination != Destination::Changelog {
            let output = Output::new(self.config, self.now, outbound);
            self.outputs.push(output);
        }
        Ok(())
    }
}

/// All shards of the bridge in memory, on a clock that records and deadlines move.
pub(crate) struct Rerun<'c> {
    work: Work<'c, Memory<'c>>,
    nodes_topic: &'c str,
}

impl<'c> Rerun<'c> {
    /// The bridge as it is before its first record. `with_state`: records of the changelog are outputs, too.
    pub(crate) fn new(config: &'c Config, application: &'c Application, with_state: bool) -> Self {
        let memory = Memory {
            config,
            with_state,
            now: Timestamp::default(),
            outputs: Vec::new(),
        };
        let mut work = Work::new(application, memory);
        for number in 0..application.shards {
            let mut shard = Shard::new(number, &application.limits, &application.rules);
            shard.phase = Phase::Ready;
            work.shards.insert(number, shard);
        }
        Self {
            work,
            nodes_topic: &config.topics.nodes,
        }
    }

    /// The time on the clock.
    pub(crate) const fn now(&self) -> Timestamp {
        self.work.transaction.now
    }

    /// Lets the clock run to the time of a record, and handles it. A record that is older than the clock is handled at
    /// the time of the clock.
    ///
    /// # Errors
    /// If the topic of the record is no input.
    pub(crate) fn handle(&mut self, recorded: &Recorded) -> anyhow::Result<()> {
        self.advance(recorded.time())?;
        let coordinates = recorded.coordinates();
        let headers = recorded.borrowed_headers();
        let record = Record {
            coordinates: &coordinates,
            key: recorded.key.as_ref().map(|key| &*key.0),
            value: recorded.value.as_ref().map(|value| &*value.0),
            headers: &headers,
        };
        let now = self.now();
        match (
            self.work.application.input(&recorded.topic),
            &self.work.application.nodes,
        ) {
            (Some(input), _) => self.work.on_record(now, input, Via::Input, record),
            (None, Some(directory)) if recorded.topic == self.nodes_topic => {
                if let Err(refused) = directory.apply(record) {
                    tracing::warn!(refused, "a record of topics.nodes tells of no node");
                }
                self.work.resume_waiting(now)
            }
            (None, _) => bail!(
                "{} is no input of the configuration (topics.requests, topics.cpe_events, topics.nodes)",
                recorded.topic
            ),
        }
        .map_err(told)?;
        self.work.take_answers(now).map_err(told)?;
        self.work.write_changes().map_err(told)
    }

    /// Lets the clock run to `time`; each deadline on the way fires at its own time.
    ///
    /// # Errors
    /// None in memory; what the work may report of Kafka.
    pub(crate) fn advance(&mut self, time: Timestamp) -> anyhow::Result<()> {
        while let Some(due) = self.next_deadline().filter(|due| *due <= time) {
            let now = due.max(self.now());
            self.set_clock(now);
            self.work.resume_waiting(now).map_err(told)?;
            self.work.on_time(now, due, usize::MAX).map_err(told)?;
            self.work.take_answers(now).map_err(told)?;
            self.work.write_changes().map_err(told)?;
        }
        self.set_clock(time.max(self.now()));
        Ok(())
    }

    fn set_clock(&mut self, now: Timestamp) {
        self.work.transaction.now = now;
        // What a recording says of nodes up to then has been said.
        if let Some(directory) = &self.work.application.nodes {
            directory.advance(now);
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let shards = self.work.shards.values();
        shards
            .filter_map(|shard| shard.correlator.poll_timeout())
            .chain(self.work.first_waiting())
            .min()
    }

    /// What was written since the last call.
    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.work.transaction.outputs)
    }

    /// The ledgers of all shards together.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut sum = Ledger::default();
        for shard in self.work.shards.values() {
            let ledger = shard.correlator.stats().ledger;
            sum.events += ledger.events;
            sum.applied += ledger.applied;
            sum.repeated += ledger.repeated;
            sum.parked += ledger.parked;
            sum.set_aside += ledger.set_aside;
            sum.foreign += ledger.foreign;
        }
        sum
    }
}

fn told(trouble: Trouble) -> anyhow::Error {
    match trouble {
        Trouble::Ended(error) => error.into(),
        Trouble::SessionLost(error) => anyhow!(error),
    }
}
