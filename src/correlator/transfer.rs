use crate::cwmp::{CommandKey, DeviceId, TransferComplete};
use crate::mapping::{FaultMessage, known_row};
use crate::record::Record;

use super::{
    Correlator, EarlyKind, Fate, InstallationId, Milestone, Position, Progress, Slot, Transfer,
    Turn, Unmatched, UnmatchedReason, explanation,
};

impl Correlator {
    pub(super) fn on_transfer_complete(
        &mut self,
        device: DeviceId,
        transfer: TransferComplete,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let Some(command_key) = transfer.command_key else {
            return match self.sole_open_transfer(&device) {
                Ok(slot) => self.apply_transfer_complete(slot, &transfer, turn),
                Err(unmatched) => self.set_aside(unmatched, turn),
            };
        };
        match self.find_started(&device, &command_key) {
            Some(slot) => self.apply_transfer_complete(slot, &transfer, turn),
            None => {
                let id = InstallationId {
                    device,
                    command_key,
                };
                self.park(id, EarlyKind::TransferComplete(transfer), record, turn)
            }
        }
    }

    /// The installation of that key or alias, if its request has come.
    pub(super) fn find_started(&self, device: &DeviceId, key: &CommandKey) -> Option<Slot> {
        let slot = self.table.find(device, key)?;
        self.table.get(slot)?.position().map(|_| slot)
    }

    pub(super) fn apply_transfer_complete(
        &mut self,
        slot: Slot,
        transfer: &TransferComplete,
        turn: &mut Turn<'_>,
    ) -> Fate {
        match (self.position(slot), &transfer.fault) {
            (
                Position::Open(
                    Progress::Waiting
                    | Progress::ListSent
                    | Progress::DownloadSent
                    | Progress::Accepted,
                ),
                None,
            ) => {
                self.on_stored(slot, transfer.certificate_path.as_deref(), turn);
                Fate::Applied
            }
            (
                Position::Open(
                    Progress::Waiting
                    | Progress::ListSent
                    | Progress::DownloadSent
                    | Progress::Accepted,
                ),
                Some(fault),
            ) => {
                if !self.renew(slot, fault, turn) {
                    self.end_by_fault(slot, FaultMessage::TransferComplete, fault, turn);
                }
                Fate::Applied
            }
            (Position::Open(Progress::CancelSent), _)
            | (Position::Open(Progress::LookupSent | Progress::SetSent), Some(_))
            | (Position::Ended(Transfer::Stored), Some(_))
            | (Position::Ended(Transfer::Failed), None) => Fate::Contradicting,
            (Position::Open(Progress::LookupSent | Progress::SetSent), None)
            | (Position::Ended(Transfer::Stored), None)
            | (Position::Ended(Transfer::Failed), Some(_)) => Fate::Repeated,
            (Position::Ended(Transfer::Cancelling | Transfer::Unknown), None) => {
                self.note_late_result(slot, Transfer::Stored, turn)
            }
            (Position::Ended(Transfer::Cancelling | Transfer::Unknown), Some(_)) => {
                self.note_late_result(slot, Transfer::Failed, turn)
            }
        }
    }

    /// Notes how a transfer went whose request was answered before that was known; nobody is told, and nothing is sent.
    pub(super) fn note_late_result(
        &mut self,
        slot: Slot,
        transfer: Transfer,
        turn: &mut Turn<'_>,
    ) -> Fate {
        self.stats.late_results += 1;
        self.settle(slot, transfer, turn)
    }

    /// The file is on the device: its row gets the SUIDs, or is looked up first.
    pub(super) fn on_stored(&mut self, slot: Slot, event_path: Option<&str>, turn: &mut Turn<'_>) {
        let open = self.table.open_mut(slot);
        let known = known_row(event_path, &open.resource().object_paths);
        if !known.remark.is_empty() {
            open.remark = match &*open.remark {
                "" => known.remark,
                before => format!("{before}; {}", known.remark).into(),
            };
        }
        self.reached(slot, Milestone::Transferred, turn);
        if self.end_if_expired(slot, turn) {
            return;
        }
        match known.path {
            Some(path) => self.send_set(slot, path, turn),
            None => self.send_lookup(slot, turn),
        }
        self.send_waiting(slot, turn);
    }

    /// The installation that a TransferComplete with an empty CommandKey means.
    fn sole_open_transfer(&self, device: &DeviceId) -> Result<Slot, Unmatched> {
        if !self.limits.sole_open_transfer {
            return Err(Unmatched {
                reason: UnmatchedReason::EmptyCommandKey,
                explanation: explanation::empty_command_key(device, self.open_keys(device)),
                record: None,
            });
        }
        let transfers = self.open_transfers(device);
        match transfers.as_slice() {
            [slot] => Ok(*slot),
            [] => Err(Unmatched {
                reason: UnmatchedReason::EmptyCommandKey,
                explanation: explanation::no_open_transfer(device),
                record: None,
            }),
            [_, _, ..] => Err(Unmatched {
                reason: UnmatchedReason::AmbiguousCommandKey,
                explanation: explanation::ambiguous_command_key(device, self.open_keys(device)),
                record: None,
            }),
        }
    }

    /// The CommandKeys of the transfers of a device that have not ended.
    fn open_keys(&self, device: &DeviceId) -> impl Iterator<Item = CommandKey> {
        let slots = self.open_transfers(device).into_iter();
        slots.filter_map(|slot| Some(self.table.get(slot)?.id.command_key))
    }
}
