use crate::cwmp::{DeviceId, Rpc};
use crate::mapping::lookup;
use crate::onem2m::{Operation, ResponseStatusCode};
use crate::time::Timestamp;

use super::ending::End;
use super::{
    Command, Correlator, Effect, Milestone, Progress, Slot, Step, Transfer, Turn, explanation,
};

impl Correlator {
    /// Sends the Download of an installation whose file is kept, and is in the store if files are staged.
    pub(super) fn send_ready_download(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let open = self.open(slot);
        let device = self.device(slot);
        let file = open.file.as_ref();
        let file = file.expect("the file is kept until the device accepts it");
        let staged = open.staged.as_deref().map(|file| &*file.name);
        match self
            .rules
            .download(device, open.command_key(), open.resource(), file, staged)
        {
            Ok(download) => self.send(slot, Step::Download, Rpc::Download(download), turn),
            Err(too_long) => {
                let code = ResponseStatusCode::InternalServerError;
                let end = End::new(code, too_long.to_string(), Transfer::Unknown);
                self.end(slot, end, turn);
            }
        }
    }

    /// Looks the row of the certificate up.
    pub(super) fn send_lookup(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        self.advance(slot, Progress::LookupSent, turn);
        self.send(slot, Step::Lookup, Rpc::GetParameterValues(lookup()), turn);
        Self::remember(slot, turn);
    }

    /// Sets what the request asks for in the row at `path`.
    pub(super) fn send_set(&mut self, slot: Slot, path: Box<str>, turn: &mut Turn<'_>) {
        self.table.open_mut(slot).certificate_path = Some(path);
        self.advance(slot, Progress::SetSent, turn);
        let rpc = self.set_command(slot);
        self.send(slot, Step::Set, rpc, turn);
        if self.rules.await_set_result {
            Self::remember(slot, turn);
        } else {
            self.succeed(slot, String::new(), turn);
        }
    }

    /// The SetParameterValues of an installation whose row is known.
    pub(super) fn set_command(&self, slot: Slot) -> Rpc {
        let open = self.open(slot);
        let path = open.certificate_path.as_deref();
        let path = path.expect("the row is known when the SUIDs are set");
        let key = open.command_key();
        let set = match open.request.primitive.operation {
            Operation::Delete => self.rules.disable(key, path),
            Operation::Create | Operation::Retrieve | Operation::Update => self
                .rules
                .set_parameter_values(self.device(slot), key, path, open.resource()),
        };
        Rpc::SetParameterValues(set)
    }

    /// Ends an installation whose request has expired since, instead of sending a command that must not be started.
    pub(super) fn end_if_expired(&mut self, slot: Slot, turn: &mut Turn<'_>) -> bool {
        let expires_at = self.open(slot).expires_at;
        let Some(expires_at) = expires_at.filter(|expires_at| *expires_at <= turn.now) else {
            return false;
        };
        let debug = explanation::expired_before_set(expires_at);
        let end = End::new(ResponseStatusCode::RequestTimeout, debug, Transfer::Stored);
        self.end(slot, end, turn);
        true
    }

    pub(super) fn advance(&mut self, slot: Slot, progress: Progress, turn: &Turn<'_>) {
        self.table.set_progress(slot, progress);
        let may_come_again = progress == Progress::Accepted && self.limits.retry_with_new_key;
        let open = self.table.open_mut(slot);
        match open.retry.as_deref_mut() {
            Some(retry) if may_come_again => {
                retry.is_due = false;
                // A device can accept a Download that another worker sent.
                retry.attempt = retry.attempt.max(1);
            }
            Some(_) | None => open.retry = None,
        }
        if !may_come_again {
            open.file = None;
        }
        let expires_at = open.expires_at;
        let deadline = self.deadline(progress, self.device(slot), expires_at, turn.now);
        self.table.set_deadline(slot, deadline);
        match progress {
            Progress::Accepted => self.reached(slot, Milestone::Accepted, turn),
            Progress::SetSent => self.reached(slot, Milestone::Set, turn),
            Progress::Waiting
            | Progress::DownloadSent
            | Progress::ListSent
            | Progress::LookupSent
            | Progress::CancelSent => {}
        }
    }

    /// Notes how long an installation took to come so far; what changes one is none.
    pub(super) fn reached(&mut self, slot: Slot, milestone: Milestone, turn: &Turn<'_>) {
        let open = self.open(slot);
        if open.target.is_none() {
            let after = turn.now.since(open.handled_at);
            self.observations.reached(milestone, after);
        }
    }

    /// When a step for the device that begins at `now` ends by itself.
    pub(super) fn deadline(
        &self,
        progress: Progress,
        device: &DeviceId,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Timestamp {
        let of_step = now + self.limits.timeout(progress, device);
        expires_at.map_or(of_step, |expires_at| expires_at.min(of_step))
    }

    pub(super) fn send(&mut self, slot: Slot, step: Step, rpc: Rpc, turn: &mut Turn<'_>) {
        let installation = self.table.get(slot).expect("the caller saw it");
        let open = installation.open().expect("only open installations send");
        let attempt = open.retry.as_deref().map_or(1, |retry| retry.attempt);
        *self.stats.commands.entry(step).or_default() += 1;
        turn.effects.push(Effect::Send(Command {
            request: open.request.clone(),
            step,
            attempt,
            expires_at: installation.deadline,
            rpc,
        }));
    }

    /// Has the changelog read the installation when the transaction is written.
    pub(super) fn remember(slot: Slot, turn: &mut Turn<'_>) {
        let effect = Effect::Remember(slot);
        if turn.effects.last() != Some(&effect) {
            turn.effects.push(effect);
        }
    }
}
