//! Answers for requesters: oneM2M response primitives as JSON, CBOR and protobuf.

use arrayvec::ArrayString;
use prost::Message as _;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::correlator::{Response, ResponseKind};
use crate::mapping::RULES_VERSION;
use crate::onem2m::{MyCertFileCred, ResponseType, ResultContent, Suid};

use super::outbound::output_id;
use super::{Cause, Destination, Encoder, Format, Outbound, cbor, r#gen};

impl Encoder {
    /// Writes a response: one record, which `send` gets before the next is written into the same `outbound`.
    ///
    /// The result of a request that was taken on with response type 2, or 4 with targets, is a notification to each of
    /// its targets (TS-0004 clause 7.5.1.2.5): so many records, none if the list of targets is empty. Without such a
    /// list, and for a request that was refused, it is one response primitive to the originator.
    ///
    /// # Errors
    /// The first error of `send`; what follows is not written then.
    ///
    /// # Panics
    /// If responses are configured in a format that the configuration refuses.
    pub fn response<E>(
        &self,
        response: &Response,
        cause: Cause<'_>,
        outbound: &mut Outbound,
        mut send: impl FnMut(&Outbound) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(targets) = late_targets(response) else {
            self.write_response(response, None, cause, outbound);
            return send(outbound);
        };
        for target in targets {
            self.write_response(response, Some(target), cause, outbound);
            send(outbound)?;
        }
        Ok(())
    }

    fn write_response(
        &self,
        response: &Response,
        target: Option<&str>,
        cause: Cause<'_>,
        outbound: &mut Outbound,
    ) {
        let request = &*response.request;
        outbound.start(Destination::Responses);
        let device_key = request
            .device
            .as_ref()
            .map(|device| device.key().as_bytes());
        if let Some(key) = request.key.as_deref().or(device_key) {
            outbound.key_mut().extend_from_slice(key);
        }
        let content_type = match (self.responses, target) {
            (Format::Json, None) => {
                write_json(outbound, &ResponsePrimitive(response));
                "application/vnd.onem2m-prsp+json"
            }
            (Format::Json, Some(target)) => {
                write_json(outbound, &Notify { response, target });
                "application/vnd.onem2m-preq+json"
            }
            (Format::Protobuf, target) => {
                message(response, target)
                    .encode(outbound.value_mut())
                    .expect("memory grows as needed");
                "application/x-protobuf"
            }
            (Format::Cbor, None) => {
                cbor::write(outbound.value_mut(), &ResponsePrimitive(response));
                "application/vnd.onem2m-prsp+cbor"
            }
            (Format::Cbor, Some(target)) => {
                cbor::write(outbound.value_mut(), &Notify { response, target });
                "application/vnd.onem2m-preq+cbor"
            }
            (Format::Soap, _) => unreachable!("the configuration refuses responses as SOAP"),
        };
        outbound.header("content-type", content_type.as_bytes());
        write_headers(response, target, cause, outbound);
    }
}

/// The targets of a late result; `None`: it goes to the originator as a response.
fn late_targets(response: &Response) -> Option<impl Iterator<Item = &str>> {
    let is_late = response.kind == ResponseKind::Final && response.request.resource.is_some();
    let targets = match &response.request.primitive.response_type {
        ResponseType::NonBlockingAsynch(Some(targets)) => Some(targets),
        // Where no targets were given, the receiver may not choose the notification (TS-0004 clause 7.3.2.4).
        ResponseType::FlexBlocking(Some(targets)) if !targets.is_empty() => Some(targets),
        ResponseType::Blocking
        | ResponseType::FlexBlocking(_)
        | ResponseType::NonBlockingAsynch(None)
        | ResponseType::NonBlockingSynch
        | ResponseType::NoResponse => None,
    };
    targets
        .filter(|_| is_late)
        .map(|targets| targets.iter().map(|target| &**target))
}

fn write_json(outbound: &mut Outbound, primitive: &impl Serialize) {
    serde_json::to_writer(outbound.value_mut(), primitive)
        .expect("memory grows as needed, and all names are texts");
}

fn write_headers(
    response: &Response,
    target: Option<&str>,
    cause: Cause<'_>,
    outbound: &mut Outbound,
) {
    let request = &*response.request;
    if let Some(device) = &request.device {
        outbound.header("cwmp-device-id", device.key().as_bytes());
    }
    if let Some(key) = &request.command_key {
        outbound.header("cwmp-command-key", key.as_str().as_bytes());
    }
    if let Some(traceparent) = &request.traceparent {
        outbound.header("traceparent", traceparent);
    }
    if let Some(tracestate) = &request.tracestate {
        outbound.header("tracestate", tracestate);
    }
    let id = response_id(response, target);
    outbound.header("credbridge-id", id.as_bytes());
    outbound.header_display("credbridge-cause", cause);
    outbound.header_display("credbridge-request", &request.coordinates);
    outbound.header("credbridge-rules", RULES_VERSION.as_bytes());
}

/// The same however often the request is read: it depends on the request, the kind of response and the target only.
/// A record can notify of several creations, which the resource tells apart.
fn response_id(response: &Response, target: Option<&str>) -> ArrayString<32> {
    let kind: &[u8] = match response.kind {
        ResponseKind::Acknowledgement => b"acknowledgement",
        ResponseKind::Final => b"final",
    };
    let request = &*response.request;
    if let Some(resource) = request.primitive.notified_resource() {
        return output_id(&[
            b"response-about-resource",
            request.coordinates.to_string().as_bytes(),
            resource.as_bytes(),
        ]);
    }
    output_id(&[
        b"response",
        request.coordinates.to_string().as_bytes(),
        kind,
        target.unwrap_or_default().as_bytes(),
    ])
}

fn message(response: &Response, target: Option<&str>) -> r#gen::CreateResponse {
    let request = &*response.request;
    let primitive = &request.primitive;
    let content = content(response).map_or_else(Vec::new, |content| {
        serde_json::to_vec(&content).expect("memory grows as needed, and all names are texts")
    });
    r#gen::CreateResponse {
        response_status_code: response.response_status_code.get().into(),
        request_identifier: primitive.request_identifier().to_owned(),
        to: target.unwrap_or_else(|| primitive.originator()).to_owned(),
        from: primitive.to().to_owned(),
        release_version_indicator: primitive.release_version_indicator().to_owned(),
        debug: response.debug.clone(),
        content,
        device: request.device.as_ref().map(Into::into),
        command_key: request
            .command_key
            .map_or_else(String::new, |key| key.to_string()),
        fault_code: response.fault_code.map_or(0, |code| code.get().into()),
        certificate_path: response
            .certificate_path
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Response primitive (TS-0004 clause 8.2.2): rsc, rqi, to, fr, rvi, rset, pc, vsi. What follows from a notification answers
/// nobody: it has neither rqi nor to, and fr is the resource that it is about.
struct ResponsePrimitive<'a>(&'a Response);

