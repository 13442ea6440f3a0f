//! What requesters, CPEs and the ACS write, in each format, and how they read commands and responses.

use std::sync::OnceLock;

use credbridge::wire::r#gen as proto;
use prost::Message as _;
use proto::cpe_command::Rpc;
use proto::cpe_event::Event;
use serde_json::{Value, json};

use super::client::Record;
use super::tail::Received;

/// How a side of the bridge writes and reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Json,
    Protobuf,
    Soap,
}

/// A device by its serial number: OUI 00256D, product class IGD.
pub(crate) fn device_key(serial_number: &str) -> String {
    format!("00256D-IGD-{serial_number}")
}

fn device(serial_number: &str) -> proto::DeviceId {
    proto::DeviceId {
        oui: "00256D".to_owned(),
        product_class: "IGD".to_owned(),
        serial_number: serial_number.to_owned(),
    }
}

/// A certificate as a requester sends it, and what a CPE shows of it.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    /// Upper-case hexadecimal digits.
    pub(crate) serial_number: &'static str,
    pub(crate) issuer: &'static str,
}

/// The certificate in all requests.
pub(crate) fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, "credbridge test");
        parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x1a, 0x2b, 0x3c]));
        let key = rcgen::KeyPair::generate().expect("the system gives random numbers");
        let certificate = parameters
            .self_signed(&key)
            .expect("the parameters are right");
        Certificate {
            pem: certificate.pem(),
            serial_number: "1A2B3C",
            issuer: "CN=credbridge test",
        }
    })
}

/// A create request for one device; the record has no key.
pub(crate) fn request(
    topic: &str,
    format: Format,
    serial_number: &str,
    command_key: Option<&str>,
) -> Record {
    let identifier = format!("rqi-{serial_number}-{}", command_key.unwrap_or_default());
    let pem = &certificate().pem;
    let record = match format {
        Format::Json => {
            let primitive = json!({
                "op": 1, "to": "/cse1/node1", "fr": "/cse1/Ccfg", "rqi": identifier, "rvi": "3", "ty": 13,
                "pc": {"dcfg:nycfc": {
                    "mgd": 1023, "suids": [42, 43], "mcff": "application/pkix-cert", "mcfc": pem,
                }},
            });
            Record::new(topic, primitive.to_string())
                .header("content-type", "application/vnd.onem2m-preq+json")
                .header("cwmp-device-id", device_key(serial_number))
        }
        Format::Protobuf => {
            let request = proto::CreateRequest {
                request_identifier: identifier,
                from: "/cse1/Ccfg".to_owned(),
                to: "/cse1/node1".to_owned(),
                device: Some(device(serial_number)),
                release_version_indicator: "3".to_owned(),
                suids: vec![42, 43],
                my_cert_file_format: "application/pkix-cert".to_owned(),
                my_cert_file_content: pem.clone(),
                command_key: command_key.unwrap_or_default().to_owned(),
                ..proto::CreateRequest::default()
            };
            Record::new(topic, request.encode_to_vec())
                .header("content-type", "application/x-protobuf")
        }
        Format::Soap => panic!("no request primitive is a SOAP envelope"),
    };
    match command_key {
        Some(command_key) if format == Format::Json => {
            record.header("cwmp-command-key", command_key)
        }
        Some(_) | None => record,
    }
}

/// An answer of the CPE or the ACS to a command, or a call of the CPE if `command_id` is empty.
pub(crate) fn event(
    topic: &str,
    format: Format,
    serial_number: &str,
    command_id: &str,
    event: Event,
) -> Record {
    let key = device_key(serial_number);
    if format == Format::Soap {
        return Record::new(topic, envelope(command_id, &event))
            .key(key.as_str())
            .header("content-type", "text/xml")
            .header("cwmp-device-id", key);
    }
    let message = proto::CpeEvent {
        device: Some(device(serial_number)),
        command_id: command_id.to_owned(),
        event: Some(event),
        ..proto::CpeEvent::default()
    };
    let (value, content_type) = match format {
        Format::Json => (
            serde_json::to_vec(&message).expect("an event is JSON"),
            "application/json",
        ),
        Format::Protobuf | Format::Soap => (message.encode_to_vec(), "application/x-protobuf"),
    };
    Record::new(topic, value)
        .key(key)
        .header("content-type", content_type)
}

