//! Downloads that are not sent yet.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::cwmp::DeviceId;
use crate::onem2m::ResponseStatusCode;
use crate::time::Timestamp;

use super::create::Refusal;
use super::{Correlator, CreateRequest, Open, Position, Progress, Retry, Slot, Turn, explanation};

impl Correlator {
    /// How a new Download of the device has to wait, and until when at first; `None`: not at all. A CPE queues three
    /// transfers at least (TR-069 A.3.2.8), more than it takes are held back here; and nothing is done before oet
    /// (TS-0001 clause 8.1.2).
    pub(super) fn turn_of(
        &mut self,
        device: &DeviceId,
        create: &CreateRequest,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<(Retry, Timestamp)>, Refusal> {
        let starts_at = create.execution_time.map(|time| time.at(now));
        let starts_at = starts_at.filter(|starts_at| *starts_at > now);
        if let Some((starts_at, expires_at)) = starts_at.zip(expires_at)
            && starts_at >= expires_at
        {
            let debug = explanation::expires_before_start(starts_at, expires_at);
            return Err(Refusal::new(ResponseStatusCode::BadRequest, debug));
        }
        let (mut transferring, mut waiting) = (0, 0);
        for slot in self.table.open_of(device) {
            let open = self.open(slot);
            transferring += usize::from(open.is_transferring());
            waiting += usize::from(open.progress == Progress::Waiting);
        }
        let begins_at = starts_at.unwrap_or(now);
        let starts_at = starts_at.max(self.rests_until(device, now));
        let until = self.deadline(Progress::Waiting, device, expires_at, begins_at);
        let has_room = transferring < self.limits.open_downloads_per_device_max;
        if starts_at.is_none() && has_room {
            let originator = create.primitive.originator();
            return Ok(self.wait_paced(device, originator, now, until));
        }
        if waiting >= self.limits.queued_downloads_per_device_max {
            let debug =
                explanation::too_many_downloads(device, transferring, waiting, &self.limits);
            return Err(Refusal::new(ResponseStatusCode::BadRequest, debug));
        }
        let wait = Retry {
            attempt: 0,
            until,
            is_due: starts_at.is_some(),
            is_paced: false,
        };
        Ok(Some((
            wait,
            starts_at.map_or(until, |starts_at| starts_at.min(until)),
        )))
    }

    /// Installations of the device whose transfer has not ended.
    pub(super) fn open_transfers(&self, device: &DeviceId) -> Vec<Slot> {
        let mut slots = self.table.open_of(device);
        slots.retain(|slot| {
            let open = self.open(*slot);
            open.is_transferring() && open.progress != Progress::ListSent
        });
        slots
    }

    /// A transfer of the same device has ended: sends what waited for that.
    pub(super) fn send_waiting(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        if self.table.waiting_installations() == 0 {
            return;
        }
        let installation = self.table.get(slot).expect("the caller saw it");
        let device = installation.id.device.clone();
        while let Some(next) = self.next_waiting(&device) {
            self.start(next, turn);
        }
    }

    /// What the device gets next, in the order of the requests; `None`: nothing waits, or it has enough.
    fn next_waiting(&self, device: &DeviceId) -> Option<Slot> {
        let slots = self.table.open_of(device);
        let transferring = slots
            .iter()
            .filter(|slot| self.open(**slot).is_transferring());
        if transferring.count() >= self.limits.open_downloads_per_device_max {
            return None;
        }
        let mut queue = slots;
        queue.retain(|slot| self.open(*slot).is_queued());
        queue.into_iter().min_by(|one, other| {
            let (one, other) = (self.open(*one), self.open(*other));
            one.order(other)
        })
    }

    /// Whether the Download of an installation, whose turn among those of its device has come, waits for others.
    fn is_held_back(&mut self, slot: Slot, turn: &Turn<'_>) -> bool {
        let open = self.open(slot);
        let Some(until) = open.retry.as_deref().map(|wait| wait.until) else {
            return false;
        };
        let is_paced = open.is_paced();
        if self.waits_for_rest(slot, until, turn.now) {
            return true;
        }
        if is_paced {
            return false;
        }
        let open = self.open(slot);
        let request = Arc::clone(&open.request);
        let device = self.device(slot).clone();
        let wait = self.wait_paced(&device, request.primitive.originator(), turn.now, until);
        let Some((wait, deadline)) = wait else {
            return false;
        };
        self.table.open_mut(slot).retry = Some(Box::new(wait));
        self.table.set_deadline(slot, deadline);
        true
    }

    /// The time of a waiting Download has come: from now on it waits only for those before it. Returns `false` if that
    /// is not what the deadline is about.
    pub(super) fn on_execution_time(&mut self, slot: Slot, turn: &mut Turn<'_>) -> bool {
        let Some(wait) = self.table.open_mut(slot).retry.as_deref_mut() else {
            return false;
        };
        if !wait.is_due || wait.until <= turn.now {
            return false;
        }
        wait.is_due = false;
        let until = wait.until;
        self.table.set_deadline(slot, until);
        self.wake_rested(slot, turn);
        self.send_waiting(slot, turn);
        if self.position(slot) == Position::Open(Progress::Waiting) {
            Self::remember(slot, turn);
        }
        true
    }

    /// Sends the Download of an installation whose turn has come.
    fn start(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let expires_at = self.open(slot).expires_at;
        if expires_at.is_some_and(|expires_at| expires_at <= turn.now) {
            return self.on_step_timeout(slot, Progress::Waiting, turn);
        }
        if self.is_held_back(slot, turn) {
            return Self::remember(slot, turn);
        }
        self.begin_rest(slot, turn.now);
        if self.lists_first(self.open(slot).resource()) {
            self.begin_list(slot, turn);
        } else {
            self.begin_download(slot, turn);
        }
        Self::remember(slot, turn);
    }

    /// Sends the first Download of an installation whose file is kept.
    pub(super) fn begin_download(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        self.begin(slot, Progress::DownloadSent, turn);
        self.send_download(slot, turn);
        self.drop_file_if_sent(slot);
        self.distrust_lists(slot, turn);
    }

    /// Notes that nothing stands before the installation any more.
    pub(super) fn begin(&mut self, slot: Slot, progress: Progress, turn: &Turn<'_>) {
        self.table.set_progress(slot, progress);
        self.table.open_mut(slot).retry = None;
        let expires_at = self.open(slot).expires_at;
        let deadline = self.deadline(progress, self.device(slot), expires_at, turn.now);
        self.table.set_deadline(slot, deadline);
    }
}

impl Open {
    /// Whose turn is first: the request that was handled first; where several were at the same time, by their places.
    fn order(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.request.coordinates, &other.request.coordinates);
        self.handled_at.cmp(&other.handled_at).then(one.cmp(two))
    }
}
