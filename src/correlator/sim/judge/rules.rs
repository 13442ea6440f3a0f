//! Which final response is right, and when a time-out is.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::correlator::{PacingLimits, Step};
use crate::cwmp::DeviceId;
use crate::time::Timestamp;

use super::super::plan::Plan;
use super::{Fact, Id, Judge, Said, Story, Verdict, must};

pub(super) fn starts_after(plan: &Plan) -> Duration {
    Duration::from_millis(plan.starts_after.unwrap_or(0))
}

fn expires_before_start(plan: &Plan) -> bool {
    let both = plan.starts_after.zip(plan.expires_after);
    both.is_some_and(|(start, expiry)| start >= expiry)
}

impl Judge {
    fn is_retrying(&self) -> bool {
        !self.limits.retry.is_empty()
    }

    /// Whether a request can be over without a Download.
    fn may_wait(&self, plan: &Plan) -> bool {
        plan.starts_after.is_some()
            || self.is_staged
            || self.limits.pacing != PacingLimits::default()
            || self.limits.open_downloads_per_device_max < self.plans.len()
    }

    /// It is refused; or it may expire or fail while it waits for its turn, and nobody wants to know.
    pub(super) fn may_end_unseen(&self, plan: &Plan) -> bool {
        let may_end = plan.expires_after.is_some()
            || plan.is_early
            || plan.may_be_withdrawn()
            || self.is_staged;
        let is_unwanted = plan.response_type == 5;
        expires_before_start(plan) || (self.may_wait(plan) && is_unwanted && may_end)
    }

    /// Downloads of the device that are seen to be open; the end of some is not seen.
    pub(super) fn transferring(
        stories: &BTreeMap<Id, Story>,
        plans: &[Plan],
        device: &DeviceId,
    ) -> usize {
        let is_open =
            |story: &Story| story.is_transferring() && plans[story.plan].response_type != 5;
        let of_device = stories.iter().filter(|(id, _)| id.0 == *device);
        of_device.filter(|(_, story)| is_open(story)).count()
    }

    /// What is known of the installation; of one whose Download still waits, nothing was seen before.
    pub(super) fn story(
        &mut self,
        id: &Id,
        request: &str,
        at: Timestamp,
    ) -> Result<&mut Story, String> {
        if !self.stories.contains_key(id) {
            self.begin_unseen(id, request, at)?;
        }
        Ok(self.stories.get_mut(id).expect("it has begun"))
    }

    fn begin_unseen(&mut self, id: &Id, request: &str, at: Timestamp) -> Verdict {
        if self.is_other_key(id, request) {
            return self.renew(id, request, at);
        }
        let known = self.requests.get(request);
        let plan = known.ok_or("an output without a request")?.plan;
        let may_wait = self.may_wait(&self.plans[plan]);
        let known = self.requests.get_mut(request);
        let known = known.expect("it was just seen");
        must(may_wait && !known.is_taken, || {
            "no Download came before".to_owned()
        })?;
        known.is_taken = true;
        let story = Story::unseen(plan, request, known.at);
        self.stories.insert(id.clone(), story);
        Ok(())
    }

