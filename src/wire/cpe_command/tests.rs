use std::sync::Arc;

use prost::Message as _;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

use crate::correlator::{Request, Step};
use crate::cwmp::{
    CommandKey, DeviceId, Download, GetParameterValues, ParameterSetting, Rpc, SetParameterValues,
    SettingValue,
};
use crate::onem2m::RequestPrimitive;
use crate::record::Coordinates;
use crate::time::Timestamp;
use crate::wire::r#gen::{self, CpeCommand, cpe_command};
use crate::wire::{Login, Logins};

use super::*;

fn encoder(commands: Format) -> Encoder {
    Encoder {
        commands,
        responses: Format::Json,
        file_type: "X 00256D Device Certificate".to_owned().into(),
        logins: Logins::new([(
            String::new(),
            Login {
                username: "u<".into(),
                password: "p&".into(),
            },
        )]),
    }
}

fn command(rpc: Rpc, step: Step, attempt: u16) -> Command {
    Command {
        request: Arc::new(Request {
            device: DeviceId::new("00256D", "Set-Top", "1").ok(),
            command_key: CommandKey::try_from("k1").ok(),
            primitive: RequestPrimitive::default(),
            resource: None,
            coordinates: "requests/2/7".parse::<Coordinates>().unwrap(),
            key: None,
            traceparent: Some(b"00-a"[..].into()),
            tracestate: None,
        }),
        step,
        attempt,
        expires_at: Timestamp::from_millis(1_500),
        rpc,
    }
}

fn download() -> Command {
    let rpc = Rpc::Download(Download {
        command_key: CommandKey::try_from("k1").unwrap(),
        url: "https://files.example.net/?a=1&b=2".into(),
        file_size: 3,
        content: [0, 1, 255].into(),
        content_type: "application/pkix-cert".into(),
    });
    command(rpc, Step::Download, 1)
}

fn set() -> Command {
    let rpc = Rpc::SetParameterValues(SetParameterValues {
        parameters: vec![ParameterSetting {
            name: "Device.Security.Certificate.3.SUIDs".into(),
            value: SettingValue::Text("42,43".into()),
        }],
        parameter_key: CommandKey::try_from("k1").unwrap(),
    });
    command(rpc, Step::Set, 2)
}

fn lookup() -> Command {
    let rpc = Rpc::GetParameterValues(GetParameterValues {
        names: vec!["Device.Security.Certificate.".into()],
    });
    command(rpc, Step::Lookup, 1)
}

fn cancel() -> Command {
    let rpc = Rpc::CancelTransfer(CommandKey::try_from("k1").unwrap());
    command(rpc, Step::Cancel, 1)
}

fn written(format: Format, command: &Command) -> Outbound {
    let mut outbound = Outbound::default();
    encoder(format).command(command, Cause::Deadline, &mut outbound);
    outbound
}

fn message_of(command: &Command) -> CpeCommand {
    let protobuf = written(Format::Protobuf, command);
    let json = written(Format::Json, command);
    let message = CpeCommand::decode(protobuf.value().unwrap()).unwrap();
    assert_eq!(protobuf.value(), Some(&*message.encode_to_vec()));
    assert_eq!(
        serde_json::from_slice::<CpeCommand>(json.value().unwrap()).unwrap(),
        message
    );
    message
}

/// Names and texts of the elements that hold no others, in order.
fn leaves(document: &[u8]) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).unwrap());
    let mut leaves = Vec::new();
    let mut text = None::<String>;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => text = Some(String::new()),
            Event::End(end) => {
                let name = end.local_name().as_ref().to_owned();
                leaves.extend(text.take().map(|text| (name, text)));
            }
            Event::Text(part) => {
                if let Some(text) = &mut text {
                    text.push_str(&part);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(text) = &mut text {
                    text.push_str(&unescape(&format!("&{};", &*reference)).unwrap());
                }
            }
            Event::Eof => return leaves,
            Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::DocType(_)
            | Event::Empty(_)
            | Event::PI(_) => {}
        }
    }
}

fn soap(command: &Command) -> Vec<(String, String)> {
    leaves(written(Format::Soap, command).value().unwrap())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn a_download_carries_the_file_and_the_operators_arguments() {
    assert_eq!(
        message_of(&download()),
        CpeCommand {
            command_id: "k1/download".into(),
            device: Some(r#gen::DeviceId {
                oui: "00256D".into(),
                product_class: "Set-Top".into(),
                serial_number: "1".into(),
            }),
            expires_at: Some(pbjson_types::Timestamp {
                seconds: 1,
                nanos: 500_000_000,
            }),
            rpc: Some(cpe_command::Rpc::Download(r#gen::Download {
                command_key: "k1".into(),
                file_type: "X 00256D Device Certificate".into(),
                url: "https://files.example.net/?a=1&b=2".into(),
                username: "u<".into(),
                password: "p&".into(),
                file_size: 3,
                content: vec![0, 1, 255],
                content_type: "application/pkix-cert".into(),
                ..r#gen::Download::default()
            })),
        }
    );
}

