//! The course of one seed: who has the next turn, and what goes wrong.

mod exhaustive;
mod group;
mod rest;
mod staging;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;

use crate::correlator::tests::world::limits;
use crate::correlator::{Limits, RetryCause, RetryPolicy, RetryTable};
use crate::runtime::application::Application;
use crate::runtime::watermark::{Mark, Marks};
use crate::time::Timestamp;

use super::bridge::{self, Commit, Session};
use super::fleet::{Fleet, Outgoing};
use super::judge::{self, Judge, Output, Verdict};
use super::kafka::{Kafka, Place, Topic, coordinates};
use super::plan::{Plan, Scale, plans};
use super::store::Store;

use staging::rules_of;

const START: Timestamp = Timestamp::from_millis(1_900_000_000_000);

/// One worker: its session, and the transactions that it left open when it died.
#[derive(Clone)]
struct Worker {
    session: Option<Session>,
    epoch: u64,
    left_open: Vec<usize>,
}

#[derive(Clone)]
pub(super) struct Simulation {
    rng: Rng,
    scale: Scale,
    application: Rc<Application>,
    kafka: Kafka,
    fleet: Fleet,
    judge: Judge,
    store: Store,
    workers: Vec<Worker>,
    owners: BTreeMap<Place, Option<usize>>,
    now: Timestamp,
    marks: Marks,
    watermark: Timestamp,
    outputs_read: i64,
    hasher: DefaultHasher,
}

/// Short enough that several attempts fit into most time-outs.
const RETRY: RetryPolicy = RetryPolicy {
    first_delay: Duration::from_secs(20),
    delay_max: Duration::from_mins(5),
    attempts_max: 5,
};

fn limits_of(scale: &Scale) -> Limits {
    let fault = |code: u32| RetryCause::Fault(code.try_into().expect("a fault code"));
    let causes = [
        RetryCause::DeviceUnavailable,
        RetryCause::RetryLater,
        RetryCause::SessionTimeout,
        RetryCause::Timeout,
        fault(9001),
        fault(9018),
    ];
    let retry = match scale.has_retries {
        true => causes.map(|cause| (cause, RETRY)).into(),
        false => RetryTable::new(),
    };
    if scale.is_tight {
        return Limits {
            open_downloads_per_device_max: 2,
            queued_downloads_per_device_max: usize::from(scale.has_queue),
            open_installations_max: 3,
            early_events_per_key_max: 2,
            early_events_per_device_max: 2,
            early_events_max: 3,
            retry,
            pacing: scale.pacing(),
            cancel_expired: scale.cancels,
            retry_with_new_key: scale.has_renewals,
            list_rows_first: scale.has_lists,
            ..limits()
        };
    }
    Limits {
        open_downloads_per_device_max: if scale.has_queue { 1 } else { 100 },
        queued_downloads_per_device_max: 100,
        early_events_per_key_max: 1000,
        early_events_per_device_max: 1000,
        early_events_max: 1000,
        retry,
        pacing: scale.pacing(),
        cancel_expired: scale.cancels,
        retry_with_new_key: scale.has_renewals,
        list_rows_first: scale.has_lists,
        ..limits()
    }
}

