//! CBOR (RFC 8949), which oneM2M uses as another encoding of its JSON (TS-0004 clause 8.5).

use ciborium::Value;
use ciborium::de::Error;
use serde::Serialize;

use super::{DecodeError, DecodeReason, item_limit};

/// Deepest nesting that is read; a create request has 4.
const DEPTH_MAX: usize = 64;

/// The JSON text that says the same as one CBOR map that fills the whole payload.
///
/// Members keep their order, repeated ones too, so that the reader of JSON judges both encodings alike. Tags are
/// passed over. What JSON cannot say (byte strings, undefined, infinities) becomes null, which is of no type that a
/// parameter has. A float stays one, also if it has no decimals.
///
/// # Errors
/// If the payload is not one well-formed map whose names are texts, is nested too deeply, or has too many items.
pub(super) fn to_json(payload: &[u8]) -> Result<String, DecodeError> {
    item_limit::check_cbor(payload)?;
    let mut rest = payload;
    let value: Value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX)
        .map_err(|error| not_well_formed(&error))?;
    let value = untagged(value);
    if !rest.is_empty() {
        return Err(malformed(format!(
            "{} bytes follow the CBOR item: send one item a record",
            rest.len()
        )));
    }
    if !matches!(value, Value::Map(_)) {
        return Err(malformed("the CBOR item is no map: send one map".into()));
    }
    let mut json = String::with_capacity(payload.len() + payload.len() / 8);
    write_json(&value, &mut json)?;
    Ok(json)
}

/// Writes `value` with all lengths stated, since small readers have trouble with open ones.
pub(super) fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let value = Value::serialized(value).expect("all names are texts");
    ciborium::into_writer(&value, out).expect("memory grows as needed");
}

fn untagged(mut value: Value) -> Value {
    while let Value::Tag(_, inner) = value {
        value = *inner;
    }
    value
}

fn write_json(value: &Value, json: &mut String) -> Result<(), DecodeError> {
    match value {
        Value::Array(items) => {
            write_list('[', items, ']', json, write_json)?;
        }
        Value::Map(members) => {
            write_list('{', members, '}', json, |(name, value), json| {
                write_name(name, json)?;
                json.push(':');
                write_json(value, json)
            })?;
        }
        Value::Bool(truth) => json.push_str(if *truth { "true" } else { "false" }),
        Value::Float(number) => json.push_str(&serde_json::Value::from(*number).to_string()),
        Value::Integer(number) => json.push_str(&i128::from(*number).to_string()),
        Value::Tag(_, inner) => write_json(inner, json)?,
        Value::Text(text) => write_text(text, json),
        Value::Bytes(_) | Value::Null => json.push_str("null"),
        // The type is open for what a later version of CBOR adds.
        _ => {
            return Err(malformed(
                "a value is of a kind that CBOR had not yet".into(),
            ));
        }
    }
    Ok(())
}

fn write_list<T>(
    open: char,
    items: &[T],
    close: char,
    json: &mut String,
    mut write: impl FnMut(&T, &mut String) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    json.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(item, json)?;
    }
    json.push(close);
    Ok(())
}

fn write_name(name: &Value, json: &mut String) -> Result<(), DecodeError> {
    let mut inner = name;
    while let Value::Tag(_, tagged) = inner {
        inner = tagged;
    }
    let Value::Text(text) = inner else {
        return Err(malformed(format!(
            "the name of a member is {}: oneM2M names are texts",
            kind(inner)
        )));
    };
    write_text(text, json);
    Ok(())
}

