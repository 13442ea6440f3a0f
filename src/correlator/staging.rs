//! Certificate files that are put into a store before their Download is sent.

use std::time::Duration;

use crate::cwmp::DeviceId;
use crate::mapping::{ContentRule, StagedNames, staged_until};
use crate::onem2m::ResponseStatusCode;
use crate::time::Timestamp;

use super::ending::End;
use super::{
    Correlator, Effect, Effects, Installation, InstallationId, Open, Progress, Slot, StagedFile,
    Staging, Transfer, Turn, explanation,
};

/// The longest time for which further attempts are reckoned with when a file gets its name; an attempt after that gets
/// another one.
const ATTEMPTS_WITHIN_MAX: Duration = Duration::from_hours(30 * 24);

impl Correlator {
    /// What the store said about the file of an installation: it is there, or why it will not be. An answer that nobody
    /// waits for any more has no effect.
    pub fn handle_staged(
        &mut self,
        now: Timestamp,
        id: &InstallationId,
        answer: Result<(), String>,
        effects: &mut Effects,
    ) {
        let turn = &mut Turn { now, effects };
        let found = self.table.find(&id.device, &id.command_key);
        let Some(slot) = found.filter(|slot| self.is_staging(*slot, id)) else {
            return;
        };
        match answer {
            Ok(()) => self.on_staged(slot, turn),
            Err(why) => self.end_unstaged(slot, explanation::not_staged(&why), turn),
        }
    }

    /// Asks once more for all files of which the store has not said that they are there: whoever waited for its answer
    /// may be gone.
    pub fn resume_staging(&self, effects: &mut Effects) {
        if self.may_be_staging {
            let slots = self.table.staged();
            effects.extend(slots.filter_map(|slot| self.staging_of(slot)));
        }
    }

    /// Sends the Download of an installation whose file is kept; where files are staged, has that done first.
    pub(super) fn send_download(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        match &self.rules.content {
            ContentRule::Staged(_) => self.stage(slot, turn),
            ContentRule::Inline | ContentRule::Elsewhere => self.send_ready_download(slot, turn),
        }
    }

    /// Has the file of an installation put into the store, each time before a Download is sent: nobody knows what became
    /// of the store since the last one.
    pub(super) fn stage(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let ContentRule::Staged(names) = &self.rules.content else {
            unreachable!("the caller saw that files are staged");
        };
        let name = self.staged_name(slot, names, turn.now);
        self.table.open_mut(slot).staged = Some(Box::new(StagedFile {
            name,
            is_there: false,
        }));
        self.may_be_staging = true;
        match self.staging_of(slot) {
            Some(effect) => turn.effects.push(effect),
            None => self.end_unstaged(slot, explanation::NOT_KEPT.to_owned(), turn),
        }
    }

    /// The name under which the file was staged before, if it lasts for another attempt; else another one.
    fn staged_name(&self, slot: Slot, names: &StagedNames, now: Timestamp) -> Box<str> {
        let installation = self.table.get(slot).expect("the caller saw it");
        let InstallationId {
            device,
            command_key,
        } = &installation.id;
        let open = self.open(slot);
        let before = open.staged.as_deref().map(|file| &file.name);
        let needed_until = self.attempt_ends(device, now);
        if let Some(name) = before.filter(|name| staged_until(name) >= Some(needed_until)) {
            return name.clone();
        }
        let last_attempt = match open.expires_at {
            _ if self.limits.retry.is_empty() => now,
            Some(expires_at) => expires_at.min(now + ATTEMPTS_WITHIN_MAX),
            None => now + self.limits.timeout(Progress::DownloadSent, device) * 2,
        };
        let expires_at = self.attempt_ends(device, last_attempt.max(now));
        names.name(device, command_key, &open.request.coordinates, expires_at)
    }

    /// When the transfer has ended by itself for which a file begins to be staged at `now`.
    fn attempt_ends(&self, device: &DeviceId, now: Timestamp) -> Timestamp {
        let accept = self.limits.timeout(Progress::DownloadSent, device);
        now + accept + accept + self.limits.timeout(Progress::Accepted, device)
    }

    /// What the store is to be asked for an installation; `None`: nothing, or the file was not kept.
    fn staging_of(&self, slot: Slot) -> Option<Effect> {
        let installation = self.table.get(slot)?;
        let open = installation.open().filter(|open| open.is_staging())?;
        let content = &open.file.as_ref()?.content;
        if content.is_empty() {
            return None;
        }
        Some(Effect::Stage(Box::new(Staging {
            id: installation.id.clone(),
            name: open.staged.as_deref()?.name.clone(),
            content: content.clone(),
            until: installation.deadline,
        })))
    }

    fn is_staging(&self, slot: Slot, id: &InstallationId) -> bool {
        let installation = self.table.get(slot).expect("it was found");
        installation.id == *id && installation.open().is_some_and(Open::is_staging)
    }

    fn on_staged(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let open = self.open(slot);
        let until = open.retry.as_deref().map(|retry| retry.until);
        let (progress, expires_at) = (Progress::DownloadSent, open.expires_at);
        let of_step = self.deadline(progress, self.device(slot), expires_at, turn.now);
        let deadline = until.map_or(of_step, |until| until.min(of_step));
        let staged_by = self.table.get(slot).map(|entry| entry.deadline);
        if staged_by <= Some(turn.now) || deadline <= turn.now {
            // Its time is up, and its deadline says so, as soon as lag lets it.
            return;
        }
        if let Some(file) = &mut self.table.open_mut(slot).staged {
            file.is_there = true;
        }
        self.table.set_deadline(slot, deadline);
        self.send_ready_download(slot, turn);
        self.drop_file_if_sent(slot);
        Self::remember(slot, turn);
    }

    /// The file is needed only as long as its Download may be sent, or sent again.
    pub(super) fn drop_file_if_sent(&mut self, slot: Slot) {
        let open = self.table.get(slot).and_then(Installation::open);
        if open.is_some_and(|open| !open.is_staging()) && self.limits.retry.is_empty() {
            self.table.open_mut(slot).file = None;
        }
    }

    fn end_unstaged(&mut self, slot: Slot, debug: String, turn: &mut Turn<'_>) {
        let code = ResponseStatusCode::InternalServerError;
        self.end(slot, End::new(code, debug, Transfer::Unknown), turn);
    }
}
