//! The core: which event belongs to which installation, and what follows from it.

mod answers;
mod change;
mod command_id;
mod create;
mod deadlines;
mod early;
mod effect;
mod ending;
mod entries;
mod event;
mod explanation;
mod folded;
mod installation;
mod interned;
mod limits;
mod listing;
mod observations;
mod pacing;
mod renewal;
mod resource;
mod rest;
mod retry;
#[cfg(test)]
mod sim;

mod staging;
mod standing;
mod stats;
mod steps;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod timeouts;
mod transfer;
mod waiting;
mod withdrawal;

pub use command_id::{CommandId, Step};
pub use effect::{
    Command, Effect, Effects, InstallationId, Response, ResponseKind, Slot, Staging, Unmatched,
    UnmatchedReason,
};
pub use event::{
    Answer, AnswerKind, CreateRequest, Event, EventKind, RefusedRequest, Request, ResourceRequest,
};
pub use installation::{
    EarlyEvent, EarlyKind, Ended, Installation, Open, Progress, StagedFile, State, Transfer,
};
pub use limits::Limits;
pub use observations::{
    Milestone, OTHER_PRODUCT_CLASSES, Observations, Outcomes, TIME_BOUNDS, Times,
};
pub use pacing::{Bucket, Pacing, PacingLimits};
pub use resource::StoredResource;
pub use retry::{Retry, RetryCause, RetryPolicy, RetryTable};
pub use stats::{Ledger, Stats};

use crate::cwmp::{CommandKey, DeviceId};
use crate::mapping::Rules;
use crate::time::Timestamp;

use installation::Position;
use rest::Rests;
use stats::Fate;
use table::Table;

/// The state of one shard.
///
/// The same calls in the same order give the same effects. Times never run backwards from call to call.
///
/// ```
/// use std::time::Duration;
/// use credbridge::correlator::{Correlator, Effect, Event, EventKind, Limits, RetryTable};
/// use credbridge::correlator::{PacingLimits, UnmatchedReason};
/// use credbridge::cwmp::{DeviceId, TransferComplete};
/// use credbridge::mapping::{ContentRule, DeleteRule, Rules};
/// use credbridge::record::{Coordinates, Record};
/// use credbridge::time::Timestamp;
///
/// let minute = Duration::from_secs(60);
/// let limits = Limits {
///     queue_timeout: minute.into(),
///     accept_timeout: minute.into(),
///     transfer_timeout: minute.into(),
///     lookup_timeout: minute.into(),
///     set_timeout: minute.into(),
///     ended_ttl: minute,
///     resource_ttl: minute,
///     early_ttl: minute,
///     early_events_per_key_max: 4,
///     early_events_per_device_max: 8,
///     early_bytes_per_device_max: 1 << 20,
///     early_events_max: 100,
///     early_bytes_max: 1 << 20,
///     open_downloads_per_device_max: 3,
///     queued_downloads_per_device_max: 3,
///     open_installations_max: 100,
///     retry: RetryTable::new(),
///     retry_with_new_key: false,
///     pacing: PacingLimits::default(),
///     cancel_expired: false,
///     list_rows_first: false,
///     sole_open_transfer: false,
/// };
/// let rules = Rules {
///     download_url: "https://files.example.net/{device_key}/{command_key}".to_owned().into(),
///     content: ContentRule::Inline,
///     suids_parameter: "SUIDs".to_owned().into(),
///     await_set_result: true,
///     delete: DeleteRule::Disable,
///     refuse_invalid: false,
/// };
/// let mut correlator = Correlator::new(limits, rules);
/// let mut effects = Vec::new();
/// let coordinates = Coordinates { topic: "cwmp.events".into(), partition: 0, offset: 7 };
/// let transfer = TransferComplete { command_key: None, fault: None, certificate_path: None };
/// let event = Event {
///     device: DeviceId::new("00256D", "IGD", "1")?,
///     record: Record { coordinates: &coordinates, key: None, value: None, headers: &[] },
///     kind: EventKind::TransferComplete(transfer),
/// };
/// correlator.handle(Timestamp::from_millis(0), event, &mut effects);
/// assert!(matches!(
///     &effects[..],
///     [Effect::SetAside(unmatched)] if unmatched.reason == UnmatchedReason::EmptyCommandKey
/// ));
/// assert!(correlator.stats().ledger.balanced());
/// # Ok::<(), credbridge::cwmp::DeviceIdError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Correlator {
    limits: Limits,
    rules: Rules,
    table: Table,
    stats: Stats,
    observations: Observations,
    pacing: Pacing,
    rests: Rests,
    /// Whether any file may be on its way into the store.
    may_be_staging: bool,
}

/// The surroundings of one call.
struct Turn<'e> {
    now: Timestamp,
    effects: &'e mut Effects,
}

impl Correlator {
    /// A shard that knows nothing yet.
    pub fn new(limits: Limits, rules: Rules) -> Self {
        Self {
            limits,
            rules,
            table: Table::default(),
            stats: Stats::default(),
            observations: Observations::default(),
            pacing: Pacing::default(),
            rests: Rests::default(),
            may_be_staging: false,
        }
    }

