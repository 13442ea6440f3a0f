use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::mem;

use slab::Slab;

use super::folded::{Folded, Names};
use super::interned::Interned;
use super::{Installation, Slot, State};

/// Installations that are held unfolded beyond what is used: the ones touched last. A device that answers within a second
/// finds its own as it was left.
const UNFOLDED_MAX: usize = if cfg!(test) { 2 } else { 1024 };

/// The installations of a shard by slot.
///
/// Millions wait at a time for devices that answer in hours, so most are held folded: as bytes, a quarter of what their
/// parts take. Who asks for one gets it unfolded, and it stays so for a while; nothing of that shows outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    slots: Slab<Entry>,
    /// Slots in the order in which they were unfolded. One may be empty by now, or have another installation.
    unfolded: RefCell<VecDeque<Slot>>,
    pub(super) interned: Interned,
    /// Where an installation is folded, before it is as long as it needs to be.
    scratch: Vec<u8>,
}

/// Invariant: at least one of the two is there, and they say the same.
#[derive(Clone, Debug)]
struct Entry {
    folded: Option<Folded>,
    unfolded: OnceCell<Box<Installation>>,
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

impl Entries {
    pub(super) fn get(&self, slot: Slot) -> Option<&Installation> {
        let entry = self.slots.get(index(slot))?;
        Some(self.unfold(slot, entry))
    }

    fn unfold<'e>(&self, slot: Slot, entry: &'e Entry) -> &'e Installation {
        entry.unfolded.get_or_init(|| {
            self.unfolded.borrow_mut().push_back(slot);
            let folded = entry.folded.as_ref();
            let folded = folded.expect("it is folded or unfolded");
            Box::new(folded.unfold(&self.interned))
        })
    }

    /// What is told of one without unfolding it.
    pub(super) fn names(&self, slot: Slot) -> Names<'_> {
        let entry = &self.slots[index(slot)];
        match (entry.unfolded.get(), &entry.folded) {
            (Some(installation), _) => Names::of(installation),
            (None, Some(folded)) => folded.names(&self.interned),
            (None, None) => unreachable!("it is folded or unfolded"),
        }
    }

    /// All slots in use, in the order of their numbers, with the names.
    pub(super) fn all(&self) -> impl Iterator<Item = (Slot, Names<'_>)> {
        self.slots.iter().map(|(index, _)| {
            let slot = slot(index);
            (slot, self.names(slot))
        })
    }

    /// One that is in use, to be changed.
    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Installation {
        self.get(slot).expect("the caller saw it");
        let entry = &mut self.slots[index(slot)];
        entry.folded = None;
        entry
            .unfolded
            .get_mut()
            .expect("it was unfolded a line ago")
    }

    /// Puts one that is in use into another state, and returns the one before.
    pub(super) fn set_state(&mut self, slot: Slot, state: State) -> State {
        let before = mem::replace(&mut self.get_mut(slot).state, state);
        // Events that wait for their request are not folded.
        if matches!(before, State::Early(_)) {
            self.unfolded.get_mut().push_back(slot);
        }
        before
    }

    pub(super) fn insert(&mut self, installation: Installation) -> Slot {
        let slot = slot(self.slots.insert(Entry {
            folded: None,
            unfolded: OnceCell::from(Box::new(installation)),
        }));
        self.unfolded.get_mut().push_back(slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Installation {
        self.get(slot).expect("the caller saw it");
        let entry = self.slots.remove(index(slot));
        *entry
            .unfolded
            .into_inner()
            .expect("it was unfolded a line ago")
    }

    /// Folds what was unfolded longest ago.
    pub(super) fn fold_idle(&mut self) {
        while self.unfolded.get_mut().len() > UNFOLDED_MAX
            && let Some(slot) = self.unfolded.get_mut().pop_front()
        {
            let Some(entry) = self.slots.get_mut(index(slot)) else {
                continue;
            };
            let Some(installation) = entry.unfolded.get() else {
                continue;
            };
            if entry.folded.is_none() {
                entry.folded = Folded::of(installation, &self.interned, &mut self.scratch);
            }
            if let Some(_folded) = &entry.folded {
                #[cfg(test)]
                assert_eq!(_folded.unfold(&self.interned), **installation);
                entry.unfolded = OnceCell::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_few_bytes() {
        assert_eq!(size_of::<Entry>(), 24);
    }
}
