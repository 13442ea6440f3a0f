//! Judges what the bridge made visible against what was written to it.

mod creates;
mod reading;
mod renewals;
mod rules;
mod story;
#[cfg(test)]
mod tests;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::correlator::{Correlator, Ledger, Limits};
use crate::cwmp::DeviceId;
use crate::runtime::staging::Answer;
use crate::time::Timestamp;

use super::fleet::About;
use super::plan::{Plan, Scale};

pub(super) use reading::{Output, read};
pub(super) use story::Fact;
use story::Story;
use wishes::{Resource, Wished};

#[derive(Clone, Copy, Debug)]
struct Said {
    at: Timestamp,
    fact: Fact,
    by_alias: bool,
}

#[derive(Clone, Debug)]
struct Request {
    plan: usize,
    at: Timestamp,
    acknowledgements: usize,
    finals: Vec<u16>,
    is_taken: bool,
    /// It is about what another request creates.
    wished: Option<Wished>,
}

impl Request {
    fn new(plan: usize, at: Timestamp, wished: Option<Wished>) -> Self {
        Self {
            plan,
            at,
            acknowledgements: 0,
            finals: Vec::new(),
            is_taken: false,
            wished,
        }
    }
}

/// Device and CommandKey.
type Id = (DeviceId, String);

#[derive(Clone, Debug)]
pub(super) struct Judge {
    plans: Vec<Plan>,
    limits: Limits,
    is_tight: bool,
    is_staged: bool,
    /// Installations for whose file the store said no.
    unstaged: BTreeSet<Id>,
    requests: BTreeMap<String, Request>,
    said: BTreeMap<String, (Id, Said)>,
    strays: BTreeMap<String, &'static str>,
    dead_letters: BTreeMap<String, usize>,
    stories: BTreeMap<Id, Story>,
    /// The first key of an installation that goes on under another one, by that.
    origins: BTreeMap<Id, Id>,
    /// When the last Download of a device was seen that was the first of its installation.
    last_downloads: BTreeMap<DeviceId, Timestamp>,
    /// Resources whose creation was seen, and their deletion not.
    resources: BTreeMap<Id, Resource>,
}

/// What is wrong.
pub(super) type Verdict = Result<(), String>;

/// `Err` with the text unless it holds.
pub(super) fn must(holds: bool, text: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(text()) }
}

/// What holds for a shard whenever its state is committed.
pub(super) fn check_shard(correlator: &Correlator, limits: &Limits) -> Verdict {
    let early = correlator.early_events();
    check_ledger(&correlator.stats().ledger, early)?;
    must(early <= limits.early_events_max, || {
        format!("{early} events wait")
    })?;
    let open = correlator.open_installations();
    must(open <= limits.open_installations_max, || {
        format!("{open} installations are open")
    })
}

fn check_ledger(ledger: &Ledger, early: usize) -> Verdict {
    let is_right = ledger.balanced() && ledger.parked == early as u64;
    must(is_right, || {
        format!("{ledger:?} does not balance with {early} waiting events")
    })
}