impl Serialize for ResponsePrimitive<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let primitive = &self.0.request.primitive;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rsc", &self.0.response_status_code.get())?;
        for (name, value) in [
            ("rqi", primitive.request_identifier()),
            ("to", primitive.originator()),
            ("fr", primitive.to()),
            ("rvi", primitive.release_version_indicator()),
        ] {
            if !value.is_empty() {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(expiry) = primitive.result_expiration {
            map.serialize_entry("rset", &format_args!("{expiry}"))?;
        }
        if let Some(content) = content(self.0) {
            map.serialize_entry("pc", &content)?;
        }
        // What is told beside a success has no place in pc, where the resource stands.
        if self.0.response_status_code.is_success() && !self.0.debug.is_empty() {
            map.serialize_entry("vsi", &self.0.debug)?;
        }
        map.end()
    }
}

/// The notify request that carries a late result (TS-0004 clause 7.5.1.2.5). The request identifier of the create
/// request is in the result; the notify request is a request of its own, whose identifier is the `credbridge-id`.
struct Notify<'a> {
    response: &'a Response,
    target: &'a str,
}

impl Serialize for Notify<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let primitive = &self.response.request.primitive;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("op", &5)?;
        map.serialize_entry("to", self.target)?;
        map.serialize_entry("fr", primitive.to())?;
        map.serialize_entry("rqi", &*response_id(self.response, Some(self.target)))?;
        if !primitive.release_version_indicator().is_empty() {
            map.serialize_entry("rvi", primitive.release_version_indicator())?;
        }
        map.serialize_entry("pc", &Single("m2m:rsp", ResponsePrimitive(self.response)))?;
        map.end()
    }
}

