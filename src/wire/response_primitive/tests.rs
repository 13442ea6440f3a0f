use std::convert::Infallible;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::correlator::Request;
use crate::cwmp::{CommandKey, DeviceId, FaultCode};
use crate::onem2m::{PrimitiveTexts, RequestPrimitive, ResponseStatusCode, TypeName};
use crate::record::Coordinates;

use super::*;

fn encoder(responses: Format) -> Encoder {
    Encoder {
        commands: Format::Protobuf,
        responses,
        file_type: String::new().into(),
        logins: crate::wire::Logins::new([]),
    }
}

fn request() -> Request {
    Request {
        device: Some(DeviceId::new("00256D", "IGD", "1").unwrap()),
        command_key: Some(CommandKey::try_from("k1").unwrap()),
        primitive: RequestPrimitive {
            texts: PrimitiveTexts {
                request_identifier: "a1",
                originator: "/cse1/Ccfg",
                to: "/cse1/node7",
                release_version_indicator: "3",
            }
            .into(),
            ..RequestPrimitive::default()
        },
        resource: Some(MyCertFileCred {
            type_name: TypeName::Dcfg,
            suids: [42, 43].map(|suid| Suid::try_from(suid).unwrap()).into(),
            my_cert_file_format: "application/pkix-cert".into(),
            object_paths: Box::default(),
            resource_name: Some("cred-1".into()),
        }),
        coordinates: Coordinates {
            topic: "onem2m.requests".into(),
            partition: 2,
            offset: 41,
        },
        key: Some((*b"node7").into()),
        traceparent: Some((*b"00-1-2-01").into()),
        tracestate: None,
    }
}

fn created(request: Request) -> Response {
    Response {
        request: Arc::new(request),
        kind: ResponseKind::Final,
        response_status_code: ResponseStatusCode::Created,
        debug: String::new(),
        fault_code: None,
        certificate_path: Some("Device.Security.Certificate.3.".into()),
    }
}

fn failed(request: Request) -> Response {
    Response {
        response_status_code: ResponseStatusCode::BadRequest,
        debug: "TransferComplete 9015".into(),
        fault_code: FaultCode::try_from(9015).ok(),
        certificate_path: None,
        ..created(request)
    }
}

/// A record that was written: value, key and headers.
struct Written {
    key: Option<Vec<u8>>,
    value: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Written {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.value).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| std::str::from_utf8(value).unwrap())
    }
}

fn written(response: &Response, format: Format) -> Vec<Written> {
    let mut written = Vec::new();
    let mut outbound = Outbound::default();
    let Ok(()) = encoder(format).response(response, Cause::Deadline, &mut outbound, |outbound| {
        assert_eq!(outbound.destination, Destination::Responses);
        written.push(Written {
            key: outbound.key().map(<[u8]>::to_vec),
            value: outbound.value().unwrap().to_vec(),
            headers: outbound
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_vec()))
                .collect(),
        });
        Ok::<(), Infallible>(())
    });
    written
}

fn one(response: &Response) -> Written {
    let mut written = written(response, Format::Json);
    assert_eq!(written.len(), 1);
    written.remove(0)
}

#[test]
fn success_tells_the_resource_without_its_content() {
    assert_eq!(
        one(&created(request())).json(),
        json!({
            "rsc": 2001, "rqi": "a1", "to": "/cse1/Ccfg", "fr": "/cse1/node7", "rvi": "3",
            "pc": {"dcfg:nycfc": {
                "mgd": 1023, "rn": "cred-1", "suids": [42, 43], "mcff": "application/pkix-cert",
                "obps": ["Device.Security.Certificate.3."],
            }},
        })
    );
}

#[test]
fn what_is_told_beside_a_success_is_vendor_information() {
    let told = Response {
        debug: "the certificate expired".into(),
        ..created(request())
    };
    let mut expected = one(&created(request())).json();
    assert_eq!(expected.get("vsi"), None);
    expected["vsi"] = json!("the certificate expired");
    assert_eq!(one(&told).json(), expected);
    assert_eq!(one(&failed(request())).json().get("vsi"), None);
}

