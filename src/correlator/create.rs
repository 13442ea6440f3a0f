use std::sync::Arc;

use crate::cwmp::{DeviceId, Download, Rpc};
use crate::mapping::{ContentRule, StagedNames};
use crate::onem2m::{Expiry, RequestPrimitive, ResponseStatusCode, Validity};
use crate::record::Record;
use crate::time::Timestamp;

use super::{
    Correlator, CreateRequest, EarlyEvent, Fate, Installation, InstallationId, Open, Progress,
    RefusedRequest, Request, ResponseKind, Retry, Slot, State, Step, Turn, explanation,
};

/// Why a request is not taken on.
pub(super) struct Refusal {
    pub(super) response_status_code: ResponseStatusCode,
    pub(super) debug: String,
}

impl Refusal {
    pub(super) fn new(response_status_code: ResponseStatusCode, debug: String) -> Self {
        Self {
            response_status_code,
            debug,
        }
    }
}

/// What is found when a request comes that is no repeat.
pub(super) struct Arrival {
    /// What waits under its CommandKey.
    pub(super) same_key: Option<Slot>,
    pub(super) expires_at: Option<Timestamp>,
    /// Why it cannot be taken on, whatever it asks.
    pub(super) refusal: Option<Refusal>,
}

impl Correlator {
    pub(super) fn on_refused_request(
        &mut self,
        device: DeviceId,
        refused: RefusedRequest,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let refusal = Refusal::new(refused.response_status_code, refused.debug);
        self.refuse(device, refused.primitive, refusal, record, turn);
        Fate::Applied
    }

    pub(super) fn on_create_request(
        &mut self,
        device: DeviceId,
        create: CreateRequest,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let id = InstallationId {
            device,
            command_key: create.command_key,
        };
        let Some(arrival) = self.arrival(&id, &create.primitive, record, turn.now) else {
            return Fate::Repeated;
        };
        let expires_at = arrival.expires_at;
        let turn_of = match arrival.refusal.or_else(|| self.invalid(&create, turn.now)) {
            Some(refusal) => Err(refusal),
            None => self.turn_of(&id.device, &create, expires_at, turn.now),
        };
        match turn_of {
            Ok(wait) => self.take_on(
                id,
                arrival.same_key,
                create,
                (expires_at, wait),
                record,
                turn,
            ),
            Err(refusal) => self.refuse(id.device, create.primitive, refusal, record, turn),
        }
        Fate::Applied
    }

    /// Looks at a request for the first time; `None`: it is a repeat.
    pub(super) fn arrival(
        &self,
        id: &InstallationId,
        primitive: &RequestPrimitive,
        record: &Record<'_>,
        now: Timestamp,
    ) -> Option<Arrival> {
        let same_key = self.table.find(&id.device, &id.command_key);
        let same_request = self
            .table
            .find_request(primitive.originator(), primitive.request_identifier());
        let is_known_resource = primitive.notified_resource().is_some()
            && same_key.is_some_and(|slot| self.has_request(slot));
        if is_known_resource || self.is_any_request([same_key, same_request], record) {
            return None;
        }
        let expires_at = expires_at(primitive, now);
        let refusal = self
            .conflict(id, same_key, same_request)
            .or_else(|| Self::expired(expires_at, now))
            .or_else(|| Self::result_expires_first(primitive, now))
            .or_else(|| self.too_many_open());
        Some(Arrival {
            same_key,
            expires_at,
            refusal,
        })
    }

    /// Whether the creation with this CommandKey was told already. The key of a notified creation follows from its
    /// resource, so that every notification after the first, e.g. of another subscription, is a repeat.
    fn has_request(&self, slot: Slot) -> bool {
        let installation = self.table.get(slot);
        installation.is_some_and(|installation| installation.position().is_some())
    }

    /// Whether one of them came with this record.
    fn is_any_request(&self, slots: [Option<Slot>; 2], record: &Record<'_>) -> bool {
        slots.into_iter().flatten().any(|slot| {
            self.table
                .get(slot)
                .and_then(Installation::coordinates)
                .is_some_and(|coordinates| coordinates == record.coordinates)
        })
    }

    /// Two requests of one identifier at a time are not allowed (TS-0001 clause 7.1.7), nor two of one CommandKey.
    fn conflict(
        &self,
        id: &InstallationId,
        same_key: Option<Slot>,
        same_request: Option<Slot>,
    ) -> Option<Refusal> {
        let of_key = same_key.and_then(|slot| {
            let earlier = self.table.get(slot)?.coordinates()?;
            Some(explanation::command_key_in_use(id, earlier))
        });
        let debug = of_key.or_else(|| {
            let earlier = self.table.get(same_request?)?.coordinates()?;
            Some(explanation::request_pending(earlier))
        })?;
        Some(Refusal::new(ResponseStatusCode::Conflict, debug))
    }

    fn expired(expires_at: Option<Timestamp>, now: Timestamp) -> Option<Refusal> {
        let expires_at = expires_at.filter(|expires_at| *expires_at <= now)?;
        let debug = explanation::expired_before_start(expires_at, now);
        Some(Refusal::new(ResponseStatusCode::RequestTimeout, debug))
    }

    /// rset must be later than rqet (TS-0001 clause 8.1.2). If one of them is relative, only the time at which the
    /// request is handled tells.
    fn result_expires_first(primitive: &RequestPrimitive, now: Timestamp) -> Option<Refusal> {
        let request = primitive.request_expiration?.at(now);
        let result = primitive.result_expiration?.at(now);
        (result <= request).then(|| {
            let debug = explanation::result_expires_first(request, result);
            Refusal::new(ResponseStatusCode::BadRequest, debug)
        })
    }