    /// A command comes again if the attempt before was refused, or nobody answered the Download in time.
    pub(super) fn saw_attempt(
        &mut self,
        id: &Id,
        step: Step,
        attempt: u16,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Verdict {
        let story = self.stories.get(id).ok_or("no Download came before")?;
        let is_over = story.end.is_some() || story.is_renewed;
        must(!is_over, || "a command after the end".to_owned())?;
        must(step != Step::Download || !self.is_being_changed(id), || {
            "a Download that is being taken back comes again".to_owned()
        })?;
        let (before, due) = story.commands.get(&step).copied().unwrap_or_default();
        must(before + 1 == attempt, || {
            format!("attempt {attempt} comes after attempt {before}")
        })?;
        must(at < expires_at, || "it has expired already".to_owned())?;
        let delay_min = self.delay_min();
        let refused_at = self.first(id, |fact| {
            matches!(fact, Fact::Refused { step: of, attempt, .. } if (of, attempt) == (step, before))
        });
        let is_refused = refused_at.is_some_and(|refused| refused + delay_min <= at);
        let is_late = step == Step::Download && due <= at;
        must(self.is_retrying() && (is_refused || is_late), || {
            format!("attempt {before} was not refused")
        })?;
        must(self.is_within_tries(attempt), || {
            "one try too many".to_owned()
        })?;
        let story = self.stories.get_mut(id).expect("it was found above");
        story.commands.insert(step, (attempt, expires_at));
        Ok(())
    }

    pub(super) fn check_refusal(&self, plan: &Plan, code: u16) -> Verdict {
        let is_right = match code {
            4105 => plan.copies > 1 && !plan.is_invalid,
            4000 => plan.is_invalid || self.is_tight || expires_before_start(plan),
            5000 => self.is_tight,
            _ => false,
        };
        must(is_right, || "nothing was wrong with the request".to_owned())
    }

    pub(super) fn check_end(
        &self,
        plan: &Plan,
        id: &Id,
        code: u16,
        cause: &str,
        at: Timestamp,
        asked_at: Timestamp,
    ) -> Verdict {
        let story = &self.stories[id];
        let expires_at = self.expires_at(plan, asked_at);
        if cause == "deadline" {
            return self.check_timeout(id, story, code, at, expires_at);
        }
        if code == 4008 {
            return must(expires_at <= at, || {
                "the request had not expired".to_owned()
            });
        }
        if code == 5000 {
            let is_unstaged = self.unstaged.contains(id);
            return must(is_unstaged || self.withdraws(id, cause, at), || {
                "nobody withdrew it".to_owned()
            });
        }
        must(!self.has_to_come_again(plan, story, code, cause), || {
            "the Download has to come again".to_owned()
        })?;
        must(code != 6005 || !self.knows_new_row(plan, id), || {
            "the one new row is known".to_owned()
        })?;
        let said = self.facts(id).any(|said| said.fact.code() == Some(code));
        must(said, || "the device said nothing of the kind".to_owned())?;
        let has_sent = |step| story.commands.contains_key(&step);
        let is_possible = match code {
            2001 => has_sent(Step::Set),
            6005 => has_sent(Step::Lookup) && !has_sent(Step::Set),
            _ => true,
        };
        must(is_possible, || {
            "nothing was asked that gives this".to_owned()
        })
    }

    /// A time-out is right if its time has come, and no answer that is waited on was written before that.
    fn check_timeout(
        &self,
        id: &Id,
        story: &Story,
        code: u16,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Verdict {
        let of = |step| story.commands.get(&step).map(|(_, due)| *due);
        let (due, answered_at, codes): (Timestamp, Option<Timestamp>, &[u16]) =
            if let Some(due) = of(Step::Set) {
                let wanted = |fact| matches!(fact, Fact::Set | Fact::SetFailed(_));
                (due, self.first(id, wanted), &[4008])
            } else if let Some(due) = of(Step::Lookup) {
                let wanted = |fact| matches!(fact, Fact::Found | Fact::NotFound | Fact::Shown);
                (due, self.first(id, wanted), &[4008])
            } else {
                self.download_due(id, story, expires_at)
            };
        must(codes.contains(&code), || {
            format!("the code is one of {codes:?}")
        })?;
        must(due <= at, || format!("timed out before {due:?}"))?;
        must(
            self.is_tight || answered_at.is_none_or(|answered| answered >= due),
            || format!("timed out although answered at {answered_at:?}, before {due:?}"),
        )
    }

    fn download_due(
        &self,
        id: &Id,
        story: &Story,
        expires_at: Timestamp,
    ) -> (Timestamp, Option<Timestamp>, &'static [u16]) {
        let accepted = self.first(id, |fact| fact == Fact::Accepted);
        let answered = self
            .facts(id)
            .filter_map(|said| self.binds_at(said, story, accepted))
            .min();
        let Some((_, due)) = story.commands.get(&Step::Download).copied() else {
            let (due, codes) = self.due_before_download(story);
            let is_list = |fact| matches!(fact, Fact::Listed | Fact::ListFailed);
            // Where files are staged, more has to follow than the answer to the list.
            let listed = self.first(id, is_list).filter(|_| !self.is_staged);
            let answered = [answered, listed].into_iter().flatten().min();
            return (due.min(expires_at), answered, codes);
        };
        match accepted {
            Some(accepted) if accepted < due => {
                let transfer_due =
                    (accepted + self.limits.transfer_timeout.general).min(expires_at);
                (transfer_due, answered, &[4008])
            }
            // Whether an answer at the last moment counts is open.
            Some(_) => (due, answered, &[4008, 6021]),
            // Another attempt may wait for the store.
            None if self.is_staged => (due, answered, &[4008, 5000, 6021]),
            None if expires_at == Timestamp::NEVER => (due, answered, &[6021]),
            None => (due, answered, &[4008, 6021]),
        }
    }

    /// When an installation may end by itself whose Download was not seen, and how.
    fn due_before_download(&self, story: &Story) -> (Timestamp, &'static [u16]) {
        let accept = self.limits.accept_timeout.general;
        if let Some(since) = story.renewed_at {
            return (since + self.delay_min() + accept, &[4008, 5000, 6021]);
        }
        if let Some((_, due)) = story.commands.get(&Step::List) {
            let codes: &[u16] = match self.is_staged {
                true => &[4008, 5000, 6021],
                false => &[4008, 6021],
            };
            return (*due, codes);
        }
        let starts_at = story.asked_at + starts_after(&self.plans[story.plan]);
        match self.is_staged {
            true => (starts_at + accept, &[4008, 5000]),
            false => (starts_at + self.limits.queue_timeout.general, &[4008]),
        }
    }

    /// When the end of the transfer is known to the bridge, if what was said can end it and came in time.
    fn binds_at(
        &self,
        said: Said,
        story: &Story,
        accepted: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let binding = match said.fact {
            Fact::Transferred | Fact::TransferFailed(_) if said.by_alias => accepted?,
            Fact::Transferred | Fact::TransferFailed(_) => story.asked_at,
            Fact::Completed | Fact::DownloadFailed(_) => story.asked_at,
            Fact::Refused { step, .. } if step == Step::Download && !self.is_retrying() => {
                story.asked_at
            }
            Fact::Accepted
            | Fact::CancelFailed
            | Fact::Cancelled
            | Fact::Found
            | Fact::ListFailed
            | Fact::Listed
            | Fact::NotFound
            | Fact::Refused { .. }
            | Fact::Set
            | Fact::SetFailed(_)
            | Fact::Shown => return None,
        };
        (binding < said.at + self.limits.early_ttl).then_some(said.at.max(binding))
    }
}