/// What sort of item it is, and nothing of the content.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::Bool(_) => "a truth value",
        Value::Bytes(_) => "a byte string",
        Value::Float(_) | Value::Integer(_) => "a number",
        Value::Map(_) => "a map",
        Value::Null => "null",
        Value::Tag(..) => "a tag",
        Value::Text(_) => "a text",
        // The type is open for what a later version of CBOR adds.
        _ => "no text",
    }
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// Says where it is wrong, and nothing of the content.
fn not_well_formed(error: &Error<std::io::Error>) -> DecodeError {
    match error {
        Error::Io(_) => malformed("the CBOR ends too early".into()),
        Error::RecursionLimitExceeded => DecodeError {
            reason: DecodeReason::TooLarge,
            detail: format!("the CBOR is nested deeper than {DEPTH_MAX} levels: flatten it"),
        },
        Error::Semantic(Some(at), _) | Error::Syntax(at) => malformed(format!(
            "the CBOR is not well-formed: the item before byte {at} or the one there"
        )),
        Error::Semantic(None, _) => malformed("the CBOR is not well-formed".into()),
    }
}

fn malformed(detail: String) -> DecodeError {
    DecodeError {
        reason: DecodeReason::MalformedCbor,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(payload: &[u8]) -> Result<String, DecodeReason> {
        to_json(payload).map_err(|error| error.reason)
    }

    #[test]
    fn what_json_can_say_survives() {
        let value = json!({"a": [1, -2, 4_294_967_296_u64, "é\"\n", true, null, 1.5], "b": {}});
        let mut payload = Vec::new();
        write(&mut payload, &value);
        let json: serde_json::Value = serde_json::from_str(&read(&payload).unwrap()).unwrap();
        assert_eq!(json, value);
    }

    #[test]
    fn open_lengths_tags_and_repeated_members_are_read() {
        // 55799({_ "a": (_ "b", "c"), "a": [_ 1], "t": 0("x")})
        let payload = b"\xD9\xD9\xF7\xBF\x61a\x7F\x61b\x61c\xFF\x61a\x9F\x01\xFF\x61t\xC0\x61x\xFF";
        assert_eq!(
            read(payload),
            Ok(r#"{"a":"bc","a":[1],"t":"x"}"#.to_owned())
        );
    }

    #[test]
    fn what_json_cannot_say_is_of_no_type() {
        // {"a": h'00', "b": undefined, "c": NaN, "d": 1.0}
        let payload = b"\xA4\x61a\x41\x00\x61b\xF7\x61c\xF9\x7E\x00\x61d\xF9\x3C\x00";
        assert_eq!(
            read(payload),
            Ok(r#"{"a":null,"b":null,"c":null,"d":1.0}"#.to_owned())
        );
    }

    #[test]
    fn broken_items_are_refused() {
        for payload in [
            &b""[..],
            b"\xA1",
            b"\xA1\x61a",
            b"\xA1\x01\x02",
            b"\xA1\x61\xFF\x01",
            b"\xA0\xA0",
            b"\x80",
            b"\xD9\xD9\xF7\x01",
            b"\xBF\x61a",
            b"\xBF\x61a\xFF",
            b"\xBB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"\xA1\x61a\x7B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"\xA1\x61a\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"\xA1\x61a\x1C",
        ] {
            assert_eq!(
                read(payload),
                Err(DecodeReason::MalformedCbor),
                "{payload:x?}"
            );
        }
    }

    #[test]
    fn name_that_is_no_text_is_told_by_its_kind() {
        for (payload, kind) in [
            (&b"\xA1\x43key\x01"[..], "a byte string"),
            (b"\xA1\xC1\x18\x63\x01", "a number"),
            (b"\xA1\x81\x63key\x01", "an array"),
        ] {
            let detail = to_json(payload).unwrap_err().detail;
            let told = format!("the name of a member is {kind}: oneM2M names are texts");
            assert_eq!(detail, told);
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth| [&b"\xA1\x61a"[..], &vec![0x81; depth], b"\x01"].concat();
        assert!(read(&nested(DEPTH_MAX - 8)).is_ok());
        assert_eq!(read(&nested(DEPTH_MAX)), Err(DecodeReason::TooLarge));
        assert_eq!(read(&nested(100_000)), Err(DecodeReason::TooLarge));
        let tags = [vec![0xD9; 3 * 10_000], vec![0xA0]].concat();
        assert!(read(&tags).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(payload: Vec<u8>) {
            if let Ok(json) = to_json(&payload) {
                assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok());
            }
        }
    }
}