/// An object with one member.
struct Single<T>(&'static str, T);

impl<T: Serialize> Serialize for Single<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// Content (pc) of a response.
enum Content<'a> {
    Debug(&'a str),
    Address(String),
    Attributes(Resource<'a>),
    AddressAndAttributes(String, Resource<'a>),
}

/// What pc holds: on failure why; else what rcn asks for (TS-0004 clause 7.5.2).
fn content(response: &Response) -> Option<Content<'_>> {
    let request = &*response.request;
    if response.response_status_code.get() >= 4000 {
        return (!response.debug.is_empty()).then_some(Content::Debug(&response.debug));
    }
    match response.kind {
        ResponseKind::Acknowledgement => Some(Content::Address(request.pending_address())),
        ResponseKind::Final => {
            let resource = Resource {
                attributes: request.resource.as_ref()?,
                certificate_path: response.certificate_path.as_deref(),
                result_content: request.primitive.result_content,
            };
            match request.primitive.result_content {
                ResultContent::Nothing => None,
                ResultContent::Attributes | ResultContent::ModifiedAttributes => {
                    Some(Content::Attributes(resource))
                }
                ResultContent::HierarchicalAddress => {
                    Some(Content::Address(request.resource_address()))
                }
                ResultContent::HierarchicalAddressAndAttributes => Some(
                    Content::AddressAndAttributes(request.resource_address(), resource),
                ),
            }
        }
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Debug(text) => map.serialize_entry("m2m:dbg", text)?,
            Self::Address(address) => map.serialize_entry("m2m:uri", address)?,
            Self::Attributes(resource) => map.serialize_entry(resource.name(), resource)?,
            Self::AddressAndAttributes(address, resource) => {
                map.serialize_entry("m2m:rce", &Wrapper { address, resource })?;
            }
        }
        map.end()
    }
}

/// Resource wrapper: the address beside the resource.
struct Wrapper<'a> {
    address: &'a str,
    resource: &'a Resource<'a>,
}

impl Serialize for Wrapper<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("uri", self.address)?;
        map.serialize_entry(self.resource.name(), self.resource)?;
        map.end()
    }
}

/// The attributes of the created resource, without myCertFileContent: it may hold a private key.
struct Resource<'a> {
    attributes: &'a MyCertFileCred,
    certificate_path: Option<&'a str>,
    result_content: ResultContent,
}

impl Resource<'_> {
    fn name(&self) -> &'static str {
        self.attributes.type_name.as_str()
    }
}

impl Serialize for Resource<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes = self.attributes;
        let suids: Vec<u8> = attributes.suids.iter().copied().map(Suid::get).collect();
        let mut map = serializer.serialize_map(None)?;
        // The others are as the requester gave them; of the SUIDs repeats were dropped.
        let is_whole = self.result_content != ResultContent::ModifiedAttributes;
        if is_whole {
            map.serialize_entry("mgd", &1023)?;
        }
        if let Some(name) = attributes.resource_name.as_ref().filter(|_| is_whole) {
            map.serialize_entry("rn", &**name)?;
        }
        map.serialize_entry("suids", &suids)?;
        if is_whole {
            map.serialize_entry("mcff", &*attributes.my_cert_file_format)?;
        }
        if let Some(path) = self.certificate_path {
            map.serialize_entry("obps", &[path])?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
