use std::hash::{BuildHasher as _, Hash};
use std::mem;
use std::ops::{AddAssign, SubAssign};

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use slab::Slab;

use crate::cwmp::{CommandKey, DeviceId};
use crate::time::Timestamp;

use super::deadlines::Deadlines;
use super::{
    EarlyEvent, Installation, InstallationId, Open, Progress, Slot, State, StoredResource,
};

/// All installations of a shard, with what finds them.
///
/// The indices hold numbers of slots only, and are never iterated, so that their layout cannot show in the effects.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: Slab<Installation>,
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
    fn key(self, entries: &Slab<Installation>) -> (&DeviceId, Option<&CommandKey>) {
        let entry = &entries[index(self.slot())];
        let key = if self.is_by_alias() {
            entry.alias.as_deref()
        } else {
            Some(&entry.id.command_key)
        };
        (&entry.id.device, key)
    }
}

fn index(slot: Slot) -> usize {
    usize::try_from(slot.0).expect("a u32 fits into usize")
}

fn slot(index: usize) -> Slot {
    let number = u32::try_from(index)
        .ok()
        .filter(|number| *number <= u32::MAX >> 1);
    Slot(number.expect("memory ends long before 2^31 installations"))
}

/// A hash that is the same in every process: no random seed.
fn hash(value: impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

fn request_of(entries: &Slab<Installation>, slot: Slot) -> (&str, &str) {
    let open = entries[index(slot)]
        .open()
        .expect("only open installations are indexed by request");
    let primitive = &open.request.primitive;
    (primitive.originator(), primitive.request_identifier())
}

impl Table {
    pub(super) fn get(&self, slot: Slot) -> Option<&Installation> {
        self.entries.get(index(slot))
    }

    /// All slots in use, in the order of their numbers.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.entries.iter().map(|(index, _)| slot(index))
    }

    pub(super) fn find(&self, device: &DeviceId, key: &CommandKey) -> Option<Slot> {
        let link = self.by_key.find(hash((device, Some(key))), |link| {
            link.key(&self.entries) == (device, Some(key))
        })?;
        Some(link.slot())
    }

    /// The installation with that id, as opposed to one with that alias.
    fn find_id(&self, id: &InstallationId) -> Option<Slot> {
        let link = self
            .by_key
            .find(hash((&id.device, Some(&id.command_key))), |link| {
                !link.is_by_alias() && self.entries[index(link.slot())].id == *id
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
        slots.retain(|slot| self.entries[index(*slot)].open().is_some());
        slots
    }

    /// The installations of a device that are open or whose resource is kept, in the order of their CommandKeys.
    pub(super) fn concerning(&self, device: &DeviceId) -> Vec<Slot> {
        let id = |slot: &Slot| &self.entries[index(*slot)].id;
        let mut slots: Vec<Slot> = self
            .by_device
            .iter_hash(hash(device))
            .copied()
            .filter(|slot| id(slot).device == *device)
            .collect();
        slots.sort_by_key(|slot| id(slot).command_key);
        slots
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
        let slot = slot(self.entries.insert(installation));
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
        if self.entries[index(slot)].alias.is_some() {
            self.unlink(slot, true);
        }
        let installation = self.entries.remove(index(slot));
        self.deadlines.remove(installation.deadline, slot);
        installation
    }

    /// Puts an installation into another state, and returns the one before.
    pub(super) fn set_state(&mut self, slot: Slot, state: State, deadline: Timestamp) -> State {
        self.unlink_state(slot);
        let before = mem::replace(&mut self.entries[index(slot)].state, state);
        self.link_state(slot);
        self.set_deadline(slot, deadline);
        before
    }

    pub(super) fn set_deadline(&mut self, slot: Slot, deadline: Timestamp) {
        let entry = &mut self.entries[index(slot)];
        let before = mem::replace(&mut entry.deadline, deadline);
        self.deadlines.remove(before, slot);
        self.deadlines.insert(deadline, slot);
    }

    /// Gives an installation without alias one; no other installation may have that key.
    pub(super) fn set_alias(&mut self, slot: Slot, alias: CommandKey) {
        self.entries[index(slot)].alias = Some(Box::new(alias));
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
        match &mut self.entries[index(slot)].state {
            State::Open(open) => open,
            State::Early(_) | State::Ended(_) => {
                unreachable!("the caller saw an open installation")
            }
        }
    }

    /// The resource that is kept with an installation; what it says is in no index.
    pub(super) fn resource_mut(&mut self, slot: Slot) -> Option<&mut StoredResource> {
        match &mut self.entries[index(slot)].state {
            State::Ended(ended) => ended.resource.as_deref_mut(),
            State::Early(_) | State::Open(_) => None,
        }
    }

    /// Puts the deadline off to `deadline`, unless it is later already.
    pub(super) fn extend_deadline(&mut self, slot: Slot, deadline: Timestamp) {
        let before = self.entries[index(slot)].deadline;
        self.set_deadline(slot, before.max(deadline));
    }

    pub(super) fn push_early(&mut self, slot: Slot, event: EarlyEvent) {
        let entry = &mut self.entries[index(slot)];
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
        let entry = &entries[index(slot)];
        let early = Early::of(entry);
        if early.events > 0 {
            self.early += early;
            *early_of.entry(entry.id.device.clone()).or_default() += early;
        }
        self.ended += usize::from(matches!(entry.state, State::Ended(_)));
        if entry.concerns_device() {
            by_device.insert_unique(hash(&entry.id.device), slot, |slot| {
                hash(&entries[index(*slot)].id.device)
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
        let entry = &self.entries[index(slot)];
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
                .find_entry(hash(&entry.id.device), |other| *other == slot)
                .expect("every such installation is linked to its device")
                .remove();
        }
        let Some(open) = entry.open() else { return };
        self.open -= 1;
        self.waiting -= usize::from(open.progress == Progress::Waiting);
        self.opened.remove(open.handled_at, slot);
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
