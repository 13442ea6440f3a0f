use prost::Message as _;

use crate::wire::r#gen::CpeEvent;
use crate::wire::{Format, Input};

use super::envelope;
use super::script::StrayKind;

/// A record that the fleet writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Outgoing {
    pub(super) input: Input,
    pub(super) key: Option<String>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) mark: Mark,
}

/// What the judge has to be told when the record is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    Nothing,
    Request(u64),
    Stray(StrayKind, &'static str),
    TransferComplete(u64),
}

/// A CPE event on its way, before it has a format.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spoken {
    pub(super) event: CpeEvent,
    /// The device key.
    pub(super) device: String,
    pub(super) mark: Mark,
}

impl Spoken {
    /// The record in one of the formats of CPE events.
    pub(super) fn write(&self, format: Format) -> Outgoing {
        let mut headers = Vec::new();
        let (value, content_type) = match format {
            Format::Protobuf => (self.event.encode_to_vec(), "application/x-protobuf"),
            Format::Json | Format::Cbor => (
                serde_json::to_vec(&self.event).expect("a CPE event always has a JSON form"),
                "application/json",
            ),
            Format::Soap => {
                headers.push(("cwmp-device-id", self.device.clone()));
                if let Some(path) = envelope::certificate_path(&self.event) {
                    headers.push(("cwmp-certificate-path", path.to_owned()));
                }
                (
                    envelope::write(&self.event).into_bytes(),
                    "text/xml; charset=utf-8",
                )
            }
        };
        headers.push(("content-type", content_type.to_owned()));
        Outgoing {
            input: Input::CpeEvents,
            key: Some(self.device.clone()),
            value: Some(value),
            headers,
            mark: self.mark,
        }
    }
}
