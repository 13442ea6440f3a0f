use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Timestamp;

use super::Slot;

/// Children of a node of the heap: with four the heap is half as deep as with two, and those of one node lie together.
const CHILDREN: usize = 4;

/// In place of the position of a slot that has no time.
const NOWHERE: u32 = u32::MAX;

/// Installations by time; each at most once.
///
/// A heap with the earliest at its root, as two arrays, and where in them each slot stands: 16 bytes an installation. A
/// tree takes twice as many.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    times: Vec<Timestamp>,
    slots: Vec<Slot>,
    /// Position in the arrays, by slot.
    positions: Vec<u32>,
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("a u32 fits into usize")
}

impl Deadlines {
    pub(super) fn insert(&mut self, time: Timestamp, slot: Slot) {
        if self.positions.len() <= index(slot.0) {
            self.positions.resize(index(slot.0) + 1, NOWHERE);
        }
        assert!(
            self.positions[index(slot.0)] == NOWHERE,
            "an installation has one deadline"
        );
        let position = self.times.len();
        self.times.push(time);
        self.slots.push(slot);
        self.note(position);
        self.rise(position);
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let position = self.position(slot);
        let position = position.expect("every installation has a deadline");
        self.positions[index(slot.0)] = NOWHERE;
        self.times.swap_remove(position);
        self.slots.swap_remove(position);
        if position < self.times.len() {
            self.note(position);
            self.settle(position);
        }
    }

    /// Gives a slot another time.
    pub(super) fn put_off(&mut self, slot: Slot, time: Timestamp) {
        let position = self.position(slot);
        let position = position.expect("every installation has a deadline");
        self.times[position] = time;
        self.settle(position);
    }

    pub(super) fn first(&self) -> Option<(Timestamp, Slot)> {
        Some((*self.times.first()?, *self.slots.first()?))
    }

    /// Those up to that time, in no order.
    pub(super) fn up_to(&self, time: Timestamp) -> Vec<Slot> {
        let mut found = Vec::new();
        let mut positions = vec![0];
        while let Some(position) = positions.pop() {
            if self.times.get(position).is_some_and(|its| *its <= time) {
                found.push(self.slots[position]);
                positions.extend(children(position));
            }
        }
        found
    }

    /// In the order of their times.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        let node = |position| Some(Reverse((self.key(position)?, position)));
        let mut next: BinaryHeap<_> = node(0).into_iter().collect();
        std::iter::from_fn(move || {
            let Reverse(((_, slot), position)) = next.pop()?;
            next.extend(children(position).filter_map(node));
            Some(slot)
        })
    }

    fn position(&self, slot: Slot) -> Option<usize> {
        let position = self.positions.get(index(slot.0));
        let position = position.filter(|position| **position != NOWHERE)?;
        Some(index(*position))
    }

    /// By what nodes are ordered: of the same time the slot with the least number is the first.
    fn key(&self, position: usize) -> Option<(Timestamp, Slot)> {
        Some((*self.times.get(position)?, *self.slots.get(position)?))
    }

    fn note(&mut self, position: usize) {
        let number = u32::try_from(position).expect("slots are numbered by u32");
        self.positions[index(self.slots[position].0)] = number;
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.times.swap(one, other);
        self.slots.swap(one, other);
        self.note(one);
        self.note(other);
    }

    /// Puts a node whose key changed into its place.
    fn settle(&mut self, position: usize) {
        let position = self.rise(position);
        self.sink(position);
    }

    fn rise(&mut self, mut position: usize) -> usize {
        while position > 0 {
            let parent = (position - 1) / CHILDREN;
            if self.key(parent) <= self.key(position) {
                break;
            }
            self.swap(position, parent);
            position = parent;
        }
        position
    }

    fn sink(&mut self, mut position: usize) {
        loop {
            let children = children(position).filter_map(|child| Some((self.key(child)?, child)));
            match children.min() {
                Some((key, child)) if Some(key) < self.key(position) => {
                    self.swap(position, child);
                    position = child;
                }
                Some(_) | None => return,
            }
        }
    }
}

fn children(position: usize) -> impl Iterator<Item = usize> {
    let first = position * CHILDREN + 1;
    first..first + CHILDREN
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn time(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    proptest! {
        /// A slot gets a time, or another one, or none.
        #[test]
        fn keeps_the_order_of_times(changes in proptest::collection::vec((0_u32..40, 0_u64..30, 0..3), 0..200)) {
            let mut deadlines = Deadlines::default();
            let mut model = BTreeMap::new();
            for (slot, millis, change) in changes {
                let slot = Slot(slot);
                match (model.contains_key(&slot), change) {
                    (true, 0) => {
                        model.remove(&slot);
                        deadlines.remove(slot);
                    }
                    (true, _) => {
                        model.insert(slot, time(millis));
                        deadlines.put_off(slot, time(millis));
                    }
                    (false, _) => {
                        model.insert(slot, time(millis));
                        deadlines.insert(time(millis), slot);
                    }
                }
                let mut expected: Vec<_> = model.iter().map(|(slot, time)| (*time, *slot)).collect();
                expected.sort();
                prop_assert_eq!(deadlines.first(), expected.first().copied());
                let slots: Vec<Slot> = expected.iter().map(|(_, slot)| *slot).collect();
                prop_assert_eq!(deadlines.slots().collect::<Vec<_>>(), slots);
                let mut due = deadlines.up_to(time(millis));
                due.sort();
                let mut due_in_model: Vec<_> =
                    expected.iter().filter(|(its, _)| *its <= time(millis)).map(|(_, slot)| *slot).collect();
                due_in_model.sort();
                prop_assert_eq!(due, due_in_model);
            }
        }
    }
}
