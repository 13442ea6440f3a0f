//! Create requests: oneM2M request primitives and notifications -> [`Event`].

mod device;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use prost::Message as _;

use crate::correlator::{
    CreateRequest, Event, EventKind, RefusedRequest, Request, ResourceRequest, Response,
    ResponseKind,
};
use crate::cwmp::DeviceId;
use crate::onem2m::{Operation, RequestPrimitive, ResponseStatusCode, ResponseType, TypeName};
use crate::record::{Coordinates, Record};

pub(super) use device::Lookup;

use super::json_primitive::{Primitive, read_json, read_text};
use super::line::{DETAIL_BYTES_MAX, bounded_line};
use super::notification::Notified;
use super::refusal::Refusal;
use super::request_judgement::{Asked, Judged};
use super::{
    DecodeError, DecodeReason, Decoded, Decoder, Format, NodeLookups, Several, Undecoded, cbor,
    format, r#gen, item_limit,
};

/// Number of the field `suids` of CreateRequest.
const SUIDS_FIELD: u64 = 12;

/// A create request, or the creation that a notification tells of: the protobuf form of the request, whatever its format was, and what that
/// form cannot hold.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRequest {
    /// The request, as far as it could be read.
    pub message: r#gen::CreateRequest,
    /// ri: the resource that was created, if this is a notification of its creation. It takes the place of everything
    /// that tells one request from another.
    pub resource_identifier: Option<String>,
    /// et; on Create only.
    pub(super) expiration_time: String,
    pub(super) type_name: TypeName,
    /// Whether rt.nu is there; an empty list means that no late response is wanted.
    pub(super) targets_given: bool,
    /// Whether pc holds a `[myCertFileCred]` to look at.
    pub(super) has_resource: bool,
    /// What the node directory said about the target.
    pub(super) lookup: Lookup,
    /// What was wrong in ways that `message` cannot show.
    pub(super) refusals: Vec<Refusal>,
}

/// What a record of a request topic holds, with the device or why it is not known.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is a request, which then needs no allocation of its own"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum ReadPrimitive {
    /// A request primitive.
    Request(ReadRequest, Result<DeviceId, DecodeError>),
    /// A notification, or the parts of an aggregated one; what cannot be read does not hide the others.
    Notifications(Vec<Result<ReadNotification, DecodeError>>),
}

/// A notification of a CSE.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadNotification {
    /// The creation of a `[myCertFileCred]`; `None`: anything else, which is not for the bridge.
    pub created: Option<ReadRequest>,
    /// The device, or why it is not known.
    pub device: Result<DeviceId, DecodeError>,
}

impl ReadRequest {
    /// What is asked; Create if that is not known.
    pub fn operation(&self) -> Operation {
        Operation::try_from(self.message.operation).unwrap_or_default()
    }

    /// The answer, if the bridge would refuse the request at once for what it says.
    pub fn refusal(&self) -> Option<Refusal> {
        self.clone().judge().verdict.err()
    }
}

impl Decoder {
    /// Reads a record of a request topic without judging it, and finds the device.
    ///
    /// # Errors
    /// If nobody can read it, or nobody could match an answer to it.
    pub fn read_request(&self, record: Record<'_>) -> Result<ReadPrimitive, DecodeError> {
        let content = format::detect(&record, self.requests)?;
        self.read_request_as(content.format, &content.payload, record)
    }