#[test]
fn result_expiration_is_told_as_it_came() {
    for text in ["20301231T235959", "20301231T235959,500", "60000"] {
        let mut request = request();
        request.primitive.result_expiration = text.parse().ok();
        assert_eq!(one(&created(request.clone())).json()["rset"], text);
        assert_eq!(one(&failed(request)).json()["rset"], text);
    }
}

#[test]
fn result_content_decides_about_the_content() {
    let resource = json!({
        "mgd": 1023, "rn": "cred-1", "suids": [42, 43], "mcff": "application/pkix-cert",
        "obps": ["Device.Security.Certificate.3."],
    });
    let uri = "/cse1/node7/cred-1";
    let cases = [
        (ResultContent::Nothing, Value::Null),
        (ResultContent::Attributes, json!({"dcfg:nycfc": resource})),
        (ResultContent::HierarchicalAddress, json!({"m2m:uri": uri})),
        (
            ResultContent::HierarchicalAddressAndAttributes,
            json!({"m2m:rce": {"uri": uri, "dcfg:nycfc": resource}}),
        ),
        (
            ResultContent::ModifiedAttributes,
            json!({"dcfg:nycfc": {"suids": [42, 43], "obps": resource["obps"]}}),
        ),
    ];
    for (result_content, pc) in cases {
        let mut request = request();
        request.primitive.result_content = result_content;
        assert_eq!(
            one(&created(request)).json()["pc"],
            pc,
            "{result_content:?}"
        );
    }
}

#[test]
fn unnamed_resource_is_named_by_its_command_key() {
    let mut request = request();
    request
        .primitive
        .change_texts(|texts| texts.to = "/cse1/node7/");
    request.primitive.result_content = ResultContent::HierarchicalAddress;
    request.resource.as_mut().unwrap().resource_name = None;
    assert_eq!(
        one(&created(request)).json()["pc"],
        json!({"m2m:uri": "/cse1/node7/k1"})
    );
}

#[test]
fn type_name_is_the_one_that_came() {
    let mut request = request();
    request.resource.as_mut().unwrap().type_name = TypeName::M2m;
    assert!(one(&created(request)).json()["pc"]["m2m:nycfc"].is_object());
}

#[test]
fn failure_tells_why() {
    let mut request = request();
    request.primitive.result_content = ResultContent::Nothing;
    assert_eq!(
        one(&failed(request)).json(),
        json!({
            "rsc": 4000, "rqi": "a1", "to": "/cse1/Ccfg", "fr": "/cse1/node7", "rvi": "3",
            "pc": {"m2m:dbg": "TransferComplete 9015"},
        })
    );
}

#[test]
fn refused_request_is_answered_with_what_it_had() {
    let request = Request {
        device: None,
        command_key: None,
        resource: None,
        key: None,
        primitive: RequestPrimitive {
            texts: PrimitiveTexts {
                request_identifier: "a1",
                ..PrimitiveTexts::default()
            }
            .into(),
            response_type: ResponseType::NonBlockingAsynch(Some(["/t".into()].into())),
            ..RequestPrimitive::default()
        },
        ..request()
    };
    let written = one(&failed(request));
    assert_eq!(written.key, None);
    assert_eq!(written.header("cwmp-device-id"), None);
    assert_eq!(
        written.json(),
        json!({"rsc": 4000, "rqi": "a1", "pc": {"m2m:dbg": "TransferComplete 9015"}})
    );
}

#[test]
fn acknowledgement_names_the_pending_request() {
    let response = Response {
        kind: ResponseKind::Acknowledgement,
        response_status_code: ResponseStatusCode::AcceptedAsynch,
        certificate_path: None,
        ..created(with_response_type(ResponseType::NonBlockingAsynch(None)))
    };
    let json = one(&response).json();
    assert_eq!(json["rsc"], 1002);
    assert_eq!(json["pc"], json!({"m2m:uri": "/cse1/node7/req-k1"}));
}

