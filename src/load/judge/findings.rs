use std::collections::BTreeMap;

use crate::load::latency::Latency;
use crate::load::outcome::Failure;
use crate::load::script::SilentAt;

/// What was seen, and what of it was not right.
#[derive(Debug)]
pub(in crate::load) struct Findings {
    pub(in crate::load) responses: BTreeMap<u16, u64>,
    pub(in crate::load) downloads: u64,
    pub(in crate::load) lists: u64,
    pub(in crate::load) lookups: u64,
    pub(in crate::load) sets: u64,
    pub(in crate::load) dead_letters: BTreeMap<String, u64>,
    /// Rightly failed installations.
    pub(in crate::load) failures: BTreeMap<Failure, u64>,
    pub(in crate::load) installed: u64,
    pub(in crate::load) lost: u64,
    pub(in crate::load) doubled: u64,
    pub(in crate::load) wrong: u64,
    /// Outputs with a `credbridge-id` that was seen before, where the delivery allows that.
    pub(in crate::load) repeated: u64,
    /// What people read first: some of what was lost, doubled or wrong.
    pub(in crate::load) examples: Vec<String>,
    pub(in crate::load) request_to_download: Latency,
    pub(in crate::load) transfer_to_set: Latency,
    pub(in crate::load) request_to_response: Latency,
}

/// More examples would only hide the first ones.
const EXAMPLES_MAX: usize = 20;

impl Findings {
    pub(in crate::load) fn new() -> Self {
        Self {
            responses: BTreeMap::new(),
            downloads: 0,
            lists: 0,
            lookups: 0,
            sets: 0,
            dead_letters: BTreeMap::new(),
            failures: BTreeMap::new(),
            installed: 0,
            lost: 0,
            doubled: 0,
            wrong: 0,
            repeated: 0,
            examples: Vec::new(),
            request_to_download: Latency::new(),
            transfer_to_set: Latency::new(),
            request_to_response: Latency::new(),
        }
    }

    /// Whether the bridge has said anything.
    pub(in crate::load) fn has_outputs(&self) -> bool {
        self.lists + self.downloads + self.lookups + self.sets > 0 || !self.responses.is_empty()
    }

    /// Rightly answered installations that waited for a time-out.
    pub(in crate::load) fn timed_out(&self) -> u64 {
        [
            SilentAt::Download,
            SilentAt::Transfer,
            SilentAt::Lookup,
            SilentAt::Set,
        ]
        .iter()
        .filter_map(|at| self.failures.get(&Failure::Silent(*at)))
        .sum()
    }

    pub(super) fn doubled(&mut self, text: impl FnOnce() -> String) {
        self.doubled += 1;
        self.example(|| format!("doubled: {}", text()));
    }

    pub(super) fn wrong(&mut self, text: impl FnOnce() -> String) {
        self.wrong += 1;
        self.example(|| format!("wrong: {}", text()));
    }

    pub(super) fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
    }
}
