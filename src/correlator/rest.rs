//! The least distance between two Downloads of one device: for a while after one was sent, the device rests.

use std::collections::{BTreeMap, BTreeSet};

use crate::cwmp::DeviceId;
use crate::time::Timestamp;

use super::{Correlator, Retry, Slot, Turn};

/// Devices of one correlator that rest at a time. Beyond that the one that has rested longest may be asked again at once.
const RESTING_DEVICES_MAX: usize = 1_000_000;

/// Until when devices get no further Download. What is over goes with the next Downloads.
#[derive(Clone, Debug, Default)]
pub(super) struct Rests {
    by_device: BTreeMap<DeviceId, Timestamp>,
    by_end: BTreeSet<(Timestamp, DeviceId)>,
    /// What the changelog does not know yet.
    changed: BTreeSet<DeviceId>,
}

impl Rests {
    fn put(&mut self, device: &DeviceId, until: Option<Timestamp>) {
        if let Some(before) = self.by_device.remove(device) {
            self.by_end.remove(&(before, device.clone()));
        }
        if let Some(until) = until {
            self.by_device.insert(device.clone(), until);
            self.by_end.insert((until, device.clone()));
        }
    }

    fn begin(&mut self, device: &DeviceId, until: Timestamp, now: Timestamp) {
        self.put(device, Some(until));
        self.changed.insert(device.clone());
        while let Some((end, first)) = self.by_end.first().cloned()
            && (end <= now || self.by_end.len() > RESTING_DEVICES_MAX)
        {
            self.put(&first, None);
            self.changed.insert(first);
        }
    }
}

impl Correlator {
    /// Until when the device gets no further Download; `None`: it may get one.
    pub(super) fn rests_until(&self, device: &DeviceId, now: Timestamp) -> Option<Timestamp> {
        self.limits.pacing.device?;
        let until = self.rests.by_device.get(device).copied();
        until.filter(|until| *until > now)
    }

    /// The first Download of an installation has its turn: its device is to rest after that.
    pub(super) fn begin_rest(&mut self, slot: Slot, now: Timestamp) {
        if let Some(distance) = self.limits.pacing.device {
            let device = self.device(slot).clone();
            self.rests.begin(&device, now + distance, now);
        }
    }

    /// Has an installation, whose turn among those of its device has come, wait until that has rested; `false`: it has.
    pub(super) fn waits_for_rest(&mut self, slot: Slot, until: Timestamp, now: Timestamp) -> bool {
        let Some(rested_at) = self.rests_until(self.device(slot), now) else {
            return false;
        };
        self.table.open_mut(slot).retry = Some(Box::new(Retry {
            attempt: 0,
            until,
            is_due: true,
            is_paced: false,
        }));
        self.table.set_deadline(slot, rested_at.min(until));
        true
    }

    /// The device of an installation has rested: all that waited for that wait for each other again, in the order of their
    /// requests.
    pub(super) fn wake_rested(&mut self, slot: Slot, turn: &Turn<'_>) {
        if self.limits.pacing.device.is_none() {
            return;
        }
        for other in self.table.open_of(self.device(slot)) {
            let deadline = self.table.get(other).map(|one| one.deadline);
            let wait = self.open(other).retry.as_deref();
            let Some(until) = wait.filter(|wait| wait.is_due).map(|wait| wait.until) else {
                continue;
            };
            let is_waiting = self.open(other).progress == super::Progress::Waiting;
            if is_waiting && until > turn.now && deadline <= Some(turn.now) {
                if let Some(wait) = self.table.open_mut(other).retry.as_deref_mut() {
                    wait.is_due = false;
                }
                self.table.set_deadline(other, until);
            }
        }
    }

    /// The devices that began to rest since the last call, each with the end of its rest; `None`: it is over.
    pub fn take_rests(&mut self) -> impl Iterator<Item = (DeviceId, Option<Timestamp>)> {
        let changed = std::mem::take(&mut self.rests.changed);
        changed.into_iter().map(|device| {
            let until = self.rests.by_device.get(&device).copied();
            (device, until)
        })
    }

    /// Puts back what [`Self::take_rests`] once told.
    pub fn restore_rest(&mut self, device: &DeviceId, until: Option<Timestamp>) {
        self.rests.put(device, until);
    }
}
