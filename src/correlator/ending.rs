use std::sync::Arc;

use crate::cwmp::{Fault, FaultCode};
use crate::mapping::{FaultMessage, Listing, deciding_code, describe_fault, map_fault};
use crate::onem2m::{Operation, ResponseStatusCode, ResponseType};

use super::{
    Correlator, Effect, Ended, Milestone, Progress, Request, Response, ResponseKind, Slot, State,
    StoredResource, Transfer, Turn, explanation,
};

/// How an installation ends, well or not.
pub(super) struct End {
    pub(super) response_status_code: ResponseStatusCode,
    pub(super) debug: String,
    pub(super) fault_code: Option<FaultCode>,
    pub(super) transfer: Transfer,
    /// Its originator wanted it so.
    pub(super) is_withdrawn: bool,
}

impl End {
    pub(super) fn new(
        response_status_code: ResponseStatusCode,
        debug: String,
        transfer: Transfer,
    ) -> Self {
        Self {
            response_status_code,
            debug,
            fault_code: None,
            transfer,
            is_withdrawn: false,
        }
    }

    /// The originator withdrew the request.
    pub(super) fn withdrawn(debug: String, transfer: Transfer) -> Self {
        let code = ResponseStatusCode::InternalServerError;
        Self {
            is_withdrawn: true,
            ..Self::new(code, debug, transfer)
        }
    }
}

impl Correlator {
    /// Ends an open installation: the device has done what was asked.
    pub(super) fn succeed(&mut self, slot: Slot, debug: String, turn: &mut Turn<'_>) {
        let code = match self.open(slot).request.primitive.operation {
            Operation::Create => ResponseStatusCode::Created,
            Operation::Retrieve => ResponseStatusCode::Ok,
            Operation::Update => ResponseStatusCode::Updated,
            Operation::Delete => ResponseStatusCode::Deleted,
        };
        self.end(slot, End::new(code, debug, Transfer::Stored), turn);
    }

    /// Ends an open installation: the final response if one is wanted, and from then on only a memory.
    pub(super) fn end(&mut self, slot: Slot, end: End, turn: &mut Turn<'_>) {
        let is_done = end.response_status_code.is_success();
        self.observe_end(slot, &end, turn);
        let resource = self.resource_to_keep(slot, is_done);
        let keep_for = match resource {
            Some(_) => self.limits.ended_ttl.max(self.limits.resource_ttl),
            None => self.limits.ended_ttl,
        };
        let forget_at = turn.now + keep_for;
        let open = self.open(slot);
        let state = State::Ended(Ended {
            coordinates: open.request.coordinates.clone(),
            transfer: end.transfer,
            resource,
        });
        let State::Open(open) = self.table.set_state(slot, state, forget_at) else {
            unreachable!("only an open installation ends");
        };
        let was_transferring = open.is_transferring();
        let is_changed = is_done && open.progress != Progress::CancelSent;
        let mut debug = end.debug;
        if !open.remark.is_empty() {
            debug.push_str(if debug.is_empty() { "" } else { "; " });
            debug.push_str(&open.remark);
        }
        if let Some(staged) = open.staged {
            turn.effects.push(Effect::Unstage(staged.name));
        }
        let request = open.request;
        if wants_final(&request.primitive.response_type) {
            let response = Response {
                request: Arc::clone(&request),
                kind: ResponseKind::Final,
                response_status_code: end.response_status_code,
                debug,
                fault_code: end.fault_code,
                certificate_path: open.certificate_path.filter(|_| is_done),
            };
            self.respond(response, turn);
        }
        Self::remember(slot, turn);
        if was_transferring {
            self.send_waiting(slot, turn);
        }
        if let Some(target) = open.target.filter(|_| is_changed) {
            self.changed(&target, &request, turn);
        }
    }

    fn observe_end(&mut self, slot: Slot, end: &End, turn: &Turn<'_>) {
        let is_done = end.response_status_code.is_success();
        let milestone = match is_done {
            true => Milestone::Installed,
            false => Milestone::Failed,
        };
        self.reached(slot, milestone, turn);
        let installation = self.table.get(slot).expect("the caller saw it");
        if installation
            .open()
            .is_some_and(|open| open.target.is_none())
        {
            let class = installation.id.device.product_class_encoded();
            let outcomes = self.observations.outcomes_of(class);
            match (is_done, end.fault_code) {
                (true, _) => outcomes.installed += 1,
                (false, Some(_)) => outcomes.fault += 1,
                (false, None) if end.is_withdrawn => outcomes.withdrawn += 1,
                (false, None) => outcomes.other += 1,
            }
        }
    }

