use prost::Message as _;

use crate::record::{Coordinates, Header};
use crate::wire::r#gen::{CpeEvent, DeviceId};

use super::*;

fn detect_in(
    value: &[u8],
    content_type: Option<&str>,
    pinned: Option<Format>,
) -> Result<(Format, Vec<u8>), DecodeReason> {
    let headers: Vec<Header<'_>> = content_type
        .iter()
        .map(|text| ("content-type", text.as_bytes()))
        .collect();
    let record = Record {
        coordinates: &Coordinates {
            topic: "t".into(),
            partition: 0,
            offset: 0,
        },
        key: None,
        value: Some(value),
        headers: &headers,
    };
    detect(&record, pinned)
        .map(|content| (content.format, content.payload.into_owned()))
        .map_err(|error| error.reason)
}

fn told(value: &[u8]) -> Result<Format, DecodeReason> {
    detect_in(value, None, None).map(|(format, _)| format)
}

#[test]
fn the_first_byte_tells_the_format() {
    assert_eq!(told(b"{}"), Ok(Format::Json));
    assert_eq!(told(b"\xEF\xBB\xBF \r\n\t{}"), Ok(Format::Json));
    assert_eq!(told(b"<a/>"), Ok(Format::Soap));
    assert_eq!(told(b"\n\n<a/>"), Ok(Format::Soap));
    assert_eq!(told(b"\x12\x01k"), Ok(Format::Protobuf));
    assert_eq!(told(b"[1]"), Ok(Format::Protobuf));
    for cbor in [b"\xA0", b"\xBF", b"\xD9"] {
        assert_eq!(told(cbor), Ok(Format::Cbor));
    }
}

#[test]
fn a_value_is_required_and_limited() {
    assert_eq!(told(b""), Err(DecodeReason::EmptyValue));
    assert_eq!(told(&[0, 0, 0, 0, 7]), Err(DecodeReason::EmptyValue));
    assert_eq!(told(&vec![b' '; VALUE_BYTES_MAX]), Ok(Format::Protobuf));
    assert_eq!(
        told(&vec![b'{'; VALUE_BYTES_MAX + 1]),
        Err(DecodeReason::TooLarge)
    );
}

#[test]
fn the_mark_is_taken_off_and_white_space_is_left() {
    assert_eq!(
        detect_in(b"\xEF\xBB\xBF\n<a/>", None, None),
        Ok((Format::Soap, b"\n<a/>".to_vec()))
    );
}

#[test]
fn a_device_of_any_length_is_protobuf() {
    for length in 1..=64 {
        let event = CpeEvent {
            device: Some(DeviceId {
                oui: "00256D".into(),
                product_class: "c".repeat(length),
                serial_number: "s".repeat(64),
            }),
            ..CpeEvent::default()
        };
        let bytes = event.encode_to_vec();
        assert_eq!(told(&bytes), Ok(Format::Protobuf), "{length}");
        assert_eq!(
            detect_in(&bytes, Some("application/protobuf"), None),
            Ok((Format::Protobuf, bytes))
        );
    }
}

#[test]
fn a_content_type_may_have_parameters_and_any_case() {
    assert_eq!(
        detect_in(b" <a/>", Some("Text/XML ; charset=\"utf-8\""), None),
        Ok((Format::Soap, b" <a/>".to_vec()))
    );
    assert_eq!(
        detect_in(b"{}", Some("application/vnd.oneM2M-preq+json"), None),
        Ok((Format::Json, b"{}".to_vec()))
    );
}

#[test]
fn contradictions_are_refused() {
    for (value, content_type, pinned) in [
        (&b"<a/>"[..], Some("application/json"), None),
        (b"{}", Some("text/xml"), None),
        (b"{}", Some("application/x-protobuf"), None),
        (b"\x12\x01k", Some("application/json"), None),
        (b"{}", Some("application/json"), Some(Format::Protobuf)),
        (b"{}", None, Some(Format::Protobuf)),
        (b"{}", Some("image/png"), None),
        (b"{}", Some(""), None),
        (b"\x80", Some("application/cbor"), None),
        (b"\xA0", Some("application/json"), None),
        (b"{}", Some("application/cloudevents-batch+json"), None),
    ] {
        assert_eq!(
            detect_in(value, content_type, pinned),
            Err(DecodeReason::ContentTypeMismatch),
            "{content_type:?} {pinned:?}"
        );
    }
}

#[test]
fn a_pinned_format_is_not_guessed() {
    assert_eq!(
        detect_in(b"{}", None, Some(Format::Json)),
        Ok((Format::Json, b"{}".to_vec()))
    );
    assert_eq!(
        detect_in(b"\x12\x01k", None, Some(Format::Protobuf)),
        Ok((Format::Protobuf, b"\x12\x01k".to_vec()))
    );
}

