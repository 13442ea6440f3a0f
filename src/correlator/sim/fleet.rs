//! Requesters and devices: what they write, and when.

mod messages;
mod queue;
mod rows;
mod wishes;

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use crate::correlator::{CommandId, Step};
use crate::time::Timestamp;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{self, CpeEvent, CreateRequest};

use super::judge::Fact;
use super::kafka::{Message, Topic};
use super::plan::{Course, Plan, Row, Silence, Wish};

pub(super) use messages::message;
use messages::{PEM, download_response, fault, request_message, transfer_complete};
use rows::Rows;

/// What a record of the inputs is about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// The request of a plan.
    Request(usize),
    /// A request about what a request of a plan creates, by the key of that.
    Wish {
        plan: usize,
        key: String,
        wish: Wish,
    },
    /// Said for the installation of that key; the key in the record is the one of the ACS if `by_alias`.
    Said {
        plan: usize,
        key: String,
        fact: Fact,
        by_alias: bool,
    },
    /// Belongs to nothing, and ends among the dead letters with this reason.
    Stray(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) topic: Topic,
    pub(super) message: Message,
    pub(super) about: About,
}

#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) plans: Vec<Plan>,
    queue: BTreeMap<(Timestamp, u64), Outgoing>,
    sequence: u64,
    rows: Rows,
    rng: Rng,
}

impl Fleet {
    pub(super) fn new(plans: Vec<Plan>, start: Timestamp, mut rng: Rng) -> Self {
        let mut fleet = Self {
            queue: BTreeMap::new(),
            sequence: 0,
            rows: Rows::default(),
            rng: rng.fork(),
            plans: Vec::new(),
        };
        for plan in &plans {
            fleet.ask(plan, start);
            if rng.u8(0..4) == 0 {
                fleet.stray(plan, start);
            }
        }
        fleet.plans = plans;
        fleet
    }

    fn within(&mut self, seconds: u64) -> Duration {
        Duration::from_millis(self.rng.u64(0..seconds * 1000))
    }

    fn ask(&mut self, plan: &Plan, start: Timestamp) {
        let uris = match (plan.response_type, self.rng.bool()) {
            (2, _) | (4, true) => vec!["/cse1/target".to_owned()],
            (_, _) => Vec::new(),
        };
        let request = CreateRequest {
            device: Some((&plan.device).into()),
            request_identifier: format!("r{}", plan.number),
            response_type: plan.response_type,
            notification_uris: uris,
            request_expiration_timestamp: plan
                .expires_after
                .map_or_else(String::new, |millis| millis.to_string()),
            operation_execution_time: plan
                .starts_after
                .map_or_else(String::new, |millis| millis.to_string()),
            suids: if plan.is_invalid {
                vec![]
            } else {
                vec![42, 43]
            },
            object_paths: if plan.row == Row::Request {
                vec![plan.path()]
            } else {
                Vec::new()
            },
            command_key: plan.command_key.clone().unwrap_or_default(),
            ..request_message(PEM)
        };
        let at = start + self.within(300);
        for copy in 0..plan.copies {
            let again = if copy == 0 {
                Duration::ZERO
            } else {
                self.within(600)
            };
            let outgoing = Outgoing {
                topic: Topic::Requests,
                message: message(&request),
                about: About::Request(plan.number),
            };
            self.put(at + again, outgoing);
        }
        let Some(key) = &plan.command_key else { return };
        if plan.is_early && !plan.is_invalid {
            let before = start + self.within(300);
            self.say_transfer(&plan.after(0), key, before);
        }
        self.wish(plan, key, start);
    }

    fn stray(&mut self, plan: &Plan, start: Timestamp) {
        let (key, reason) = match self.rng.u8(0..3) {
            0 => ("", "empty_command_key"),
            _ => ("nobody's", "unknown_command_key"),
        };
        let event = CpeEvent {
            device: Some((&plan.device).into()),
            event: Some(transfer_complete(key, 0, None)),
            ..CpeEvent::default()
        };
        let at = start + self.within(3000);
        let outgoing = Outgoing {
            topic: Topic::CpeEvents,
            message: message(&event),
            about: About::Stray(reason),
        };
        self.put(at, outgoing);
    }

    /// The device hears a command for the installation of that key, unless the ACS refuses it. So many Downloads of the
    /// plan have failed under other keys.
    pub(super) fn hear(
        &mut self,
        (number, failed): (usize, usize),
        id: CommandId,
        key: &str,
        now: Timestamp,
    ) {
        let plan = self.plans[number].after(failed);
        let is_first = (id.step, id.attempt) == (Step::Download, 1);
        if is_first && plan.command_key.is_none() {
            self.wish(&plan, key, now);
        }
        if id.attempt <= plan.refusals {
            return self.refuse(&plan, id, key, 4, 6020, now);
        }
        match id.step {
            Step::Download => self.on_download(&plan, id, key, now),
            Step::List => self.on_list(&plan, key, now),
            Step::Lookup => self.on_lookup(&plan, key, now),
            Step::Set => self.on_set(&plan, key, now),
            Step::Cancel => self.on_cancel(&plan, key, now),
        }
    }