fn with_response_type(response_type: ResponseType) -> Request {
    let mut request = request();
    request.primitive.response_type = response_type;
    request
}

#[test]
fn late_result_notifies_every_target() {
    let targets = Some(["/cse1/Ca".into(), "/cse1/Cb".into()].into());
    for response_type in [
        ResponseType::NonBlockingAsynch(targets.clone()),
        ResponseType::FlexBlocking(targets),
    ] {
        let written = written(&failed(with_response_type(response_type)), Format::Json);
        let to: Vec<Value> = written
            .iter()
            .map(|record| record.json()["to"].clone())
            .collect();
        assert_eq!(to, ["/cse1/Ca", "/cse1/Cb"]);
        assert_eq!(
            written[0].json(),
            json!({
                "op": 5, "to": "/cse1/Ca", "fr": "/cse1/node7", "rvi": "3",
                "rqi": written[0].header("credbridge-id"),
                "pc": {"m2m:rsp": {
                    "rsc": 4000, "rqi": "a1", "to": "/cse1/Ccfg", "fr": "/cse1/node7", "rvi": "3",
                    "pc": {"m2m:dbg": "TransferComplete 9015"},
                }},
            })
        );
        assert_eq!(
            written[0].header("content-type"),
            Some("application/vnd.onem2m-preq+json")
        );
        assert_ne!(
            written[0].header("credbridge-id"),
            written[1].header("credbridge-id")
        );
    }
}

#[test]
fn late_result_without_targets_goes_to_the_originator() {
    for response_type in [
        ResponseType::NonBlockingAsynch(None),
        ResponseType::FlexBlocking(None),
        ResponseType::FlexBlocking(Some(Box::default())),
        ResponseType::NonBlockingSynch,
    ] {
        let json = one(&created(with_response_type(response_type))).json();
        assert_eq!(
            (&json["rsc"], &json["to"]),
            (&json!(2001), &json!("/cse1/Ccfg"))
        );
    }
}

#[test]
fn empty_list_of_targets_means_no_late_result() {
    let request = with_response_type(ResponseType::NonBlockingAsynch(Some(Box::default())));
    assert!(written(&created(request), Format::Json).is_empty());
}

#[test]
fn first_error_of_send_ends_the_response() {
    let targets = Some(["/cse1/Ca".into(), "/cse1/Cb".into()].into());
    let response = created(with_response_type(ResponseType::NonBlockingAsynch(targets)));
    let mut sent = 0;
    let result = encoder(Format::Json).response(
        &response,
        Cause::Deadline,
        &mut Outbound::default(),
        |_| {
            sent += 1;
            Err("full")
        },
    );
    assert_eq!((result, sent), (Err("full"), 1));
}

#[test]
fn headers_label_the_response() {
    let written = one(&created(request()));
    assert_eq!(written.key.as_deref(), Some(&b"node7"[..]));
    let expected = [
        ("content-type", Some("application/vnd.onem2m-prsp+json")),
        ("cwmp-device-id", Some("00256D-IGD-1")),
        ("cwmp-command-key", Some("k1")),
        ("traceparent", Some("00-1-2-01")),
        ("tracestate", None),
        ("credbridge-cause", Some("deadline")),
        ("credbridge-request", Some("onem2m.requests/2/41")),
        ("credbridge-rules", Some(RULES_VERSION)),
    ];
    for (name, value) in expected {
        assert_eq!(written.header(name), value, "{name}");
    }
    assert_eq!(written.header("credbridge-id").map(str::len), Some(32));
}

#[test]
fn output_id_depends_on_request_and_kind_only() {
    let id = |response: &Response| one(response).header("credbridge-id").unwrap().to_owned();
    let acknowledgement = Response {
        kind: ResponseKind::Acknowledgement,
        ..created(request())
    };
    assert_eq!(id(&created(request())), id(&failed(request())));
    assert_ne!(id(&created(request())), id(&acknowledgement));
}

