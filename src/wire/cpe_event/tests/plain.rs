//! What is read without a library is what the library reads.

use fastrand::Rng;
use serde_json::Value;

use crate::wire::r#gen::{
    AutonomousTransferComplete, CancelTransferResponse, DownloadResponse, Fault, FaultStruct,
    GetParameterNamesResponse, GetParameterValuesResponse, ParameterInfo, ParameterValue,
    Rejection, SetParameterValuesFault, SetParameterValuesResponse, TransferComplete,
};

use super::*;

/// Now and then with what JSON escapes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ -!#-\\[\\]-~é]{0,12}", 1 => "[ -~\\n€]{0,200}"]
}

fn fault_struct() -> impl Strategy<Value = Option<FaultStruct>> {
    let fault = (any::<u32>(), text()).prop_map(|(fault_code, fault_string)| FaultStruct {
        fault_code,
        fault_string,
    });
    prop::option::of(fault)
}

fn fault() -> impl Strategy<Value = Fault> {
    let parameter =
        (text(), any::<u32>(), text()).prop_map(|(parameter_name, fault_code, fault_string)| {
            SetParameterValuesFault {
                parameter_name,
                fault_code,
                fault_string,
            }
        });
    let parameters = prop::collection::vec(parameter, 0..3);
    (0..10_000_u32, text(), parameters).prop_map(
        |(fault_code, fault_string, set_parameter_values_faults)| Fault {
            fault_code,
            fault_string,
            set_parameter_values_faults,
        },
    )
}

fn transfer_complete() -> impl Strategy<Value = TransferComplete> {
    (text(), fault_struct(), text(), text(), text()).prop_map(
        |(command_key, fault, start_time, complete_time, certificate_path)| TransferComplete {
            command_key,
            fault,
            start_time,
            complete_time,
            certificate_path,
        },
    )
}

/// The events that are read without a library.
fn known_event() -> impl Strategy<Value = cpe_event::Event> {
    use cpe_event::Event as E;

    let values = (text(), text(), text()).prop_map(|(name, value, r#type)| ParameterValue {
        name,
        value,
        r#type,
    });
    prop_oneof![
        (0..3_u32, text(), text()).prop_map(|(status, start_time, complete_time)| {
            E::DownloadResponse(DownloadResponse {
                status,
                start_time,
                complete_time,
            })
        }),
        transfer_complete().prop_map(E::TransferComplete),
        (0..3_u32).prop_map(|status| {
            E::SetParameterValuesResponse(SetParameterValuesResponse { status })
        }),
        prop::collection::vec(values, 0..4).prop_map(|parameters| {
            E::GetParameterValuesResponse(GetParameterValuesResponse { parameters })
        }),
        Just(E::CancelTransferResponse(CancelTransferResponse {})),
        fault().prop_map(E::Fault),
        (0..5, text()).prop_map(|(reason, detail)| E::Rejection(Rejection { reason, detail })),
    ]
}

fn any_event() -> impl Strategy<Value = cpe_event::Event> {
    use cpe_event::Event as E;

    let infos =
        (text(), any::<bool>()).prop_map(|(name, writable)| ParameterInfo { name, writable });
    prop_oneof![
        6 => known_event(),
        1 => prop::collection::vec(infos, 0..3).prop_map(|parameters| {
            E::GetParameterNamesResponse(GetParameterNamesResponse { parameters })
        }),
        1 => (text(), fault_struct()).prop_map(|(transfer_url, fault)| {
            E::AutonomousTransferComplete(AutonomousTransferComplete { transfer_url, fault })
        }),
    ]
}

fn message(
    event: impl Strategy<Value = Option<cpe_event::Event>>,
) -> impl Strategy<Value = CpeEvent> {
    let device =
        (text(), text(), text()).prop_map(|(oui, product_class, serial_number)| r#gen::DeviceId {
            oui,
            product_class,
            serial_number,
        });
    let observed_at = (0..4_000_000_000_i64, 0..1_000_000_000)
        .prop_map(|(seconds, nanos)| pbjson_types::Timestamp { seconds, nanos });
    (
        prop::option::of(device),
        text(),
        text(),
        prop::option::of(observed_at),
        event,
    )
        .prop_map(
            |(device, command_id, command_key, observed_at, event)| CpeEvent {
                device,
                command_id,
                command_key,
                observed_at,
                event,
            },
        )
}

fn known_message() -> impl Strategy<Value = CpeEvent> {
    message(known_event().prop_map(Some))
}

fn any_message() -> impl Strategy<Value = CpeEvent> {
    message(prop::option::weighted(0.9, any_event()))
}

/// Puts something else somewhere, a few times.
fn mutate(bytes: &mut Vec<u8>, pieces: &[&[u8]], rng: &mut Rng) {
    for _ in 0..rng.usize(0..4) {
        let from = rng.usize(..=bytes.len());
        let taken = rng.usize(..4).min(bytes.len() - from);
        let piece = pieces[rng.usize(..pieces.len())];
        bytes.splice(from..from + taken, piece.iter().copied());
    }
}

