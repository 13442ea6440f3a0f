use std::borrow::Cow;

use crate::record::Record;

use super::json_members::shown;
use super::{DecodeError, DecodeReason, cloud_event, item_limit};

/// Largest value of a record that is read, in bytes: a CPE's envelope has some kilobytes, a certificate file some tens.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Longest key of a record that is read, in bytes: it is kept with the installation, and given back with the response.
const KEY_BYTES_MAX: usize = 8 << 10;

/// Magic byte and id of the schema-registry framing.
const FRAME_BYTES: usize = 5;

/// Deepest nesting of a message type that the schema-registry framing may name.
const MESSAGE_INDEX_MAX: u64 = 8;

/// Content-type of an event in structured mode.
const CLOUD_EVENT: &str = "application/cloudevents+json";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the value of a record is written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// oneM2M primitive as CBOR.
    Cbor,
    /// JSON: a oneM2M primitive, or proto3 JSON.
    Json,
    /// Protocol Buffers.
    Protobuf,
    /// A SOAP envelope of CWMP.
    Soap,
}

impl Format {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cbor => "CBOR",
            Self::Json => "JSON",
            Self::Protobuf => "protobuf",
            Self::Soap => "a SOAP envelope",
        }
    }
}

/// What stands in a record.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Content<'r> {
    pub(super) format: Format,
    /// The value without CloudEvent, byte order mark and schema-registry framing.
    pub(super) payload: Cow<'r, [u8]>,
    /// The parameter `charset` of its content-type.
    pub(super) charset: Option<String>,
}

/// The format of a record, and its value without what is wrapped around it.
///
/// The content-type header tells the format, else `pinned`, else the first byte after a byte order mark and white
/// space. White space before the value is left in place: an XML declaration must not have any. In a structured
/// CloudEvent the data's own content-type takes the place of the header.
///
/// # Errors
/// If the record has no value or one of more than 1 MiB, a key of more than 8 KiB, or too many items; if its content-type contradicts the bytes or `pinned`, or if
/// the format is none that is read.
pub(super) fn detect<'r>(
    record: &Record<'r>,
    pinned: Option<Format>,
) -> Result<Content<'r>, DecodeError> {
    let value = limited(record.value.unwrap_or_default())?;
    check_key(record.key.unwrap_or_default())?;
    let content_type = record.header("content-type").map(String::from_utf8_lossy);
    let content_type = content_type.as_deref();
    if content_type.is_none_or(|text| !essence(text).eq_ignore_ascii_case(CLOUD_EVENT)) {
        let (format, payload) = content(value, content_type, pinned)?;
        return Ok(Content {
            format,
            payload: payload.into(),
            charset: content_type.and_then(charset),
        });
    }
    item_limit::check_json(value)?;
    let event = cloud_event::read(text(value))?;
    let content_type = event.content_type.as_deref();
    let (format, payload) = content(limited(&event.data)?, content_type, pinned)?;
    Ok(Content {
        format,
        payload: payload.to_vec().into(),
        charset: if event.is_text {
            Some("utf-8".to_owned())
        } else {
            content_type.and_then(charset)
        },
    })
}

fn limited(value: &[u8]) -> Result<&[u8], DecodeError> {
    if value.is_empty() {
        return Err(error(
            DecodeReason::EmptyValue,
            "the record has no value: write one, or do not write the record".into(),
        ));
    }
    if value.len() > VALUE_BYTES_MAX {
        return Err(error(
            DecodeReason::TooLarge,
            format!(
                "the value has {} bytes, at most {VALUE_BYTES_MAX} are read",
                value.len()
            ),
        ));
    }
    Ok(value)
}

fn check_key(key: &[u8]) -> Result<(), DecodeError> {
    if key.len() <= KEY_BYTES_MAX {
        return Ok(());
    }
    Err(error(
        DecodeReason::TooLarge,
        format!(
            "the record key has {} bytes, at most {KEY_BYTES_MAX} are read: use a shorter one",
            key.len()
        ),
    ))
}

fn content<'v>(
    value: &'v [u8],
    content_type: Option<&str>,
    pinned: Option<Format>,
) -> Result<(Format, &'v [u8]), DecodeError> {
    let claimed = claimed(content_type, pinned)?;
    let (framed, payload) = unframed(value)?;
    let format = match claimed {
        Some(format) => check(format, payload)?,
        None => sniffed(payload),
    };
    let payload = match format {
        Format::Cbor => text(payload).trim_ascii_start(),
        Format::Json => {
            item_limit::check_json(payload)?;
            text(payload)
        }
        Format::Soap => text(payload),
        Format::Protobuf if framed => without_message_index(payload)?,
        Format::Protobuf => payload,
    };
    Ok((format, payload))
}

