//! What stands in a record does not disguise itself in what the bridge shows: logs, dead letters, debug texts.

use std::time::Duration;

use credbridge::config::Config;
use credbridge::correlator::{Correlator, Effect, Effects, Event};
use credbridge::record::{Coordinates, Header, Record};
use credbridge::time::Timestamp;
use credbridge::wire::r#gen::cpe_event::Event as Said;
use credbridge::wire::r#gen::{
    CpeEvent, CreateRequest, DeviceId, Fault, FaultStruct, Rejection, SetParameterValuesFault,
    TransferComplete,
};
use credbridge::wire::{Decoded, Decoder, Encoder, Input, Outbound, Undecoded};
use prost::Message as _;

const LEAF: &str = include_str!("../fixtures/certificates/leaf.pem");

/// An end of a line and a forged line, an escape sequence, an override of the direction of writing, spaces of no width,
/// a mark of byte order, and letters that look like others.
const TRICK: &str = "a\n2026-01-01 ERROR forged\r\u{1b}[31m\u{202e}txt\u{200b}\u{200d}\u{2066}\u{feff}\u{2028}\u{ad}\u{e0041}\u{0430}";

/// Characters that nobody sees, and that change what he sees.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[track_caller]
fn harmless(place: &str, text: &[u8]) {
    let text = str::from_utf8(text).expect("what the bridge says is UTF-8");
    assert!(!text.chars().any(is_hidden), "{place}: {text:?}");
}

fn correlator() -> Correlator {
    let config = Config::default();
    Correlator::new(config.limits(1), config.rules())
}

/// Everything that is said about records: dead letters, debug texts, and the header fields of outputs.
struct Play {
    decoder: Decoder,
    correlator: Correlator,
    encoder: Encoder,
    outbound: Outbound,
    offset: i64,
    said: usize,
}

impl Play {
    fn new() -> Self {
        Self {
            decoder: Config::default().decoder(),
            correlator: correlator(),
            encoder: Config::default().encoder(),
            outbound: Outbound::default(),
            offset: 0,
            said: 0,
        }
    }

    fn letter(&mut self, record: Record<'_>, reason: &str, error: &str) {
        self.said += 1;
        self.encoder
            .dead_letter(record, reason, error, &mut self.outbound);
        let own = ["credbridge-error", "credbridge-reason", "credbridge-source"];
        for (name, value) in self
            .outbound
            .headers()
            .filter(|(name, _)| own.contains(name))
        {
            harmless(name, value);
            assert!(value.len() <= 1024, "{name} is long");
        }
    }

