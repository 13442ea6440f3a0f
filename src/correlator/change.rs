//! Requests about resources that were created: retrieve, update and delete.

use std::sync::Arc;

use crate::cwmp::{CommandKey, DeviceId};
use crate::mapping::DeleteRule;
use crate::onem2m::{MyCertFileCred, Operation, ResponseStatusCode};
use crate::record::Record;
use crate::time::Timestamp;

use super::create::Refusal;
use super::ending::wants_final;
use super::event::PENDING_PREFIX;
use super::{
    Correlator, EarlyEvent, Ended, Fate, Installation, InstallationId, Open, Progress, Request,
    ResourceRequest, Response, ResponseKind, Slot, State, Turn, explanation,
};

/// What the address of a request names.
#[derive(Clone, Copy)]
enum Named {
    /// A resource that is kept.
    Resource(Slot),
    /// A resource that is not created yet, or the request for it.
    Pending(Slot),
    /// A request that is over.
    Over,
}

/// A request about a resource, on its way through the checks.
pub(super) struct Asked<'a, 'r> {
    id: InstallationId,
    /// What waits under the CommandKey of the request.
    early: Option<Slot>,
    pub(super) request: ResourceRequest,
    expires_at: Option<Timestamp>,
    pub(super) record: &'a Record<'r>,
}

