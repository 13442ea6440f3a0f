//! The group: who is a member, and who owns which partitions.

use std::collections::BTreeMap;

use super::super::bridge::{Commit, Session};
use super::super::kafka::Place;
use super::{Simulation, Worker};

impl Simulation {
    /// The session of the worker is gone, with all that it held in memory.
    pub(super) fn lose(&mut self, number: usize) {
        let worker = &mut self.workers[number];
        if let Some(session) = worker.session.take() {
            worker.left_open.extend(session.transaction);
            if session.epoch == worker.epoch {
                worker.epoch += 1;
            }
            let caller = (number, session.epoch);
            self.store.lose(caller, session.into_errands());
        }
        self.disown(number);
    }

    fn disown(&mut self, number: usize) {
        for owner in self.owners.values_mut() {
            if *owner == Some(number) {
                *owner = None;
            }
        }
    }

    /// The group goes on without a worker, which does not know it.
    pub(super) fn expel(&mut self, number: usize) {
        let worker = &mut self.workers[number];
        if worker
            .session
            .as_ref()
            .is_some_and(|session| session.epoch == worker.epoch)
        {
            worker.epoch += 1;
            self.disown(number);
        }
    }

    /// A worker that does not run starts: what it left open is ended, and it joins the group.
    pub(super) fn start(&mut self, number: usize) {
        if self.join(number) {
            self.rebalance();
        }
    }

    /// The same, before the group has given it anything; `false`: it runs.
    pub(super) fn join(&mut self, number: usize) -> bool {
        let worker = &mut self.workers[number];
        if worker.session.is_some() {
            return false;
        }
        for transaction in worker.left_open.drain(..) {
            self.kafka.end_transaction(transaction);
        }
        worker.epoch += 1;
        worker.session = Some(Session::new(worker.epoch));
        true
    }

    /// Workers that the group counts on.
    pub(super) fn members(&self) -> Vec<usize> {
        let workers = self.workers.iter().enumerate();
        let is_member = |(number, worker): (usize, &Worker)| {
            let session = worker.session.as_ref();
            session
                .is_some_and(|session| session.epoch == worker.epoch)
                .then_some(number)
        };
        workers.filter_map(is_member).collect()
    }

    /// The group gives every partition an owner.
    pub(super) fn rebalance(&mut self) {
        let members = self.members();
        let keeps = self.rng.f64();
        let mut wanted = BTreeMap::new();
        for (place, owner) in &self.owners {
            let stays = owner.filter(|_| self.rng.f64() < keeps);
            let next = stays.or_else(|| self.rng.choice(members.iter().copied()));
            wanted.insert(*place, next);
        }
        self.assign(&wanted);
    }

    /// Gives partitions to those who are to have them; who loses one commits first.
    pub(super) fn assign(&mut self, wanted: &BTreeMap<Place, Option<usize>>) {
        for number in self.members() {
            let lost = self.places(|place, owner| owner == Some(number) && wanted[&place] != owner);
            if !lost.is_empty() && self.commit(number, Commit::Acknowledged) {
                let session = self.workers[number].session.as_mut();
                let session = session.expect("it has just committed");
                session.on_revoked(&lost, &self.kafka, self.now);
                for place in lost {
                    self.owners.insert(place, None);
                }
            }
        }
        for number in 0..self.workers.len() {
            let won = self.places(|place, owner| owner.is_none() && wanted[&place] == Some(number));
            if let Some(session) = self.workers[number].session.as_mut() {
                session.on_assigned(&won, &self.application, &self.kafka);
                for place in won {
                    self.owners.insert(place, Some(number));
                }
            }
        }
    }

    fn places(&self, wanted: impl Fn(Place, Option<usize>) -> bool) -> Vec<Place> {
        let owners = self.owners.iter();
        owners
            .filter(|(place, owner)| wanted(**place, **owner))
            .map(|(place, _)| *place)
            .collect()
    }
}
