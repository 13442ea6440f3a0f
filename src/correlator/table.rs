use std::hash::{BuildHasher as _, Hash};
use std::mem;
use std::ops::{AddAssign, SubAssign};

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use crate::cwmp::{CommandKey, DeviceId};
use crate::time::Timestamp;

use super::deadlines::Deadlines;
use super::entries::Entries;
use super::folded::Names;
use super::interned::Interned;
use super::{
    EarlyEvent, Installation, InstallationId, Open, Progress, Slot, State, StoredResource,
};

/// All installations of a shard, with what finds them.
///
/// The indices hold numbers of slots only, and are never iterated, so that their layout cannot show in the effects.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: Entries,
    /// By (device, CommandKey), and by (device, alias).
    by_key: HashTable<Link>,
    /// Open installations by (originator, request identifier).
    by_request: HashTable<Slot>,
    /// Open installations, and those whose resource is kept, by device.
    by_device: HashTable<Slot>,
    deadlines: Deadlines,
    /// Open installations by the time when their request was handled.
    opened: Deadlines,
    early: Early,
    /// What of it is of a device; no device that has nothing.
    early_of: HashMap<DeviceId, Early, FixedState>,
    /// Those with [`Progress::Waiting`].
    waiting: usize,
    open: usize,
    ended: usize,
}

/// Events that wait for their requests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Early {
    pub(super) events: usize,
    /// What they take.
    pub(super) bytes: usize,
}

impl Early {
    fn of(installation: &Installation) -> Self {
        Self {
            events: installation.early_events().len(),
            bytes: installation.early_bytes(),
        }
    }
}

impl AddAssign for Early {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Early {
    fn sub_assign(&mut self, other: Self) {
        self.events -= other.events;
        self.bytes -= other.bytes;
    }
}

/// A slot under one of its two keys: the number of the slot, doubled, and 1 more for the alias.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Link(u32);

impl Link {
    fn new(slot: Slot, by_alias: bool) -> Self {
        Self(slot.0 << 1 | u32::from(by_alias))
    }

    fn slot(self) -> Slot {
        Slot(self.0 >> 1)
    }

    fn is_by_alias(self) -> bool {
        self.0 & 1 == 1
    }

    /// The key under which the link stands.
    fn key(self, entries: &Entries) -> (&str, Option<CommandKey>) {
        let names = entries.names(self.slot());
        let key = if self.is_by_alias() {
            names.alias
        } else {
            Some(names.command_key)
        };
        (names.device, key)
    }
}

/// A hash that is the same in every process: no random seed.
fn hash(value: impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

fn request_of(entries: &Entries, slot: Slot) -> (&str, &str) {
    let request = entries.names(slot).request;
    request.expect("only open installations are indexed by request")
}

impl Table {
    pub(super) fn get(&self, slot: Slot) -> Option<&Installation> {
        self.entries.get(slot)
    }

    /// What the installations have in common.
    pub(super) fn interned(&mut self) -> &mut Interned {
        &mut self.entries.interned
    }

    /// Folds what was not touched of late; between two calls of the correlator, so that nobody waits for it twice.
    pub(super) fn fold_idle(&mut self) {
        self.entries.fold_idle();
    }

    /// Installations for whose file a store was asked, in the order of their slots.
    pub(super) fn staged(&self) -> impl Iterator<Item = Slot> {
        let all = self.entries.all();
        all.filter_map(|(slot, names)| names.is_staged.then_some(slot))
    }

    pub(super) fn find(&self, device: &DeviceId, key: &CommandKey) -> Option<Slot> {
        let wanted = (device.key(), Some(*key));
        let link = self
            .by_key
            .find(hash(wanted), |link| link.key(&self.entries) == wanted)?;
        Some(link.slot())
    }

    /// The installation with that id, as opposed to one with that alias.
    fn find_id(&self, id: &InstallationId) -> Option<Slot> {
        let wanted = (id.device.key(), Some(id.command_key));
        let link = self.by_key.find(hash(wanted), |link| {
            !link.is_by_alias() && link.key(&self.entries) == wanted
        })?;
        Some(link.slot())
    }

    /// The open installation with that request. A request without an identifier is like no other.
    pub(super) fn find_request(&self, originator: &str, identifier: &str) -> Option<Slot> {
        let wanted = (originator, identifier);
        self.by_request
            .find(hash(wanted), |slot| {
                request_of(&self.entries, *slot) == wanted
            })
            .copied()
    }

    /// The open installations of a device, in the order of their CommandKeys.
    pub(super) fn open_of(&self, device: &DeviceId) -> Vec<Slot> {
        let mut slots = self.concerning(device);
        slots.retain(|slot| self.names(*slot).request.is_some());
        slots
    }

    /// The installations of a device that are open or whose resource is kept, in the order of their CommandKeys.
    pub(super) fn concerning(&self, device: &DeviceId) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self
            .by_device
            .iter_hash(hash(device.key()))
            .copied()
            .filter(|slot| self.names(*slot).device == device.key())
            .collect();
        slots.sort_by_key(|slot| self.names(*slot).command_key);
        slots
    }

    fn names(&self, slot: Slot) -> Names<'_> {
        self.entries.names(slot)
    }

