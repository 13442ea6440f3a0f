//! What may follow from requests about what other requests create.

use crate::correlator::{CommandId, Limits, Step};
use crate::time::Timestamp;

use super::super::plan::{Wish, WishKind};
use super::{Fact, Id, Judge, Output, Request, Story, Verdict, must};

#[derive(Clone, Debug)]
pub(super) struct Wished {
    /// The installation that it is about.
    pub(super) target: Id,
    pub(super) wish: Wish,
}

/// A resource as it has to be.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    row: String,
    suids: String,
    kept_until: Timestamp,
}

impl Resource {
    pub(super) fn new(row: String, created_at: Timestamp, limits: &Limits) -> Self {
        Self {
            row,
            suids: "[42,43]".to_owned(),
            kept_until: created_at + limits.ended_ttl.max(limits.resource_ttl),
        }
    }
}

/// Where the target of a wish may stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// Not known, not taken on, forgotten, or over without a resource.
    Nothing,
    /// Its Download was not sent.
    Waiting,
    /// This is the last step of what was sent for it.
    Open(Step),
    Kept,
}

impl Wished {
    /// Everything has come to rest.
    pub(super) fn finish(&self, request: &Request) -> Verdict {
        let [code] = request.finals[..] else {
            return Err("not exactly one final response".to_owned());
        };
        let is_accepted = request.is_taken || code < 4000;
        let wanted = usize::from(is_accepted && self.wish.wants_acknowledgement);
        must(request.acknowledgements == wanted, || {
            "not the right acknowledgement".to_owned()
        })
    }

    /// The Set that it leads to in that row; `None`: it leads to none.
    fn set(&self, row: &str) -> Option<(String, String)> {
        match self.wish.kind {
            WishKind::Update(suid) => Some((format!("{row}SUIDs"), suid.to_string())),
            WishKind::Delete => Some((format!("{row}Enable"), "false".to_owned())),
            WishKind::Retrieve | WishKind::Withdraw => None,
        }
    }

    const fn is_delete(&self) -> bool {
        matches!(self.wish.kind, WishKind::Delete | WishKind::Withdraw)
    }
}

impl Judge {
    /// Whether a change of that installation, or its withdrawal, waits for the device.
    pub(super) fn is_being_changed(&self, id: &Id) -> bool {
        self.requests.values().any(|request| {
            let wished = request.wished.as_ref();
            request.is_taken
                && request.finals.is_empty()
                && wished.is_some_and(|wished| wished.target == *self.origin(id))
        })
    }

    /// Whether that record ends the installation for its originator: the request to withdraw it, or the answer to the
    /// CancelTransfer that followed.
    pub(super) fn withdraws(&self, id: &Id, cause: &str, at: Timestamp) -> bool {
        let is_withdrawal = |request: &Request| {
            let wished = request.wished.as_ref();
            wished.is_some_and(|wished| {
                let is_its_own = wished.is_delete() && !wished.wish.is_of_stranger;
                is_its_own && wished.target == *self.origin(id)
            })
        };
        match (self.requests.get(cause), self.said.get(cause)) {
            (Some(request), _) => {
                let at_once = !self.is_with_the_device(id, at) && !self.is_being_changed(id);
                at_once && is_withdrawal(request) && !request.is_taken
            }
            (None, Some((of, said))) if said.fact == Fact::Cancelled => self
                .stories
                .get(of)
                .and_then(|story| self.requests.get(&story.request))
                .is_some_and(is_withdrawal),
            (None, _) => false,
        }
    }

    /// What may be true of the target: the end of a request that wants no response is not seen, nor what waits.
    fn standings(&self, target: &Id, at: Timestamp) -> Vec<Standing> {
        let Some(story) = self.stories.get(self.current(target)) else {
            return vec![Standing::Nothing, Standing::Waiting];
        };
        let last = [Step::Set, Step::Lookup, Step::Download]
            .into_iter()
            .find(|step| story.commands.contains_key(step));
        let open = last.map_or(Standing::Waiting, Standing::Open);
        if self.plans[story.plan].response_type == 5 {
            return match last {
                Some(Step::Set) => vec![open, Standing::Kept, Standing::Nothing],
                Some(Step::Download | Step::List | Step::Lookup | Step::Cancel) | None => {
                    vec![open, Standing::Nothing]
                }
            };
        }
        match (story.end, self.resources.get(target)) {
            (None, _) => vec![open],
            (Some(_), None) => vec![Standing::Nothing],
            (Some(_), Some(resource)) if at < resource.kept_until => vec![Standing::Kept],
            (Some(_), Some(_)) => vec![Standing::Kept, Standing::Nothing],
        }
    }

