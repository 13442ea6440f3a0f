//! What may follow from a create request.

use crate::correlator::{CommandId, Step};
use crate::time::Timestamp;

use super::super::fleet::ROW;
use super::super::plan::Row;
use super::rules::starts_after;
use super::wishes::Resource;
use super::{Fact, Id, Judge, Output, Story, Verdict, must};

impl Judge {
    pub(super) fn saw_create_command(&mut self, output: &Output) -> Verdict {
        let Output::Command {
            id,
            command_id: CommandId { step, attempt, .. },
            expires_at,
            at,
            cause,
            request,
            set,
            ..
        } = output
        else {
            unreachable!("the caller saw a command");
        };
        let known = self.requests.get_mut(request).expect("the caller saw it");
        let plan = &self.plans[known.plan];
        must(!plan.is_invalid, || {
            "a command for a refused request".to_owned()
        })?;
        if *attempt > 1 {
            self.saw_attempt(id, *step, *attempt, *at, *expires_at)?;
        } else if *step == Step::Download {
            let is_free = Self::transferring(&self.stories, &self.plans, &id.0)
                < self.limits.open_downloads_per_device_max;
            must(is_free, || "the device has enough to do".to_owned())?;
            let starts_at = known.at + starts_after(plan);
            must(starts_at <= *at, || "it comes before its time".to_owned())?;
            must(!known.is_taken, || {
                "two Downloads for one request".to_owned()
            })?;
            known.is_taken = true;
            let story = Story::begun(known, request, *step, *expires_at);
            let before = self.stories.insert(id.clone(), story);
            must(before.is_none(), || {
                "two Downloads for one CommandKey".to_owned()
            })?;
            self.check_rest(id, *at)?;
        } else if *step == Step::Cancel {
            let is_accepted = self.first(id, |fact| fact == Fact::Accepted).is_some();
            let is_late = self.limits.cancel_expired && cause == "deadline" && is_accepted;
            must(is_late, || "nothing is to be taken back".to_owned())?;
            self.note_command(id, request, *step, *expires_at)?;
        } else {
            let stored = |fact| matches!(fact, Fact::Transferred | Fact::Completed);
            let cause_known = self.first(id, stored).is_some();
            must(cause_known, || "the file is not on the device".to_owned())?;
            self.note_command(id, request, *step, *expires_at)?;
        }
        let plan = &self.plans[self.stories[id].plan];
        match step {
            Step::Set => must(
                *set == Some((format!("{ROW}SUIDs"), "42,43".to_owned())),
                || "not the SUIDs of the request".to_owned(),
            )?,
            Step::Lookup => must(plan.row == Row::Lookup, || "the row was told".to_owned())?,
            Step::Download | Step::Cancel => {}
            Step::List => return Err("nothing is to be listed".to_owned()),
        }
        self.check_cause(cause, plan.number)
    }

    /// The device has rested since its last Download.
    fn check_rest(&mut self, id: &Id, at: Timestamp) -> Verdict {
        // Where files are staged, Downloads are seen later than their turn.
        if self.is_staged {
            return Ok(());
        }
        let distance = self.limits.pacing.device.unwrap_or_default();
        let before = self.last_downloads.insert(id.0.clone(), at);
        must(before.is_none_or(|before| before + distance <= at), || {
            "the device has not rested".to_owned()
        })
    }

    pub(super) fn saw_create_response(&mut self, output: &Output) -> Verdict {
        let Output::Response {
            code,
            id,
            cause,
            request,
            at,
            ..
        } = output
        else {
            unreachable!("the caller saw a response");
        };
        let known = self.requests.get(request).expect("the caller saw it");
        let plan = self.plans[known.plan].clone();
        must(plan.response_type != 5, || {
            "no response was wanted".to_owned()
        })?;
        let asked_at = known.at;
        self.check_cause(cause, plan.number)?;
        match id {
            None => self.check_refusal(&plan, *code),
            Some(id) => {
                let story = self.story(id, request)?;
                story.end = Some((*at, *code));
                if *code == 2001 {
                    self.resources
                        .insert(id.clone(), Resource::new(*at, &self.limits));
                }
                self.check_end(&plan, id, *code, cause, *at, asked_at)
            }
        }
    }

    /// The first attempt of a command that is not the Download.
    fn note_command(
        &mut self,
        id: &Id,
        request: &str,
        step: Step,
        expires_at: Timestamp,
    ) -> Verdict {
        let story = self.story(id, request)?;
        let before = story.commands.insert(step, (1, expires_at));
        must(before.is_none(), || "the command came twice".to_owned())?;
        must(story.end.is_none(), || "a command after the end".to_owned())
    }
}
