//! Requests that are withdrawn by their originator, and Downloads that nobody waits for any more.

use crate::cwmp::{Fault, Rejection, Rpc};
use crate::mapping::map_rejection;
use crate::onem2m::ResponseStatusCode;

use super::change::Asked;
use super::create::Refusal;
use super::ending::End;
use super::{
    Correlator, Ended, Fate, Installation, Position, Progress, Slot, State, Step, Transfer, Turn,
    explanation,
};

impl Correlator {
    /// Handles the Delete of a pending request.
    pub(super) fn withdraw(&mut self, asked: Asked<'_, '_>, target: Slot, turn: &mut Turn<'_>) {
        match self.unwithdrawable(target, asked.request.primitive.originator()) {
            Some(refusal) => self.refuse_asked(asked, refusal, turn),
            None if self.is_with_the_device(target) => self.take_back(asked, target, turn),
            None => {
                let attributes = self.open(target).resource().clone();
                let withdrawn = explanation::withdrawn(asked.record.coordinates);
                let request = asked.into_request(attributes);
                self.acknowledge(&request, turn);
                self.end(target, End::withdrawn(withdrawn, Transfer::Unknown), turn);
                self.answer_with(request, ResponseStatusCode::Deleted, None, turn);
            }
        }
    }

    fn unwithdrawable(&self, target: Slot, originator: &str) -> Option<Refusal> {
        let open = self.open(target);
        let request = &open.request;
        if request.primitive.originator() != originator {
            return Some(explanation::not_the_originator(request));
        }
        match open.progress {
            Progress::Waiting
            | Progress::ListSent
            | Progress::DownloadSent
            | Progress::Accepted => {
                let pending = self.change_of(target)?;
                Some(explanation::change_pending(&self.open(pending).request))
            }
            Progress::LookupSent | Progress::SetSent | Progress::CancelSent => {
                Some(explanation::not_cancellable(request))
            }
        }
    }

    /// Whether the device, or the ACS for it, may be at work: not before the Download is sent, nor after it was refused.
    fn is_with_the_device(&self, slot: Slot) -> bool {
        let open = self.open(slot);
        let is_due = open.retry.as_deref().is_some_and(|retry| retry.is_due);
        let is_sent = !matches!(open.progress, Progress::Waiting | Progress::ListSent);
        is_sent && !is_due && !open.is_staging()
    }

    /// Asks the device to take the Download back. The request has a CommandKey of its own, by which that is answered.
    fn take_back(&mut self, asked: Asked<'_, '_>, target: Slot, turn: &mut Turn<'_>) {
        let attributes = self.open(target).resource().clone();
        let key = self.open(target).command_key();
        let progress = Progress::CancelSent;
        let (slot, parked) = self.enter_change(asked, key, attributes, progress, turn);
        self.send_cancel(slot, turn);
        Self::remember(slot, turn);
        self.apply_parked(slot, parked, turn);
    }

    /// Sends CancelTransfer for the Download of the installation, or of the one that it withdraws.
    pub(super) fn send_cancel(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let open = self.open(slot);
        let of = match open.target.as_deref() {
            Some(_) => self.withdrawn_by(slot),
            None => Some(slot),
        };
        let installation = of.and_then(|slot| self.table.get(slot));
        let alias = installation.and_then(|installation| installation.alias.as_deref());
        let key = alias.or(open.target.as_deref()).copied();
        let rpc = Rpc::CancelTransfer(key.unwrap_or_else(|| open.command_key()));
        self.send(slot, Step::Cancel, rpc, turn);
    }

    /// The installation that is to be withdrawn.
    fn withdrawn_by(&self, slot: Slot) -> Option<Slot> {
        let installation = self.table.get(slot)?;
        let target = installation.open()?.target.as_deref()?;
        self.table.find(&installation.id.device, target)
    }

    pub(super) fn on_cancelled(&mut self, slot: Slot, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::CancelSent) => {
                self.end_withdrawal(slot, turn);
                Fate::Applied
            }
            Position::Ended(Transfer::Cancelling) => self.settle(slot, Transfer::Failed, turn),
            Position::Open(
                Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted
                | Progress::LookupSent
                | Progress::SetSent,
            ) => Fate::Contradicting,
            Position::Ended(Transfer::Failed | Transfer::Stored | Transfer::Unknown) => {
                Fate::Repeated
            }
        }
    }

    /// The device says that it has no such transfer any more; no TransferComplete follows (TR-069 A.4.1.9).
    fn end_withdrawal(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let target = self.withdrawn_by(slot);
        let state = target.and_then(|target| self.table.get(target).map(|entry| &entry.state));
        let too_late = match state {
            Some(State::Open(open)) if open.is_transferring() => None,
            Some(State::Open(open)) => Some(explanation::not_cancellable(&open.request)),
            Some(State::Early(_) | State::Ended(_)) | None => {
                let to = self.open(slot).request.primitive.to();
                Some(explanation::already_complete(to))
            }
        };
        match (target, too_late) {
            (Some(target), None) => {
                let withdrawn = explanation::withdrawn(&self.open(slot).request.coordinates);
                self.end(target, End::withdrawn(withdrawn, Transfer::Failed), turn);
                self.succeed(slot, String::new(), turn);
            }
            (_, Some(refusal)) => {
                let Refusal {
                    response_status_code,
                    debug,
                } = refusal;
                let end = End::new(response_status_code, debug, Transfer::Unknown);
                self.end(slot, end, turn);
            }
            (None, None) => unreachable!("what is not there is over"),
        }
    }

    pub(super) fn on_cancel_fault(
        &mut self,
        slot: Slot,
        fault: &Fault,
        turn: &mut Turn<'_>,
    ) -> Fate {
        *self.stats.faults.entry(fault.code).or_default() += 1;
        let end = End {
            fault_code: Some(fault.code),
            ..End::new(
                ResponseStatusCode::MgmtCancellationFailed,
                explanation::cancel_failed(fault),
                Transfer::Unknown,
            )
        };
        self.on_cancel_failure(slot, end, turn)
    }

    pub(super) fn on_cancel_rejection(
        &mut self,
        slot: Slot,
        rejection: &Rejection,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let debug = explanation::rejection(Step::Cancel, rejection);
        let code = map_rejection(rejection.reason);
        self.on_cancel_failure(slot, End::new(code, debug, Transfer::Unknown), turn)
    }

    fn on_cancel_failure(&mut self, slot: Slot, end: End, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::CancelSent) => {
                self.end(slot, end, turn);
                Fate::Applied
            }
            Position::Ended(Transfer::Cancelling) => self.settle(slot, Transfer::Unknown, turn),
            Position::Open(
                Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted
                | Progress::LookupSent
                | Progress::SetSent,
            ) => Fate::Contradicting,
            Position::Ended(Transfer::Failed | Transfer::Stored | Transfer::Unknown) => {
                Fate::Repeated
            }
        }
    }

    /// Notes what became of a Download after its request was answered.
    pub(super) fn settle(&mut self, slot: Slot, transfer: Transfer, turn: &mut Turn<'_>) -> Fate {
        let deadline = self.table.get(slot).map(|entry| entry.deadline);
        let ended = self.table.get(slot).and_then(Installation::ended).cloned();
        if let Some((ended, deadline)) = ended.zip(deadline) {
            let state = State::Ended(Ended { transfer, ..ended });
            self.table.set_state(slot, state, deadline);
            Self::remember(slot, turn);
        }
        Fate::Applied
    }
}