    pub(super) fn saw_wish_command(&mut self, wished: &Wished, output: &Output) -> Verdict {
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
        if *attempt > 1 {
            self.saw_attempt(id, *step, *attempt, *at, *expires_at)?;
        } else {
            self.check_first(wished, *step, *at)?;
            let known = self.requests.get_mut(request).expect("the caller saw it");
            known.is_taken = true;
            let story = Story::begun(known, request, *step, *expires_at);
            let before = self.stories.insert(id.clone(), story);
            must(before.is_none(), || "the command came twice".to_owned())?;
        }
        let row = self.row_of(&wished.target);
        let wanted = wished.set(&row).filter(|_| *step == Step::Set);
        must(*set == wanted, || format!("what is wished is {wanted:?}"))?;
        self.check_cause(cause, self.requests[request].plan, Some(id))
    }

    /// The row of what a wish is about: the one that was set; `""` if that was not seen.
    fn row_of(&self, target: &Id) -> String {
        let kept = self.resources.get(target).map(|kept| &kept.row);
        let story = self.stories.get(self.current(target));
        let row = kept.or_else(|| story?.row.as_ref());
        row.cloned().unwrap_or_default()
    }

    fn check_first(&self, wished: &Wished, step: Step, at: Timestamp) -> Verdict {
        let target = &wished.target;
        let needed = match step {
            Step::Set => wished.set("").map(|_| Standing::Kept),
            Step::Cancel if wished.is_delete() && !wished.wish.is_of_stranger => {
                Some(Standing::Open(Step::Download))
            }
            Step::Cancel | Step::Download | Step::List | Step::Lookup => None,
        };
        let standings = self.standings(target, at);
        must(
            needed.is_some_and(|needed| standings.contains(&needed)),
            || format!("its target is {standings:?}"),
        )?;
        must(!self.is_being_changed(target), || {
            "another change is pending".to_owned()
        })
    }

    pub(super) fn saw_wish_response(&mut self, wished: &Wished, output: &Output) -> Verdict {
        let Output::Response {
            code,
            id,
            cause,
            request,
            at,
            content,
        } = output
        else {
            unreachable!("the caller saw a response");
        };
        let known = &self.requests[request];
        self.check_cause(cause, known.plan, None)?;
        match id {
            Some(id) if known.is_taken => {
                self.check_change_end(wished, id, (*code, *at), cause)?;
                let story = self.stories.get_mut(id).expect("a command was sent");
                story.end = Some((*at, *code));
            }
            Some(_) | None => {
                must(cause == request, || "nothing was awaited".to_owned())?;
                self.check_at_once(wished, *code, *at)?;
            }
        }
        self.note_change(wished, *code, *at);
        let suids = self.resources.get(&wished.target).map(|kept| &kept.suids);
        must(
            *code != 2000
                || suids.is_none_or(|suids| content.contains(&format!("\"suids\":{suids}"))),
            || format!("the SUIDs are {suids:?}"),
        )
    }

    fn note_change(&mut self, wished: &Wished, code: u16, at: Timestamp) {
        match (code, wished.wish.kind) {
            (2002, WishKind::Delete) => {
                self.resources.remove(&wished.target);
            }
            (2004, WishKind::Update(suid)) => {
                if let Some(resource) = self.resources.get_mut(&wished.target) {
                    resource.suids = format!("[{suid}]");
                    let kept_until = at + self.limits.resource_ttl;
                    resource.kept_until = resource.kept_until.max(kept_until);
                }
            }
            (_, _) => {}
        }
    }

    /// The device was not asked.
    fn check_at_once(&self, wished: &Wished, code: u16, at: Timestamp) -> Verdict {
        let target = &wished.target;
        let story = self.stories.get(self.current(target));
        let end = story.and_then(|story| story.end);
        if wished.is_delete() && (code, end) == (2002, Some((at, 5000))) {
            return Ok(());
        }
        let standings = self.standings(target, at);
        let is_right = standings
            .iter()
            .any(|standing| self.codes(wished, *standing, at) == Some(code));
        must(is_right || (self.is_tight && code == 5000), || {
            format!("its target is {standings:?}")
        })
    }

    /// Whether the end of a withdrawn request was seen, if it is to be seen.
    fn is_withdrawn(&self, target: &Id) -> bool {
        match self.stories.get(self.current(target)) {
            Some(story) => {
                let is_unseen = self.plans[story.plan].response_type == 5;
                is_unseen || story.end.is_some_and(|(_, code)| code == 5000)
            }
            // It waited, and wants no response.
            None => true,
        }
    }

