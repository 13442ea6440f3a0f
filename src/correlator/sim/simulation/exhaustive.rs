//! Every course of a small world: one or two installations of one device, two workers, one shard, and few troubles.
//!
//! In place of dice, all that can happen is tried in every state, each state once. Time stands still until nothing is left
//! to do; then the rest of the simulation plays on.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use fastrand::Rng;

use crate::cwmp::DeviceId;

use super::super::bridge::Commit;
use super::super::judge::Verdict;
use super::super::kafka::{Place, Topic};
use super::super::number_of;
use super::super::plan::{Plan, Scale};
use super::Simulation;

/// With this seed devices answer every Download before they complete it.
const DICE: u64 = 3;

/// What can happen next.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// A requester or the device writes that one of what it has to say, and the worker reads it. Written earlier it would
    /// only wait: what counts is the order in which records stand.
    Hear(usize, Place, usize),
    /// A worker reads its next record there.
    Read(usize, Place),
    Restore(usize),
    Commit(usize, Commit),
    /// The markers of a transaction are written.
    Finish(usize),
    /// The worker dies with all that it holds.
    Kill(usize),
    /// The group goes on without the worker, which does not know it.
    Expel(usize),
    /// A dead worker comes back.
    Start(usize),
    /// These own the inputs and the shard from now on.
    Move(usize, usize),
}

/// A state, and how often something may still go wrong.
#[derive(Clone)]
struct World {
    simulation: Simulation,
    troubles: u32,
}

fn plan(number: usize, acs_key: Option<&str>) -> Plan {
    let device = DeviceId::new("00256D", "IGD", "1").expect("a valid device");
    Plan {
        acs_key: acs_key.map(str::to_owned),
        ..Plan::installed(number, device, &format!("key/{number}"))
    }
}

impl World {
    /// The first worker owns the inputs; the shard is its own, or that of the second.
    fn new(installations: usize, troubles: u32, owner: usize) -> Self {
        // The ACS has a key of its own for the second.
        let plans = [plan(0, None), plan(1, Some("acs-1"))];
        let plans = plans[..installations].to_vec();
        let mut simulation = Simulation::of(Rng::with_seed(DICE), Scale::small(), plans);
        simulation.join(0);
        simulation.join(1);
        let mut world = Self {
            simulation,
            troubles,
        };
        world.own(0, owner);
        world
    }

    fn own(&mut self, inputs: usize, shard: usize) {
        let wanted: BTreeMap<_, _> = self
            .simulation
            .owners
            .keys()
            .map(|place| match place.0 {
                Topic::Routed => (*place, Some(shard)),
                Topic::Changelog | Topic::CpeEvents | Topic::Outputs | Topic::Requests => {
                    (*place, Some(inputs))
                }
            })
            .collect();
        self.simulation.assign(&wanted);
    }

    /// Who is left takes what belongs to nobody.
    fn take_over(&mut self) {
        let heir = self.simulation.members().first().copied();
        let owners = self.simulation.owners.iter();
        let wanted = owners.map(|(place, owner)| (*place, owner.or(heir)));
        let wanted = wanted.collect();
        self.simulation.assign(&wanted);
    }