/// A content-type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The parameter `charset` of a content-type.
fn charset(content_type: &str) -> Option<String> {
    content_type
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// The format that the content-type header or the configuration states.
fn claimed(
    content_type: Option<&str>,
    pinned: Option<Format>,
) -> Result<Option<Format>, DecodeError> {
    let Some(content_type) = content_type else {
        return Ok(pinned);
    };
    let declared = declared(content_type)?;
    match pinned {
        Some(pinned) if pinned != declared => Err(error(
            DecodeReason::ContentTypeMismatch,
            format!(
                "the content-type says {}, and the configuration allows only {} here: mend the producer, or set \
                 formats.requests or formats.cpe_events to auto",
                declared.as_str(),
                pinned.as_str()
            ),
        )),
        Some(_) | None => Ok(Some(declared)),
    }
}

/// The format that a content-type names; its parameters and the case of its letters do not matter.
fn declared(content_type: &str) -> Result<Format, DecodeError> {
    let essence = essence(content_type);
    let is = |names: &[&str]| names.iter().any(|name| essence.eq_ignore_ascii_case(name));
    if is(&[
        "application/json",
        "application/vnd.onem2m-preq+json",
        "application/vnd.onem2m-prsp+json",
        "application/vnd.onem2m-ntfy+json",
        "application/vnd.onem2m-res+json",
    ]) {
        Ok(Format::Json)
    } else if is(&["application/x-protobuf", "application/protobuf"]) {
        Ok(Format::Protobuf)
    } else if is(&["text/xml", "application/xml", "application/soap+xml"]) {
        Ok(Format::Soap)
    } else if is(&[
        "application/cbor",
        "application/vnd.onem2m-preq+cbor",
        "application/vnd.onem2m-prsp+cbor",
        "application/vnd.onem2m-ntfy+cbor",
        "application/vnd.onem2m-res+cbor",
    ]) {
        Ok(Format::Cbor)
    } else {
        Err(error(
            DecodeReason::ContentTypeMismatch,
            format!(
                "the content-type {} is none that is read: send application/json, application/cbor, \
                 application/x-protobuf or text/xml, or no content-type",
                shown(essence)
            ),
        ))
    }
}

/// Whether the value has the schema-registry framing, and the value without magic byte and id.
fn unframed(value: &[u8]) -> Result<(bool, &[u8]), DecodeError> {
    if value[0] != 0 {
        return Ok((false, value));
    }
    match value.get(FRAME_BYTES..) {
        Some(payload) if !payload.is_empty() => Ok((true, payload)),
        Some(_) | None => Err(error(
            DecodeReason::EmptyValue,
            "nothing follows the schema-registry framing (a zero byte and a 4-byte id)".into(),
        )),
    }
}

/// Takes off the message index of the schema-registry framing: a count and that many positions as zig-zag varints, a
/// single zero for the first message. Some producers write plain varints; those are told by an odd count.
fn without_message_index(payload: &[u8]) -> Result<&[u8], DecodeError> {
    let mut rest = payload;
    let count = match varint(&mut rest) {
        Some(count) if count % 2 == 0 => count / 2,
        Some(count) => count,
        None => return Err(bad_message_index()),
    };
    if count > MESSAGE_INDEX_MAX {
        return Err(bad_message_index());
    }
    for _ in 0..count {
        varint(&mut rest).ok_or_else(bad_message_index)?;
    }
    Ok(rest)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(rest).ok()
}

fn bad_message_index() -> DecodeError {
    error(
        DecodeReason::MalformedProtobuf,
        "the message index after the schema-registry id is not one: a zero byte, or a count and positions".into(),
    )
}

/// `format`, if the bytes can be of it.
fn check(format: Format, payload: &[u8]) -> Result<Format, DecodeError> {
    let agrees = match format {
        // White space is also the tag of a first field, so only the very first byte can contradict.
        Format::Protobuf => marker(payload[0]).is_none(),
        Format::Cbor => marker(payload[0]) == Some(format),
        Format::Json | Format::Soap => marked(payload) == Some(format),
    };
    if agrees {
        return Ok(format);
    }
    let first = text(payload).trim_ascii_start().first().unwrap_or(&0);
    Err(error(
        DecodeReason::ContentTypeMismatch,
        format!(
            "the content-type or the configuration says {}, and the value begins with the byte 0x{first:02X}: \
             send the right content-type, or none",
            format.as_str()
        ),
    ))
}

/// The format that the bytes show.
fn sniffed(payload: &[u8]) -> Format {
    match marked(payload) {
        Some(_) if payload[0] == b'\n' && is_wire_format(payload) => Format::Protobuf,
        Some(format) => format,
        None => Format::Protobuf,
    }
}

/// The format that the first byte after byte order mark and white space shows; `None`: protobuf.
fn marked(payload: &[u8]) -> Option<Format> {
    text(payload)
        .trim_ascii_start()
        .first()
        .and_then(|first| marker(*first))
}

fn marker(first: u8) -> Option<Format> {
    match first {
        b'{' => Some(Format::Json),
        b'<' => Some(Format::Soap),
        0xA0..=0xBF | 0xD9 => Some(Format::Cbor),
        _ => None,
    }
}

fn text(payload: &[u8]) -> &[u8] {
    payload.strip_prefix(BYTE_ORDER_MARK).unwrap_or(payload)
}

/// Whether the bytes are fields of protobuf from the first to the last.
///
/// A line feed is white space, and also the tag of field 1 of every message here; the length behind it may look like
/// the first byte of another format. A text that happens to be a sequence of whole fields does not occur.
fn is_wire_format(mut rest: &[u8]) -> bool {
    const FIELD_MAX: u64 = 31;
    while !rest.is_empty() {
        let Some(tag) = varint(&mut rest) else {
            return false;
        };
        if !(1..=FIELD_MAX).contains(&(tag >> 3)) {
            return false;
        }
        let skipped = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut rest),
            5 => Some(4),
            _ => None,
        };
        let Some(after) = skipped
            .and_then(|bytes| usize::try_from(bytes).ok())
            .and_then(|bytes| rest.get(bytes..))
        else {
            return false;
        };
        rest = after;
    }
    true
}

fn error(reason: DecodeReason, detail: String) -> DecodeError {
    DecodeError { reason, detail }
}

#[cfg(test)]
mod tests;
