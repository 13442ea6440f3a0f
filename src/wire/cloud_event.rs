//! CloudEvents in structured mode (CloudEvents 1.0, JSON event format): the record that stands inside.
//!
//! In binary mode there is nothing to take off: the value is the data, and content-type is its type.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DecodeError, DecodeReason};

/// The data of an event, and its content-type if the event states one.
#[derive(Debug)]
pub(super) struct CloudEvent<'a> {
    pub(super) content_type: Option<String>,
    pub(super) data: Cow<'a, [u8]>,
    /// Whether the data stood in JSON as text, so that it is UTF-8 whatever it says of itself.
    pub(super) is_text: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    specversion: String,
    datacontenttype: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<String>,
}

/// Reads an event; attributes that the bridge has no use for are passed over.
///
/// # Errors
/// If it is no event of version 1, or has no data.
pub(super) fn read(value: &[u8]) -> Result<CloudEvent<'_>, DecodeError> {
    let envelope: Envelope<'_> = serde_json::from_slice(value).map_err(|error| {
        malformed(format!(
            "the CloudEvent is not readable at line {}, column {}: send specversion, datacontenttype, and data or \
             data_base64, each once",
            error.line(),
            error.column()
        ))
    })?;
    if !envelope.specversion.starts_with("1.") {
        return Err(malformed(
            "the specversion of the CloudEvent is not 1.0: send version 1.0".into(),
        ));
    }
    let content_type = envelope.datacontenttype;
    let (data, is_text) = match (envelope.data, envelope.data_base64) {
        (Some(data), None) => data_of_json(data, content_type.as_deref())?,
        (None, Some(base64)) => (data_of_base64(&base64)?, false),
        (Some(_), Some(_)) => {
            return Err(malformed(
                "the CloudEvent has both data and data_base64: send one of them".into(),
            ));
        }
        (None, None) => {
            return Err(DecodeError {
                reason: DecodeReason::EmptyValue,
                detail: "the CloudEvent has neither data nor data_base64".into(),
            });
        }
    };
    Ok(CloudEvent {
        content_type,
        data,
        is_text,
    })
}

/// Data that is JSON stands there as it is; other data that is text stands there as a JSON string.
fn data_of_json<'a>(
    data: &'a RawValue,
    content_type: Option<&str>,
) -> Result<(Cow<'a, [u8]>, bool), DecodeError> {
    let json = data.get();
    if !json.starts_with('"') || content_type.is_none_or(is_json) {
        return Ok((json.as_bytes().into(), false));
    }
    let text: String = serde_json::from_str(json)
        .map_err(|_| malformed("the data of the CloudEvent is no text".into()))?;
    Ok((text.into_bytes().into(), true))
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn data_of_base64<'a>(base64: &str) -> Result<Cow<'a, [u8]>, DecodeError> {
    let data = BASE64_STANDARD
        .decode(base64)
        .map_err(|_| malformed("data_base64 of the CloudEvent is not base64".into()))?;
    Ok(data.into())
}

fn malformed(detail: String) -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedJson,
        detail,
    }
}