/// The CPE took a Download on (status 1), or has done it (0).
pub(crate) fn download_response(status: u32) -> Event {
    Event::DownloadResponse(proto::DownloadResponse {
        status,
        start_time: "0001-01-01T00:00:00Z".to_owned(),
        complete_time: "0001-01-01T00:00:00Z".to_owned(),
    })
}

/// A transfer ended; `fault_code` 0 is success.
pub(crate) fn transfer_complete(
    command_key: &str,
    fault_code: u32,
    certificate_path: &str,
) -> Event {
    Event::TransferComplete(proto::TransferComplete {
        command_key: command_key.to_owned(),
        fault: Some(proto::FaultStruct {
            fault_code,
            fault_string: String::new(),
        }),
        start_time: "2026-01-01T00:00:00Z".to_owned(),
        complete_time: "2026-01-01T00:00:05Z".to_owned(),
        certificate_path: certificate_path.to_owned(),
    })
}

/// The CPE set the parameters.
pub(crate) fn set_response() -> Event {
    Event::SetParameterValuesResponse(proto::SetParameterValuesResponse { status: 0 })
}

/// The CPE refused a command.
pub(crate) fn fault(fault_code: u32) -> Event {
    Event::Fault(proto::Fault {
        fault_code,
        fault_string: "refused".to_owned(),
        ..proto::Fault::default()
    })
}

/// The rows of `Device.Security.Certificate.{i}.` of a CPE; row 2 is the certificate of the requests.
pub(crate) fn certificate_rows() -> Event {
    let own = certificate();
    table(&[
        (1, "77", "CN=somebody else"),
        (2, own.serial_number, own.issuer),
    ])
}

/// Rows that tell nothing about their certificates.
pub(crate) fn rows(numbers: &[u32]) -> Event {
    let rows: Vec<_> = numbers.iter().map(|number| (*number, "", "")).collect();
    table(&rows)
}

fn table(rows: &[(u32, &str, &str)]) -> Event {
    let parameter = |name: String, value: &str| proto::ParameterValue {
        name,
        value: value.to_owned(),
        r#type: "xsd:string".to_owned(),
    };
    let parameters = rows.iter().flat_map(|(row, serial_number, issuer)| {
        let path = format!("Device.Security.Certificate.{row}.");
        [
            parameter(format!("{path}SerialNumber"), serial_number),
            parameter(format!("{path}Issuer"), issuer),
        ]
    });
    Event::GetParameterValuesResponse(proto::GetParameterValuesResponse {
        parameters: parameters.collect(),
    })
}

/// The envelope that a CPE sends.
fn envelope(command_id: &str, event: &Event) -> String {
    let body = match event {
        Event::DownloadResponse(r) => format!(
            "<cwmp:DownloadResponse><Status>{}</Status><StartTime>{}</StartTime><CompleteTime>{}</CompleteTime></cwmp:DownloadResponse>",
            r.status, r.start_time, r.complete_time
        ),
        Event::TransferComplete(t) => {
            let code = t.fault.as_ref().map_or(0, |fault| fault.fault_code);
            format!(
                "<cwmp:TransferComplete><CommandKey>{}</CommandKey><FaultStruct><FaultCode>{code}</FaultCode><FaultString/></FaultStruct><StartTime>{}</StartTime><CompleteTime>{}</CompleteTime></cwmp:TransferComplete>",
                t.command_key, t.start_time, t.complete_time
            )
        }
        Event::SetParameterValuesResponse(r) => format!(
            "<cwmp:SetParameterValuesResponse><Status>{}</Status></cwmp:SetParameterValuesResponse>",
            r.status
        ),
        Event::Fault(f) => format!(
            "<soap:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault><FaultCode>{}</FaultCode><FaultString>{}</FaultString></cwmp:Fault></detail></soap:Fault>",
            f.fault_code, f.fault_string
        ),
        Event::GetParameterValuesResponse(_)
        | Event::GetParameterNamesResponse(_)
        | Event::CancelTransferResponse(_)
        | Event::Rejection(_)
        | Event::AutonomousTransferComplete(_) => panic!("no test writes it as an envelope"),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><soap:Header><cwmp:ID soap:mustUnderstand="1">{command_id}</cwmp:ID></soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"#
    )
}

/// A command as the ACS understands it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Command {
    pub(crate) id: String,
    pub(crate) command_key: String,
    pub(crate) kind: CommandKind,
}

/// What is to be called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CommandKind {
    Download { file_type: String, url: String },
    Set { name: String, value: String },
    Lookup,
    Cancel,
}