    pub(super) fn request<'r>(
        &self,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Result<Decoded<'r>, Undecoded> {
        let read = self.read_request(record).map_err(Undecoded::Unreadable)?;
        self.request_of(read, record, lookups)
    }

    pub(super) fn request_of<'r>(
        &self,
        read: ReadPrimitive,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Result<Decoded<'r>, Undecoded> {
        match read {
            ReadPrimitive::Request(request, device) => self
                .event(request, device, record, lookups)
                .map(Decoded::One),
            ReadPrimitive::Notifications(mut notifications) if notifications.len() == 1 => {
                let only = notifications.pop().expect("there is one");
                self.notified(only, record, lookups).map(Decoded::One)
            }
            ReadPrimitive::Notifications(notifications) => Ok(Decoded::Several(self.several(
                notifications,
                record,
                lookups,
            ))),
        }
    }

    fn event<'r>(
        &self,
        mut request: ReadRequest,
        device: Result<DeviceId, DecodeError>,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Result<Event<'r>, Undecoded> {
        let lookup = std::mem::take(&mut request.lookup);
        let judged = request.judge();
        match (lookup, &device, &judged.verdict) {
            (Lookup::Found(address), Ok(device), _) => {
                lookups.found.push((address, device.clone()));
            }
            // A request that is wrong in itself is refused whatever the directory says.
            (Lookup::Missing(address), _, Ok(_)) => lookups.missing = Some(address),
            (Lookup::Found(_) | Lookup::Missing(_) | Lookup::NotAsked, _, _) => {}
        }
        match device {
            Ok(device) => Ok(Event {
                kind: self.event_kind(judged, &device, record.coordinates),
                device,
                record,
            }),
            Err(error) => Err(homeless(judged, error, record)),
        }
    }

    fn notified<'r>(
        &self,
        read: Result<ReadNotification, DecodeError>,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Result<Event<'r>, Undecoded> {
        let notification = read.map_err(Undecoded::Unreadable)?;
        match (notification.created, notification.device) {
            (Some(request), device) => self.event(request, device, record, lookups),
            (None, Ok(device)) => Ok(Event {
                device,
                record,
                kind: EventKind::Foreign,
            }),
            (None, Err(_)) => Err(Undecoded::Foreign),
        }
    }

    fn several<'r>(
        &self,
        notifications: Vec<Result<ReadNotification, DecodeError>>,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Several<'r> {
        let mut several = Several::default();
        for notification in notifications {
            match self.notified(notification, record, lookups) {
                Ok(event) => several.events.push(event),
                Err(Undecoded::Foreign) => {}
                Err(Undecoded::Homeless(response, error)) => {
                    several.homeless.push(*response);
                    several.error.get_or_insert(error);
                }
                Err(Undecoded::Unreadable(error)) => {
                    several.error.get_or_insert(error);
                }
            }
        }
        several
    }

    /// Reads a record whose format is known already; the rest as [`Self::read_request`].
    pub(crate) fn read_request_as(
        &self,
        format: Format,
        payload: &[u8],
        record: Record<'_>,
    ) -> Result<ReadPrimitive, DecodeError> {
        let primitive = match format {
            Format::Json => read_json(payload)?,
            Format::Cbor => read_text(&cbor::to_json(payload)?)?,
            Format::Protobuf => Primitive::Request(read_protobuf(payload)?),
            Format::Soap => {
                return Err(DecodeError {
                    reason: DecodeReason::ContentTypeMismatch,
                    detail: "a request is not written as XML: send JSON, CBOR or protobuf".into(),
                });
            }
        };
        Ok(match primitive {
            Primitive::Request(mut request) => {
                read_command_key_header(&mut request, &record);
                self.refuse_dots(&mut request);
                let message = &request.message;
                let targets = [&*message.to, request.parent()];
                let (device, lookup) =
                    self.device_of_request(message.device.as_ref(), &targets, &record);
                request.lookup = lookup;
                ReadPrimitive::Request(request, device)
            }
            Primitive::Notifications(notifications) => ReadPrimitive::Notifications(
                notifications
                    .into_iter()
                    .map(|notified| Ok(self.read_notification(notified?, &record)))
                    .collect(),
            ),
        })
    }

    /// A CommandKey that would have the device download another file.
    fn refuse_dots(&self, request: &mut ReadRequest) {
        let key = request.message.command_key.as_str();
        if self.keys_in_path && matches!(key, "." | "..") {
            let text = format!(
                "the assigned key is {key:?}, which leads to another place in the URL of the Download: assign another one"
            );
            request.refusals.push(Refusal::bad(text));
        }
    }

    /// A subscription is a child of the `<node>` that it watches, so its address begins with the node's.
    fn read_notification(&self, notified: Notified, record: &Record<'_>) -> ReadNotification {
        let subscription = &*notified.subscription;
        let node = subscription.rsplit_once('/').map_or("", |(node, _)| node);
        let targets = [subscription, node];
        let Some(mut request) = notified.created else {
            return ReadNotification {
                created: None,
                device: self.device_of_foreign(&targets, record),
            };
        };
        if record
            .header("cwmp-command-key")
            .is_some_and(|key| !key.is_empty())
        {
            request.refusals.push(Refusal::bad(
                "the header cwmp-command-key stands beside a notification, whose CommandKey follows from its resource \
                 id: leave it out",
            ));
        }
        let (device, lookup) = self.device_of_request(None, &targets, record);
        request.lookup = lookup;
        ReadNotification {
            created: Some(request),
            device,
        }
    }

    fn event_kind(
        &self,
        judged: Judged,
        device: &DeviceId,
        coordinates: &Coordinates,
    ) -> EventKind {
        let primitive = judged.primitive;
        let derived = || match primitive.notified_resource() {
            Some(resource) => self.command_keys.of_resource(device, resource),
            None => self.command_keys.of_request(coordinates),
        };
        match judged.verdict {
            Ok(verdict) => {
                let command_key = verdict.command_key.unwrap_or_else(derived);
                match verdict.asked {
                    Asked::Create(resource, file) => {
                        EventKind::CreateRequest(Box::new(CreateRequest {
                            command_key,
                            primitive,
                            resource,
                            certificate: file.certificate,
                            validity: file.validity,
                            content: file.content,
                            execution_time: verdict.execution_time,
                            expiration_time: verdict.expiration_time,
                        }))
                    }
                    Asked::OfResource(suids) => {
                        EventKind::ResourceRequest(Box::new(ResourceRequest {
                            command_key,
                            primitive,
                            suids,
                        }))
                    }
                }
            }
            Err(refusal) => EventKind::RefusedRequest(Box::new(RefusedRequest {
                primitive,
                response_status_code: refusal.code,
                debug: refusal.text,
            })),
        }
    }
}