    /// Refuses a resource that is over already (TS-0004 clause 7.4.1), and a certificate that is not valid, unless
    /// that is only to be told.
    fn invalid(&self, create: &CreateRequest, now: Timestamp) -> Option<Refusal> {
        let debug = over_already(create.expiration_time, now)
            .or_else(|| outside(create.validity, now).filter(|_| self.rules.refuse_invalid))?;
        Some(Refusal::new(ResponseStatusCode::BadRequest, debug))
    }

    fn too_many_open(&self) -> Option<Refusal> {
        let open_max = self.limits.open_installations_max;
        (self.table.open_installations() >= open_max).then(|| {
            let debug = explanation::too_many_open(open_max);
            Refusal::new(ResponseStatusCode::InternalServerError, debug)
        })
    }

    pub(super) fn refuse(
        &mut self,
        device: DeviceId,
        primitive: RequestPrimitive,
        refusal: Refusal,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) {
        let request = Request::new(record, Some(device), primitive, None);
        self.respond_at_once(
            Arc::new(request),
            ResponseKind::Final,
            refusal.response_status_code,
            refusal.debug,
            turn,
        );
    }

    fn take_on(
        &mut self,
        id: InstallationId,
        early: Option<Slot>,
        create: CreateRequest,
        (expires_at, wait): (Option<Timestamp>, Option<(Retry, Timestamp)>),
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) {
        let CreateRequest {
            command_key,
            primitive,
            resource,
            certificate,
            validity,
            content,
            execution_time: _,
            expiration_time: _,
        } = create;
        let file = self.rules.file(content);
        let longest = Some(StagedNames::LONGEST);
        let download = match self
            .rules
            .download(&id.device, command_key, &resource, &file, longest)
        {
            Ok(download) => download,
            Err(too_long) => {
                let code = ResponseStatusCode::InternalServerError;
                let refusal = Refusal::new(code, too_long.to_string());
                return self.refuse(id.device, primitive, refusal, record, turn);
            }
        };
        let first = match self.lists_first(&resource) {
            true => Progress::ListSent,
            false => Progress::DownloadSent,
        };
        let is_staged = matches!(self.rules.content, ContentRule::Staged(_));
        let accepted = Some((command_key, resource));
        let mut request = Request::new(record, Some(id.device.clone()), primitive, accepted);
        self.table.interned().request(&mut request);
        let request = Arc::new(request);
        let (progress, deadline) = match wait {
            Some((_, deadline)) => (Progress::Waiting, deadline),
            None => (
                first,
                self.deadline(first, &id.device, expires_at, turn.now),
            ),
        };
        let is_last_download =
            progress == Progress::DownloadSent && !is_staged && self.limits.retry.is_empty();
        let mut open = Open {
            request: Arc::clone(&request),
            progress,
            handled_at: turn.now,
            expires_at,
            certificate,
            certificate_path: None,
            rows_before: None,
            remark: outside(validity, turn.now).unwrap_or_default().into(),
            file: Some(file).filter(|_| !is_last_download),
            retry: wait.map(|(wait, _)| Box::new(wait)),
            staged: None,
            target: None,
        };
        self.table.interned().open(&mut open);
        let (slot, parked) = self.enter(id, early, open, deadline);
        self.acknowledge(&request, turn);
        self.send_first(slot, progress, download, turn);
        Self::remember(slot, turn);
        self.apply_parked(slot, parked, turn);
    }

    /// Sends what a new installation begins with, unless it waits.
    fn send_first(
        &mut self,
        slot: Slot,
        progress: Progress,
        download: Download,
        turn: &mut Turn<'_>,
    ) {
        if progress == Progress::Waiting {
            return;
        }
        self.begin_rest(slot, turn.now);
        if progress == Progress::ListSent {
            return self.send_list(slot, turn);
        }
        match &self.rules.content {
            ContentRule::Staged(_) => self.stage(slot, turn),
            ContentRule::Inline | ContentRule::Elsewhere => {
                self.send(slot, Step::Download, Rpc::Download(download), turn);
            }
        }
        self.distrust_lists(slot, turn);
    }

    /// Puts a new open installation into the table; returns the events that waited for it.
    pub(super) fn enter(
        &mut self,
        id: InstallationId,
        early: Option<Slot>,
        open: Open,
        deadline: Timestamp,
    ) -> (Slot, Vec<EarlyEvent>) {
        let state = State::Open(Box::new(open));
        match early {
            Some(slot) => match self.table.set_state(slot, state, deadline) {
                State::Early(events) => (slot, events),
                State::Open(_) | State::Ended(_) => {
                    unreachable!("a CommandKey in use is a conflict")
                }
            },
            None => {
                let slot = self.table.insert(Installation {
                    id,
                    alias: None,
                    deadline,
                    state,
                });
                (slot, Vec::new())
            }
        }
    }
}

/// What is wrong with a resource whose end is not to come.
fn over_already(expiration_time: Option<Expiry>, now: Timestamp) -> Option<String> {
    let ends_at = expiration_time.map(|expiry| expiry.at(now));
    let ends_at = ends_at.filter(|ends_at| *ends_at <= now)?;
    Some(explanation::over_already(ends_at, now))
}

/// What is wrong with a certificate that is expired or not yet valid.
fn outside(validity: Option<Validity>, now: Timestamp) -> Option<String> {
    let validity = validity.filter(|validity| !validity.holds_at(now))?;
    Some(explanation::outside_validity(&validity, now))
}

/// The earlier of rqet and rset.
fn expires_at(primitive: &RequestPrimitive, now: Timestamp) -> Option<Timestamp> {
    [primitive.request_expiration, primitive.result_expiration]
        .into_iter()
        .flatten()
        .map(|expiry| expiry.at(now))
        .min()
}
