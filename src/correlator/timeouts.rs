use crate::onem2m::ResponseStatusCode;
use crate::time::Timestamp;

use super::ending::End;
use super::{
    Correlator, Effect, Installation, Position, Progress, RetryCause, Slot, Step, Transfer, Turn,
    explanation,
};

impl Correlator {
    pub(super) fn on_deadline(&mut self, slot: Slot, due: Timestamp, turn: &mut Turn<'_>) {
        match self.table.get(slot).and_then(Installation::position) {
            None => self.expire_early(slot, due, turn),
            Some(Position::Open(progress)) => self.on_step_deadline(slot, progress, due, turn),
            Some(Position::Ended(_)) => {
                let id = self.table.remove(slot).id;
                turn.effects.push(Effect::Forget(id));
            }
        }
    }

    fn on_step_deadline(
        &mut self,
        slot: Slot,
        progress: Progress,
        due: Timestamp,
        turn: &mut Turn<'_>,
    ) {
        let goes_on = self.waits_on(slot, due, turn)
            || progress == Progress::Waiting && self.on_execution_time(slot, turn)
            || self.on_retry_due(slot, progress, turn)
            || progress == Progress::DownloadSent
                && !self.open(slot).is_staging()
                && self.retry(slot, Step::Download, RetryCause::Timeout, turn);
        if !goes_on {
            self.on_step_timeout(slot, progress, turn);
        }
    }

    /// Whether an attempt that lag has held back until its time was over waits on for what may have been said meanwhile:
    /// it is too late to send anything, and too early to give up.
    fn waits_on(&mut self, slot: Slot, due: Timestamp, turn: &mut Turn<'_>) -> bool {
        let retry = self.open(slot).retry.as_deref();
        let until = retry.filter(|retry| retry.is_due).map(|retry| retry.until);
        let Some(until) = until.filter(|until| *until <= turn.now && *until > due) else {
            return false;
        };
        self.table.set_deadline(slot, until);
        Self::remember(slot, turn);
        true
    }

    pub(super) fn on_step_timeout(&mut self, slot: Slot, progress: Progress, turn: &mut Turn<'_>) {
        *self.stats.timeouts.entry(progress).or_default() += 1;
        let open = self.open(slot);
        let deadline = match open.retry.as_deref() {
            Some(retry) if retry.is_due => Some(retry.until),
            Some(_) | None => self.table.get(slot).map(|entry| entry.deadline),
        };
        let expired = open
            .expires_at
            .filter(|expires_at| Some(*expires_at) <= deadline);
        let is_staging = open.is_staging();
        let code = match (progress, expired) {
            (Progress::DownloadSent, None) if is_staging => ResponseStatusCode::InternalServerError,
            (Progress::ListSent | Progress::DownloadSent | Progress::CancelSent, None) => {
                ResponseStatusCode::MgmtSessionEstablishmentTimeout
            }
            (Progress::ListSent | Progress::DownloadSent | Progress::CancelSent, Some(_))
            | (
                Progress::Waiting | Progress::Accepted | Progress::LookupSent | Progress::SetSent,
                _,
            ) => ResponseStatusCode::RequestTimeout,
        };
        let transfer = match progress {
            Progress::Accepted if self.limits.cancel_expired => Transfer::Cancelling,
            Progress::Waiting
            | Progress::ListSent
            | Progress::DownloadSent
            | Progress::Accepted
            | Progress::CancelSent => Transfer::Unknown,
            Progress::LookupSent | Progress::SetSent => Transfer::Stored,
        };
        if transfer == Transfer::Cancelling {
            let deadline = self.deadline(Progress::CancelSent, self.device(slot), None, turn.now);
            self.table.set_deadline(slot, deadline);
            self.table.open_mut(slot).retry = None;
            self.send_cancel(slot, turn);
        }
        let timeout = self.limits.timeout(progress, self.device(slot));
        let debug = match is_staging {
            true => explanation::not_staged_in_time(timeout, expired),
            false => explanation::timed_out(progress, timeout, expired),
        };
        self.end(slot, End::new(code, debug, transfer), turn);
    }
}
