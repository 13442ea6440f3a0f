//! What is asked about the resources of others' requests, and what devices answer to that.

use std::time::Duration;

use crate::correlator::{CommandId, Step};
use crate::onem2m::Operation;
use crate::time::Timestamp;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{CancelTransferResponse, CreateRequest, SetParameterValuesResponse};

use super::super::judge::Fact;
use super::super::kafka::Topic;
use super::super::plan::{Plan, Wish, WishKind};
use super::messages::{fault, message};
use super::{About, Fleet, Outgoing};

impl Fleet {
    /// Has all that is wished about the installation of that key written in time.
    pub(super) fn wish(&mut self, plan: &Plan, key: &str, start: Timestamp) {
        for (number, wish) in plan.wishes.iter().enumerate() {
            let about = About::Wish {
                plan: plan.number,
                key: key.to_owned(),
                wish: *wish,
            };
            let outgoing = Outgoing {
                topic: Topic::Requests,
                message: message(&request(plan, key, number, wish)),
                about,
            };
            self.put(start + Duration::from_millis(wish.after), outgoing);
        }
    }

    /// The device hears a command that follows from a wish, unless the ACS refuses it.
    pub(in super::super) fn hear_wish(
        &mut self,
        number: usize,
        id: CommandId,
        key: &str,
        now: Timestamp,
    ) {
        let plan = self.plans[number].clone();
        if id.attempt <= plan.refusals {
            return self.refuse(&plan, id, key, 4, 6020, now);
        }
        match id.step {
            Step::Cancel => self.on_cancel(&plan, key, now),
            Step::Set => self.on_change(&plan, key, now),
            Step::Download | Step::List | Step::Lookup => panic!("no command of a wish: {id}"),
        }
    }

    fn on_change(&mut self, plan: &Plan, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        match self.rng.u8(0..6) {
            0 => {}
            1 => self.answer(plan, key, "set", fault(9002), Fact::SetFailed(4000), at),
            status => {
                let status = u32::from(status % 2);
                let event =
                    Event::SetParameterValuesResponse(SetParameterValuesResponse { status });
                self.answer(plan, key, "set", event, Fact::Set, at);
            }
        }
    }

    pub(super) fn on_cancel(&mut self, plan: &Plan, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        match self.rng.u8(0..5) {
            0 => {}
            1 => self.answer(plan, key, "cancel", fault(9021), Fact::CancelFailed, at),
            _ => {
                let event = Event::CancelTransferResponse(CancelTransferResponse {});
                self.answer(plan, key, "cancel", event, Fact::Cancelled, at);
            }
        }
    }
}

fn request(plan: &Plan, key: &str, number: usize, wish: &Wish) -> CreateRequest {
    let (operation, prefix, suids) = match wish.kind {
        WishKind::Delete => (Operation::Delete, "", vec![]),
        WishKind::Retrieve => (Operation::Retrieve, "", vec![]),
        WishKind::Update(suid) => (Operation::Update, "", vec![suid]),
        WishKind::Withdraw => (Operation::Delete, "req-", vec![]),
    };
    CreateRequest {
        device: Some((&plan.device).into()),
        request_identifier: format!("w-{key}-{number}"),
        from: match wish.is_of_stranger {
            true => "/cse1/stranger",
            false => "/cse1/C",
        }
        .to_owned(),
        to: format!("/cse1/node/{prefix}{key}"),
        release_version_indicator: "3".to_owned(),
        response_type: if wish.wants_acknowledgement { 1 } else { 3 },
        operation: operation.get().into(),
        suids,
        ..CreateRequest::default()
    }
}