impl Simulation {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let scale = Scale::new(&mut rng);
        let plans = plans(&mut rng);
        Self::of(rng, scale, plans)
    }

    fn of(mut rng: Rng, scale: Scale, plans: Vec<Plan>) -> Self {
        let limits = limits_of(&scale);
        let place = |topic, count| (0..count).map(move |number| (topic, number));
        let owners = place(Topic::Requests, scale.request_partitions)
            .chain(place(Topic::CpeEvents, scale.event_partitions))
            .chain(place(Topic::Routed, scale.shards))
            .map(|place| (place, None))
            .collect();
        let workers = (0..scale.workers).map(|_| Worker {
            session: None,
            epoch: 0,
            left_open: Vec::new(),
        });
        Self {
            workers: workers.collect(),
            owners,
            kafka: Kafka::default(),
            fleet: Fleet::new(plans.clone(), START, rng.fork()),
            judge: Judge::new(plans, limits.clone(), &scale),
            store: Store::new(rng.fork()),
            application: Rc::new(bridge::application(scale.shards, limits, rules_of(&scale))),
            scale,
            rng,
            now: START,
            marks: Marks::default(),
            watermark: Timestamp::default(),
            outputs_read: 0,
            hasher: DefaultHasher::new(),
        }
    }

    /// Plays to the end; returns the hash of all that became visible.
    pub(super) fn run(mut self) -> Result<u64, String> {
        for _ in 0..self.scale.steps {
            self.step();
            self.look()?;
        }
        self.come_to_rest()?;
        self.judge.finish()?;
        self.store.finish()?;
        self.check_state()?;
        Ok(self.hasher.finish())
    }

    fn step(&mut self) {
        match self.rng.u32(0..1000) {
            0..180 => self.deliver(),
            180..230 => self.pass_time(),
            230..300 => self.note_watermark(),
            300..360 => self.finish_some(),
            360..380 => self.rebalance(),
            380..395 => {
                let number = self.any_worker();
                self.lose(number);
            }
            395..405 => {
                let number = self.any_worker();
                self.expel(number);
            }
            405..440 => {
                let number = self.any_worker();
                self.start(number);
            }
            440..455 => self.compact(),
            455..485 => drop(self.serve()),
            _ => self.work(),
        }
    }

    fn any_worker(&mut self) -> usize {
        self.rng.usize(0..self.workers.len())
    }

    fn deliver(&mut self) {
        if let Some(outgoing) = self.fleet.take(self.now) {
            self.write(outgoing);
        }
    }

    fn write(&mut self, outgoing: Outgoing) {
        let partitions = match outgoing.topic {
            Topic::Requests => self.scale.request_partitions,
            Topic::CpeEvents | Topic::Changelog | Topic::Outputs | Topic::Routed => {
                self.scale.event_partitions
            }
        };
        let place = (outgoing.topic, self.rng.i32(0..partitions));
        let offset = self.kafka.produce(place, outgoing.message, self.now);
        let written = coordinates(place, offset).to_string();
        self.judge.wrote(written, self.now, outgoing.about);
    }

    fn pass_time(&mut self) {
        let millis = match self.rng.u8(0..20) {
            0 => self.rng.u64(0..2_400_000),
            1..4 => self.rng.u64(0..120_000),
            _ => self.rng.u64(0..10_000),
        };
        self.now = self.now + Duration::from_millis(millis);
    }

    /// What the runtime's watermark does about once a second.
    fn note_watermark(&mut self) {
        let ends = |kafka: &Kafka, wants_routed: bool| -> BTreeMap<(String, i32), i64> {
            let places = self.owners.keys();
            places
                .filter(|place| (place.0 == Topic::Routed) == wants_routed)
                .map(|place| ((place.0.name().to_owned(), place.1), kafka.end(*place)))
                .collect()
        };
        let reached = self.owners.keys().map(|place| {
            let offset = self.kafka.committed.get(place).copied().unwrap_or(0);
            ((place.0.name().to_owned(), place.1), offset)
        });
        let reached: BTreeMap<_, _> = reached.collect();
        let (inputs, routed) = (ends(&self.kafka, false), ends(&self.kafka, true));
        let time = self.now;
        Marks::note(&mut self.marks.inputs, Mark { time, ends: inputs });
        if let Some(time) = Marks::pass(&mut self.marks.inputs, &reached) {
            Marks::note(&mut self.marks.routed, Mark { time, ends: routed });
        }
        if let Some(time) = Marks::pass(&mut self.marks.routed, &reached) {
            self.watermark = self.watermark.max(time);
        }
    }

    fn finish_some(&mut self) {
        let prepared = self.kafka.prepared();
        if let Some(transaction) = self.rng.choice(prepared) {
            self.kafka.finish(transaction);
        }
    }

    fn compact(&mut self) {
        let number = self.rng.i32(0..self.scale.shards);
        self.kafka.compact((Topic::Changelog, number), self.now);
    }

    /// One worker does something.
    fn work(&mut self) {
        let number = self.any_worker();
        let Some(session) = self.workers[number].session.as_mut() else {
            return;
        };
        let (application, kafka, now) = (&self.application, &mut self.kafka, self.now);
        match self.rng.u8(0..10) {
            0 => {
                session.restore_some(self.rng.usize(1..20), application, kafka);
            }
            1 => {
                let max = self.rng.usize(1..5);
                session.on_time(self.watermark, max, application, kafka, now);
            }
            2 | 3 => {
                let how = match self.rng.u8(0..40) {
                    0 => Commit::Killed,
                    1 => Commit::UnknownDone,
                    2 => Commit::UnknownAborted,
                    _ => Commit::Acknowledged,
                };
                self.commit(number, how);
            }
            _ => {
                let places = session.places();
                if let Some(place) = self.rng.choice(places) {
                    session.read_one(place, application, kafka, now);
                }
            }
        }
    }

    /// `false`: the session was lost.
    fn commit(&mut self, number: usize, how: Commit) -> bool {
        let worker = &mut self.workers[number];
        let Some(session) = worker.session.as_mut() else {
            return false;
        };
        let is_member = session.epoch == worker.epoch;
        let open = session.transaction;
        let (application, kafka, now) = (&self.application, &mut self.kafka, self.now);
        if is_member {
            session
                .check_files(&self.store)
                .expect("what devices may fetch is there");
        }
        let goes_on = session.commit(how, is_member, application, kafka, now);
        if goes_on {
            self.order_committed(number);
        } else {
            worker.left_open.extend(open.or(session.transaction));
            self.lose(number);
        }
        goes_on
    }

    /// Everybody reads what became visible.
    fn look(&mut self) -> Verdict {
        if let Some(overtaken) = self.kafka.overtaken.take() {
            return Err(overtaken);
        }
        self.order_resumed();
        loop {
            let (found, next) = self.kafka.read((Topic::Outputs, 0), self.outputs_read);
            self.outputs_read = next;
            let Some((_, entry)) = found else {
                return Ok(());
            };
            (&entry.message, entry.at).hash(&mut self.hasher);
            let output = judge::read(entry);
            self.judge.saw(&output)?;
            self.check_file(&output)?;
            if let Output::Command {
                id,
                command_id,
                request,
                ..
            } = &output
            {
                let (plan, is_wish) = self.judge.behind(request).expect("the judge saw it");
                let failed = self.judge.keys_before(id);
                let fleet = &mut self.fleet;
                match is_wish {
                    true => fleet.hear_wish(plan, *command_id, &id.1, self.now),
                    false => fleet.hear((plan, failed), *command_id, &id.1, self.now),
                }
            }
        }
    }
}
