use std::sync::Arc;

use crate::cwmp::{
    CommandKey, DeviceId, DownloadStatus, Fault, ParameterValue, Rejection, SetStatus,
    TransferComplete,
};
use crate::onem2m::{
    Certificate, Expiry, MyCertFileCred, Operation, RequestPrimitive, ResponseStatusCode, Suid,
    Validity,
};
use crate::record::{Coordinates, Record};

use super::CommandId;

/// What the name of a pending request begins with; its CommandKey follows.
pub(super) const PENDING_PREFIX: &str = "req-";

/// Longest trace header that is kept, in bytes. W3C's traceparent has 55, its tracestate should have 512 at least.
const TRACE_BYTES_MAX: usize = 1024;

/// A decoded input.
#[derive(Clone, Debug)]
pub struct Event<'r> {
    /// The device it is about.
    pub device: DeviceId,
    /// The record that it was decoded from, kept if the event has to wait.
    pub record: Record<'r>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// The CPE or the ACS answered a command.
    Answer(Answer),
    /// A certificate is to be put on the device.
    CreateRequest(Box<CreateRequest>),
    /// Well-formed, and never about an installation, e.g. an Inform.
    Foreign,
    /// A request that is refused for what it says.
    RefusedRequest(Box<RefusedRequest>),
    /// Something is asked of a resource that was created, or of a request that is pending.
    ResourceRequest(Box<ResourceRequest>),
    /// A transfer ended.
    TransferComplete(TransferComplete),
}

/// An answer to one command.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The command; `None` if the id is empty or none that the bridge writes.
    pub command_id: Option<CommandId>,
    /// The CommandKey that the ACS really used for the Download, if it is not the command's.
    pub command_key: Option<CommandKey>,
    /// What was answered.
    pub kind: AnswerKind,
}

/// What was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AnswerKind {
    /// To CancelTransfer.
    CancelTransferResponse,
    /// To Download.
    DownloadResponse(DownloadStatus),
    /// To any command.
    Fault(Fault),
    /// To GetParameterNames.
    GetParameterNamesResponse,
    /// To GetParameterValues, in the order of the CPE.
    GetParameterValuesResponse(Vec<ParameterValue>),
    /// To any command: it was not delivered.
    Rejection(Rejection),
    /// To SetParameterValues.
    SetParameterValuesResponse(SetStatus),
}

/// A valid request to put a certificate on the device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CreateRequest {
    /// Assigned by the requester, or derived from the coordinates of the record.
    pub command_key: CommandKey,
    /// The parameters of the primitive.
    pub primitive: RequestPrimitive,
    /// The attributes of the resource.
    pub resource: MyCertFileCred,
    /// What identifies the end-entity certificate; `None` if the content hides it (PKCS#12 that is encrypted).
    pub certificate: Option<Certificate>,
    /// When it is valid; `None` like the certificate.
    pub validity: Option<Validity>,
    /// The bytes of the certificate file.
    pub content: Arc<[u8]>,
    /// oet: nothing is sent to the device before.
    pub execution_time: Option<Expiry>,
    /// et: when the resource is to end, which must be to come.
    pub expiration_time: Option<Expiry>,
}

/// A valid request to retrieve, update or delete a resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResourceRequest {
    /// Assigned by the requester, or derived from the coordinates of the record; names the commands that follow.
    pub command_key: CommandKey,
    /// The parameters of the primitive; its operation is not Create.
    pub primitive: RequestPrimitive,
    /// On Update the SUIDs that the certificate is to get; else empty.
    pub suids: Vec<Suid>,
}

/// A request that is readable enough to be answered, and refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusedRequest {
    /// The parameters of the primitive, as far as they could be read.
    pub primitive: RequestPrimitive,
    /// The answer.
    pub response_status_code: ResponseStatusCode,
    /// Which attribute is wrong, and how.
    pub debug: String,
}

/// What an installation keeps of its request, to answer it and to label its outputs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The device; `None` only for a request that is refused because its device is not known.
    pub device: Option<DeviceId>,
    /// The CommandKey of the installation; `None` for a refused request.
    pub command_key: Option<CommandKey>,
    /// The parameters of the primitive.
    pub primitive: RequestPrimitive,
    /// The attributes of the resource, on Update those that it is to have; `None` for a refused request.
    pub resource: Option<MyCertFileCred>,
    /// Where the request stands.
    pub coordinates: Coordinates,
    /// Key of the request record.
    pub key: Option<Arc<[u8]>>,
    /// W3C trace context of the request, passed on; dropped if it has more than 1 KiB.
    pub traceparent: Option<Box<[u8]>>,
    /// W3C trace state of the request, passed on; dropped if it has more than 1 KiB.
    pub tracestate: Option<Box<[u8]>>,
}

fn kept(record: &Record<'_>, header: &str) -> Option<Box<[u8]>> {
    let value = record.header(header)?;
    (value.len() <= TRACE_BYTES_MAX).then(|| value.into())
}

impl Request {
    /// What is kept of a request that was read from `record`.
    pub fn new(
        record: &Record<'_>,
        device: Option<DeviceId>,
        primitive: RequestPrimitive,
        accepted: Option<(CommandKey, MyCertFileCred)>,
    ) -> Self {
        let (command_key, resource) = accepted.unzip();
        let key = record.key.map(|key| match &device {
            Some(device) => device.share_key(key),
            None => key.into(),
        });
        Self {
            device,
            command_key,
            primitive,
            resource,
            coordinates: record.coordinates.clone(),
            key,
            traceparent: kept(record, "traceparent"),
            tracestate: kept(record, "tracestate"),
        }
    }

    /// Address of the resource that the request creates or is about, without the one on which it is pending. Without a
    /// name of the originator's a created resource is named by its CommandKey.
    pub fn resource_address(&self) -> String {
        let primitive = &self.primitive;
        let is_whole =
            primitive.operation != Operation::Create || primitive.notified_resource().is_some();
        if is_whole {
            return primitive.to().to_string();
        }
        let given = self
            .resource
            .as_ref()
            .and_then(|resource| resource.resource_name.as_deref());
        let key = self.command_key.as_ref().map(CommandKey::as_str);
        let parent = primitive.to().trim_end_matches('/');
        format!("{parent}/{}", given.or(key).unwrap_or_default())
    }

    /// Address of the pending request, which an acknowledgement names. The bridge hosts no `<request>` resource; the
    /// CommandKey in the name is the one that the commands and the result carry.
    pub fn pending_address(&self) -> String {
        let key = self.command_key.as_ref().map(CommandKey::as_str);
        let parent = self.primitive.to().trim_end_matches('/');
        format!("{parent}/{PENDING_PREFIX}{}", key.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_headers_are_kept_if_they_are_not_long() {
        let coordinates: Coordinates = "in/0/1".parse().unwrap();
        let (short, long) = ([b'a'; TRACE_BYTES_MAX], [b'a'; TRACE_BYTES_MAX + 1]);
        let record = Record {
            coordinates: &coordinates,
            key: None,
            value: None,
            headers: &[("traceparent", &short), ("tracestate", &long)],
        };
        let request = Request::new(&record, None, RequestPrimitive::default(), None);
        assert_eq!(request.traceparent.as_deref(), Some(&short[..]));
        assert_eq!(request.tracestate, None);
    }
}
