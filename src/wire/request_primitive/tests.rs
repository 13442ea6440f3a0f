use proptest::prelude::*;
use serde_json::{Value, json};

use crate::onem2m::{Expiry, MyCertFileCred, PrimitiveTexts, ResultContent, Suid};
use crate::record::Header;
use crate::time::Timestamp;

use super::*;

mod command_key;
mod device;
mod reading;
mod refusals;

const LEAF: &str = include_str!("../../../tests/fixtures/certificates/leaf.pem");

fn decoder() -> Decoder {
    Decoder {
        from_target: Some(regex::Regex::new("^/cse1/(?<device>[^/]+)$").unwrap()),
        ..Decoder::new(crate::wire::CommandKeys::new("credbridge"))
    }
}

fn coordinates() -> Coordinates {
    Coordinates {
        topic: "onem2m.requests".into(),
        partition: 2,
        offset: 41,
    }
}

/// A good request; the tests spoil one thing each.
fn good() -> Value {
    json!({
        "op": 1, "to": "/cse1/node7", "fr": "/cse1/Ccfg", "rqi": "a1", "rvi": "3", "ty": 13,
        "rt": {"rtv": 2, "nu": ["/cse1/Ccfg", "/cse1/Clog", "/cse1/Ccfg"]},
        "rqet": "20300101T000000", "rset": "20300101T000001,5", "ot": "20260101T000000", "rcn": 3,
        "pc": {"dcfg:nycfc": {
            "mgd": 1023, "suids": [42, 43, 42], "mcff": "application/x-pem-file", "mcfc": LEAF,
            "rn": "cred-1", "lbl": ["x"], "et": "20300101T000000", "dc": "mine", "obps": ["Device.Security.Certificate.3."],
        }},
    })
}

fn good_message() -> r#gen::CreateRequest {
    r#gen::CreateRequest {
        request_identifier: "a1".into(),
        from: "/cse1/Ccfg".into(),
        to: "/cse1/node7".into(),
        suids: vec![42],
        my_cert_file_format: "application/x-pem-file".into(),
        my_cert_file_content: LEAF.into(),
        ..r#gen::CreateRequest::default()
    }
}

/// What the decoder makes of a value, with these headers and this key.
fn with_event<T>(
    format: Format,
    payload: &[u8],
    headers: &[Header<'_>],
    key: Option<&[u8]>,
    look: impl FnOnce(Result<Event<'_>, Undecoded>) -> T,
) -> T {
    let coordinates = coordinates();
    let record = Record {
        coordinates: &coordinates,
        key,
        value: Some(payload),
        headers,
    };
    let decoder = decoder();
    let event = decoder
        .read_request_as(format, payload, record)
        .map_err(Undecoded::Unreadable)
        .and_then(|read| decoder.request_of(read, record, &mut NodeLookups::default()))
        .map(|decoded| match decoded {
            Decoded::One(event) => event,
            Decoded::Several(several) => panic!("not one event: {several:?}"),
        });
    look(event)
}

/// The same in CBOR, repeated members included; `None` if CBOR has no such text.
fn cbor_of(json: &str) -> Option<Vec<u8>> {
    let value: ciborium::Value = serde_json::from_str(json).ok()?;
    let mut payload = Vec::new();
    ciborium::into_writer(&value, &mut payload).unwrap();
    Some(payload)
}

const DEVICE: &[Header<'_>] = &[("cwmp-device-id", b"00256D-IGD-1")];

fn kind(request: &Value, headers: &[Header<'_>]) -> EventKind {
    let kind = |format, payload: &[u8]| {
        with_event(format, payload, headers, None, |event| event.unwrap().kind)
    };
    let text = request.to_string();
    let of_json = kind(Format::Json, text.as_bytes());
    assert_eq!(kind(Format::Cbor, &cbor_of(&text).unwrap()), of_json);
    of_json
}

fn accepted(request: &Value, headers: &[Header<'_>]) -> CreateRequest {
    accepted_of(kind(request, headers))
}

fn accepted_of(kind: EventKind) -> CreateRequest {
    let EventKind::CreateRequest(request) = kind else {
        panic!("not accepted: {kind:?}");
    };
    *request
}

fn refused_of(kind: EventKind) -> RefusedRequest {
    let EventKind::RefusedRequest(refused) = kind else {
        panic!("not refused: {kind:?}");
    };
    *refused
}

/// How a request is refused, which is the same in every encoding.
fn refused(payload: &str) -> RefusedRequest {
    let refused = |format, payload: &[u8]| {
        with_event(format, payload, DEVICE, None, |event| {
            refused_of(event.unwrap().kind)
        })
    };
    let of_json = refused(Format::Json, payload.as_bytes());
    if let Some(payload) = cbor_of(payload) {
        assert_eq!(refused(Format::Cbor, &payload), of_json);
    }
    of_json
}

fn unreadable(format: Format, payload: &[u8]) -> DecodeError {
    with_event(format, payload, DEVICE, None, |event| match event {
        Err(Undecoded::Unreadable(error)) => error,
        other => panic!("not unreadable: {other:?}"),
    })
}

fn homeless(payload: &Value, headers: &[Header<'_>]) -> (Response, DecodeError) {
    let payload = payload.to_string();
    with_event(
        Format::Json,
        payload.as_bytes(),
        headers,
        None,
        |event| match event {
            Err(Undecoded::Homeless(response, error)) => (*response, error),
            other => panic!("not homeless: {other:?}"),
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(payload: Vec<u8>, at in 0usize..2000, byte: u8) {
        let mut spoiled = good().to_string().into_bytes();
        let place = at % spoiled.len();
        spoiled[place] = byte;
        let mut message = good_message().encode_to_vec();
        let place = at % message.len();
        message[place] = byte;
        let mut cbor = cbor_of(&good().to_string()).unwrap();
        let place = at % cbor.len();
        cbor[place] = byte;
        for payload in [&payload, &spoiled, &message, &cbor] {
            for format in [Format::Json, Format::Protobuf, Format::Cbor] {
                with_event(format, payload, DEVICE, None, |event| {
                    if let Err(Undecoded::Unreadable(error)) = event {
                        assert!(!error.detail.is_empty());
                    }
                });
            }
        }
    }
}