#[test]
fn an_envelope_has_all_ten_arguments_of_download_in_order() {
    assert_eq!(
        soap(&download()),
        pairs(&[
            ("ID", "k1/download"),
            ("CommandKey", "k1"),
            ("FileType", "X 00256D Device Certificate"),
            ("URL", "https://files.example.net/?a=1&b=2"),
            ("Username", "u<"),
            ("Password", "p&"),
            ("FileSize", "3"),
            ("TargetFileName", ""),
            ("DelaySeconds", "0"),
            ("SuccessURL", ""),
            ("FailureURL", ""),
        ])
    );
}

#[test]
fn a_set_has_a_typed_value_and_the_parameter_key() {
    let Some(cpe_command::Rpc::SetParameterValues(arguments)) = message_of(&set()).rpc else {
        panic!("no SetParameterValues");
    };
    assert_eq!(arguments.parameters[0].r#type, "xsd:string");
    assert_eq!(arguments.parameter_key, "k1");
    assert_eq!(
        soap(&set()),
        pairs(&[
            ("ID", "k1/set.2"),
            ("Name", "Device.Security.Certificate.3.SUIDs"),
            ("Value", "42,43"),
            ("ParameterKey", "k1"),
        ])
    );
    let text = String::from_utf8(written(Format::Soap, &set()).value().unwrap().into()).unwrap();
    for part in [
        "<cwmp:ID soap-env:mustUnderstand=\"1\">",
        "xmlns:cwmp=\"urn:dslforum-org:cwmp-1-2\"",
        "<ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[1]\">",
        "<Value xsi:type=\"xsd:string\">",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn lookup_and_cancel_are_written_in_every_format() {
    assert!(matches!(
        message_of(&lookup()).rpc,
        Some(cpe_command::Rpc::GetParameterValues(arguments))
            if arguments.names == ["Device.Security.Certificate."]
    ));
    assert!(matches!(
        message_of(&cancel()).rpc,
        Some(cpe_command::Rpc::CancelTransfer(arguments)) if arguments.command_key == "k1"
    ));
    assert_eq!(
        soap(&lookup()),
        pairs(&[
            ("ID", "k1/lookup"),
            ("string", "Device.Security.Certificate."),
        ])
    );
    assert_eq!(
        soap(&cancel()),
        pairs(&[("ID", "k1/cancel"), ("CommandKey", "k1")])
    );
}

#[test]
fn control_characters_survive_the_envelope() {
    let mut download = download();
    if let Rpc::Download(arguments) = &mut download.rpc {
        arguments.command_key = CommandKey::try_from("a\r\nb]]>").unwrap();
    }
    assert_eq!(soap(&download)[1].1, "a\r\nb]]>");
}

#[test]
fn a_time_that_never_comes_is_left_out() {
    let mut download = download();
    download.expires_at = Timestamp::NEVER;
    assert_eq!(message_of(&download).expires_at, None);
}

#[test]
fn headers_tell_device_request_and_cause() {
    let outbound = written(Format::Soap, &download());
    assert_eq!(outbound.destination, Destination::Commands);
    assert_eq!(outbound.key(), Some(&b"00256D-Set%2DTop-1"[..]));
    let headers: Vec<(&str, &str)> = outbound
        .headers()
        .map(|(name, value)| (name, std::str::from_utf8(value).unwrap()))
        .filter(|(name, _)| *name != "credbridge-id")
        .collect();
    assert_eq!(
        headers,
        [
            ("content-type", "text/xml"),
            ("cwmp-device-id", "00256D-Set%2DTop-1"),
            ("cwmp-command-key", "k1"),
            ("traceparent", "00-a"),
            ("credbridge-cause", "deadline"),
            ("credbridge-request", "requests/2/7"),
            ("credbridge-rules", RULES_VERSION),
        ]
    );
}

#[test]
fn the_id_differs_by_step_and_attempt_and_by_nothing_else() {
    let id = |format, command: &Command| {
        let outbound = written(format, command);
        let (_, id) = outbound
            .headers()
            .find(|(name, _)| *name == "credbridge-id")
            .unwrap();
        String::from_utf8(id.into()).unwrap()
    };
    let mut later = download();
    later.expires_at = Timestamp::from_millis(9_000);
    assert_eq!(id(Format::Json, &download()), id(Format::Protobuf, &later));
    let mut again = download();
    again.attempt = 2;
    let ids = [&download(), &again, &set(), &lookup(), &cancel()]
        .map(|command| id(Format::Json, command));
    for (index, one) in ids.iter().enumerate() {
        assert_eq!(one.len(), 32);
        assert!(!ids[index + 1..].contains(one));
    }
}