impl Correlator {
    pub(super) fn on_resource_request(
        &mut self,
        device: DeviceId,
        request: ResourceRequest,
        record: &Record<'_>,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let id = InstallationId {
            device,
            command_key: request.command_key,
        };
        let Some(arrival) = self.arrival(&id, &request.primitive, record, turn.now) else {
            return Fate::Repeated;
        };
        let asked = Asked {
            id,
            early: arrival.same_key,
            request,
            expires_at: arrival.expires_at,
            record,
        };
        match arrival.refusal {
            Some(refusal) => self.refuse_asked(asked, refusal, turn),
            None => self.on_allowed(asked, turn),
        }
        Fate::Applied
    }

    pub(super) fn refuse_asked(
        &mut self,
        asked: Asked<'_, '_>,
        refusal: Refusal,
        turn: &mut Turn<'_>,
    ) {
        let primitive = asked.request.primitive;
        self.refuse(asked.id.device, primitive, refusal, asked.record, turn);
    }

    fn on_allowed(&mut self, asked: Asked<'_, '_>, turn: &mut Turn<'_>) {
        let primitive = &asked.request.primitive;
        let refusal = match (
            self.named(&asked.id.device, primitive.to()),
            primitive.operation,
        ) {
            (Some(Named::Resource(target)), Operation::Retrieve) => {
                return self.answer(asked, target, ResponseStatusCode::Ok, turn);
            }
            (Some(Named::Resource(target)), Operation::Update | Operation::Delete) => {
                return self.change(asked, target, turn);
            }
            (Some(Named::Resource(_)), Operation::Create) => {
                unreachable!("a create request is no request about a resource")
            }
            (Some(Named::Pending(target)), Operation::Delete) => {
                return self.withdraw(asked, target, turn);
            }
            (Some(Named::Over), Operation::Delete) => explanation::already_complete(primitive.to()),
            (None, Operation::Delete) if is_of_request(primitive.to()) => {
                explanation::already_complete(primitive.to())
            }
            (Some(Named::Pending(target)), operation) => {
                explanation::pending(&self.open(target).request, operation)
            }
            (Some(Named::Over), operation) => explanation::over(primitive.to(), operation),
            (None, _) => explanation::no_such_resource(&asked.id.device, primitive.to()),
        };
        self.refuse_asked(asked, refusal, turn);
    }

    /// What an address names: that of a resource as a response told it, or whatever ends with a CommandKey, which is
    /// the unstructured identifier of the resource; with `req-` before it, it is the request.
    fn named(&self, device: &DeviceId, to: &str) -> Option<Named> {
        let to = to.trim_end_matches('/');
        let concerning = self.table.concerning(device).into_iter();
        let installations = concerning.filter_map(|slot| Some((slot, self.table.get(slot)?)));
        // A certificate that was renewed under the same name takes the place of the one before.
        let kept = installations
            .clone()
            .filter(|(_, installation)| {
                installation
                    .resource()
                    .is_some_and(|resource| *resource.address == *to)
            })
            .max_by_key(|(_, installation)| installation.deadline);
        if let Some((slot, _)) = kept {
            return Some(Named::Resource(slot));
        }
        let mut pending = installations
            .filter(|(_, installation)| installation.open().is_some_and(|open| open.is_named(to)));
        if let Some((slot, _)) = pending.next() {
            return Some(Named::Pending(slot));
        }
        keys_in(to).find_map(|(key, is_request)| {
            let slot = self.table.find(device, &key)?;
            match &self.table.get(slot)?.state {
                State::Early(_) => None,
                State::Open(_) => Some(Named::Pending(slot)),
                State::Ended(ended) => {
                    let slot = match ended.resource {
                        Some(_) => Some(slot),
                        None => self.successor(device, &ended.coordinates),
                    };
                    let is_open = slot.and_then(|slot| self.table.get(slot)?.open()).is_some();
                    match slot {
                        Some(slot) if is_open => Some(Named::Pending(slot)),
                        _ if is_request => Some(Named::Over),
                        _ => slot.map(Named::Resource),
                    }
                }
            }
        })
    }

    fn attributes(&self, target: Slot) -> &MyCertFileCred {
        let resource = self.table.get(target).and_then(Installation::resource);
        &resource.expect("the caller saw the resource").attributes
    }

    /// Answers without asking the device.
    fn answer(
        &mut self,
        asked: Asked<'_, '_>,
        target: Slot,
        response_status_code: ResponseStatusCode,
        turn: &mut Turn<'_>,
    ) {
        let attributes = self.attributes(target).clone();
        let certificate_path = attributes.object_paths.first().cloned();
        let request = asked.into_request(attributes);
        self.acknowledge(&request, turn);
        self.answer_with(request, response_status_code, certificate_path, turn);
    }

    pub(super) fn answer_with(
        &mut self,
        request: Arc<Request>,
        response_status_code: ResponseStatusCode,
        certificate_path: Option<Box<str>>,
        turn: &mut Turn<'_>,
    ) {
        if wants_final(&request.primitive.response_type) {
            let response = Response {
                request,
                kind: ResponseKind::Final,
                response_status_code,
                debug: String::new(),
                fault_code: None,
                certificate_path,
            };
            self.respond(response, turn);
        }
    }

    fn change(&mut self, asked: Asked<'_, '_>, target: Slot, turn: &mut Turn<'_>) {
        let operation = asked.request.primitive.operation;
        if let Some(refusal) = self.unchangeable(target, operation) {
            return self.refuse_asked(asked, refusal, turn);
        }
        if operation == Operation::Delete && self.rules.delete == DeleteRule::Forget {
            self.answer(asked, target, ResponseStatusCode::Deleted, turn);
            return self.forget_resource(target, turn);
        }
        self.send_change(asked, target, turn);
    }

    /// Two changes of one resource could be carried out in another order than they are answered.
    fn unchangeable(&self, target: Slot, operation: Operation) -> Option<Refusal> {
        if operation == Operation::Delete && self.rules.delete == DeleteRule::Refuse {
            return Some(explanation::delete_refused());
        }
        let pending = self.change_of(target)?;
        Some(explanation::change_pending(&self.open(pending).request))
    }

    /// The open request to change an installation, or to withdraw it.
    pub(super) fn change_of(&self, target: Slot) -> Option<Slot> {
        let id = &self.table.get(target)?.id;
        self.table.open_of(&id.device).into_iter().find(|slot| {
            let open = self.table.get(*slot).and_then(Installation::open);
            open.is_some_and(|open| open.target.as_deref() == Some(&id.command_key))
        })
    }

    /// A change is one SetParameterValues (TS-0006 clause 8.1.4) with a CommandKey of its own.
    fn send_change(&mut self, asked: Asked<'_, '_>, target: Slot, turn: &mut Turn<'_>) {
        let mut attributes = self.attributes(target).clone();
        if asked.request.primitive.operation == Operation::Update {
            attributes.suids = asked.request.suids.as_slice().into();
        }
        let installation = self.table.get(target).expect("the caller saw it");
        let target = installation.id.command_key;
        let resource = installation.resource().expect("the caller saw it");
        let path: Box<str> = resource.path().into();
        let progress = Progress::SetSent;
        let (slot, parked) = self.enter_change(asked, target, attributes, progress, turn);
        self.send_set(slot, path, turn);
        self.apply_parked(slot, parked, turn);
    }

    /// Takes on a request that changes the installation of that key, or withdraws it.
    pub(super) fn enter_change(
        &mut self,
        asked: Asked<'_, '_>,
        target: CommandKey,
        attributes: MyCertFileCred,
        progress: Progress,
        turn: &mut Turn<'_>,
    ) -> (Slot, Vec<EarlyEvent>) {
        let (id, early, expires_at) = (asked.id.clone(), asked.early, asked.expires_at);
        let request = asked.into_request(attributes);
        let open = Open {
            request: Arc::clone(&request),
            progress,
            handled_at: turn.now,
            expires_at,
            certificate: None,
            certificate_path: None,
            rows_before: None,
            remark: Box::default(),
            file: None,
            retry: None,
            staged: None,
            target: Some(Box::new(target)),
        };
        let deadline = self.deadline(progress, &id.device, expires_at, turn.now);
        let entered = self.enter(id, early, open, deadline);
        self.acknowledge(&request, turn);
        entered
    }

    /// The device has carried out the change that `request` asked for.
    pub(super) fn changed(&mut self, target: &CommandKey, request: &Request, turn: &mut Turn<'_>) {
        let (Some(device), Some(attributes)) = (&request.device, &request.resource) else {
            unreachable!("a change is of a device and has attributes");
        };
        let Some(slot) = self.table.find(device, target) else {
            return;
        };
        match request.primitive.operation {
            Operation::Update => {
                if let Some(resource) = self.table.resource_mut(slot) {
                    resource.attributes.suids.clone_from(&attributes.suids);
                    let keep_until = turn.now + self.limits.resource_ttl;
                    self.table.extend_deadline(slot, keep_until);
                    Self::remember(slot, turn);
                }
            }
            Operation::Delete => self.forget_resource(slot, turn),
            Operation::Create | Operation::Retrieve => {
                unreachable!("neither changes another installation")
            }
        }
    }

    /// The installation stays known, so that repeats are told from strangers.
    fn forget_resource(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let installation = self.table.get(slot).expect("the caller saw it");
        let State::Ended(ended) = &installation.state else {
            return;
        };
        let state = State::Ended(Ended {
            resource: None,
            ..ended.clone()
        });
        let forget_at = turn.now + self.limits.ended_ttl;
        self.table.set_state(slot, state, forget_at);
        Self::remember(slot, turn);
    }
}

