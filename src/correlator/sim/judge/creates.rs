//! What may follow from a create request.

use crate::correlator::{CommandId, Step};
use crate::time::Timestamp;

use super::super::plan::{Plan, Row};
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
        let known = self.requests.get(request).expect("the caller saw it");
        let plan = self.plans[known.plan].clone();
        must(!plan.is_invalid, || {
            "a command for a refused request".to_owned()
        })?;
        match step {
            _ if *attempt > 1 && self.stories.contains_key(id) => {
                self.saw_attempt(id, *step, *attempt, *at, *expires_at)?;
            }
            Step::Download if *attempt > 1 => {
                self.saw_renewal(id, request, *attempt, *at, *expires_at)?;
            }
            Step::Download | Step::List if !self.stories.contains_key(id) => {
                self.saw_turn(&plan, output)?;
            }
            Step::List => return Err("the list came twice".to_owned()),
            Step::Download => {
                let is_answer = |fact| matches!(fact, Fact::Listed | Fact::ListFailed);
                let is_answered = self.first(id, is_answer).is_some();
                let is_listed = self.stories[id].commands.contains_key(&Step::List);
                must(is_listed, || "two Downloads for one CommandKey".to_owned())?;
                must(is_answered, || "the list was not answered".to_owned())?;
                self.note_command(id, request, *step, *expires_at, *at)?;
            }
            Step::Cancel => {
                let is_accepted = self.first(id, |fact| fact == Fact::Accepted).is_some();
                let is_late = self.limits.cancel_expired && cause == "deadline" && is_accepted;
                must(is_late, || "nothing is to be taken back".to_owned())?;
                self.note_command(id, request, *step, *expires_at, *at)?;
            }
            Step::Lookup | Step::Set => {
                let stored = |fact| matches!(fact, Fact::Transferred | Fact::Completed);
                let cause_known = self.first(id, stored).is_some();
                must(cause_known, || "the file is not on the device".to_owned())?;
                self.note_command(id, request, *step, *expires_at, *at)?;
            }
        }
        match step {
            Step::Set => self.check_set(&plan, id, set.as_ref(), *at)?,
            Step::Lookup => must(matches!(plan.row, Row::Lookup | Row::New), || {
                "the row was told".to_owned()
            })?,
            Step::Download | Step::Cancel | Step::List => {}
        }
        self.check_cause(cause, plan.number, Some(id))
    }

    /// The first command of an installation: its turn has come.
    fn saw_turn(&mut self, plan: &Plan, output: &Output) -> Verdict {
        let Output::Command {
            id,
            command_id: CommandId { step, .. },
            expires_at,
            at,
            request,
            ..
        } = output
        else {
            unreachable!("the caller saw a command");
        };
        let lists = self.limits.list_rows_first && plan.row != Row::Request;
        let right = if lists { Step::List } else { Step::Download };
        must(*step == right, || format!("it begins with a {right:?}"))?;
        let is_free = Self::transferring(&self.stories, &self.plans, &id.0)
            < self.limits.open_downloads_per_device_max;
        must(is_free, || "the device has enough to do".to_owned())?;
        let known = self.requests.get_mut(request).expect("the caller saw it");
        let starts_at = known.at + starts_after(plan);
        must(starts_at <= *at, || "it comes before its time".to_owned())?;
        must(!known.is_taken, || {
            "two Downloads for one request".to_owned()
        })?;
        known.is_taken = true;
        let story = Story::begun(known, request, *step, *expires_at);
        self.stories.insert(id.clone(), story);
        // Where files are staged, a Download is seen later than its turn.
        match self.is_staged && *step == Step::Download {
            true => Ok(()),
            false => self.check_rest(id, *at),
        }
    }

    /// The SUIDs are set in the row of the certificate: in the one that is new, if nothing else tells it. A row that comes
    /// from a transfer on which nobody waited any more is new, too, and cannot be told from it.
    fn check_set(
        &mut self,
        plan: &Plan,
        id: &Id,
        set: Option<&(String, String)>,
        at: Timestamp,
    ) -> Verdict {
        let wanted = "not the SUIDs of the request in its row";
        let (name, value) = set.ok_or(wanted)?;
        let path = name.strip_suffix("SUIDs").ok_or(wanted)?;
        let is_own = path == plan.path() && !plan.lacks_row;
        let is_possible = is_own || self.is_left_over(plan, path, at);
        must(is_possible && value == "42,43", || wanted.to_owned())?;
        let story = self.stories.get_mut(id).expect("the command was noted");
        story.row = Some(path.to_owned());
        Ok(())
    }

    /// Whether the row is of another plan of the device whose installation was over, as far as can be seen, or that was
    /// at work before its request came.
    fn is_left_over(&self, plan: &Plan, path: &str, at: Timestamp) -> bool {
        let is_looked_up = matches!(plan.row, Row::Lookup | Row::New);
        let is_over = |story: &Story| {
            let has_ended = story.end.is_some_and(|(ended, _)| ended <= at);
            has_ended || story.is_renewed
        };
        let is_unseen = |other: &Plan| {
            let mut stories = self.stories.values();
            let is_its_own = |story: &Story| story.plan == other.number;
            other.is_early
                || other.response_type == 5
                || stories.any(|story| is_its_own(story) && is_over(story))
        };
        let mut others = self.plans.iter().filter(|other| {
            other.number != plan.number && other.device == plan.device && other.path() == path
        });
        is_looked_up && self.limits.list_rows_first && others.any(is_unseen)
    }

    /// The device has rested since its last Download.
    fn check_rest(&mut self, id: &Id, at: Timestamp) -> Verdict {
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
        self.check_cause(cause, plan.number, id.as_ref())?;
        match id {
            None => self.check_refusal(&plan, *code),
            Some(id) => {
                let story = self.story(id, request, *at)?;
                must(!story.is_renewed, || {
                    "it goes on under another key".to_owned()
                })?;
                story.end = Some((*at, *code));
                if *code == 2001 {
                    let row = story.row.clone().unwrap_or_default();
                    let resource = Resource::new(row, *at, &self.limits);
                    self.resources.insert(self.origin(id).clone(), resource);
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
        at: Timestamp,
    ) -> Verdict {
        let story = self.story(id, request, at)?;
        let before = story.commands.insert(step, (1, expires_at));
        must(before.is_none(), || "the command came twice".to_owned())?;
        let is_over = story.end.is_some() || story.is_renewed;
        must(!is_over, || "a command after the end".to_owned())
    }
}
