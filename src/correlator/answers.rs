use crate::cwmp::{
    CommandKey, DeviceId, DownloadStatus, Fault, ParameterValue, Rejection, SetStatus,
};
use crate::mapping::{FaultMessage, find_row, map_rejection};
use crate::onem2m::ResponseStatusCode;
use crate::record::Record;

use super::ending::End;
use super::{
    Answer, AnswerKind, Correlator, EarlyEvent, EarlyKind, Effect, Fate, InstallationId, Position,
    Progress, Slot, State, Step, Transfer, Turn, Unmatched, UnmatchedReason, explanation,
};

impl Correlator {
    pub(super) fn on_answer(
        &mut self,
        device: DeviceId,
        answer: Answer,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let Some(command_id) = answer.command_id else {
            let unmatched = Unmatched {
                reason: UnmatchedReason::UnknownCommandId,
                explanation: explanation::unknown_command_id(&device),
                record: None,
            };
            return self.set_aside(unmatched, turn);
        };
        match self.find_started(&device, &command_id.command_key) {
            Some(slot) => self.apply_answer(slot, answer, turn),
            None => {
                let id = InstallationId {
                    device,
                    command_key: command_id.command_key,
                };
                self.park(id, EarlyKind::Answer(answer), record, turn)
            }
        }
    }

    pub(super) fn apply_answer(&mut self, slot: Slot, answer: Answer, turn: &mut Turn<'_>) -> Fate {
        let adopted = match answer.command_key {
            Some(alias) => self.learn_alias(slot, alias, turn),
            None => Vec::new(),
        };
        let id = answer
            .command_id
            .expect("an answer without command id is set aside");
        let fate = self
            .on_refusal(slot, id, &answer.kind, turn)
            .unwrap_or_else(|| self.on_answer_kind(slot, id.step, answer.kind, turn));
        self.apply_parked(slot, adopted, turn);
        fate
    }

    fn on_answer_kind(
        &mut self,
        slot: Slot,
        step: Step,
        kind: AnswerKind,
        turn: &mut Turn<'_>,
    ) -> Fate {
        match (kind, step) {
            (AnswerKind::DownloadResponse(status), Step::Download) => {
                self.on_download_response(slot, status, turn)
            }
            (AnswerKind::Fault(fault), Step::Download) => {
                self.on_download_fault(slot, &fault, turn)
            }
            (AnswerKind::Rejection(rejection), Step::Download) => {
                self.on_download_rejection(slot, &rejection, turn)
            }
            (AnswerKind::GetParameterValuesResponse(parameters), Step::List) => {
                self.on_listed(slot, &parameters, turn)
            }
            (AnswerKind::Fault(fault), Step::List) => self.on_list_fault(slot, &fault, turn),
            (AnswerKind::Rejection(rejection), Step::List) => {
                self.on_list_rejection(slot, &rejection, turn)
            }
            (AnswerKind::GetParameterValuesResponse(parameters), Step::Lookup) => {
                self.on_lookup_response(slot, &parameters, turn)
            }
            (AnswerKind::Fault(fault), Step::Lookup) => {
                self.on_lookup_failure(slot, &explanation::lookup_fault(&fault), turn)
            }
            (AnswerKind::Rejection(rejection), Step::Lookup) => {
                self.on_lookup_failure(slot, &explanation::rejection(step, &rejection), turn)
            }
            (AnswerKind::SetParameterValuesResponse(status), Step::Set) => {
                self.on_set_response(slot, status, turn)
            }
            (AnswerKind::Fault(fault), Step::Set) => self.on_set_fault(slot, &fault, turn),
            (AnswerKind::Rejection(rejection), Step::Set) => {
                self.on_set_rejection(slot, &rejection, turn)
            }
            (AnswerKind::CancelTransferResponse, Step::Cancel) => self.on_cancelled(slot, turn),
            (AnswerKind::Fault(fault), Step::Cancel) => self.on_cancel_fault(slot, &fault, turn),
            (AnswerKind::Rejection(rejection), Step::Cancel) => {
                self.on_cancel_rejection(slot, &rejection, turn)
            }
            // The bridge sends no GetParameterNames.
            (AnswerKind::GetParameterNamesResponse, _) => Fate::Repeated,
            (
                AnswerKind::CancelTransferResponse,
                Step::List | Step::Download | Step::Lookup | Step::Set,
            )
            | (
                AnswerKind::DownloadResponse(_),
                Step::List | Step::Lookup | Step::Set | Step::Cancel,
            )
            | (
                AnswerKind::GetParameterValuesResponse(_),
                Step::Download | Step::Set | Step::Cancel,
            )
            | (
                AnswerKind::SetParameterValuesResponse(_),
                Step::List | Step::Download | Step::Lookup | Step::Cancel,
            ) => Fate::Contradicting,
        }
    }

