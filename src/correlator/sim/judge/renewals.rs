//! Requests that go on under another CommandKey, because the device failed the Download before.

use std::time::Duration;

use crate::correlator::{RetryCause, Step};
use crate::time::Timestamp;

use super::super::plan::{Plan, Row};
use super::{Fact, Id, Judge, Story, Verdict, must};

impl Judge {
    /// The key under which the installation began.
    pub(super) fn origin<'a>(&'a self, id: &'a Id) -> &'a Id {
        self.origins.get(id).unwrap_or(id)
    }

    /// The key under which an installation that began with that one stands last.
    pub(super) fn current<'a>(&'a self, origin: &'a Id) -> &'a Id {
        let mut keys = self.origins.iter().filter(|(_, of)| *of == origin);
        let last = keys.find(|(id, _)| self.stories.get(id).is_some_and(|one| !one.is_renewed));
        last.map_or(origin, |(id, _)| id)
    }

    /// How many keys the installation had before that one.
    pub(in super::super) fn keys_before(&self, id: &Id) -> usize {
        let origin = self.origins.get(id);
        origin.map_or(0, |origin| {
            self.origins.values().filter(|of| *of == origin).count()
        })
    }

    /// Whether the request began under another key.
    pub(super) fn is_other_key(&self, id: &Id, request: &str) -> bool {
        self.key_before(request).is_some_and(|before| before != *id)
    }

    /// The key under which a request stands, as far as it is known.
    fn key_before(&self, request: &str) -> Option<Id> {
        let mut of_request = self
            .stories
            .iter()
            .filter(|(_, story)| story.request == request && !story.is_renewed);
        if let Some((id, _)) = of_request.next() {
            return Some(id.clone());
        }
        let plan = &self.plans[self.requests.get(request)?.plan];
        let key = plan.command_key.clone()?;
        Some((plan.device.clone(), key))
    }

    /// From here on the request goes on under that key, which must be right: a new one, after a fault that the table
    /// names.
    pub(super) fn renew(&mut self, id: &Id, request: &str, at: Timestamp) -> Verdict {
        let before = self.key_before(request);
        let before = before.ok_or("no Download came before")?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_fresh = id.1.len() == 32 && id.1.bytes().all(is_digit);
        must(is_fresh && id.0 == before.0, || {
            "not a key of its own".to_owned()
        })?;
        let failed_at = self.first(&before, |fact| self.is_renewable(fact));
        let failed_at = failed_at.filter(|_| self.limits.retry_with_new_key);
        let failed_at = failed_at.filter(|failed_at| *failed_at <= at);
        let failed_at = failed_at.ok_or("the device did not fail the Download before")?;
        let known = self.requests.get_mut(request).expect("it has a key");
        known.is_taken = true;
        let unseen = Story::unseen(known.plan, request, known.at);
        let story = self
            .stories
            .entry(before.clone())
            .or_insert_with(|| unseen.clone());
        must(story.end.is_none(), || {
            "its installation is over".to_owned()
        })?;
        story.is_renewed = true;
        let renewed = Story {
            renewed_at: Some(failed_at),
            ..unseen
        };
        self.stories.insert(id.clone(), renewed);
        let origin = self.origin(&before).clone();
        self.origins.insert(id.clone(), origin);
        Ok(())
    }

    /// The first Download under another key.
    pub(super) fn saw_renewal(
        &mut self,
        id: &Id,
        request: &str,
        attempt: u16,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Verdict {
        let before = self.key_before(request);
        let commands = before.and_then(|before| self.stories.get(&before));
        let sent = commands.and_then(|story| story.commands.get(&Step::Download));
        let last = sent.map_or(1, |(attempt, _)| *attempt);
        // The attempt after the last one that was seen may have waited for the store.
        let unseen = u16::from(self.is_staged);
        must((last + 1..=last + 1 + unseen).contains(&attempt), || {
            format!("attempt {attempt} comes after attempt {last}")
        })?;
        must(self.is_within_tries(attempt), || {
            "one try too many".to_owned()
        })?;
        must(at < expires_at, || "it has expired already".to_owned())?;
        self.renew(id, request, at)?;
        must(!self.is_being_changed(id), || {
            "a Download that is being taken back comes again".to_owned()
        })?;
        let delay_min = self.delay_min();
        let story = self.stories.get_mut(id).expect("it has just begun");
        let failed_at = story.renewed_at.expect("it is renewed");
        must(failed_at + delay_min <= at, || {
            "it comes too soon".to_owned()
        })?;
        story.commands.insert(Step::Download, (attempt, expires_at));
        Ok(())
    }

    fn is_renewable(&self, fact: Fact) -> bool {
        let (Fact::DownloadFailed(code) | Fact::TransferFailed(code)) = fact else {
            return false;
        };
        let cause = code.try_into().map(RetryCause::Fault);
        cause.is_ok_and(|cause| self.limits.retry.contains_key(&cause))
    }

    /// Whether the device said, of the last key of an installation, that its Download has failed, and another follows.
    pub(super) fn may_be_renewed(&self, id: &Id) -> bool {
        let is_failed = || self.first(id, |fact| self.is_renewable(fact)).is_some();
        self.limits.retry_with_new_key && is_failed()
    }

    /// Whether there is no reason for an installation to end by that fault.
    pub(super) fn has_to_come_again(
        &self,
        plan: &Plan,
        story: &Story,
        code: u16,
        cause: &str,
    ) -> bool {
        let of_fault = self
            .said
            .get(cause)
            .is_some_and(|(_, said)| self.is_renewable(said.fact));
        let last = story.commands.get(&Step::Download);
        let has_tries = last.is_some_and(|(last, _)| self.is_within_tries(last + 2));
        let has_time = plan.expires_after.is_none() && plan.wishes.is_empty();
        code == 4000 && self.limits.retry_with_new_key && of_fault && has_tries && has_time
    }

    /// Whether the bridge had what it needs to tell the row that is new: it listed the rows before the Download, and no
    /// other Download of the device can have made one.
    pub(super) fn knows_new_row(&self, plan: &Plan, id: &Id) -> bool {
        let mut of_device = self.plans.iter().filter(|one| one.device == plan.device);
        let is_alone = of_device.all(|one| one.number == plan.number);
        let origin = self.origin(id);
        let has_sent = |id: &Id, step| {
            let story = self.stories.get(id);
            story.is_some_and(|story| story.commands.contains_key(&step))
        };
        let is_listed = self.first(origin, |fact| fact == Fact::Listed).is_some()
            && self
                .first(origin, |fact| fact == Fact::ListFailed)
                .is_none()
            && has_sent(origin, Step::Download);
        let is_shown = self.first(id, |fact| fact == Fact::Shown).is_some()
            && self.first(id, |fact| fact == Fact::NotFound).is_none();
        let is_plain = plan.row == Row::New && plan.copies == 1 && !plan.is_early;
        self.limits.list_rows_first && is_plain && is_alone && is_listed && is_shown
    }

    /// The shortest wait after a failure.
    pub(super) fn delay_min(&self) -> Duration {
        let policies = self.limits.retry.values();
        let shortest = policies.map(|policy| policy.first_delay / 2).min();
        shortest.unwrap_or_default()
    }

    pub(super) fn is_within_tries(&self, attempt: u16) -> bool {
        let policies = self.limits.retry.values();
        policies.map(|policy| policy.attempts_max).max() >= Some(attempt)
    }
}
