mod observed_at;
mod plain;

use proptest::prelude::*;

use crate::correlator::{Answer, AnswerKind, CommandId, Event};
use crate::cwmp::{
    CommandKey, DeviceId, DownloadStatus, Fault, FaultCode, Rejection, RejectionReason, SetStatus,
    TransferComplete,
};
use crate::record::{Coordinates, Header};

use super::*;

const DEVICE: &str = "00256D-IGD-1";

fn coordinates() -> Coordinates {
    Coordinates {
        topic: "cwmp.events".into(),
        partition: 0,
        offset: 0,
    }
}

/// Decodes a value whose record has these headers and this key; gives the device's key and what happened.
fn decode(
    value: &[u8],
    headers: &[Header<'_>],
    key: Option<&str>,
) -> Result<(String, EventKind), Option<DecodeReason>> {
    let decoder = Decoder::new(crate::wire::CommandKeys::new("credbridge"));
    let record = Record {
        coordinates: &coordinates(),
        key: key.map(str::as_bytes),
        value: Some(value),
        headers,
    };
    match decoder.cpe_event(record) {
        Ok(Event { device, kind, .. }) => Ok((device.key().to_owned(), kind)),
        Err(Undecoded::Foreign) => Err(None),
        Err(Undecoded::Unreadable(error)) => Err(Some(error.reason)),
        Err(Undecoded::Homeless(..)) => panic!("a CPE event is never answered"),
    }
}

fn kind(value: &[u8]) -> Result<EventKind, Option<DecodeReason>> {
    decode(value, &[], Some(DEVICE)).map(|(_, kind)| kind)
}

fn answer(json: &str) -> Result<AnswerKind, Option<DecodeReason>> {
    match kind(json.as_bytes())? {
        EventKind::Answer(answer) => Ok(answer.kind),
        other @ (EventKind::CreateRequest(_)
        | EventKind::Foreign
        | EventKind::RefusedRequest(_)
        | EventKind::ResourceRequest(_)
        | EventKind::TransferComplete(_)) => panic!("no answer: {other:?}"),
    }
}

const INVALID: Option<DecodeReason> = Some(DecodeReason::InvalidField);

#[test]
fn json_protobuf_and_soap_say_the_same() {
    let json = r#"{"device":{"oui":"00256D","productClass":"IGD","serial_number":"1"},
        "transferComplete":{"commandKey":"k1","fault":{"faultCode":9010,"faultString":"no"},"certificatePath":"p."}}"#;
    let message: CpeEvent = serde_json::from_str(json).unwrap();
    let soap = "<Envelope><Body><TransferComplete><CommandKey>k1</CommandKey><FaultStruct><FaultCode>9010</FaultCode>\
                <FaultString>no</FaultString></FaultStruct></TransferComplete></Body></Envelope>";
    let expected = (
        DEVICE.to_owned(),
        EventKind::TransferComplete(TransferComplete {
            command_key: CommandKey::try_from("k1").ok(),
            fault: Some(Fault {
                text: "no".into(),
                ..Fault::new(FaultCode::try_from(9010).unwrap())
            }),
            certificate_path: Some("p.".into()),
        }),
    );
    assert_eq!(decode(json.as_bytes(), &[], None), Ok(expected.clone()));
    assert_eq!(
        decode(&message.encode_to_vec(), &[], None),
        Ok(expected.clone())
    );
    let headers: [Header<'_>; 2] = [
        ("cwmp-certificate-path", b"p."),
        ("cwmp-device-id", DEVICE.as_bytes()),
    ];
    assert_eq!(decode(soap.as_bytes(), &headers, None), Ok(expected));
}