/// Reads a command in the format that its content-type names.
///
/// # Panics
/// If it is none.
pub(crate) fn command(record: &Received) -> Command {
    let content_type = record.required("content-type");
    let (id, kind) = if content_type.contains("xml") {
        soap_command(record.value())
    } else {
        let message = if content_type.contains("json") {
            serde_json::from_slice(record.value()).expect("a command in JSON")
        } else {
            proto::CpeCommand::decode(record.value()).expect("a command in protobuf")
        };
        protobuf_command(message)
    };
    Command {
        id,
        command_key: record.required("cwmp-command-key").to_owned(),
        kind,
    }
}

fn protobuf_command(message: proto::CpeCommand) -> (String, CommandKind) {
    let kind = match message.rpc.expect("a command calls something") {
        Rpc::Download(download) => CommandKind::Download {
            file_type: download.file_type,
            url: download.url,
        },
        Rpc::SetParameterValues(mut set) => {
            assert_eq!(set.parameters.len(), 1, "{set:?}");
            let parameter = set.parameters.remove(0);
            CommandKind::Set {
                name: parameter.name,
                value: parameter.value,
            }
        }
        Rpc::GetParameterValues(_) | Rpc::GetParameterNames(_) => CommandKind::Lookup,
        Rpc::CancelTransfer(_) => CommandKind::Cancel,
    };
    (message.command_id, kind)
}

fn soap_command(value: &[u8]) -> (String, CommandKind) {
    let elements = texts(value);
    let text = |name: &str| {
        let found = elements.iter().find(|(element, _)| element == name);
        found
            .unwrap_or_else(|| panic!("no element {name} in {elements:?}"))
            .1
            .clone()
    };
    let has = |name: &str| elements.iter().any(|(element, _)| element == name);
    let kind = if has("Download") {
        CommandKind::Download {
            file_type: text("FileType"),
            url: text("URL"),
        }
    } else if has("SetParameterValues") {
        CommandKind::Set {
            name: text("Name"),
            value: text("Value"),
        }
    } else if has("CancelTransfer") {
        CommandKind::Cancel
    } else {
        assert!(has("GetParameterValues") || has("GetParameterNames"));
        CommandKind::Lookup
    };
    (text("ID"), kind)
}

/// The elements of a document by their local names, in the order of their ends, with the text right inside.
fn texts(xml: &[u8]) -> Vec<(String, String)> {
    use quick_xml::events::Event as Xml;

    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut open: Vec<(String, String)> = Vec::new();
    let mut closed = Vec::new();
    loop {
        match reader.read_event().expect("an envelope is well-formed") {
            Xml::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.push((name, String::new()));
            }
            Xml::Empty(empty) => {
                let name = empty.local_name().as_ref().to_owned();
                closed.push((name, String::new()));
            }
            Xml::Text(text) => {
                if let Some((_, inside)) = open.last_mut() {
                    inside.push_str(&text);
                }
            }
            Xml::End(_) => closed.push(open.pop().expect("an envelope is well-formed")),
            Xml::Eof => return closed,
            Xml::CData(_) | Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
            Xml::GeneralRef(reference) => {
                panic!("no command of the tests needs a reference: {reference:?}")
            }
        }
    }
}

/// A response as the requester understands it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Response {
    pub(crate) code: u64,
    pub(crate) request_identifier: String,
    /// The text for people; empty if there is none.
    pub(crate) debug: String,
}

/// Reads a response in the format that its content-type names.
///
/// # Panics
/// If it is none.
pub(crate) fn response(record: &Received) -> Response {
    let (value, content_type) = (record.value(), record.required("content-type"));
    let primitive: Value = if content_type.contains("json") {
        serde_json::from_slice(value).expect("a response in JSON")
    } else if content_type.contains("cbor") {
        ciborium::from_reader(value).expect("a response in CBOR")
    } else {
        let message = proto::CreateResponse::decode(value).expect("a response in protobuf");
        return Response {
            code: message.response_status_code.into(),
            request_identifier: message.request_identifier,
            debug: message.debug,
        };
    };
    // The notification of an asynchronous result carries the response inside.
    let primitive = primitive.pointer("/pc/m2m:rsp").unwrap_or(&primitive);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Response {
        code: primitive["rsc"].as_u64().expect("rsc is a number"),
        request_identifier: text(&primitive["rqi"]),
        // Beside a success, where pc holds the resource, it is the vendor information.
        debug: text(
            primitive
                .get("vsi")
                .unwrap_or_else(|| &primitive["pc"]["m2m:dbg"]),
        ),
    }
}