    fn on_download_response(
        &mut self,
        slot: Slot,
        status: DownloadStatus,
        turn: &mut Turn<'_>,
    ) -> Fate {
        match (self.position(slot), status) {
            (
                Position::Open(Progress::Waiting | Progress::ListSent | Progress::DownloadSent),
                DownloadStatus::Accepted,
            ) => {
                self.advance(slot, Progress::Accepted, turn);
                Self::remember(slot, turn);
                Fate::Applied
            }
            (
                Position::Open(Progress::Waiting | Progress::ListSent | Progress::DownloadSent),
                DownloadStatus::Completed,
            ) => {
                self.on_stored(slot, None, turn);
                Fate::Applied
            }
            (Position::Open(Progress::Accepted), DownloadStatus::Completed)
            | (Position::Open(Progress::CancelSent), _)
            | (Position::Ended(Transfer::Failed), DownloadStatus::Completed) => Fate::Contradicting,
            (
                Position::Open(Progress::Accepted | Progress::LookupSent | Progress::SetSent)
                | Position::Ended(_),
                DownloadStatus::Accepted,
            )
            | (
                Position::Open(Progress::LookupSent | Progress::SetSent)
                | Position::Ended(Transfer::Stored),
                DownloadStatus::Completed,
            ) => Fate::Repeated,
            (
                Position::Ended(Transfer::Cancelling | Transfer::Unknown),
                DownloadStatus::Completed,
            ) => self.note_late_result(slot, Transfer::Stored, turn),
        }
    }