#[test]
fn schema_registry_framing_is_taken_off() {
    for index in [&b"\0"[..], b"\x02\x00", b"\x04\x02\x00", b"\x01\x01"] {
        let value = [b"\0\0\0\0\x07", index, b"\x12\x01k"].concat();
        assert_eq!(
            detect_in(&value, None, None),
            Ok((Format::Protobuf, b"\x12\x01k".to_vec())),
            "{index:?}"
        );
    }
    assert_eq!(
        detect_in(b"\0\0\0\0\x07{}", Some("application/json"), None),
        Ok((Format::Json, b"{}".to_vec()))
    );
    assert_eq!(
        told(b"\0\0\0\0\x07\xFF"),
        Err(DecodeReason::MalformedProtobuf)
    );
}

fn charset_of(value: &[u8], content_type: &str) -> Option<String> {
    let coordinates = Coordinates {
        topic: "t".into(),
        partition: 0,
        offset: 0,
    };
    let record = Record {
        coordinates: &coordinates,
        key: None,
        value: Some(value),
        headers: &[("content-type", content_type.as_bytes())],
    };
    detect(&record, None).unwrap().charset
}

#[test]
fn the_charset_is_a_parameter_of_the_content_type() {
    let charset = charset_of(b"<a/>", "text/xml; q=1; Charset=\"ISO-8859-1\"");
    assert_eq!(charset.as_deref(), Some("ISO-8859-1"));
    assert_eq!(charset_of(b"<a/>", "text/xml"), None);
}

/// The event in structured mode with these further members.
fn cloud_event(members: &str) -> Vec<u8> {
    format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t",{members}}}"#).into_bytes()
}

const CLOUD: Option<&str> = Some("application/CloudEvents+json; charset=utf-8");

#[test]
fn a_structured_cloud_event_holds_every_format() {
    let cases: [(&str, Format, &[u8]); 7] = [
        (r#""data":{"a":1}"#, Format::Json, br#"{"a":1}"#),
        (
            r#""datacontenttype":"application/vnd.onem2m-preq+json","data":{"a":1}"#,
            Format::Json,
            br#"{"a":1}"#,
        ),
        (
            r#""datacontenttype":"text/xml","data":"<a b=\"1\"/>""#,
            Format::Soap,
            br#"<a b="1"/>"#,
        ),
        (
            r#""datacontenttype":"text/xml","data_base64":"PGEvPg==""#,
            Format::Soap,
            b"<a/>",
        ),
        (
            r#""datacontenttype":"application/cbor","data_base64":"oA==""#,
            Format::Cbor,
            b"\xA0",
        ),
        (r#""data_base64":"EgFr""#, Format::Protobuf, b"\x12\x01k"),
        (
            r#""datacontenttype":"application/protobuf","data_base64":"EgFr""#,
            Format::Protobuf,
            b"\x12\x01k",
        ),
    ];
    for (members, format, payload) in cases {
        assert_eq!(
            detect_in(&cloud_event(members), CLOUD, None),
            Ok((format, payload.to_vec())),
            "{members}"
        );
    }
    let text = cloud_event(r#""datacontenttype":"text/xml; charset=ISO-8859-1","data":"<a/>""#);
    let type_of_event = "application/cloudevents+json";
    assert_eq!(charset_of(&text, type_of_event).as_deref(), Some("utf-8"));
    let bytes =
        cloud_event(r#""datacontenttype":"text/xml; charset=ISO-8859-1","data_base64":"PGEvPg==""#);
    assert_eq!(
        charset_of(&bytes, type_of_event).as_deref(),
        Some("ISO-8859-1")
    );
}

#[test]
fn broken_cloud_events_are_refused() {
    use DecodeReason as R;
    for (value, reason) in [
        (&b"{}"[..], R::MalformedJson),
        (b"x", R::MalformedJson),
        (br#"{"specversion":"0.3","data":{}}"#, R::MalformedJson),
        (
            br#"{"specversion":"1.0","data":{},"data":{}}"#,
            R::MalformedJson,
        ),
        (
            br#"{"specversion":"1.0","data":{},"data_base64":"oA=="}"#,
            R::MalformedJson,
        ),
        (
            br#"{"specversion":"1.0","data_base64":"?"}"#,
            R::MalformedJson,
        ),
        (br#"{"specversion":"1.0","data":null}"#, R::EmptyValue),
        (br#"{"specversion":"1.0","data_base64":""}"#, R::EmptyValue),
        (
            br#"{"specversion":"1.0","datacontenttype":"text/xml","data":{}}"#,
            R::ContentTypeMismatch,
        ),
        (
            br#"{"specversion":"1.0","datacontenttype":"application/cloudevents+json","data":{}}"#,
            R::ContentTypeMismatch,
        ),
    ] {
        let text = String::from_utf8_lossy(value);
        assert_eq!(detect_in(value, CLOUD, None), Err(reason), "{text}");
    }
    assert_eq!(
        detect_in(&cloud_event(r#""data":{}"#), CLOUD, Some(Format::Protobuf)),
        Err(R::ContentTypeMismatch)
    );
}
