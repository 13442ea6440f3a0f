use std::sync::Arc;

use regex::Regex;

use crate::correlator::{Event, Response};
use crate::cwmp::DeviceId;
use crate::record::Record;

use super::line::{DETAIL_BYTES_MAX, bounded_line};
use super::{CommandKeys, Format, Nodes};

/// What a topic of the input carries.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Input {
    /// What CPEs and the ACS say.
    CpeEvents,
    /// What oneM2M originators ask.
    Requests,
}

/// Reads records into events.
#[derive(Debug)]
pub struct Decoder {
    /// Assigns CommandKeys.
    pub command_keys: CommandKeys,
    /// Pinned format of requests; `None`: told by each record.
    pub requests: Option<Format>,
    /// Pinned format of CPE events; `None`: told by each record.
    pub cpe_events: Option<Format>,
    /// Finds the device (group `device`) in the target of a request.
    pub from_target: Option<Regex>,
    /// Whether the CommandKey is a segment of the path from which files are downloaded, where `.` and `..` lead elsewhere.
    pub keys_in_path: bool,
    /// Whether forwarded records are read, which tell what the node directory said where they came from
    /// ([`NodeLookups::HEADER`]).
    pub hears_forwarder: bool,
    /// Knows the devices of `<node>` resources; `None`: there is no directory.
    pub nodes: Option<Arc<Nodes>>,
}

impl Decoder {
    /// One that tells the format from each record, and takes the device from what the record itself says.
    pub const fn new(command_keys: CommandKeys) -> Self {
        Self {
            command_keys,
            requests: None,
            cpe_events: None,
            from_target: None,
            keys_in_path: false,
            hears_forwarder: false,
            nodes: None,
        }
    }
}

/// What the node directory was asked for one record.
#[derive(Debug, Default)]
pub struct NodeLookups {
    /// Addresses that it knew, with their devices.
    pub found: Vec<(Box<str>, DeviceId)>,
    /// An address that it does not know, of a valid request whose device nothing else names.
    pub missing: Option<Box<str>>,
}

impl NodeLookups {
    /// Header of a forwarded record: `<address> <device key>`, what the directory said where the record was read. The
    /// directories of two processes need not have come equally far.
    pub const HEADER: &str = "credbridge-node";
}

/// Why a record gave no event.
#[derive(Debug)]
pub enum Undecoded {
    /// Well-formed, names no device, and is never about an installation.
    Foreign,
    /// A request whose device is not known: it is answered, and set aside.
    Homeless(Box<Response>, DecodeError),
    /// Nobody can read it: it is set aside.
    Unreadable(DecodeError),
}

impl Decoder {
    /// Reads one record.
    ///
    /// # Errors
    /// If the record is no event of a device; [`Undecoded`] tells what to do with it.
    pub fn decode<'r>(&self, input: Input, record: Record<'r>) -> Result<Decoded<'r>, Undecoded> {
        self.decode_noting(input, record, &mut NodeLookups::default())
    }

    /// As [`Self::decode`]; adds to `lookups` what the node directory was asked.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_noting<'r>(
        &self,
        input: Input,
        record: Record<'r>,
        lookups: &mut NodeLookups,
    ) -> Result<Decoded<'r>, Undecoded> {
        let decoded = match input {
            Input::CpeEvents => self.cpe_event(record).map(Decoded::One),
            Input::Requests => self.request(record, lookups),
        };
        match decoded {
            Ok(Decoded::One(event)) => Ok(Decoded::One(event)),
            Ok(Decoded::Several(several)) => Ok(Decoded::Several(Several {
                error: several.error.map(DecodeError::bounded),
                ..several
            })),
            Err(Undecoded::Foreign) => Err(Undecoded::Foreign),
            Err(Undecoded::Homeless(response, error)) => {
                Err(Undecoded::Homeless(response, error.bounded()))
            }
            Err(Undecoded::Unreadable(error)) => Err(Undecoded::Unreadable(error.bounded())),
        }
    }
}

/// The events of a record.
#[derive(Debug)]
pub enum Decoded<'r> {
    /// The usual case.
    One(Event<'r>),
    /// An aggregated notification.
    Several(Several<'r>),
}

/// What an aggregated notification holds.
#[derive(Debug, Default)]
pub struct Several<'r> {
    /// In their order; they may be of different devices.
    pub events: Vec<Event<'r>>,
    /// The answers about creations whose device is not known.
    pub homeless: Vec<Response>,
    /// Why the record is set aside all the same: the first thing in it that could not be read or has no device.
    pub error: Option<DecodeError>,
}

/// What is wrong with a record.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct DecodeError {
    /// The bounded label.
    pub reason: DecodeReason,
    /// What, where, and how to mend it.
    pub detail: String,
}

impl DecodeError {
    /// The same with its text on one line of at most 1 KiB: it may quote what the record holds.
    pub(super) fn bounded(self) -> Self {
        Self {
            detail: bounded_line(&self.detail, DETAIL_BYTES_MAX),
            ..self
        }
    }
}

/// What is wrong with a record, as a bounded label.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DecodeReason {
    /// The content-type header contradicts the bytes, or is none that the bridge reads.
    ContentTypeMismatch,
    /// Two places name different devices.
    DeviceMismatch,
    /// No place names the device.
    DeviceMissing,
    /// The record has no value.
    EmptyValue,
    /// A CommandKey has more than 32 bytes.
    InvalidCommandKey,
    /// A fault code, status or other field has a value that the standard does not allow, or is missing.
    InvalidField,
    /// Not well-formed CBOR.
    MalformedCbor,
    /// Not well-formed JSON, or not of the expected structure.
    MalformedJson,
    /// Not a protobuf message of the expected type.
    MalformedProtobuf,
    /// Not well-formed XML, or not a SOAP envelope.
    MalformedXml,
    /// The value exceeds a limit of size, depth or count.
    TooLarge,
}

impl DecodeReason {
    /// The header `credbridge-reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentTypeMismatch => "content_type_mismatch",
            Self::DeviceMismatch => "device_mismatch",
            Self::DeviceMissing => "device_missing",
            Self::EmptyValue => "empty_value",
            Self::InvalidCommandKey => "invalid_command_key",
            Self::InvalidField => "invalid_field",
            Self::MalformedCbor => "malformed_cbor",
            Self::MalformedJson => "malformed_json",
            Self::MalformedProtobuf => "malformed_protobuf",
            Self::MalformedXml => "malformed_xml",
            Self::TooLarge => "too_large",
        }
    }
}