    fn resource_to_keep(&self, slot: Slot, is_done: bool) -> Option<Box<StoredResource>> {
        let is_kept = is_done && !self.limits.resource_ttl.is_zero();
        let open = self.open(slot);
        (is_kept && open.target.is_none())
            .then(|| StoredResource::of(open))
            .flatten()
    }

    /// What a failure after the transfer means.
    pub(super) fn left_behind(&self, slot: Slot) -> &'static str {
        match self.open(slot).target {
            Some(_) => explanation::UNCHANGED,
            None => explanation::STAYS,
        }
    }

    /// Ends an open installation by a fault (TS-0006 clause 8.3.2.2).
    pub(super) fn end_by_fault(
        &mut self,
        slot: Slot,
        message: FaultMessage,
        fault: &Fault,
        turn: &mut Turn<'_>,
    ) {
        let code = deciding_code(message, fault);
        let mapping = map_fault(message, code);
        *self.stats.faults.entry(code).or_default() += 1;
        match mapping.listing {
            Listing::Listed => {}
            Listing::OutOfTable => self.stats.out_of_table_faults += 1,
            Listing::Unlisted => self.stats.unlisted_faults += 1,
        }
        let mut debug = describe_fault(message, fault);
        let transfer = match message {
            FaultMessage::Download | FaultMessage::TransferComplete => Transfer::Failed,
            FaultMessage::SetParameterValues => {
                debug.push_str(self.left_behind(slot));
                Transfer::Stored
            }
        };
        let end = End {
            fault_code: Some(code),
            ..End::new(mapping.response_status_code, debug, transfer)
        };
        self.end(slot, end, turn);
    }

    /// Acknowledges a request that is taken on, if its response type asks for it.
    pub(super) fn acknowledge(&mut self, request: &Arc<Request>, turn: &mut Turn<'_>) {
        if let Some(code) = acknowledgement(&request.primitive.response_type) {
            let (request, kind) = (Arc::clone(request), ResponseKind::Acknowledgement);
            self.respond_at_once(request, kind, code, String::new(), turn);
        }
    }

    /// Answers a request before there is a result: an acknowledgement or a refusal.
    pub(super) fn respond_at_once(
        &mut self,
        request: Arc<Request>,
        kind: ResponseKind,
        response_status_code: ResponseStatusCode,
        debug: String,
        turn: &mut Turn<'_>,
    ) {
        if request.primitive.response_type == ResponseType::NoResponse {
            return;
        }
        let response = Response {
            request,
            kind,
            response_status_code,
            debug,
            fault_code: None,
            certificate_path: None,
        };
        self.respond(response, turn);
    }

    pub(super) fn respond(&mut self, response: Response, turn: &mut Turn<'_>) {
        let code = response.response_status_code;
        *self.stats.responses.entry(code).or_default() += 1;
        turn.effects.push(Effect::Respond(response));
    }
}

/// The acknowledgement of a request that is taken on (TS-0004 clause 7.3.2); `None`: there is none.
fn acknowledgement(response_type: &ResponseType) -> Option<ResponseStatusCode> {
    match response_type {
        ResponseType::NonBlockingSynch => Some(ResponseStatusCode::AcceptedSynch),
        ResponseType::NonBlockingAsynch(_) => Some(ResponseStatusCode::AcceptedAsynch),
        ResponseType::FlexBlocking(Some(targets)) if !targets.is_empty() => {
            Some(ResponseStatusCode::AcceptedAsynch)
        }
        ResponseType::Blocking | ResponseType::FlexBlocking(_) | ResponseType::NoResponse => None,
    }
}

/// Whether the result is sent at all; an empty list of targets means never (TS-0004 clause 7.5.1.2.5).
pub(super) fn wants_final(response_type: &ResponseType) -> bool {
    match response_type {
        ResponseType::NonBlockingAsynch(Some(targets)) => !targets.is_empty(),
        ResponseType::NonBlockingAsynch(None)
        | ResponseType::Blocking
        | ResponseType::FlexBlocking(_)
        | ResponseType::NonBlockingSynch => true,
        ResponseType::NoResponse => false,
    }
}