#[test]
fn cbor_holds_the_same_with_lengths_stated() {
    let mut request = request();
    request.primitive.response_type =
        ResponseType::NonBlockingAsynch(Some(["/cse1/Clog".into()].into()));
    let acknowledgement = Response {
        kind: ResponseKind::Acknowledgement,
        ..created(request.clone())
    };
    for (response, content_type) in [
        (created(request), "application/vnd.onem2m-preq+cbor"),
        (acknowledgement, "application/vnd.onem2m-prsp+cbor"),
    ] {
        let of_json = one(&response).json();
        let of_cbor = written(&response, Format::Cbor).remove(0);
        assert_eq!(of_cbor.header("content-type"), Some(content_type));
        assert!((0xA0..0xB8).contains(&of_cbor.value[0]));
        let value: Value = ciborium::from_reader(&*of_cbor.value).unwrap();
        assert_eq!(value, of_json);
    }
}

#[test]
fn result_of_a_notification_is_about_its_resource_and_answers_nobody() {
    let mut request = request();
    request.primitive = RequestPrimitive {
        texts: PrimitiveTexts {
            to: "cred7",
            ..PrimitiveTexts::default()
        }
        .into(),
        result_content: ResultContent::HierarchicalAddressAndAttributes,
        ..RequestPrimitive::default()
    };
    let mut other = request.clone();
    other.primitive.change_texts(|texts| texts.to = "cred8");
    let written = one(&created(request.clone()));
    assert_eq!(
        written.json(),
        json!({
            "rsc": 2001, "fr": "cred7",
            "pc": {"m2m:rce": {"uri": "cred7", "dcfg:nycfc": {
                "mgd": 1023, "rn": "cred-1", "suids": [42, 43], "mcff": "application/pkix-cert",
                "obps": ["Device.Security.Certificate.3."],
            }}},
        })
    );
    assert_eq!(
        one(&failed(request)).json(),
        json!({"rsc": 4000, "fr": "cred7", "pc": {"m2m:dbg": "TransferComplete 9015"}})
    );
    let other = one(&created(other));
    assert_ne!(
        other.header("credbridge-id"),
        written.header("credbridge-id")
    );
}

#[test]
fn keyless_request_is_answered_under_the_device_key() {
    let mut request = request();
    request.key = None;
    assert_eq!(
        one(&created(request)).key.as_deref(),
        Some(&b"00256D-IGD-1"[..])
    );
}

#[test]
fn protobuf_holds_the_same() {
    let written = written(&failed(request()), Format::Protobuf);
    assert_eq!(
        written[0].header("content-type"),
        Some("application/x-protobuf")
    );
    let message = r#gen::CreateResponse::decode(&*written[0].value).unwrap();
    assert_eq!(
        message,
        r#gen::CreateResponse {
            response_status_code: 4000,
            request_identifier: "a1".into(),
            to: "/cse1/Ccfg".into(),
            from: "/cse1/node7".into(),
            release_version_indicator: "3".into(),
            debug: "TransferComplete 9015".into(),
            content: br#"{"m2m:dbg":"TransferComplete 9015"}"#.to_vec(),
            device: Some(r#gen::DeviceId {
                oui: "00256D".into(),
                product_class: "IGD".into(),
                serial_number: "1".into(),
            }),
            command_key: "k1".into(),
            fault_code: 9015,
            certificate_path: String::new(),
        }
    );
}

#[test]
fn protobuf_for_targets_is_addressed_to_each() {
    let targets = Some(["/cse1/Ca".into(), "/cse1/Cb".into()].into());
    let response = created(with_response_type(ResponseType::NonBlockingAsynch(targets)));
    let to: Vec<String> = written(&response, Format::Protobuf)
        .iter()
        .map(|record| r#gen::CreateResponse::decode(&*record.value).unwrap().to)
        .collect();
    assert_eq!(to, ["/cse1/Ca", "/cse1/Cb"]);
}
