//! Requests as CSEs send them: in CBOR, as notifications, and wrong.

use prost::Message as _;
use serde_json::{Value, json};

use credbridge::wire::r#gen::CreateRequest;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::waiting::with_members;

/// A request in CBOR instead of JSON.
fn in_cbor(mut record: Record) -> Record {
    let json = record.value.as_deref().expect("a request has a value");
    let primitive: Value = serde_json::from_slice(json).expect("the request is JSON");
    let mut value = Vec::new();
    ciborium::into_writer(&primitive, &mut value).expect("memory grows as needed");
    record.value = Some(value);
    record.headers.retain(|(name, _)| name != "content-type");
    record
}

#[test]
fn installation_succeeds_in_cbor() {
    let app = App::new(Broker::shared(), "cbor").set(&json!({"formats": {"responses": "cbor"}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let record = in_cbor(fleet::request(&app.requests, Format::Json, "S1", None));
    app.client.send(record);
    let (download, _) = play.next_command("S1");
    let set = play.up_to_set("S1", &download);
    play.event("S1", &set.id, fleet::set_response());
    let (response, record) = play.next_response("S1");
    assert_eq!(
        (response.code, &*response.request_identifier),
        (2001, "rqi-S1-")
    );
    assert_eq!(
        record.required("content-type"),
        "application/vnd.onem2m-prsp+cbor"
    );
    bridge.stop();
    assert!(app.written().dead_letters.is_empty());
}

#[test]
fn wrong_requests_are_answered_in_every_encoding() {
    let app = App::new(Broker::shared(), "refused");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let wrong = |serial| {
        let mut record = fleet::request(&app.requests, Format::Json, serial, None);
        let mut primitive: Value =
            serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        primitive["pc"]["dcfg:nycfc"]["suids"] = json!([99]);
        record.value = Some(primitive.to_string().into_bytes());
        record
    };
    let mut protobuf = fleet::request(&app.requests, Format::Protobuf, "S3", None);
    let mut message = CreateRequest::decode(protobuf.value.as_deref().unwrap()).unwrap();
    message.suids = vec![99];
    protobuf.value = Some(message.encode_to_vec());
    app.client
        .send_all(vec![wrong("S1"), in_cbor(wrong("S2")), protobuf]);
    for serial in ["S1", "S2", "S3"] {
        let (response, _) = play.next_response(serial);
        assert_eq!(response.code, 4000, "{serial}");
        assert_eq!(response.request_identifier, format!("rqi-{serial}-"));
        assert!(response.debug.contains("99 is not a SUID"), "{response:?}");
    }
    bridge.stop();
    let outputs = app.written();
    assert!(outputs.commands.is_empty(), "{outputs:?}");
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}

/// A notification of a subscription of a device's node: this resource was created.
fn creation(serial: &str, subscription: &str, resource: &str) -> Value {
    let key = fleet::device_key(serial);
    json!({
        "sur": format!("/cse1/{key}/{subscription}"),
        "nev": {"net": 3, "rep": {"dcfg:nycfc": {
            "ri": resource, "pi": "node", "ty": 13, "mgd": 1023, "suids": [42, 43],
            "mcff": "application/pkix-cert", "mcfc": fleet::certificate().pem,
        }}},
    })
}

#[test]
fn notifications_start_one_installation_for_each_resource() {
    let app = App::new(Broker::shared(), "notified")
        .set(&json!({"devices": {"from_target": "^/cse1/(?<device>[^/]+)$"}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let verification = json!({"vrq": true, "sur": "/cse1/node/sub1"});
    let batch = json!({"m2m:agn": {"m2m:sgn": [
        creation("S1", "sub1", "cred1"), verification, creation("S2", "sub1", "cred2"),
    ]}});
    let again = json!({"op": 5, "to": "/ae", "fr": "/cse1", "rqi": "n1", "pc": {
        "m2m:sgn": creation("S1", "sub2", "cred1"),
    }});
    for notification in [&batch, &json!({"m2m:sgn": verification})] {
        app.client
            .send(Record::new(&app.requests, notification.to_string()));
    }
    for (serial, resource) in [("S1", "cred1"), ("S2", "cred2")] {
        let (download, _) = play.next_command(serial);
        app.client
            .send(Record::new(&app.requests, again.to_string()));
        let set = play.up_to_set(serial, &download);
        play.event(serial, &set.id, fleet::set_response());
        let (response, record) = play.next_response(serial);
        assert_eq!((response.code, &*response.request_identifier), (2001, ""));
        let primitive: Value = serde_json::from_slice(record.value()).unwrap();
        assert_eq!(primitive["fr"], resource);
        assert_eq!(primitive["pc"]["m2m:rce"]["uri"], resource);
    }
    bridge.stop();
    let outputs = app.written();
    assert_eq!(outputs.commands.len(), 4, "{outputs:?}");
    assert_eq!(outputs.responses.len(), 2, "{outputs:?}");
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}

/// A request whose certificate, that of every request otherwise, is valid in these years.
fn valid_in(app: &App, serial_number: &str, years: [i32; 2]) -> Record {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let name = (rcgen::DnType::CommonName, "credbridge test");
    parameters.distinguished_name.push(name.0, name.1);
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x1a, 0x2b, 0x3c]));
    [parameters.not_before, parameters.not_after] =
        years.map(|year| rcgen::date_time_ymd(year, 1, 1));
    let key = rcgen::KeyPair::generate().expect("the system gives random numbers");
    let certificate = parameters.self_signed(&key).expect("they are right");
    let mut record = fleet::request(&app.requests, Format::Json, serial_number, None);
    let mut primitive: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    primitive["pc"]["dcfg:nycfc"]["mcfc"] = json!(certificate.pem());
    record.value = Some(primitive.to_string().into_bytes());
    record
}

#[test]
fn certificates_outside_of_their_validity_are_told_or_refused() {
    let expired = ("S1", [2000, 2001], "expired at 2001-01-01");
    let not_yet = ("S2", [3000, 3001], "is not valid before 3000-01-01");
    for format in ["json", "cbor", "protobuf"] {
        let app =
            App::new(Broker::shared(), "validity").set(&json!({"formats": {"responses": format}}));
        let bridge = app.start();
        let mut play = Play::new(&app);
        for (serial_number, years, told) in [expired, not_yet] {
            app.client.send(valid_in(&app, serial_number, years));
            let (download, _) = play.next_command(serial_number);
            let set = play.up_to_set(serial_number, &download);
            play.event(serial_number, &set.id, fleet::set_response());
            let (response, _) = play.next_response(serial_number);
            assert_eq!(response.code, 2001, "{response:?}");
            assert!(response.debug.contains(told), "{format}: {response:?}");
        }
        play.request("S3", None);
        let (download, _) = play.next_command("S3");
        let set = play.up_to_set("S3", &download);
        play.event("S3", &set.id, fleet::set_response());
        assert_eq!(play.next_response("S3").0.debug, "");
        bridge.stop();
    }

    let app = App::new(Broker::shared(), "validity")
        .set(&json!({"download": {"certificate_validity": "refuse"}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    for (serial_number, years, told) in [expired, not_yet] {
        app.client.send(valid_in(&app, serial_number, years));
        let (response, _) = play.next_response(serial_number);
        assert_eq!(response.code, 4000, "{response:?}");
        assert!(response.debug.contains(told), "{response:?}");
    }
    play.request("S3", None);
    play.next_command("S3");
    bridge.stop();
    assert_eq!(app.written().commands.len(), 1);
}

#[test]
fn response_types_decide_who_is_told_and_when() {
    let app = App::new(Broker::shared(), "response-types");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let targets = ["/cse1/Ca", "/cse1/Cb"];
    for (serial_number, response_type, acknowledged, results) in [
        ("S1", json!({"rtv": 5}), None, 0),
        ("S2", json!({"rtv": 1}), Some(1001), 1),
        ("S3", json!({"rtv": 2, "nu": targets}), Some(1002), 2),
        ("S4", json!({"rtv": 3}), None, 1),
        ("S5", json!({"rtv": 4, "nu": targets}), Some(1002), 2),
    ] {
        let request = fleet::request(&app.requests, Format::Json, serial_number, None);
        app.client
            .send(with_members(request, &json!({"rt": response_type})));
        if let Some(code) = acknowledged {
            assert_eq!(play.next_response(serial_number).0.code, code);
        }
        let (download, _) = play.next_command(serial_number);
        let set = play.up_to_set(serial_number, &download);
        play.event(serial_number, &set.id, fleet::set_response());
        for _ in 0..results {
            let (response, _) = play.next_response(serial_number);
            assert_eq!(response.code, 2001, "{response:?}");
            assert_eq!(response.request_identifier, format!("rqi-{serial_number}-"));
        }
    }
    bridge.stop();
    assert_eq!(app.written().responses.len(), 9);
}

#[test]
fn installation_succeeds_in_cloud_events() {
    let app = App::new(Broker::shared(), "cloud-events");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let mut structured = fleet::request(&app.requests, Format::Json, "S1", None);
    let primitive: Value = serde_json::from_slice(structured.value.as_deref().unwrap()).unwrap();
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/cse1", "type": "request",
        "datacontenttype": "application/json", "data": primitive,
    });
    structured.value = Some(event.to_string().into_bytes());
    structured
        .headers
        .retain(|(name, _)| name != "content-type");
    let structured = structured.header("content-type", "application/cloudevents+json");
    let binary = fleet::request(&app.requests, Format::Json, "S2", None)
        .header("ce_specversion", "1.0")
        .header("ce_id", "2")
        .header("ce_source", "/cse1")
        .header("ce_type", "request");
    app.client.send_all(vec![structured, binary]);
    for serial_number in ["S1", "S2"] {
        let (download, _) = play.next_command(serial_number);
        let set = play.up_to_set(serial_number, &download);
        play.finish(serial_number, &set);
    }
    bridge.stop();
    assert!(app.written().dead_letters.is_empty());
}