/// Whether the address is that of a request, not of a resource.
fn is_of_request(to: &str) -> bool {
    keys_in(to).any(|(_, is_request)| is_request)
}

/// The CommandKeys that an address can end with, the shortest first, each with whether it names the request. A key may
/// hold slashes.
fn keys_in(to: &str) -> impl Iterator<Item = (CommandKey, bool)> {
    let to = to.trim_end_matches('/');
    let starts = to.rmatch_indices('/').map(|(slash, _)| slash + 1);
    starts.chain([0]).map_while(|start| {
        let name = &to[start..];
        let key = name.strip_prefix(PENDING_PREFIX);
        let is_request = key.is_some();
        Some((CommandKey::try_from(key.unwrap_or(name)).ok()?, is_request))
    })
}

impl Asked<'_, '_> {
    /// The request as it is kept, with the attributes that the resource has or is to have.
    pub(super) fn into_request(self, attributes: MyCertFileCred) -> Arc<Request> {
        let accepted = Some((self.request.command_key, attributes));
        Arc::new(Request::new(
            self.record,
            Some(self.id.device),
            self.request.primitive,
            accepted,
        ))
    }
}

impl Open {
    /// Whether the address is that of the request, or of the resource that it is to create.
    fn is_named(&self, address: &str) -> bool {
        let request = &self.request;
        request.pending_address() == address
            || (self.target.is_none() && request.resource_address() == address)
    }
}
