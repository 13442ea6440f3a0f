//! What the node directory says: which device is behind the address of a `<node>` resource.

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use crate::cwmp::DeviceId;

/// Tables beside each other: one that grows holds up a part of the readers for a moment only.
const PARTS: usize = 64;

/// Addresses of nodes and their devices; shared by all workers of a process.
///
/// One thread writes while the workers read, each call under the lock of one part for the time of one look. An entry is
/// one text: the address, a space, and the device key, which has none.
pub struct Nodes {
    parts: Box<[RwLock<HashTable<Box<str>>>]>,
    entries: AtomicUsize,
    entries_max: usize,
}

/// There are as many nodes as a directory may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the directory is full: it holds {0} nodes")]
pub struct NodesFull(pub usize);

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}

impl Nodes {
    /// Most nodes of a directory: about 1.2 GB with addresses and device keys of usual length.
    pub const ENTRIES_MAX: usize = 10_000_000;

    /// Longest address in bytes; addresses in the field have less than 200.
    pub const ADDRESS_BYTES_MAX: usize = 1024;

    /// An empty directory for at most that many nodes.
    pub fn new(entries_max: usize) -> Self {
        Self {
            parts: std::iter::repeat_with(RwLock::default)
                .take(PARTS)
                .collect(),
            entries: AtomicUsize::new(0),
            entries_max,
        }
    }

    /// The device behind an address.
    pub fn device(&self, address: &str) -> Option<DeviceId> {
        let (part, hash) = self.place(address);
        let part = read(part);
        let entry = part.find(hash, |entry| address_of(entry) == address)?;
        let (_, key) = entry.rsplit_once(' ')?;
        DeviceId::from_key(key).ok()
    }

    /// Says which device is behind an address; what was said before is forgotten.
    ///
    /// # Errors
    /// If the address is new and the directory is full.
    pub fn set(&self, address: &str, device: &DeviceId) -> Result<(), NodesFull> {
        let entry = format!("{address} {}", device.key()).into_boxed_str();
        let (part, hash) = self.place(address);
        let mut part = write(part);
        match part.find_mut(hash, |entry| address_of(entry) == address) {
            Some(known) => *known = entry,
            None if self.len() >= self.entries_max => return Err(NodesFull(self.entries_max)),
            None => {
                part.insert_unique(hash, entry, |entry| hash_of(address_of(entry)));
                self.entries.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Forgets an address; one that is not known stays so.
    pub fn remove(&self, address: &str) {
        let (part, hash) = self.place(address);
        if let Ok(entry) = write(part).find_entry(hash, |entry| address_of(entry) == address) {
            entry.remove();
            self.entries.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many addresses are known.
    pub fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Whether no address is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn place(&self, address: &str) -> (&RwLock<HashTable<Box<str>>>, u64) {
        let hash = hash_of(address);
        // The tables take the low bits for their slots and the high ones for their tags.
        let number = usize::try_from((hash >> 32) % PARTS as u64).expect("less than PARTS");
        (&self.parts[number], hash)
    }
}

fn hash_of(address: &str) -> u64 {
    FixedState::default().hash_one(address)
}

fn address_of(entry: &str) -> &str {
    entry.rsplit_once(' ').map_or(entry, |(address, _)| address)
}

/// A part is whole between two statements, so that a panic elsewhere does not spoil it.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: usize) -> DeviceId {
        DeviceId::new("00256D", "Set-Top", &number.to_string()).unwrap()
    }

    #[test]
    fn last_word_about_an_address_counts() {
        let nodes = Nodes::new(10);
        assert_eq!(nodes.device("/cse1/node7"), None);
        nodes.set("/cse1/node7", &device(7)).unwrap();
        nodes.set("/cse1/node7", &device(8)).unwrap();
        nodes.set("/cse1/node", &device(1)).unwrap();
        assert_eq!(nodes.device("/cse1/node7"), Some(device(8)));
        assert_eq!(nodes.len(), 2);
        nodes.remove("/cse1/node7");
        nodes.remove("/cse1/node7");
        assert_eq!(nodes.device("/cse1/node7"), None);
        assert_eq!(nodes.device("/cse1/node"), Some(device(1)));
        assert_eq!(nodes.len(), 1);
    }

    #[test]
    fn many_addresses_are_kept_apart_while_the_tables_grow() {
        let nodes = Nodes::new(20_000);
        let address = |number| format!("/cse1/node{number}");
        for number in 0..20_000 {
            nodes.set(&address(number), &device(number)).unwrap();
        }
        for number in 0..20_000 {
            assert_eq!(nodes.device(&address(number)), Some(device(number)));
        }
    }

    #[test]
    fn full_directory_takes_no_new_address_but_new_devices() {
        let nodes = Nodes::new(1);
        nodes.set("a", &device(1)).unwrap();
        assert_eq!(nodes.set("b", &device(2)), Err(NodesFull(1)));
        nodes.set("a", &device(3)).unwrap();
        assert_eq!(nodes.device("a"), Some(device(3)));
        nodes.remove("a");
        nodes.set("b", &device(2)).unwrap();
    }
}