fn read_protobuf(payload: &[u8]) -> Result<ReadRequest, DecodeError> {
    // In a packed list of SUIDs each byte may be one.
    item_limit::check_protobuf(payload, |number, bytes| match number {
        SUIDS_FIELD => bytes.len(),
        _ => 0,
    })?;
    let message = r#gen::CreateRequest::decode(payload).map_err(|error| DecodeError {
        reason: DecodeReason::MalformedProtobuf,
        detail: format!(
            "not a protobuf message credbridge.v1.CreateRequest ({error}): check type and content-type"
        ),
    })?;
    if message.request_identifier.is_empty() {
        return Err(DecodeError {
            reason: DecodeReason::InvalidField,
            detail: "request_identifier (rqi) is missing, so no answer could be matched: give each request one"
                .into(),
        });
    }
    Ok(ReadRequest {
        targets_given: !message.notification_uris.is_empty(),
        message,
        type_name: TypeName::default(),
        has_resource: true,
        resource_identifier: None,
        expiration_time: String::new(),
        lookup: Lookup::default(),
        refusals: Vec::new(),
    })
}

/// Takes the CommandKey of the header `cwmp-command-key`, unless the message has one.
fn read_command_key_header(request: &mut ReadRequest, record: &Record<'_>) {
    let Some(header) = record
        .header("cwmp-command-key")
        .filter(|header| !header.is_empty())
    else {
        return;
    };
    let key = &mut request.message.command_key;
    match std::str::from_utf8(header) {
        Err(_) => request.refusals.push(Refusal::bad(
            "the header cwmp-command-key is not UTF-8: a CommandKey is a text of 1 to 32 bytes",
        )),
        Ok(header) if key.is_empty() => header.clone_into(key),
        Ok(header) if header == key => {}
        Ok(_) => request.refusals.push(Refusal::bad(
            "command_key and the header cwmp-command-key differ: give one CommandKey",
        )),
    }
}

/// The answer to a request whose device is not known. A request that is wrong in itself is told so first: validity is
/// checked before the managed entity is looked for (TS-0004 clause 7.4.15.2.2).
fn homeless(judged: Judged, error: DecodeError, record: Record<'_>) -> Undecoded {
    let primitive: RequestPrimitive = judged.primitive;
    if primitive.response_type == ResponseType::NoResponse {
        return Undecoded::Unreadable(error);
    }
    let refusal = judged.verdict.err().unwrap_or_else(|| Refusal {
        code: if error.reason == DecodeReason::DeviceMissing {
            ResponseStatusCode::ExternalObjectNotReachable
        } else {
            ResponseStatusCode::BadRequest
        },
        text: bounded_line(&error.detail, DETAIL_BYTES_MAX),
    });
    let response = Response {
        request: Arc::new(Request::new(&record, None, primitive, None)),
        kind: ResponseKind::Final,
        response_status_code: refusal.code,
        debug: refusal.text,
        fault_code: None,
        certificate_path: None,
    };
    Undecoded::Homeless(Box::new(response), error)
}