    fn refuse(
        &mut self,
        plan: &Plan,
        id: CommandId,
        key: &str,
        reason: i32,
        code: u16,
        now: Timestamp,
    ) {
        let at = now + self.delay(plan);
        let detail = String::new();
        let event = Event::Rejection(r#gen::Rejection { reason, detail });
        let (step, attempt) = (id.step, id.attempt);
        let code = if step == Step::Lookup { 6005 } else { code };
        let fact = Fact::Refused {
            step,
            attempt,
            code,
        };
        self.say(plan, key, &id.to_string(), event, fact, at);
    }

    fn on_download(&mut self, plan: &Plan, id: CommandId, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        match plan.course {
            Course::Silent(Silence::Download) => {}
            Course::DownloadFault(code) => {
                self.answer(
                    plan,
                    key,
                    "download",
                    fault(code),
                    Fact::DownloadFailed(code),
                    at,
                );
            }
            Course::Rejected(reason, code) => self.refuse(plan, id, key, reason, code, now),
            Course::CompletedAtOnce => {
                let event = download_response(0);
                self.rows.add(plan, at);
                self.answer(plan, key, "download", event, Fact::Completed, at);
            }
            Course::Silent(Silence::Transfer) => {
                let event = download_response(1);
                self.answer(plan, key, "download", event, Fact::Accepted, at);
            }
            Course::Installed
            | Course::RowMissing
            | Course::SetFault(..)
            | Course::TransferFault(_)
            | Course::Silent(Silence::Lookup | Silence::Set) => {
                if plan.acs_key.is_some() || self.rng.u8(0..5) > 0 {
                    let event = download_response(1);
                    self.answer(plan, key, "download", event, Fact::Accepted, at);
                }
                let at = now + self.delay(plan);
                if !plan.is_early {
                    self.say_transfer(plan, key, at);
                }
            }
        }
    }

    fn on_set(&mut self, plan: &Plan, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        match plan.course {
            Course::Silent(Silence::Set) => {}
            Course::SetFault(code, result) => {
                self.answer(plan, key, "set", fault(code), Fact::SetFailed(result), at);
            }
            Course::CompletedAtOnce
            | Course::DownloadFault(_)
            | Course::Installed
            | Course::Rejected(..)
            | Course::RowMissing
            | Course::TransferFault(_)
            | Course::Silent(Silence::Download | Silence::Lookup | Silence::Transfer) => {
                let status = self.rng.u32(0..2);
                let event =
                    Event::SetParameterValuesResponse(r#gen::SetParameterValuesResponse { status });
                self.answer(plan, key, "set", event, Fact::Set, at);
            }
        }
    }

    fn delay(&mut self, plan: &Plan) -> Duration {
        if self.rng.f64() < plan.late {
            self.within(6000)
        } else {
            self.within(30)
        }
    }

    fn say_transfer(&mut self, plan: &Plan, key: &str, at: Timestamp) {
        let code = if let Course::TransferFault(code) = plan.course {
            code
        } else {
            0
        };
        self.transfer(plan, key, code, at);
        if plan.contradicts {
            let later = at + self.delay(plan);
            self.transfer(plan, key, if code == 0 { 9002 } else { 0 }, later);
        }
    }

    fn transfer(&mut self, plan: &Plan, key: &str, code: u32, at: Timestamp) {
        let told = plan.acs_key.as_deref().unwrap_or(key);
        let fact = if code == 0 {
            Fact::Transferred
        } else {
            Fact::TransferFailed(code)
        };
        let tells_row = code == 0 && plan.row == Row::Event;
        let row = tells_row.then(|| plan.path());
        if code == 0 {
            self.rows.add(plan, at);
        }
        self.say(plan, key, "", transfer_complete(told, code, row), fact, at);
    }

    fn answer(
        &mut self,
        plan: &Plan,
        key: &str,
        step: &str,
        event: Event,
        fact: Fact,
        at: Timestamp,
    ) {
        self.say(plan, key, &format!("{key}/{step}"), event, fact, at);
    }

    fn say(
        &mut self,
        plan: &Plan,
        key: &str,
        command_id: &str,
        event: Event,
        fact: Fact,
        at: Timestamp,
    ) {
        let is_accepted = fact == Fact::Accepted;
        let alias = plan.acs_key.clone().filter(|_| is_accepted);
        let event = CpeEvent {
            device: Some((&plan.device).into()),
            command_id: command_id.to_owned(),
            command_key: alias.unwrap_or_default(),
            event: Some(event),
            ..CpeEvent::default()
        };
        let outgoing = Outgoing {
            topic: Topic::CpeEvents,
            message: message(&event),
            about: About::Said {
                plan: plan.number,
                key: key.to_owned(),
                fact,
                by_alias: plan.acs_key.is_some() && command_id.is_empty(),
            },
        };
        while self.rng.f64() < plan.repeated {
            let again = at + self.delay(plan);
            self.put(again, outgoing.clone());
        }
        self.put(at, outgoing);
    }
}