    fn on_download_fault(&mut self, slot: Slot, fault: &Fault, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::Waiting | Progress::ListSent | Progress::DownloadSent) => {
                if !self.renew(slot, fault, turn) {
                    self.end_by_fault(slot, FaultMessage::Download, fault, turn);
                }
                Fate::Applied
            }
            Position::Open(
                Progress::Accepted
                | Progress::LookupSent
                | Progress::SetSent
                | Progress::CancelSent,
            )
            | Position::Ended(Transfer::Stored) => Fate::Contradicting,
            Position::Ended(Transfer::Failed) => Fate::Repeated,
            Position::Ended(Transfer::Cancelling | Transfer::Unknown) => {
                self.note_late_result(slot, Transfer::Failed, turn)
            }
        }
    }

    fn on_download_rejection(
        &mut self,
        slot: Slot,
        rejection: &Rejection,
        turn: &mut Turn<'_>,
    ) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::DownloadSent) => {
                let debug = explanation::rejection(Step::Download, rejection);
                let code = map_rejection(rejection.reason);
                self.end(slot, End::new(code, debug, Transfer::Unknown), turn);
                Fate::Applied
            }
            Position::Open(
                Progress::Waiting
                | Progress::ListSent
                | Progress::Accepted
                | Progress::LookupSent
                | Progress::SetSent
                | Progress::CancelSent,
            )
            | Position::Ended(Transfer::Stored) => Fate::Contradicting,
            Position::Ended(Transfer::Failed | Transfer::Cancelling | Transfer::Unknown) => {
                Fate::Repeated
            }
        }
    }

    fn on_lookup_response(
        &mut self,
        slot: Slot,
        parameters: &[ParameterValue],
        turn: &mut Turn<'_>,
    ) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::LookupSent) => {
                if self.end_if_expired(slot, turn) {
                    return Fate::Applied;
                }
                let before = self.rows_before(slot);
                let certificate = self.open(slot).certificate.as_ref();
                match find_row(parameters, certificate, before.as_deref()) {
                    Ok(path) => {
                        self.send_set(slot, path, turn);
                        Fate::Applied
                    }
                    Err(seen) => self.on_lookup_failure(slot, &seen, turn),
                }
            }
            Position::Open(
                Progress::CancelSent
                | Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted,
            ) => Fate::Contradicting,
            Position::Open(Progress::SetSent) | Position::Ended(_) => Fate::Repeated,
        }
    }

    fn on_lookup_failure(&mut self, slot: Slot, why: &str, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::LookupSent) => {
                let debug = explanation::row_not_found(why);
                let code = ResponseStatusCode::ExternalObjectNotFound;
                self.end(slot, End::new(code, debug, Transfer::Stored), turn);
                Fate::Applied
            }
            Position::Open(
                Progress::CancelSent
                | Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted
                | Progress::SetSent,
            ) => Fate::Contradicting,
            Position::Ended(_) => Fate::Repeated,
        }
    }

    fn on_set_response(&mut self, slot: Slot, status: SetStatus, turn: &mut Turn<'_>) -> Fate {
        match (self.position(slot), status) {
            (Position::Open(Progress::SetSent), SetStatus::Applied) => {
                self.succeed(slot, String::new(), turn);
                Fate::Applied
            }
            (Position::Open(Progress::SetSent), SetStatus::Committed) => {
                self.succeed(slot, explanation::PENDING_APPLY.to_owned(), turn);
                Fate::Applied
            }
            (
                Position::Open(
                    Progress::CancelSent
                    | Progress::Waiting
                    | Progress::ListSent
                    | Progress::DownloadSent
                    | Progress::Accepted
                    | Progress::LookupSent,
                ),
                SetStatus::Applied | SetStatus::Committed,
            ) => Fate::Contradicting,
            (Position::Ended(_), SetStatus::Applied | SetStatus::Committed) => Fate::Repeated,
        }
    }

    fn on_set_fault(&mut self, slot: Slot, fault: &Fault, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::SetSent) => {
                self.end_by_fault(slot, FaultMessage::SetParameterValues, fault, turn);
                Fate::Applied
            }
            Position::Open(
                Progress::CancelSent
                | Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted
                | Progress::LookupSent,
            ) => Fate::Contradicting,
            Position::Ended(_) => Fate::Repeated,
        }
    }

    fn on_set_rejection(&mut self, slot: Slot, rejection: &Rejection, turn: &mut Turn<'_>) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::SetSent) => {
                let mut debug = explanation::rejection(Step::Set, rejection);
                debug.push_str(self.left_behind(slot));
                let code = map_rejection(rejection.reason);
                self.end(slot, End::new(code, debug, Transfer::Stored), turn);
                Fate::Applied
            }
            Position::Open(
                Progress::CancelSent
                | Progress::Waiting
                | Progress::ListSent
                | Progress::DownloadSent
                | Progress::Accepted
                | Progress::LookupSent,
            ) => Fate::Contradicting,
            Position::Ended(_) => Fate::Repeated,
        }
    }

    /// From now on the TransferComplete of that key belongs to the installation; returns the events that wait under
    /// it. A key that belongs to another installation is left there.
    fn learn_alias(
        &mut self,
        slot: Slot,
        alias: CommandKey,
        turn: &mut Turn<'_>,
    ) -> Vec<EarlyEvent> {
        let installation = self.table.get(slot).expect("the caller saw it");
        let holder = self.table.find(&installation.id.device, &alias);
        if holder == Some(slot) {
            return Vec::new();
        }
        let is_taken = holder
            .and_then(|holder| self.table.get(holder)?.position())
            .is_some();
        if installation.alias.is_some() || is_taken {
            self.stats.contradictions += 1;
            return Vec::new();
        }
        let adopted = holder.map(|holder| self.table.remove(holder));
        self.table.set_alias(slot, alias);
        Self::remember(slot, turn);
        match adopted {
            Some(installation) => {
                turn.effects.push(Effect::Forget(installation.id));
                match installation.state {
                    State::Early(events) => events,
                    State::Open(_) | State::Ended(_) => unreachable!("a taken key is left"),
                }
            }
            None => Vec::new(),
        }
    }
}