    /// Handles a record; whatever is said of it is harmless.
    fn record(&mut self, input: Input, value: &[u8], headers: &[Header<'_>]) {
        self.offset += 1;
        let coordinates = Coordinates {
            topic: "in".into(),
            partition: 0,
            offset: self.offset,
        };
        let record = Record {
            coordinates: &coordinates,
            key: Some(TRICK.as_bytes()),
            value: Some(value),
            headers,
        };
        let decoded = self.decoder.decode(input, record);
        match decoded {
            Ok(Decoded::One(event)) => self.event(event),
            Ok(Decoded::Several(_)) => panic!("nothing here is several events"),
            Err(Undecoded::Foreign) => {}
            Err(Undecoded::Homeless(response, error)) => {
                self.said += 1;
                harmless("debug", response.debug.as_bytes());
                harmless("detail", error.detail.as_bytes());
                self.letter(record, error.reason.as_str(), &error.detail);
            }
            Err(Undecoded::Unreadable(error)) => {
                harmless("detail", error.detail.as_bytes());
                self.letter(record, error.reason.as_str(), &error.detail);
            }
        }
    }

    fn event(&mut self, event: Event<'_>) {
        let now = Timestamp::from_millis(1_900_000_000_000);
        harmless("device", event.device.to_string().as_bytes());
        let record = event.record;
        let mut effects = Effects::new();
        self.correlator.handle(now, event, &mut effects);
        let end = now + Duration::from_hours(100);
        self.correlator
            .handle_timeout(end, end, usize::MAX, &mut effects);
        for effect in effects {
            match effect {
                Effect::Respond(response) => {
                    self.said += 1;
                    harmless("debug", response.debug.as_bytes());
                }
                Effect::SetAside(unmatched) => {
                    self.letter(record, unmatched.reason.as_str(), &unmatched.explanation);
                }
                Effect::Forget(_)
                | Effect::Remember(_)
                | Effect::Send(_)
                | Effect::Stage(_)
                | Effect::Unstage(_) => {}
            }
        }
    }
}

fn device() -> Option<DeviceId> {
    Some(DeviceId {
        oui: "00256D".to_owned(),
        product_class: TRICK.to_owned(),
        serial_number: format!("1{TRICK}"),
    })
}

fn request() -> CreateRequest {
    CreateRequest {
        request_identifier: "a1".to_owned(),
        from: "/a".to_owned(),
        to: "/n".to_owned(),
        device: device(),
        release_version_indicator: "3".to_owned(),
        suids: vec![42],
        my_cert_file_format: "application/x-pem-file".to_owned(),
        my_cert_file_content: LEAF.to_owned(),
        command_key: "k1".to_owned(),
        ..CreateRequest::default()
    }
}

#[test]
fn texts_of_requests_are_shown_harmlessly() {
    let _alone = crate::alone();
    let trick = || TRICK.to_owned();
    let changes: [fn(&mut CreateRequest, String); 8] = [
        |request, trick| request.release_version_indicator = trick,
        |request, trick| request.request_expiration_timestamp = trick,
        |request, trick| request.operation_execution_time = trick,
        |request, trick| request.my_cert_file_format = trick,
        |request, trick| request.my_cert_file_content = trick,
        |request, trick| request.resource_name = trick,
        |request, trick| request.command_key = trick.repeat(2),
        |request, trick| {
            request.device = Some(DeviceId {
                oui: trick.repeat(9),
                ..DeviceId::default()
            })
        },
    ];
    let mut play = Play::new();
    for change in changes {
        let mut request = request();
        change(&mut request, trick());
        play.record(
            Input::Requests,
            &request.encode_to_vec(),
            &[("content-type", b"application/protobuf")],
        );
    }
    let name = serde_json::Value::from(TRICK).to_string();
    let primitive =
        |rest: String| format!(r#"{{"op":1,"to":"/n","fr":"/a","rqi":"1","ty":13,{rest}}}"#);
    for text in [
        primitive(format!(r#""pc":{{{name}:1}}"#)),
        primitive(format!(r#""pc":{{"dcfg:nycfc":{{{name}:1}}}}"#)),
        primitive(format!(r#""pc":{{"dcfg:nycfc":{{"rn":{name}}}}}"#)),
        primitive(format!(r#"{name}:1,{name}:2,"rt":{name}"#)),
        format!("{{{TRICK}"),
        format!(r#"{{"m2m:agn":{name}}}"#),
    ] {
        let device: Header<'_> = ("cwmp-device-id", b"00256D-IGD-1");
        play.record(Input::Requests, text.as_bytes(), &[device]);
        play.record(Input::Requests, text.as_bytes(), &[]);
        play.record(
            Input::Requests,
            text.as_bytes(),
            &[("cwmp-device-id", TRICK.as_bytes())],
        );
        play.record(
            Input::Requests,
            text.as_bytes(),
            &[("content-type", TRICK.as_bytes())],
        );
    }
    assert!(play.said >= 30, "{} texts were looked at", play.said);
}

#[test]
fn texts_of_devices_are_shown_harmlessly() {
    let _alone = crate::alone();
    let trick = || TRICK.to_owned();
    let fault = |code| Fault {
        fault_code: code,
        fault_string: trick(),
        set_parameter_values_faults: vec![SetParameterValuesFault {
            parameter_name: trick(),
            fault_code: 9005,
            fault_string: trick(),
        }],
    };
    let complete = |key: &str, code| {
        Said::TransferComplete(TransferComplete {
            command_key: key.to_owned(),
            fault: Some(FaultStruct {
                fault_code: code,
                fault_string: trick(),
            }),
            start_time: trick(),
            complete_time: trick(),
            certificate_path: trick(),
        })
    };
    let rejection = Rejection {
        reason: 1,
        detail: trick(),
    };
    let said = [
        ("k1/download", Said::Fault(fault(9010))),
        ("k1/download", Said::Fault(fault(1))),
        ("k1/download", Said::Rejection(rejection)),
        ("", complete("k1", 9018)),
        ("", complete("k1", 0)),
        ("", complete(&TRICK[..30], 9018)),
        ("", complete(TRICK, 0)),
        ("", complete("", 0)),
        (TRICK, Said::Fault(fault(9010))),
    ];
    let mut play = Play::new();
    for (number, (command_id, said)) in said.into_iter().enumerate() {
        let mut request = request();
        request.request_identifier = format!("a{number}");
        play.correlator = correlator();
        play.record(
            Input::Requests,
            &request.encode_to_vec(),
            &[("content-type", b"application/protobuf")],
        );
        let event = CpeEvent {
            device: device(),
            command_id: command_id.to_owned(),
            event: Some(said),
            ..CpeEvent::default()
        };
        play.record(
            Input::CpeEvents,
            &event.encode_to_vec(),
            &[("content-type", b"application/protobuf")],
        );
    }
    assert!(play.said >= 14, "{} texts were looked at", play.said);
}

#[test]
fn envelopes_and_events_that_cannot_be_read_are_shown_harmlessly() {
    let _alone = crate::alone();
    let mut play = Play::new();
    let device: Header<'_> = ("cwmp-device-id", b"00256D-IGD-1");
    for text in [
        format!("<{TRICK}/>"),
        format!("<a b='{TRICK}'/>"),
        "<\u{0430}\u{200b}\u{202e}/>".to_owned(),
        "<a>&\u{0430}\u{202e};</a>".to_owned(),
        "<?xml version='1.0' encoding='\u{202e}'?><a/>".to_owned(),
        format!(r#"{{"\u202e":1,"{}":2}}"#, "\u{202e}\u{200b}"),
        format!(
            r#"{{"transferComplete":{{"commandKey":["{}"]}}}}"#,
            "\u{202e}"
        ),
    ] {
        play.record(Input::CpeEvents, text.as_bytes(), &[device]);
    }
    assert_eq!(play.said, 7);
}
