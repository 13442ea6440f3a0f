//! The store for certificate files: calls take their time, fail, and are lost with who made them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;

use crate::correlator::{Correlator, InstallationId, Progress, Staging};
use crate::runtime::staging::{Answer, Order};
use crate::time::Timestamp;

use super::judge::{Verdict, must};

/// What a worker wants of the store.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    Put(Box<Staging>),
    Remove(Box<str>),
}

impl From<Order> for Errand {
    fn from(order: Order) -> Self {
        match order {
            Order::Put(staging, _) => Self::Put(staging),
            Order::Remove(name) => Self::Remove(name),
        }
    }
}

/// A worker, and which of its sessions.
pub(super) type Caller = (usize, u64);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Done,
    /// The answer is bad, whatever the store did.
    Failed {
        is_there: bool,
    },
    /// Whatever the store did, nobody hears of it.
    Unheard {
        is_there: bool,
    },
}

#[derive(Clone, Debug)]
struct Call {
    caller: Caller,
    due: Timestamp,
    outcome: Outcome,
    errand: Errand,
}

#[derive(Clone, Debug)]
pub(super) struct Store {
    /// What is there, by name, with the installation that it was put there for first.
    objects: BTreeMap<Box<str>, InstallationId>,
    removed: BTreeSet<Box<str>>,
    /// What may stay for ever: its removal was lost, or overtaken.
    stays: BTreeSet<Box<str>>,
    calls: Vec<Call>,
    rng: Rng,
}

impl Store {
    pub(super) fn new(rng: Rng) -> Self {
        Self {
            objects: BTreeMap::new(),
            removed: BTreeSet::new(),
            stays: BTreeSet::new(),
            calls: Vec::new(),
            rng,
        }
    }

    /// Takes an order of a worker; what it wanted of the same file before is given up.
    pub(super) fn take(&mut self, errand: Errand, caller: Caller, now: Timestamp) {
        let of_file = |call: &Call| call.caller.0 == caller.0 && call.name() == errand.name();
        self.calls.retain(|call| !of_file(call));
        let outcome = match (&errand, self.rng.u8(0..20)) {
            (Errand::Put(_), 0) => Outcome::Failed { is_there: false },
            (Errand::Put(_), 1) => Outcome::Failed { is_there: true },
            (_, 2) => Outcome::Unheard { is_there: false },
            (_, 3) => Outcome::Unheard { is_there: true },
            (_, _) => Outcome::Done,
        };
        let seconds = if self.rng.u8(0..8) == 0 { 3000 } else { 30 };
        let after = Duration::from_millis(self.rng.u64(0..seconds * 1000));
        self.calls.push(Call {
            caller,
            due: now + after,
            outcome,
            errand,
        });
    }

    /// The session of a worker is over; what it still wanted of the store is not said to anybody, or not done at all.
    pub(super) fn lose(&mut self, caller: Caller, wanted: Vec<Errand>) {
        for errand in wanted {
            self.stays.insert(errand.name().into());
        }
        for call in &mut self.calls {
            if call.caller == caller {
                let is_there = self.rng.bool();
                call.outcome = Outcome::Unheard { is_there };
            }
        }
    }

    /// When the next call is over.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.calls.iter().map(|call| call.due).min()
    }

    /// Does what is due next; returns what is said to whom, or `None` if nothing is due.
    pub(super) fn serve(&mut self, now: Timestamp) -> Option<Option<(Caller, Answer)>> {
        let due = self.calls.iter().enumerate();
        let (first, _) = due
            .filter(|(_, call)| call.due <= now)
            .min_by_key(|(_, call)| call.due)?;
        let Call {
            caller,
            outcome,
            errand,
            ..
        } = self.calls.remove(first);
        let is_done = match outcome {
            Outcome::Done => true,
            Outcome::Failed { is_there } | Outcome::Unheard { is_there } => is_there,
        };
        match errand {
            Errand::Put(staging) => {
                let Staging { id, name, .. } = *staging;
                if is_done {
                    self.put(name, &id);
                }
                let result = match outcome {
                    Outcome::Done => Ok(()),
                    Outcome::Failed { .. } => Err("no space left".to_owned()),
                    Outcome::Unheard { .. } => return Some(None),
                };
                Some(Some((caller, Answer { id, result })))
            }
            Errand::Remove(name) => {
                match is_done {
                    true => drop(self.objects.remove(&name)),
                    false => drop(self.stays.insert(name.clone())),
                }
                self.removed.insert(name);
                Some(None)
            }
        }
    }

    fn put(&mut self, name: Box<str>, id: &InstallationId) {
        if self.removed.contains(&name) {
            self.stays.insert(name.clone());
        }
        self.objects.entry(name).or_insert_with(|| id.clone());
    }

    /// Whether a Download may name that file: it is there, or was and is not needed any more.
    pub(super) fn has_had(&self, name: &str) -> bool {
        self.objects.contains_key(name) || self.removed.contains(name)
    }

    /// What a device may fetch any moment must be there.
    pub(super) fn check(&self, correlator: &Correlator) -> Verdict {
        for installation in correlator.oldest() {
            let open = installation.open().expect("the oldest ones are open");
            let is_wanted = matches!(open.progress, Progress::DownloadSent | Progress::Accepted);
            let file = open.staged.as_deref().filter(|file| file.is_there);
            let is_missing = file.is_some_and(|file| !self.objects.contains_key(&file.name));
            must(!(is_wanted && is_missing), || {
                format!("the file is gone while it is needed: {installation:?}")
            })?;
        }
        Ok(())
    }

    /// What is left when all is over: nothing, but for what was lost, and of that one file for each installation.
    pub(super) fn finish(&self) -> Verdict {
        let mut left = BTreeMap::new();
        for (name, id) in &self.objects {
            must(self.stays.contains(name), || {
                format!("{name} of {id:?} was not removed")
            })?;
            let before = left.insert(id, name);
            must(before.is_none(), || {
                format!("{name} and {before:?} of {id:?} are left")
            })?;
        }
        must(self.calls.is_empty(), || {
            "the store has work left".to_owned()
        })
    }
}

impl Errand {
    fn name(&self) -> &str {
        match self {
            Self::Put(staging) => &staging.name,
            Self::Remove(name) => name,
        }
    }
}

impl Call {
    fn name(&self) -> &str {
        self.errand.name()
    }
}