#[test]
fn success_has_no_fault_and_an_empty_key_is_none() {
    assert_eq!(
        kind(br#"{"transferComplete":{"fault":{}}}"#),
        Ok(EventKind::TransferComplete(TransferComplete {
            command_key: None,
            fault: None,
            certificate_path: None,
        }))
    );
}

#[test]
fn an_answer_names_its_command_and_the_key_that_was_used() {
    let json =
        br#"{"command_id":"k1/download.2","commandKey":"acs-7","downloadResponse":{"status":1}}"#;
    assert_eq!(
        kind(json),
        Ok(EventKind::Answer(Answer {
            command_id: CommandId::parse("k1/download.2"),
            command_key: CommandKey::try_from("acs-7").ok(),
            kind: AnswerKind::DownloadResponse(DownloadStatus::Accepted),
        }))
    );
}

#[test]
fn every_answer_is_told() {
    let fault = |code| Fault::new(FaultCode::try_from(code).unwrap());
    for (json, expected) in [
        (
            r#"{"downloadResponse":{}}"#,
            AnswerKind::DownloadResponse(DownloadStatus::Completed),
        ),
        (
            r#"{"setParameterValuesResponse":{}}"#,
            AnswerKind::SetParameterValuesResponse(SetStatus::Applied),
        ),
        (
            r#"{"setParameterValuesResponse":{"status":1}}"#,
            AnswerKind::SetParameterValuesResponse(SetStatus::Committed),
        ),
        (
            r#"{"cancelTransferResponse":{}}"#,
            AnswerKind::CancelTransferResponse,
        ),
        (
            r#"{"getParameterNamesResponse":{}}"#,
            AnswerKind::GetParameterNamesResponse,
        ),
        (
            r#"{"getParameterValuesResponse":{}}"#,
            AnswerKind::GetParameterValuesResponse(Vec::new()),
        ),
        (
            r#"{"fault":{"faultCode":8005}}"#,
            AnswerKind::Fault(fault(8005)),
        ),
        (
            r#"{"rejection":{"reason":"UNKNOWN_DEVICE","detail":"d"}}"#,
            AnswerKind::Rejection(Rejection {
                reason: RejectionReason::UnknownDevice,
                detail: "d".into(),
            }),
        ),
    ] {
        assert_eq!(answer(json), Ok(expected), "{json}");
    }
}

#[test]
fn values_outside_the_standard_are_refused() {
    for json in [
        r#"{"device":{"oui":"00256D","serialNumber":"1"}}"#,
        r#"{"transferComplete":{}}"#,
        r#"{"transferComplete":{"fault":{"faultCode":123}}}"#,
        r#"{"transferComplete":{"fault":{"faultCode":8001}}}"#,
        r#"{"transferComplete":{"fault":{"faultCode":9900}}}"#,
        r#"{"transferComplete":{"fault":{"faultCode":74536}}}"#,
        r#"{"downloadResponse":{"status":2}}"#,
        r#"{"setParameterValuesResponse":{"status":2}}"#,
        r#"{"fault":{}}"#,
        r#"{"fault":{"faultCode":9999}}"#,
        r#"{"fault":{"faultCode":9003,"setParameterValuesFaults":[{}]}}"#,
        r#"{"device":{"oui":"00256D"},"cancelTransferResponse":{}}"#,
    ] {
        assert_eq!(kind(json.as_bytes()), Err(INVALID), "{json}");
    }
}

#[test]
fn an_unknown_reason_of_a_rejection_is_refused() {
    let message = CpeEvent {
        event: Some(cpe_event::Event::Rejection(r#gen::Rejection {
            reason: 99,
            detail: String::new(),
        })),
        device: Some(r#gen::DeviceId {
            oui: "00256D".into(),
            product_class: "IGD".into(),
            serial_number: "1".into(),
        }),
        ..CpeEvent::default()
    };
    assert_eq!(kind(&message.encode_to_vec()), Err(INVALID));
}