/// Pieces of protobuf: unknown fields of every wire type, known ones of another, broken ones.
const PROTOBUF: [&[u8]; 14] = [
    b"\x28\x01",
    b"\xF8\x01\xFF\x7F",
    b"\x29\x01\x02\x03\x04\x05\x06\x07\x08",
    b"\x2D\x01\x02\x03\x04",
    b"\x2A\x01a",
    b"\x2B\x08\x01\x2C",
    b"\x12\x01\xFF",
    b"\x10\x01",
    b"\x22\x02\x08\x05",
    b"\x00",
    b"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\x04",
    b"",
];

/// Pieces of JSON, and of nothing.
const JSON: [&[u8]; 25] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u0041",
    b"null",
    b"1",
    b"0",
    b"-",
    b".5",
    b"e1",
    b" ",
    b"\n",
    b"\x01",
    b"\x0B",
    b"\xFF",
    b"\"x\":1,",
    b"\"fault\":{},",
    b"\"status\":\"1\",",
    b"\xC3\xA9",
    b"",
];

/// Other spellings that mean the same, and some that do not.
fn respell(value: &mut Value, rng: &mut Rng) {
    match value {
        Value::Object(members) => {
            let taken = std::mem::take(members);
            for (name, mut member) in taken {
                respell(&mut member, rng);
                members.insert(if rng.u8(..4) == 0 { snake(&name) } else { name }, member);
            }
            if rng.u8(..32) == 0 {
                members.insert("unknown".into(), Value::Null);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| respell(item, rng)),
        Value::Number(number) if rng.u8(..8) == 0 => *value = number.to_string().into(),
        Value::String(text) if text == "RETRY_LATER" && rng.bool() => *value = 4.into(),
        _ if rng.u8(..64) == 0 => *value = Value::Null,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn protobuf_of_an_encoder_needs_no_library(event in known_message()) {
        let bytes = event.encode_to_vec();
        prop_assert_eq!(plain_protobuf::read(&bytes), Some(Message::from(&event)));
    }

    #[test]
    fn json_of_an_encoder_needs_no_library(event in known_message(), is_pretty: bool) {
        let json = if is_pretty {
            serde_json::to_vec_pretty(&event).unwrap()
        } else {
            serde_json::to_vec(&event).unwrap()
        };
        let expected = (!json.contains(&b'\\')).then(|| Message::from(&event));
        prop_assert_eq!(plain_json::read(&json), expected);
    }

    #[test]
    fn whatever_protobuf_is_read_is_what_the_library_reads(
        events in prop::collection::vec(any_message(), 1..3),
        seed: u64,
    ) {
        let mut bytes: Vec<u8> = events.iter().flat_map(|event| event.encode_to_vec()).collect();
        mutate(&mut bytes, &PROTOBUF, &mut Rng::with_seed(seed));
        let read = read_protobuf(&bytes);
        if let Some(message) = plain_protobuf::read(&bytes) {
            prop_assert_eq!(Ok(message), read.as_ref().map(Message::from));
        }
    }

    #[test]
    fn whatever_json_is_read_is_what_the_library_reads(event in any_message(), seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let mut value = serde_json::to_value(&event).unwrap();
        respell(&mut value, &mut rng);
        let mut json = value.to_string().into_bytes();
        mutate(&mut json, &JSON, &mut rng);
        let read = read_json(&json);
        if let Some(message) = plain_json::read(&json) {
            prop_assert_eq!(Ok(message), read.as_ref().map(Message::from));
        }
    }
}

/// What the library allows beyond what nearly all write is read all the same.
#[test]
fn unusual_spellings_are_read() {
    for json in [
        r#"{"downloadResponse":{"status":"1"}}"#,
        r#"{"downloadResponse":{"status":1},"unknown":[{}]}"#,
        r#"{"downloadResponse":{"status":1,"startTime":"\u0041"}}"#,
        r#"{"download_response":{"status":1},"device":null}"#,
        r#"{"download\u0052esponse":{"status":1}}"#,
    ] {
        assert_eq!(plain_json::read(json.as_bytes()), None, "{json}");
        assert_eq!(
            answer(json),
            Ok(AnswerKind::DownloadResponse(DownloadStatus::Accepted)),
            "{json}"
        );
    }
    // An event in two pieces; a group beside it.
    for bytes in [
        &b"\x52\x02\x08\x01\x52\x00"[..],
        b"\x52\x02\x08\x01\x2B\x2C",
    ] {
        assert_eq!(plain_protobuf::read(bytes), None, "{bytes:?}");
        assert!(
            matches!(
                kind(bytes),
                Ok(EventKind::Answer(Answer {
                    kind: AnswerKind::DownloadResponse(DownloadStatus::Accepted),
                    ..
                }))
            ),
            "{bytes:?}"
        );
    }
}