    pub(super) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(super) fn oldest_open(&self) -> Option<Timestamp> {
        self.opened.first().map(|(time, _)| time)
    }

    pub(super) fn oldest(&self) -> impl Iterator<Item = Slot> {
        self.opened.slots()
    }

    pub(super) fn early(&self) -> Early {
        self.early
    }

    pub(super) fn early_of(&self, device: &DeviceId) -> Early {
        self.early_of.get(device).copied().unwrap_or_default()
    }

    pub(super) fn open_installations(&self) -> usize {
        self.open
    }

    pub(super) fn waiting_installations(&self) -> usize {
        self.waiting
    }

    pub(super) fn ended_installations(&self) -> usize {
        self.ended
    }

    /// Takes an installation in; one with the same id is replaced.
    pub(super) fn insert(&mut self, installation: Installation) -> Slot {
        self.remove_id(&installation.id);
        let deadline = installation.deadline;
        let has_alias = installation.alias.is_some();
        let slot = self.entries.insert(installation);
        self.link(slot, false);
        if has_alias {
            self.link(slot, true);
        }
        self.deadlines.insert(deadline, slot);
        self.link_state(slot);
        slot
    }

    pub(super) fn remove_id(&mut self, id: &InstallationId) {
        if let Some(slot) = self.find_id(id) {
            self.remove(slot);
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Installation {
        self.unlink_state(slot);
        self.unlink(slot, false);
        if self.names(slot).alias.is_some() {
            self.unlink(slot, true);
        }
        let installation = self.entries.remove(slot);
        self.deadlines.remove(slot);
        installation
    }

    /// Puts an installation into another state, and returns the one before.
    pub(super) fn set_state(&mut self, slot: Slot, state: State, deadline: Timestamp) -> State {
        self.unlink_state(slot);
        let before = self.entries.set_state(slot, state);
        self.link_state(slot);
        self.set_deadline(slot, deadline);
        before
    }

    pub(super) fn set_deadline(&mut self, slot: Slot, deadline: Timestamp) {
        self.entries.get_mut(slot).deadline = deadline;
        self.deadlines.put_off(slot, deadline);
    }

    /// Gives an installation without alias one; no other installation may have that key.
    pub(super) fn set_alias(&mut self, slot: Slot, alias: CommandKey) {
        self.entries.get_mut(slot).alias = Some(Box::new(alias));
        self.link(slot, true);
    }

    /// Notes what was done last for an open installation.
    pub(super) fn set_progress(&mut self, slot: Slot, progress: Progress) {
        let before = mem::replace(&mut self.open_mut(slot).progress, progress);
        self.waiting += usize::from(progress == Progress::Waiting);
        self.waiting -= usize::from(before == Progress::Waiting);
    }

    /// The open installation, to change what no index depends on: neither its request nor its progress, nor when it was
    /// handled.
    pub(super) fn open_mut(&mut self, slot: Slot) -> &mut Open {
        match &mut self.entries.get_mut(slot).state {
            State::Open(open) => open,
            State::Early(_) | State::Ended(_) => {
                unreachable!("the caller saw an open installation")
            }
        }
    }

    /// The resource that is kept with an installation; what it says is in no index.
    pub(super) fn resource_mut(&mut self, slot: Slot) -> Option<&mut StoredResource> {
        match &mut self.entries.get_mut(slot).state {
            State::Ended(ended) => ended.resource.as_deref_mut(),
            State::Early(_) | State::Open(_) => None,
        }
    }

    /// Puts the deadline off to `deadline`, unless it is later already.
    pub(super) fn extend_deadline(&mut self, slot: Slot, deadline: Timestamp) {
        let before = self.get(slot).expect("the caller saw it").deadline;
        self.set_deadline(slot, before.max(deadline));
    }

    pub(super) fn push_early(&mut self, slot: Slot, event: EarlyEvent) {
        let entry = self.entries.get_mut(slot);
        let early = Early {
            events: 1,
            bytes: event.bytes(),
        };
        match &mut entry.state {
            State::Early(events) => events.push(event),
            State::Open(_) | State::Ended(_) => {
                unreachable!("the caller saw an early installation")
            }
        }
        self.early += early;
        *self.early_of.entry(entry.id.device.clone()).or_default() += early;
    }

    fn link(&mut self, slot: Slot, by_alias: bool) {
        let Self {
            entries, by_key, ..
        } = self;
        let link = Link::new(slot, by_alias);
        by_key.insert_unique(hash(link.key(entries)), link, |link| {
            hash(link.key(entries))
        });
    }

    fn unlink(&mut self, slot: Slot, by_alias: bool) {
        let link = Link::new(slot, by_alias);
        self.by_key
            .find_entry(hash(link.key(&self.entries)), |other| *other == link)
            .expect("every key of an installation is linked")
            .remove();
    }

    fn link_state(&mut self, slot: Slot) {
        let Self {
            entries,
            by_request,
            by_device,
            opened,
            early_of,
            ..
        } = self;
        let entry = entries.get(slot).expect("the caller saw it");
        let early = Early::of(entry);
        if early.events > 0 {
            self.early += early;
            *early_of.entry(entry.id.device.clone()).or_default() += early;
        }
        self.ended += usize::from(matches!(entry.state, State::Ended(_)));
        if entry.concerns_device() {
            by_device.insert_unique(hash(entry.id.device.key()), slot, |slot| {
                hash(entries.names(*slot).device)
            });
        }
        let Some(open) = entry.open() else { return };
        self.open += 1;
        self.waiting += usize::from(open.progress == Progress::Waiting);
        opened.insert(open.handled_at, slot);
        if !open.request.primitive.request_identifier().is_empty() {
            by_request.insert_unique(hash(request_of(entries, slot)), slot, |slot| {
                hash(request_of(entries, *slot))
            });
        }
    }

    fn unlink_state(&mut self, slot: Slot) {
        let entry = self.entries.get(slot).expect("the caller saw it");
        let early = Early::of(entry);
        if early.events > 0 {
            self.early -= early;
            let device = &entry.id.device;
            let of_device = self.early_of.get_mut(device);
            let of_device = of_device.expect("every early event is counted for its device");
            *of_device -= early;
            if of_device.events == 0 {
                self.early_of.remove(device);
            }
        }
        self.ended -= usize::from(matches!(entry.state, State::Ended(_)));
        if entry.concerns_device() {
            self.by_device
                .find_entry(hash(entry.id.device.key()), |other| *other == slot)
                .expect("every such installation is linked to its device")
                .remove();
        }
        let Some(open) = entry.open() else { return };
        self.open -= 1;
        self.waiting -= usize::from(open.progress == Progress::Waiting);
        self.opened.remove(slot);
        if !open.request.primitive.request_identifier().is_empty() {
            self.by_request
                .find_entry(hash(request_of(&self.entries, slot)), |other| {
                    *other == slot
                })
                .expect("every open installation is linked to its request")
                .remove();
        }
    }
}
