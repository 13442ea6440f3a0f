//! Downloads that a device refused or failed, tried again as new ones.

use std::sync::Arc;

use crate::cwmp::{CommandKey, DeviceId, Fault};
use crate::record::Coordinates;
use crate::time::Timestamp;

use super::{
    Correlator, Effect, Ended, Installation, InstallationId, Position, Progress, Request, Retry,
    RetryCause, Slot, State, Step, Transfer, Turn,
};

impl Correlator {
    /// Has a Download that the device itself refused or failed come again with another CommandKey, if the table names
    /// the fault and there is time; returns whether it does.
    ///
    /// A CommandKey stands for one transfer, and its TransferComplete may come again at any time (TR-069 A.3.3.2). So
    /// the installation goes on under a new one, and what is said about the old one is about a transfer that is over.
    pub(super) fn renew(&mut self, slot: Slot, fault: &Fault, turn: &mut Turn<'_>) -> bool {
        let cause = RetryCause::Fault(fault.code);
        let Some(policy) = self.limits.retry.get(&cause) else {
            return false;
        };
        let is_with_the_device = matches!(
            self.position(slot),
            Position::Open(Progress::DownloadSent | Progress::Accepted)
        );
        // After a CancelTransfer another Download would put the file on the device for nobody.
        if !self.limits.retry_with_new_key || !is_with_the_device || self.change_of(slot).is_some()
        {
            return false;
        }
        let installation = self.table.get(slot).expect("the caller saw it");
        let open = self.open(slot);
        let attempt = open.retry.as_deref().map_or(1, |retry| retry.attempt);
        let due = turn.now + policy.delay_after(installation, Step::Download, attempt);
        let progress = Progress::DownloadSent;
        let until = self.deadline(progress, self.device(slot), open.expires_at, due);
        let id = InstallationId {
            device: installation.id.device.clone(),
            command_key: renewed(installation, &open.request, attempt),
        };
        let is_taken = self.table.find(&id.device, &id.command_key).is_some();
        if attempt >= policy.attempts_max || due >= until || open.file.is_none() || is_taken {
            return false;
        }
        *self.stats.retries.entry(cause).or_default() += 1;
        let retry = Retry {
            attempt,
            until,
            is_due: true,
            is_paced: false,
        };
        self.go_on_as(slot, id, (retry, due), turn);
        true
    }

    /// The installation under which a request that stands there goes on, or its resource is kept; `None` if there is
    /// none, or several, which a notification can tell of.
    pub(super) fn successor(&self, device: &DeviceId, request: &Coordinates) -> Option<Slot> {
        let mut slots = self.table.concerning(device);
        slots.retain(|slot| {
            let installation = self.table.get(*slot);
            installation.and_then(Installation::coordinates) == Some(request)
        });
        match slots[..] {
            [slot] => Some(slot),
            [] | [_, _, ..] => None,
        }
    }

    /// Ends the installation for the device, and takes its request up again under another id.
    fn go_on_as(
        &mut self,
        slot: Slot,
        id: InstallationId,
        (retry, due): (Retry, Timestamp),
        turn: &mut Turn<'_>,
    ) {
        let ended = State::Ended(Ended {
            coordinates: self.open(slot).request.coordinates.clone(),
            transfer: Transfer::Failed,
            resource: None,
        });
        let forget_at = turn.now + self.limits.ended_ttl;
        let State::Open(mut open) = self.table.set_state(slot, ended, forget_at) else {
            unreachable!("the caller saw an open installation");
        };
        Self::remember(slot, turn);
        open.request = Arc::new(Request {
            command_key: Some(id.command_key),
            ..(*open.request).clone()
        });
        open.progress = Progress::DownloadSent;
        // Each Download has a file of its own, and the device itself said that the one before is over.
        if let Some(staged) = open.staged.take() {
            turn.effects.push(Effect::Unstage(staged.name));
        }
        open.retry = Some(Box::new(retry));
        let slot = self.table.insert(Installation {
            id,
            alias: None,
            deadline: due,
            state: State::Open(open),
        });
        Self::remember(slot, turn);
    }
}

/// The CommandKey after that attempt: the same however often the records are handled. The old one need not have room
/// for more, so this one is a digest: 32 characters of `[0-9a-f]`.
fn renewed(installation: &Installation, request: &Request, attempt: u16) -> CommandKey {
    let mut hasher = blake3::Hasher::new();
    for part in [
        installation.id.device.key().as_bytes(),
        installation.id.command_key.as_str().as_bytes(),
        request.coordinates.to_string().as_bytes(),
        &attempt.to_be_bytes(),
    ] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digits = hasher.finalize().to_hex();
    CommandKey::try_from(&digits[..32]).expect("32 digits are a CommandKey")
}
