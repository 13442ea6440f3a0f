//! CPE events: protobuf, proto3 JSON and SOAP envelopes -> [`Event`].

mod device;
mod judge;
mod message;
mod plain_json;
mod plain_protobuf;
#[cfg(test)]
mod tests;

use prost::Message as _;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::correlator::{Event, EventKind};
use crate::cwmp::DeviceId;
use crate::record::Record;

use super::r#gen::{self, CpeEvent, cpe_event};
use super::{DecodeError, DecodeReason, Decoder, Format, Undecoded, format, item_limit, soap};

use format::Content;
use message::{Device, Message};

/// What a record of a CPE event topic holds, before any of it is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadEvent {
    /// One of the events that the bridge knows; the field `event` is present.
    Event(Box<CpeEvent>),
    /// Well-formed, and never about an installation: the name of the RPC.
    Foreign(String),
}

/// Reads a record without judging it; `pinned` is the format that the configuration pins.
///
/// The device is the one that the record names in the first of the places where [`Decoder::decode`] looks; absent if
/// there is none.
///
/// # Errors
/// If nobody can read it.
pub fn read_event(record: Record<'_>, pinned: Option<Format>) -> Result<ReadEvent, DecodeError> {
    match read(&record, &format::detect(&record, pinned)?)? {
        Reading::Event(mut event) => {
            if event.device.is_none()
                && let Ok(Some(device)) = device::resolve(&record, None, None)
            {
                event.device = Some((&device).into());
            }
            Ok(ReadEvent::Event(Box::new(event)))
        }
        Reading::Foreign { rpc, .. } => Ok(ReadEvent::Foreign(rpc)),
    }
}

/// What a record holds, as it says it.
#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    /// One of the events that the bridge knows.
    Event(CpeEvent),
    /// Another RPC.
    Foreign {
        /// Its name.
        rpc: String,
        /// The DeviceId of an Inform.
        device: Option<r#gen::DeviceId>,
    },
}

impl Decoder {
    /// Reads and judges a record of a CPE event topic.
    pub(super) fn cpe_event<'r>(&self, record: Record<'r>) -> Result<Event<'r>, Undecoded> {
        let (device, kind) = judged(&record, self.cpe_events).map_err(Undecoded::Unreadable)?;
        match device {
            Some(device) => Ok(Event {
                device,
                record,
                kind,
            }),
            None if kind == EventKind::Foreign => Err(Undecoded::Foreign),
            None => Err(Undecoded::Unreadable(device::missing())),
        }
    }
}

type Judged = (Option<DeviceId>, EventKind);

fn judged(record: &Record<'_>, pinned: Option<Format>) -> Result<Judged, DecodeError> {
    let content = format::detect(record, pinned)?;
    if let Some(message) = plain(&content) {
        return judged_message(record, message);
    }
    match read(record, &content)? {
        Reading::Event(event) => judged_message(record, (&event).into()),
        Reading::Foreign { device, .. } => {
            let device = device::resolve(record, None, device.as_ref().map(Device::from))?;
            Ok((device, EventKind::Foreign))
        }
    }
}

fn judged_message(record: &Record<'_>, message: Message<'_>) -> Result<Judged, DecodeError> {
    let device = device::resolve(record, message.device, None)?;
    Ok((device, judge::kind(message)?))
}

/// The message, if it is written as nearly all are: a fraction of the work of [`read`], and never another result.
fn plain<'c>(content: &'c Content<'_>) -> Option<Message<'c>> {
    match content.format {
        Format::Protobuf if check_items(&content.payload).is_ok() => {
            plain_protobuf::read(&content.payload)
        }
        Format::Json => plain_json::read(&content.payload),
        Format::Cbor | Format::Protobuf | Format::Soap => None,
    }
}

fn read(record: &Record<'_>, content: &Content<'_>) -> Result<Reading, DecodeError> {
    let payload = &*content.payload;
    let event = match content.format {
        Format::Protobuf => read_protobuf(payload)?,
        Format::Json => read_json(payload)?,
        Format::Soap => {
            let mut reading = soap::read(payload, content.charset.as_deref())?;
            add_certificate_path(record, &mut reading)?;
            return Ok(reading);
        }
        Format::Cbor => {
            return Err(DecodeError {
                reason: DecodeReason::ContentTypeMismatch,
                detail: "a CPE event is not written as CBOR: send protobuf, JSON or SOAP".into(),
            });
        }
    };
    if event.event.is_none() {
        return Err(judge::no_event());
    }
    Ok(Reading::Event(event))
}

fn read_protobuf(payload: &[u8]) -> Result<CpeEvent, DecodeError> {
    let malformed = |detail| DecodeError {
        reason: DecodeReason::MalformedProtobuf,
        detail,
    };
    check_items(payload)?;
    let mut event = CpeEvent::decode(payload)
        .map_err(|error| malformed(format!("not a protobuf CpeEvent: {error}")))?;
    event.observed_at = event
        .observed_at
        .filter(|time| serde_json::to_value(time).is_ok());
    if event.event.is_none() && event.device.is_none() {
        return Err(malformed(
            "not a protobuf CpeEvent: it has neither a device nor an event".into(),
        ));
    }
    Ok(event)
}

/// The event itself is a message, and in some of them there are lists of messages.
fn check_items(payload: &[u8]) -> Result<(), DecodeError> {
    item_limit::check_protobuf(payload, |number, bytes| match number {
        10.. => item_limit::fields(bytes, |_, _| 0),
        _ => 0,
    })
}

/// A CpeEvent whose `observedAt` is no time. Nothing depends on it, so it is as absent.
#[derive(Deserialize)]
struct Undated {
    #[serde(flatten)]
    event: CpeEvent,
    #[serde(rename = "observedAt", alias = "observed_at")]
    _observed_at: IgnoredAny,
}

fn read_json(payload: &[u8]) -> Result<CpeEvent, DecodeError> {
    let malformed = |detail| DecodeError {
        reason: DecodeReason::MalformedJson,
        detail,
    };
    let event: CpeEvent = serde_json::from_slice(payload)
        .or_else(|error| match serde_json::from_slice(payload) {
            Ok(Undated { event, .. }) => Ok(event),
            Err(_) => Err(error),
        })
        .map_err(|error| malformed(format!("not a CpeEvent in proto3 JSON: {error}")))?;
    if event.event.is_none() && event.device.is_none() {
        return Err(malformed(
            "not a CpeEvent in proto3 JSON: it has neither a device nor an event".into(),
        ));
    }
    Ok(event)
}

/// Takes the header `cwmp-certificate-path` into a TransferComplete that came as an envelope.
fn add_certificate_path(record: &Record<'_>, reading: &mut Reading) -> Result<(), DecodeError> {
    let Reading::Event(CpeEvent {
        event: Some(cpe_event::Event::TransferComplete(transfer)),
        ..
    }) = reading
    else {
        return Ok(());
    };
    let path = record.header("cwmp-certificate-path").unwrap_or_default();
    transfer.certificate_path = std::str::from_utf8(path)
        .map_err(|_| DecodeError {
            reason: DecodeReason::InvalidField,
            detail: "the header cwmp-certificate-path is not UTF-8".into(),
        })?
        .into();
    Ok(())
}