impl Judge {
    pub(super) fn new(plans: Vec<Plan>, limits: Limits, scale: &Scale) -> Self {
        Self {
            plans,
            limits,
            is_tight: scale.is_tight,
            is_staged: scale.has_staging,
            unstaged: BTreeSet::new(),
            requests: BTreeMap::new(),
            said: BTreeMap::new(),
            strays: BTreeMap::new(),
            dead_letters: BTreeMap::new(),
            stories: BTreeMap::new(),
            origins: BTreeMap::new(),
            last_downloads: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    /// A record was written to an input.
    pub(super) fn wrote(&mut self, coordinates: String, at: Timestamp, about: About) {
        match about {
            About::Request(plan) => {
                self.requests
                    .insert(coordinates, Request::new(plan, at, None));
            }
            About::Wish { plan, key, wish } => {
                let target = (self.plans[plan].device.clone(), key);
                let wished = Some(Wished { target, wish });
                self.requests
                    .insert(coordinates, Request::new(plan, at, wished));
            }
            About::Said {
                plan,
                key,
                fact,
                by_alias,
            } => {
                let id = (self.plans[plan].device.clone(), key);
                let said = Said { at, fact, by_alias };
                self.said.insert(coordinates, (id, said));
            }
            About::Stray(reason) => {
                self.strays.insert(coordinates, reason);
            }
        }
    }

    /// The store answered a worker.
    pub(super) fn store_said(&mut self, answer: &Answer) {
        if answer.result.is_err() {
            let id = answer.id.clone();
            self.unstaged
                .insert((id.device, id.command_key.to_string()));
        }
    }

    /// Records that were written to the inputs.
    pub(super) fn written(&self) -> usize {
        self.requests.len() + self.said.len() + self.strays.len()
    }

    /// The plan behind a request, and whether it is about what another one creates.
    pub(super) fn behind(&self, request: &str) -> Option<(usize, bool)> {
        let request = self.requests.get(request)?;
        Some((request.plan, request.wished.is_some()))
    }

    /// An output became visible.
    pub(super) fn saw(&mut self, output: &Output) -> Verdict {
        let verdict = match output {
            Output::Command { .. } => self.saw_command(output),
            Output::Response { .. } => self.saw_response(output),
            Output::DeadLetter { source, reason, at } => self.saw_dead_letter(source, reason, *at),
        };
        verdict.map_err(|wrong| format!("{wrong}: {output:?}"))
    }

    /// Every fact about an installation so far.
    fn facts(&self, id: &Id) -> impl Iterator<Item = Said> {
        self.said
            .values()
            .filter(move |(other, _)| other == id)
            .map(|(_, said)| *said)
    }

    fn first(&self, id: &Id, wanted: impl Fn(Fact) -> bool) -> Option<Timestamp> {
        let facts = self.facts(id).filter(|said| wanted(said.fact));
        facts.map(|said| said.at).min()
    }

    /// A time-out, or a record that was written for the same device.
    fn check_cause(&self, cause: &str, plan: usize, id: Option<&Id>) -> Verdict {
        if let Some(((of, _), id)) = self.said.get(cause).zip(id) {
            let is_over = of != id && self.origin(of) == self.origin(id);
            must(!is_over, || {
                format!("it follows from what was said of {of:?}")
            })?;
        }
        let device = &self.plans[plan].device;
        let of_request = self.requests.get(cause);
        let of_request = of_request.map(|request| &self.plans[request.plan].device);
        let of_device = || self.said.get(cause).map(|(id, _)| &id.0);
        must(
            cause == "deadline" || of_request.or_else(of_device) == Some(device),
            || "the cause is no record of this device".to_owned(),
        )
    }

    fn saw_command(&mut self, output: &Output) -> Verdict {
        let Output::Command { request, .. } = output else {
            unreachable!("the caller saw a command");
        };
        let known = self.requests.get(request);
        let known = known.ok_or("a command without a request")?;
        match known.wished.clone() {
            Some(wished) => self.saw_wish_command(&wished, output),
            None => self.saw_create_command(output),
        }
    }

    fn saw_response(&mut self, output: &Output) -> Verdict {
        let Output::Response { code, request, .. } = output else {
            unreachable!("the caller saw a response");
        };
        let known = self.requests.get_mut(request);
        let known = known.ok_or("a response without a request")?;
        if *code < 2000 {
            known.acknowledgements += 1;
            return must(known.finals.is_empty(), || {
                "acknowledged after the end".to_owned()
            });
        }
        known.finals.push(*code);
        must(known.finals.len() == 1, || {
            "a second final response".to_owned()
        })?;
        match known.wished.clone() {
            Some(wished) => self.saw_wish_response(&wished, output),
            None => self.saw_create_response(output),
        }
    }

    fn saw_dead_letter(&mut self, source: &str, reason: &str, at: Timestamp) -> Verdict {
        let count = self.dead_letters.entry(source.to_owned()).or_default();
        *count += 1;
        must(*count == 1, || "set aside twice".to_owned())?;
        if self.is_tight && reason.starts_with("early_events_") {
            return Ok(());
        }
        if let Some(right) = self.strays.get(source) {
            return must(*right == reason, || format!("the reason is {right}"));
        }
        let (id, said) = self.said.get(source).ok_or("no event was set aside")?;
        must(reason == "unknown_command_key", || "not unknown".to_owned())?;
        must(at >= said.at + self.limits.early_ttl, || {
            "set aside too early".to_owned()
        })?;
        let Some(story) = self.stories.get(id) else {
            return Ok(());
        };
        let bound_at = if said.by_alias {
            self.first(id, |fact| fact == Fact::Accepted)
        } else {
            Some(story.asked_at)
        };
        let came_in_time = bound_at.is_some_and(|bound| bound < said.at + self.limits.early_ttl);
        let is_remembered = said.at < story.asked_at + self.limits.ended_ttl;
        must(!(came_in_time && is_remembered), || {
            "the event belongs to an installation".to_owned()
        })
    }

    /// Everything has come to rest.
    pub(super) fn finish(&self) -> Verdict {
        for (coordinates, request) in &self.requests {
            let verdict = match &request.wished {
                Some(wished) => wished.finish(request),
                None => self.finish_request(request),
            };
            verdict.map_err(|wrong| format!("{wrong}: request {coordinates} {request:?}"))?;
        }
        for (coordinates, reason) in &self.strays {
            must(self.dead_letters.contains_key(coordinates), || {
                format!("{coordinates} is no dead letter for {reason}")
            })?;
        }
        Ok(())
    }

    fn finish_request(&self, request: &Request) -> Verdict {
        let plan = &self.plans[request.plan];
        let wanted = usize::from(plan.response_type != 5);
        must(request.finals.len() == wanted, || {
            "not exactly one final response".to_owned()
        })?;
        // rt 4 has targets or not.
        let acknowledged = match (request.is_taken, plan.response_type) {
            (true, 1 | 2) => request.acknowledgements == 1,
            (true, 4) => request.acknowledgements <= 1,
            (_, _) => request.acknowledgements == 0,
        };
        must(acknowledged, || "not the right acknowledgement".to_owned())?;
        let mut copies = self
            .requests
            .values()
            .filter(|other| other.plan == request.plan && other.wished.is_none());
        must(
            plan.is_invalid
                || self.is_tight
                || copies.any(|copy| copy.is_taken)
                || self.may_end_unseen(plan),
            || "no copy of the request was taken on".to_owned(),
        )
    }

    fn expires_at(&self, plan: &Plan, asked_at: Timestamp) -> Timestamp {
        plan.expires_after.map_or(Timestamp::NEVER, |millis| {
            asked_at + Duration::from_millis(millis)
        })
    }
}