    /// Handles one event; what follows from it is added to `effects`.
    pub fn handle(&mut self, now: Timestamp, event: Event<'_>, effects: &mut Effects) {
        let turn = &mut Turn { now, effects };
        let Event {
            device,
            record,
            kind,
        } = event;
        let fate = match kind {
            EventKind::Answer(answer) => self.on_answer(device, answer, &record, turn),
            EventKind::CreateRequest(create) => {
                self.on_create_request(device, *create, &record, turn)
            }
            EventKind::Foreign => Fate::Foreign,
            EventKind::RefusedRequest(refused) => {
                self.on_refused_request(device, *refused, &record, turn)
            }
            EventKind::ResourceRequest(request) => {
                self.on_resource_request(device, *request, &record, turn)
            }
            EventKind::TransferComplete(transfer) => {
                self.on_transfer_complete(device, transfer, &record, turn)
            }
        };
        self.stats.count(fate);
        self.table.fold_idle();
    }

    /// Handles deadlines up to `due`, at most `max`, the earliest first; returns how many it handled. Up to `due`, which
    /// is not later than `now`, every event that was there has been handled.
    pub fn handle_timeout(
        &mut self,
        now: Timestamp,
        due: Timestamp,
        max: usize,
        effects: &mut Effects,
    ) -> usize {
        let turn = &mut Turn { now, effects };
        let mut handled = 0;
        while handled < max
            && let Some((deadline, _)) = self.table.deadlines().first()
            && deadline <= due
        {
            for slot in self.due_at(deadline) {
                // The one before may have put this one off, or ended it.
                let is_due = self.installation(slot).map(|one| one.deadline) == Some(deadline);
                if is_due && handled < max {
                    self.on_deadline(slot, due, turn);
                    self.table.fold_idle();
                    handled += 1;
                }
            }
        }
        handled
    }

    /// What is due at that time, which is the earliest, in the order of its ids: slots are others after a restart.
    fn due_at(&self, deadline: Timestamp) -> Vec<Slot> {
        let mut slots = self.table.deadlines().up_to(deadline);
        if slots.len() > 1 {
            slots.sort_by_key(|slot| self.installation(*slot).map(|one| &one.id));
        }
        slots
    }

    /// When [`Self::handle_timeout`] has something to do next.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.table.deadlines().first().map(|(deadline, _)| deadline)
    }

    /// What was seen and done.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// What was seen of installations since the last call.
    pub fn take_observations(&mut self) -> Observations {
        std::mem::take(&mut self.observations)
    }

    /// Installations whose request is not finally answered.
    pub fn open_installations(&self) -> usize {
        self.table.open_installations()
    }

    /// Events that wait for their request.
    pub fn early_events(&self) -> usize {
        self.table.early().events
    }

    /// Installations that are over, and remembered.
    pub fn ended_installations(&self) -> usize {
        self.table.ended_installations()
    }

    /// When the oldest request that is not finally answered was handled.
    pub fn oldest_open(&self) -> Option<Timestamp> {
        self.table.oldest_open()
    }

    /// The installations that are open for longest, the oldest first.
    pub fn oldest(&self) -> impl Iterator<Item = &Installation> {
        let slots = self.table.oldest();
        slots.filter_map(|slot| self.table.get(slot))
    }

    /// The installations of a device that are open, or whose resource is kept, in the order of their CommandKeys. Others
    /// that are over can be found by [`Self::find`] only.
    pub fn concerning(&self, device: &DeviceId) -> impl Iterator<Item = &Installation> {
        let slots = self.table.concerning(device).into_iter();
        slots.filter_map(|slot| self.table.get(slot))
    }

    /// The installation with that key, whatever became of it.
    pub fn find(&self, device: &DeviceId, key: &CommandKey) -> Option<&Installation> {
        let slot = self.table.find(device, key)?;
        self.table.get(slot)
    }

    /// The installation at `slot`, e.g. of [`Effect::Remember`]; `None` if it was forgotten.
    pub fn installation(&self, slot: Slot) -> Option<&Installation> {
        self.table.get(slot)
    }

    /// Puts back an installation as it was once read with [`Self::installation`]; one with the same id is replaced.
    pub fn restore(&mut self, mut installation: Installation) {
        self.table.interned().installation(&mut installation);
        self.may_be_staging |= installation.open().is_some_and(Open::is_staging);
        self.table.insert(installation);
        self.table.fold_idle();
    }

    /// Takes back an installation that was forgotten later.
    pub fn restore_forgotten(&mut self, id: &InstallationId) {
        self.table.remove_id(id);
    }

    /// Puts back the ledger as it once stood in [`Self::stats`].
    pub fn restore_ledger(&mut self, ledger: Ledger) {
        self.stats.ledger = ledger;
    }

    fn open(&self, slot: Slot) -> &Open {
        self.table
            .get(slot)
            .and_then(Installation::open)
            .expect("the caller saw an open installation")
    }

    fn device(&self, slot: Slot) -> &DeviceId {
        &self.table.get(slot).expect("the caller saw it").id.device
    }

    /// State and progress of an installation whose request has come.
    fn position(&self, slot: Slot) -> Position {
        self.table
            .get(slot)
            .and_then(Installation::position)
            .expect("the caller saw that the request has come")
    }
}
