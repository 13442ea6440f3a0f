use std::sync::Arc;

use crate::cwmp::{Fault, FaultCode};
use crate::mapping::{FaultMessage, Listing, deciding_code, describe_fault, map_fault};
use crate::onem2m::{ResponseStatusCode, ResponseType};

use super::{
    Correlator, Effect, Ended, Request, Response, ResponseKind, Slot, State, Transfer, Turn,
};

/// How an installation ends.
pub(super) struct End {
    pub(super) response_status_code: ResponseStatusCode,
    pub(super) debug: String,
    pub(super) fault_code: Option<FaultCode>,
    pub(super) transfer: Transfer,
}

impl End {
    pub(super) fn failed(
        response_status_code: ResponseStatusCode,
        debug: String,
        transfer: Transfer,
    ) -> Self {
        Self {
            response_status_code,
            debug,
            fault_code: None,
            transfer,
        }
    }

    pub(super) fn created(debug: String) -> Self {
        Self::failed(ResponseStatusCode::Created, debug, Transfer::Stored)
    }
}

impl Correlator {
    /// Ends an open installation: the final response if one is wanted, and from then on only a memory.
    pub(super) fn end(&mut self, slot: Slot, end: End, turn: &mut Turn<'_>) {
        let open = self.table.open_mut(slot);
        let state = State::Ended(Ended {
            coordinates: open.request.coordinates.clone(),
            transfer: end.transfer,
        });
        let forget_at = turn.now + self.limits.ended_ttl;
        let State::Open(open) = self.table.set_state(slot, state, forget_at) else {
            unreachable!("only an open installation ends");
        };
        let mut debug = end.debug;
        if !open.remark.is_empty() {
            debug.push_str(if debug.is_empty() { "" } else { "; " });
            debug.push_str(&open.remark);
        }
        if wants_final(&open.request.primitive.response_type) {
            let is_created = end.response_status_code == ResponseStatusCode::Created;
            let response = Response {
                request: open.request,
                kind: ResponseKind::Final,
                response_status_code: end.response_status_code,
                debug,
                fault_code: end.fault_code,
                certificate_path: open.certificate_path.filter(|_| is_created),
            };
            self.respond(response, turn);
        }
        Self::remember(slot, turn);
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
                debug.push_str(super::explanation::STAYS);
                Transfer::Stored
            }
        };
        let end = End {
            fault_code: Some(code),
            ..End::failed(mapping.response_status_code, debug, transfer)
        };
        self.end(slot, end, turn);
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

    fn respond(&mut self, response: Response, turn: &mut Turn<'_>) {
        let code = response.response_status_code;
        *self.stats.responses.entry(code).or_default() += 1;
        turn.effects.push(Effect::Respond(response));
    }
}

/// The acknowledgement of a request that is taken on (TS-0004 clause 7.3.2); `None`: there is none.
pub(super) fn acknowledgement(response_type: &ResponseType) -> Option<ResponseStatusCode> {
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
fn wants_final(response_type: &ResponseType) -> bool {
    match response_type {
        ResponseType::NonBlockingAsynch(Some(targets)) => !targets.is_empty(),
        ResponseType::NonBlockingAsynch(None)
        | ResponseType::Blocking
        | ResponseType::FlexBlocking(_)
        | ResponseType::NonBlockingSynch => true,
        ResponseType::NoResponse => false,
    }
}