#[test]
fn an_overlong_command_key_is_refused() {
    let key = "k".repeat(33);
    for json in [
        format!(r#"{{"transferComplete":{{"commandKey":"{key}","fault":{{}}}}}}"#),
        format!(r#"{{"commandKey":"{key}","downloadResponse":{{}}}}"#),
    ] {
        assert_eq!(
            kind(json.as_bytes()),
            Err(Some(DecodeReason::InvalidCommandKey))
        );
    }
}

#[test]
fn what_is_no_json_of_an_event_is_refused() {
    for json in [
        "{",
        "{}",
        r#"{"op":1}"#,
        r#"{"cancelTransferResponse":{}} x"#,
        r#"{"cancelTransferResponse":{},"cancelTransferResponse":{}}"#,
        r#"{"cancelTransferResponse":{},"fault":{"faultCode":9000}}"#,
        r#"{"commandId":"a","command_id":"b","cancelTransferResponse":{}}"#,
        r#"{"downloadResponse":{"status":-1}}"#,
        r#"{"rejection":{"reason":"SOMETHING"}}"#,
    ] {
        assert_eq!(
            kind(json.as_bytes()),
            Err(Some(DecodeReason::MalformedJson)),
            "{json}"
        );
    }
}

#[test]
fn what_is_no_protobuf_of_an_event_is_refused() {
    for bytes in [
        &b"\x12\x01k"[..],
        b"\x12",
        b"hello",
        b"\xFF\xFF",
        b"\x12\x02\xFF\xFF",
    ] {
        assert_eq!(
            kind(bytes),
            Err(Some(DecodeReason::MalformedProtobuf)),
            "{bytes:?}"
        );
    }
}

#[test]
fn foreign_events_need_no_device() {
    let inform = "<Envelope><Body><Inform><DeviceId><OUI>00256D</OUI><ProductClass>IGD</ProductClass>\
                  <SerialNumber>1</SerialNumber></DeviceId></Inform></Body></Envelope>";
    let anonymous = "<Envelope><Body><Inform/></Body></Envelope>";
    let autonomous = br#"{"autonomousTransferComplete":{"fault":{"faultCode":9999}}}"#;
    let foreign = Ok((DEVICE.to_owned(), EventKind::Foreign));
    assert_eq!(decode(inform.as_bytes(), &[], None), foreign);
    assert_eq!(decode(autonomous, &[], Some(DEVICE)), foreign);
    assert_eq!(decode(anonymous.as_bytes(), &[], None), Err(None));
    assert_eq!(decode(autonomous, &[], None), Err(None));
}

#[test]
fn the_device_is_the_first_that_is_named() {
    let named = br#"{"device":{"oui":"00256D","productClass":"IGD","serialNumber":"1"},"cancelTransferResponse":{}}"#;
    let unnamed = br#"{"device":{},"cancelTransferResponse":{}}"#;
    let header: [Header<'_>; 1] = [("cwmp-device-id", b"00256D-IGD-%31")];
    let device = |value: &[u8], headers: &[Header<'_>], key| {
        decode(value, headers, key).map(|(device, _)| device)
    };
    let found = Ok(DEVICE.to_owned());
    assert_eq!(device(named, &header, Some("session-42")), found);
    assert_eq!(device(named, &[], Some(DEVICE)), found);
    assert_eq!(device(unnamed, &header, Some("acs-1")), found);
    assert_eq!(device(unnamed, &[], Some(DEVICE)), found);
    assert_eq!(device(unnamed, &[], Some("a-b")), Ok("a-b".into()));
    for key in [None, Some("a b"), Some("4f1c-1-2-3-4")] {
        assert_eq!(
            device(unnamed, &[], key),
            Err(Some(DecodeReason::DeviceMissing))
        );
    }
}

#[test]
fn places_that_name_different_devices_are_refused() {
    let named = br#"{"device":{"oui":"00256D","serialNumber":"2"},"cancelTransferResponse":{}}"#;
    let header: [Header<'_>; 1] = [("cwmp-device-id", DEVICE.as_bytes())];
    let nonsense: [Header<'_>; 1] = [("cwmp-device-id", b"\xFF")];
    let mismatch = Err(Some(DecodeReason::DeviceMismatch));
    assert_eq!(decode(named, &header, None), mismatch);
    assert_eq!(decode(named, &[], Some(DEVICE)), mismatch);
    // Another device whose key is not written as the bridge writes it.
    let otherwise = Some("%30%30256D-IGD-9");
    assert_eq!(decode(named, &[], otherwise), mismatch);
    assert_eq!(decode(named, &nonsense, None), Err(INVALID));
}

#[test]
fn reading_does_not_judge() {
    let header: [Header<'_>; 1] = [("cwmp-device-id", DEVICE.as_bytes())];
    let record = Record {
        coordinates: &coordinates(),
        key: None,
        value: Some(br#"{"transferComplete":{"fault":{"faultCode":123}}}"#),
        headers: &header,
    };
    let Ok(ReadEvent::Event(event)) = read_event(record, None) else {
        panic!("not read");
    };
    let Some(cpe_event::Event::TransferComplete(transfer)) = event.event else {
        panic!("no TransferComplete");
    };
    assert_eq!(transfer.fault.map(|fault| fault.fault_code), Some(123));
    let device = event.device.unwrap();
    assert_eq!(
        DeviceId::new(&device.oui, &device.product_class, &device.serial_number)
            .unwrap()
            .key(),
        DEVICE
    );
}

fn envelope_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "<s:Envelope xmlns:s='x'>",
        "</s:Envelope>",
        "<Envelope>",
        "</Envelope>",
        "<Body>",
        "</Body>",
        "<TransferComplete>",
        "</TransferComplete>",
        "<FaultStruct>",
        "</FaultStruct>",
        "<FaultCode>",
        "</FaultCode>",
        "9010",
        "<a b='&lt;'/>",
        "<!-- c -->",
        "<![CDATA[",
        "]]>",
        "&#x41;",
        "&",
        "<",
        ">",
        "\u{e9}",
        "\n",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        any.clone(),
        envelope_like(),
        any.clone()
            .prop_map(|bytes| [&b"<?xml version='1.0' encoding='latin1'?>"[..], &bytes].concat()),
        any.clone()
            .prop_map(|bytes| [&b"\0\0\0\0\x01"[..], &bytes].concat()),
        any.prop_map(|bytes| [&b"{\"transferComplete\":"[..], &bytes].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(value in values(), key in any::<Option<String>>(), header in any::<Vec<u8>>()) {
        let headers: [Header<'_>; 1] = [("cwmp-device-id", &header)];
        match decode(&value, &headers, key.as_deref()) {
            Ok((device, _)) => prop_assert!(DeviceId::from_key(&device).is_ok()),
            Err(reason) => prop_assert!(reason.is_none_or(|reason| !reason.as_str().is_empty())),
        }
    }
}