    fn actions(&self) -> Vec<Action> {
        let simulation = &self.simulation;
        let prepared = simulation.kafka.prepared().into_iter();
        let mut actions: Vec<_> = prepared.map(Action::Finish).collect();
        for (number, worker) in simulation.workers.iter().enumerate() {
            let Some(session) = &worker.session else {
                actions.push(Action::Start(number));
                continue;
            };
            if session.is_restoring() {
                actions.push(Action::Restore(number));
            }
            for place in session.places() {
                if session.has_read_all(place, &simulation.kafka) {
                    actions.extend(
                        self.pending(place.0)
                            .map(|n| Action::Hear(number, place, n)),
                    );
                } else {
                    actions.push(Action::Read(number, place));
                }
            }
            actions.push(Action::Commit(number, Commit::Acknowledged));
            if self.troubles > 0 {
                actions.extend([
                    Action::Kill(number),
                    Action::Expel(number),
                    Action::Commit(number, Commit::UnknownDone),
                    Action::Commit(number, Commit::UnknownAborted),
                ]);
            }
        }
        if self.troubles > 0 && simulation.members().len() == 2 {
            actions.extend([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, s)| Action::Move(i, s)));
        }
        actions
    }

    /// Numbers of what is to be written to that topic.
    fn pending(&self, topic: Topic) -> impl Iterator<Item = usize> {
        let pending = self.simulation.fleet.pending().enumerate();
        pending
            .filter(move |(_, outgoing)| outgoing.topic == topic)
            .map(|(number, _)| number)
    }

    fn read(&mut self, number: usize, place: Place) {
        let simulation = &mut self.simulation;
        let session = simulation.workers[number].session.as_mut();
        let (application, kafka) = (&simulation.application, &mut simulation.kafka);
        session
            .expect("it runs")
            .read_one(place, application, kafka, simulation.now);
    }

    /// What comes of it; what became visible must be right.
    fn after(&self, action: Action) -> Result<Self, String> {
        let mut next = self.clone();
        next.simulation.fleet.reseed(DICE);
        let simulation = &mut next.simulation;
        match action {
            Action::Hear(number, place, pending) => {
                let outgoing = simulation.fleet.take_any(pending);
                simulation.write(outgoing);
                next.read(number, place);
            }
            Action::Read(number, place) => next.read(number, place),
            Action::Restore(number) => {
                let session = simulation.workers[number].session.as_mut();
                let session = session.expect("it runs");
                session.restore_some(usize::MAX, &simulation.application, &simulation.kafka);
            }
            Action::Commit(number, how) => {
                if simulation.commit(number, how) {
                    let prepared = simulation.kafka.prepared();
                    prepared
                        .into_iter()
                        .for_each(|transaction| simulation.kafka.finish(transaction));
                }
                next.troubles -= u32::from(how != Commit::Acknowledged);
            }
            Action::Finish(transaction) => simulation.kafka.finish(transaction),
            Action::Kill(number) => {
                simulation.lose(number);
                next.troubles -= 1;
            }
            Action::Expel(number) => {
                simulation.expel(number);
                next.troubles -= 1;
            }
            Action::Start(number) => {
                simulation.join(number);
            }
            Action::Move(inputs, shard) => {
                next.own(inputs, shard);
                next.troubles -= 1;
            }
        }
        next.take_over();
        next.simulation.look()?;
        Ok(next)
    }

    fn fingerprint(&self) -> u64 {
        let (simulation, mut hasher) = (&self.simulation, DefaultHasher::new());
        self.troubles.hash(&mut hasher);
        simulation.kafka.fingerprint().hash(&mut hasher);
        simulation.owners.hash(&mut hasher);
        for worker in &simulation.workers {
            let left_open = worker.left_open.iter();
            let left_open: Vec<_> = left_open
                .map(|number| simulation.kafka.rank(*number))
                .collect();
            left_open.hash(&mut hasher);
            if let Some(session) = &worker.session {
                (session.epoch == worker.epoch).hash(&mut hasher);
                session.hash_into(&simulation.kafka, &mut hasher);
            }
        }
        let pending = simulation.fleet.pending();
        let mut pending: Vec<_> = pending.map(|outgoing| &outgoing.message.value).collect();
        pending.sort_unstable();
        pending.hash(&mut hasher);
        hasher.finish()
    }

    /// Nothing more goes wrong, and everybody does what is left.
    fn end(mut self) -> Verdict {
        self.simulation.come_to_rest()?;
        self.simulation.judge.finish()?;
        self.simulation.store.finish()?;
        self.simulation.check_state()
    }
}

/// Tries everything from there. Returns how many states there are, and in how many of them nothing was left to do.
fn explore(start: World) -> Result<(usize, usize), String> {
    let mut known = HashSet::from([start.fingerprint()]);
    let mut open = vec![(start, Vec::new())];
    let mut ends = 0;
    while let Some((world, course)) = open.pop() {
        let mut is_end = true;
        for action in world.actions() {
            let wrong = |wrong| format!("{wrong}\nafter {course:?}, {action:?}");
            let next = world.after(action).map_err(wrong)?;
            let fingerprint = next.fingerprint();
            is_end &= next.troubles < world.troubles || fingerprint == world.fingerprint();
            if known.insert(fingerprint) {
                let mut course = course.clone();
                course.push(action);
                open.push((next, course));
            }
        }
        if is_end {
            ends += 1;
            world
                .end()
                .map_err(|wrong| format!("{wrong}\nafter {course:?}"))?;
        }
    }
    Ok((known.len(), ends))
}

fn every_course_is_right(start: World) {
    let (states, ends) = explore(start).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(ends > 0, "{states} states, and none is the last");
}

#[test]
fn every_course_of_one_installation_is_right_whatever_goes_wrong_once() {
    every_course_is_right(World::new(1, 1, 0));
}

#[test]
fn so_it_is_if_its_records_are_forwarded() {
    every_course_is_right(World::new(1, 1, 1));
}

#[test]
fn every_course_of_two_installations_of_one_device_is_right() {
    let troubles = number_of("CREDBRIDGE_SIM_TROUBLES").unwrap_or(0);
    every_course_is_right(World::new(2, u32::try_from(troubles).expect("few"), 0));
}