    /// How a wish is answered at once if its target stands there.
    fn codes(&self, wished: &Wished, standing: Standing, at: Timestamp) -> Option<u16> {
        let conflict = Some(4105).filter(|_| self.is_being_changed(&wished.target));
        match (wished.wish.kind, standing) {
            (WishKind::Retrieve, Standing::Kept) => Some(2000),
            (WishKind::Update(_) | WishKind::Delete, Standing::Kept) => conflict,
            (WishKind::Retrieve | WishKind::Update(_), _)
            | (WishKind::Delete, Standing::Nothing) => Some(4004),
            (WishKind::Withdraw, Standing::Nothing | Standing::Kept) => Some(6028),
            (WishKind::Delete | WishKind::Withdraw, _) if wished.wish.is_of_stranger => Some(4103),
            (WishKind::Delete | WishKind::Withdraw, Standing::Open(Step::Download)) => {
                let may_end = !self.is_with_the_device(&wished.target, at);
                conflict.or_else(|| may_end.then_some(2002))
            }
            (WishKind::Delete | WishKind::Withdraw, Standing::Waiting) => Some(2002),
            (WishKind::Delete | WishKind::Withdraw, Standing::Open(_)) => Some(6029),
        }
    }

    /// Whether the last Download that was sent was neither refused nor left without an answer.
    fn is_with_the_device(&self, id: &Id, at: Timestamp) -> bool {
        let id = self.current(self.origin(id));
        if self.may_be_renewed(id) {
            return false;
        }
        let sent = self.stories.get(id).map(|story| &story.commands);
        let Some((last, due)) = sent.and_then(|sent| sent.get(&Step::Download)) else {
            return false;
        };
        let is_refused = self.facts(id).any(|said| {
            matches!(said.fact, Fact::Refused { step, attempt, .. } if (step, attempt) == (Step::Download, *last))
        });
        !is_refused && at < *due
    }

    /// The device answered, or did not in time.
    fn check_change_end(
        &self,
        wished: &Wished,
        id: &Id,
        (code, at): (u16, Timestamp),
        cause: &str,
    ) -> Verdict {
        let commands = &self.stories[id].commands;
        let (step, due) = match commands.get(&Step::Set) {
            Some((_, due)) => (Step::Set, *due),
            None => (Step::Cancel, commands[&Step::Cancel].1),
        };
        let answers = |fact| match step {
            Step::Set => matches!(fact, Fact::Set | Fact::SetFailed(_)),
            Step::Cancel | Step::Download | Step::List | Step::Lookup => {
                matches!(fact, Fact::Cancelled | Fact::CancelFailed)
            }
        };
        if cause == "deadline" {
            let wanted = if step == Step::Set { 4008 } else { 6021 };
            must(code == wanted, || format!("the code is {wanted}"))?;
            must(due <= at, || format!("timed out before {due:?}"))?;
            let answered = self.first(id, answers);
            return must(
                self.is_tight || answered.is_none_or(|answered| answered >= due),
                || format!("timed out although answered at {answered:?}"),
            );
        }
        let (of, said) = self.said.get(cause).ok_or("nothing was said")?;
        must(of == id, || "that answers another command".to_owned())?;
        let wanted: &[u16] = match (said.fact, wished.wish.kind) {
            (Fact::Set, WishKind::Update(_)) => &[2004],
            (Fact::Set, WishKind::Delete) => &[2002],
            (Fact::Cancelled, _) => self.codes_after_cancel(&wished.target, at),
            (fact, _) => return must(fact.code() == Some(code), || format!("it said {fact:?}")),
        };
        must(wanted.contains(&code), || {
            format!("it is one of {wanted:?}")
        })?;
        must(
            code != 2002 || step == Step::Set || self.is_withdrawn(&wished.target),
            || "what is withdrawn has not ended".to_owned(),
        )
    }

    /// The device has no such transfer any more; the end of what is withdrawn was seen before.
    fn codes_after_cancel(&self, target: &Id, at: Timestamp) -> &'static [u16] {
        let story = &self.stories[self.current(target)];
        if self.plans[story.plan].response_type == 5 {
            return &[2002, 6028, 6029];
        }
        let code = story.end.map(|(_, code)| code);
        match (code, &self.standings(target, at)[..]) {
            (Some(5000), _) => &[2002],
            (_, [Standing::Open(Step::Lookup | Step::Set)]) => &[6029],
            (Some(_), _) => &[6028],
            (None, _) => &[],
        }
    }
}
