//! How many items a value may hold, told before anything is built of it.
//!
//! A few bytes of a value can stand for many bytes in memory: `{}` in a list of structures, one byte of an array in
//! CBOR. These counts cost no memory; the readers behind them have limits of depth of their own.

use super::{DecodeError, DecodeReason};

/// Most items of one value: members, elements, fields. The answer to a lookup of a thousand certificates has 10,000
/// parameters of three members; no value of 1 MiB that means something has more.
const ITEMS_MAX: usize = 40_000;

/// A shorter value cannot hold so many items that they matter, and is not looked through.
const COUNTED_BYTES_MIN: usize = 64 << 10;

/// Counts elements and members of JSON, whether it is well-formed or not.
///
/// # Errors
/// If there are too many.
pub(super) fn check_json(text: &[u8]) -> Result<(), DecodeError> {
    if text.len() < COUNTED_BYTES_MIN {
        return Ok(());
    }
    let mut items = 0;
    let mut in_text = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_text => {
                bytes.next();
            }
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => items += 1,
            _ => {}
        }
    }
    limit(items, "the JSON")
}

/// Counts the items of CBOR, up to what is not well-formed. What arrays and maps announce does not count: room is made
/// for what comes.
///
/// # Errors
/// If there are too many.
pub(super) fn check_cbor(mut rest: &[u8]) -> Result<(), DecodeError> {
    let mut items = 0;
    while let Some((&first, after)) = rest.split_first() {
        let (major, detail) = (first >> 5, first & 0x1F);
        let argument_bytes = match detail {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => 0,
        };
        let Some((argument, after)) = after.split_at_checked(argument_bytes) else {
            break;
        };
        let argument = match detail {
            0..24 => u64::from(detail),
            24..28 => argument
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            _ => 0,
        };
        let argument = usize::try_from(argument).unwrap_or(usize::MAX);
        items += 1;
        let skipped = if matches!(major, 2 | 3) { argument } else { 0 };
        let Some(after) = after.get(skipped..) else {
            break;
        };
        rest = after;
    }
    limit(items, "the CBOR")
}

/// What one field of a protobuf message holds: its number and its bytes, if it has some, to the number of items.
type Within = fn(u64, &[u8]) -> usize;

/// Counts the fields of a message, up to what is not well-formed; `within` tells what more there is in one of them.
///
/// # Errors
/// If there are too many.
pub(super) fn check_protobuf(payload: &[u8], within: Within) -> Result<(), DecodeError> {
    if payload.len() < COUNTED_BYTES_MIN {
        return Ok(());
    }
    limit(fields(payload, within), "the message")
}

/// The fields of a message.
pub(super) fn fields(mut rest: &[u8], within: Within) -> usize {
    let varint = |rest: &mut &[u8]| prost::encoding::decode_varint(rest).ok();
    let mut items: usize = 0;
    while let Some(tag) = varint(&mut rest) {
        let length = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut rest),
            5 => Some(4),
            _ => None,
        };
        let taken = length
            .and_then(|length| usize::try_from(length).ok())
            .and_then(|length| rest.split_at_checked(length));
        let Some((bytes, after)) = taken else {
            break;
        };
        items = items.saturating_add(1 + within(tag >> 3, bytes));
        rest = after;
    }
    items
}

fn limit(items: usize, what: &str) -> Result<(), DecodeError> {
    if items <= ITEMS_MAX {
        return Ok(());
    }
    Err(DecodeError {
        reason: DecodeReason::TooLarge,
        detail: format!("{what} has more than {ITEMS_MAX} items: send less in one record"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Within = |_, _| 0;

    fn is_refused(result: Result<(), DecodeError>) -> bool {
        result.is_err_and(|error| error.reason == DecodeReason::TooLarge)
    }

    #[test]
    fn elements_and_members_of_json_are_counted_and_texts_are_not() {
        let list = |item: &str, count| format!("[{}1]", item.repeat(count)).into_bytes();
        assert!(check_json(&list("10,", ITEMS_MAX - 1)).is_ok());
        assert!(is_refused(check_json(&list("10,", ITEMS_MAX))));
        assert!(is_refused(check_json(&list("{}  ,", ITEMS_MAX / 2))));
        let text = format!(
            r#"["{}\"{}"]"#,
            ",".repeat(ITEMS_MAX),
            ",".repeat(ITEMS_MAX)
        );
        assert!(check_json(text.as_bytes()).is_ok());
        assert!(check_json(br#"["unclosed"#).is_ok());
    }

    #[test]
    fn items_of_cbor_are_counted_and_texts_are_not() {
        let array = [&b"\x9A\x00\x00\xFF\xFF"[..], &[0; 0xFFFF]].concat();
        assert!(is_refused(check_cbor(&array)));
        assert!(check_cbor(b"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").is_ok());
        assert!(is_refused(check_cbor(&[0x9F; ITEMS_MAX + 1])));
        let text = [&b"\x7A\x00\x01\x00\x00"[..], &[0xFF; 0x10000]].concat();
        assert!(check_cbor(&text).is_ok());
        assert!(check_cbor(b"\x7B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00").is_ok());
        assert!(check_cbor(b"\x9B\xFF").is_ok());
    }

    #[test]
    fn fields_of_protobuf_are_counted_with_those_within() {
        let fields = |count| b"\x0A\x00".repeat(count);
        assert!(check_protobuf(&fields(ITEMS_MAX), NONE).is_ok());
        assert!(is_refused(check_protobuf(&fields(ITEMS_MAX + 1), NONE)));
        let half = fields(ITEMS_MAX / 2);
        let within: Within = |number, bytes| if number == 1 { bytes.len() } else { 0 };
        assert!(check_protobuf(&half, within).is_ok());
        let long = [&half[..], b"\x0A\x80\x80\x04", &[0; 0x10000]].concat();
        assert!(is_refused(check_protobuf(&long, within)));
        assert!(check_protobuf(&[0xFF; 1 << 17], NONE).is_ok());
    }
}
