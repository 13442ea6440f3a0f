use prost::Message as _;
use serde_json::{Value, json};

use crate::wire::r#gen::{FaultStruct, TransferComplete};
use crate::wire::{CommandKeys, Format};

use super::*;

const LEAF: &str = include_str!("../../tests/fixtures/certificates/leaf.pem");

fn decoder() -> Decoder {
    Decoder::new(CommandKeys::new("credbridge"))
}

fn line(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Value {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    assert_eq!(out.pop(), Some(b'\n'));
    assert!(!out.contains(&b'\n'));
    serde_json::from_slice(&out).unwrap()
}

fn request(payload: &Value, headers: &[Header<'_>]) -> Value {
    let payload = payload.to_string();
    let coordinates = coordinates(Path::new("b.json"));
    let record = Record {
        coordinates: &coordinates,
        key: None,
        value: Some(payload.as_bytes()),
        headers,
    };
    let read = decoder().read_request_as(Format::Json, payload.as_bytes(), record);
    line(|out| write_request("b.json", read, out))
}

fn good() -> Value {
    json!({"op": 1, "to": "/n", "fr": "/o", "rqi": "a1", "ty": 13, "pc": {"dcfg:nycfc": {
        "mgd": 1023, "suids": [42], "mcff": "application/x-pem-file", "mcfc": LEAF,
    }}})
}

#[test]
fn request_is_shown_with_the_fields_that_were_read() {
    assert_eq!(
        request(&good(), &[]),
        json!({"file": "b.json", "kind": "create_request", "event": {
            "requestIdentifier": "a1", "from": "/o", "to": "/n", "suids": [42],
            "myCertFileFormat": "application/x-pem-file", "myCertFileContent": LEAF,
        }})
    );
}

#[test]
fn headers_show_in_the_request() {
    let headers: &[Header<'_>] = &[("cwmp-device-id", b"00256D-1"), ("cwmp-command-key", b"k1")];
    let event = &request(&good(), headers)["event"];
    assert_eq!(
        event["device"],
        json!({"oui": "00256D", "serialNumber": "1"})
    );
    assert_eq!(event["commandKey"], "k1");
}

#[test]
fn refusal_stands_beside_the_request() {
    let mut wrong = good();
    wrong["pc"]["dcfg:nycfc"]["suids"] = json!([99]);
    let line = request(&wrong, &[]);
    assert_eq!(line["kind"], "create_request");
    assert_eq!(line["event"]["suids"], json!([99]));
    assert_eq!(line["refused"]["response_status_code"], 4000);
    assert!(line["refused"]["debug"].as_str().unwrap().contains("suids"));
}

#[test]
fn unreadable_request_and_wrong_device_are_errors() {
    let line = request(&json!({"m2m:sgn": []}), &[]);
    assert_eq!(
        (&line["kind"], &line["reason"]),
        (&json!("error"), &json!("invalid_field"))
    );
    let line = request(&good(), &[("cwmp-device-id", b"?")]);
    assert_eq!(
        (&line["kind"], &line["reason"]),
        (&json!("error"), &json!("invalid_field"))
    );
}

#[test]
fn notification_shows_the_resource_that_was_created() {
    let resource = |ri: &str| {
        let mut resource = good()["pc"].clone();
        resource["dcfg:nycfc"]["ri"] = json!(ri);
        json!({"nev": {"net": 3, "rep": resource}, "sur": "/n/sub"})
    };
    let line = request(&json!({"m2m:sgn": resource("r1")}), &[]);
    assert_eq!(line["kind"], "notification");
    assert_eq!(line["resource_identifier"], "r1");
    assert_eq!(line["event"]["suids"], json!([42]));
    let foreign = json!({"vrq": true, "sur": "/n/sub"});
    let line = request(
        &json!({"m2m:agn": {"m2m:sgn": [resource("r1"), foreign, resource("r2")]}}),
        &[],
    );
    assert_eq!(line["kind"], "notifications");
    let events = line["events"].as_array().unwrap();
    let identifiers: Vec<_> = events.iter().map(|e| &e["resource_identifier"]).collect();
    assert_eq!(identifiers, ["r1", "r2"]);
    for foreign in [
        json!({"m2m:sgn": foreign}),
        json!({"m2m:agn": {"m2m:sgn": [foreign, foreign]}}),
    ] {
        assert_eq!(request(&foreign, &[])["kind"], "foreign");
    }
}

#[test]
fn event_is_named_after_its_field() {
    let message = CpeEvent {
        event: Some(Event::TransferComplete(TransferComplete {
            command_key: "k1".into(),
            fault: Some(FaultStruct {
                fault_code: 9018,
                fault_string: String::new(),
            }),
            ..TransferComplete::default()
        })),
        ..CpeEvent::default()
    };
    let read = Ok(ReadEvent::Event(Box::new(message)));
    assert_eq!(
        line(|out| write_event("a.xml", read, out)),
        json!({"file": "a.xml", "kind": "transfer_complete", "event": {
            "transferComplete": {"commandKey": "k1", "fault": {"faultCode": 9018}},
        }})
    );
}

#[test]
fn every_field_of_an_event_has_its_kind() {
    let events = [
        ("downloadResponse", "download_response"),
        ("transferComplete", "transfer_complete"),
        (
            "setParameterValuesResponse",
            "set_parameter_values_response",
        ),
        (
            "getParameterValuesResponse",
            "get_parameter_values_response",
        ),
        ("getParameterNamesResponse", "get_parameter_names_response"),
        ("cancelTransferResponse", "cancel_transfer_response"),
        ("fault", "fault"),
        ("rejection", "rejection"),
        ("autonomousTransferComplete", "autonomous_transfer_complete"),
    ];
    for (field, expected) in events {
        let message: CpeEvent = serde_json::from_value(json!({field: {}})).unwrap();
        assert_eq!(kind(&message.event.unwrap()), expected);
    }
}

#[test]
fn foreign_empty_and_unreadable_events_are_told() {
    let foreign = Ok(ReadEvent::Foreign("Inform".into()));
    assert_eq!(
        line(|out| write_event("c.xml", foreign, out)),
        json!({"file": "c.xml", "kind": "foreign", "rpc": "Inform"})
    );
    let empty = Ok(ReadEvent::Event(Box::default()));
    assert_eq!(
        line(|out| write_event("e", empty, out))["reason"],
        "invalid_field"
    );
    let error = DecodeError {
        reason: DecodeReason::MalformedXml,
        detail: "no end".into(),
    };
    assert_eq!(
        line(|out| write_event("d.xml", Err(error), out)),
        json!({"file": "d.xml", "kind": "error", "reason": "malformed_xml", "error": "no end"})
    );
}

#[test]
fn missing_file_is_told_and_the_others_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("1"), folder.path().join("2")];
    let mut out = Vec::new();
    let all = decode(&decoder(), Input::Requests, &[], None, &files, &mut out).unwrap();
    assert!(!all);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.matches(UNREADABLE_FILE).count(), 2, "{out}");
}

#[test]
fn event_of_an_impossible_time_does_not_hide_the_next_file() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"{"observedAt":"2026-11-29T10:00:00Z","downloadResponse":{"status":1}}"#;
    let good: CpeEvent = serde_json::from_str(json).unwrap();
    let mut impossible = good.clone();
    impossible.observed_at.as_mut().unwrap().seconds = i64::MAX;
    let files = [("1", impossible), ("2", good)].map(|(name, event)| {
        let file = folder.path().join(name);
        fs::write(&file, event.encode_to_vec()).unwrap();
        file
    });
    let mut out = Vec::new();
    assert!(decode(&decoder(), Input::CpeEvents, &[], None, &files, &mut out).unwrap());
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert_eq!(
        lines[0]["event"],
        json!({"downloadResponse": {"status": 1}})
    );
    assert_eq!(lines[1]["event"]["observedAt"], "2026-11-29T10:00:00+00:00");
}
