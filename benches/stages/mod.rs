//! What the benchmarks without Kafka have in common: the records of an installation, and what comes of them.

use std::sync::{Arc, LazyLock};

use credbridge::config::Config;
use credbridge::correlator::{Correlator, Effect, Effects, Event, Limits, Slot};
use credbridge::cwmp::{DeviceId, Rpc};
use credbridge::record::{Coordinates, Header, Record};
use credbridge::time::Timestamp;
use credbridge::wire::changelog::encode_installation;
use credbridge::wire::r#gen::{
    CpeEvent, DownloadResponse, SetParameterValuesResponse, TransferComplete, cpe_event,
};
use credbridge::wire::{Decoded, Decoder, Encoder, Format, Input, Outbound};
use prost::Message as _;
use serde_json::json;

/// When everything happens.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

/// The certificate file of every request; always the same, so that two runs do the same work.
const CERTIFICATE: &str = include_str!("../../tests/fixtures/certificates/leaf.pem");

/// The steps of an installation, as its records come in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Create,
    Accepted,
    Transferred,
    Set,
}

pub(crate) const STEPS: [Step; 4] = [Step::Create, Step::Accepted, Step::Transferred, Step::Set];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Json,
    Protobuf,
    Soap,
}

pub(crate) const FORMS: [Form; 3] = [Form::Protobuf, Form::Json, Form::Soap];

/// A record that owns its parts.
pub(crate) struct Raw {
    pub(crate) input: Input,
    pub(crate) coordinates: Coordinates,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Raw {
    /// Calls with the record as the runtime would read it.
    pub(crate) fn with<T>(&self, f: impl FnOnce(Input, Record<'_>) -> T) -> T {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        f(
            self.input,
            Record {
                coordinates: &self.coordinates,
                key: Some(&self.key),
                value: Some(&self.value),
                headers: &headers,
            },
        )
    }
}

fn device(number: usize) -> DeviceId {
    DeviceId::new("00256D", "IGD", &format!("S{number:09}")).expect("a device")
}

pub(crate) fn coordinates(input: Input, number: usize) -> Coordinates {
    // As in the bridge, all records of a topic share its name.
    static TOPICS: LazyLock<[Arc<str>; 2]> =
        LazyLock::new(|| ["cwmp.events".into(), "onem2m.requests".into()]);
    let [cpe_events, requests] = &*TOPICS;
    Coordinates {
        topic: Arc::clone(match input {
            Input::CpeEvents => cpe_events,
            Input::Requests => requests,
        }),
        partition: 0,
        offset: i64::try_from(number).expect("small"),
    }
}

pub(crate) fn create(number: usize) -> Raw {
    let device = device(number);
    let primitive = json!({
        "op": 1,
        "to": format!("/cse1/node-{}", device.serial_number()),
        "fr": "/cse1/admin-ae",
        "rqi": format!("run-7f3a-{number:09}"),
        "rvi": "3",
        "ty": 13,
        "pc": {"dcfg:nycfc": {"mgd": 1023, "suids": [42], "mcff": "application/pkix-cert", "mcfc": CERTIFICATE}},
    });
    Raw {
        input: Input::Requests,
        coordinates: coordinates(Input::Requests, number),
        key: device.key().into(),
        value: primitive.to_string().into_bytes(),
        headers: vec![
            (
                "traceparent",
                format!("00-4bf92f3577b34da6a3ce929d{number:08x}-00f067aa0ba902b7-01"),
            ),
            (
                "content-type",
                "application/vnd.onem2m-preq+json".to_owned(),
            ),
            ("cwmp-device-id", device.key().to_owned()),
        ],
    }
}

pub(crate) fn event(step: Step, number: usize, command_key: &str, form: Form) -> Raw {
    let device = device(number);
    let (suffix, event) = match step {
        Step::Create => unreachable!("no event of a CPE"),
        Step::Accepted => (
            "/download",
            cpe_event::Event::DownloadResponse(DownloadResponse {
                status: 1,
                ..DownloadResponse::default()
            }),
        ),
        Step::Transferred => (
            "",
            cpe_event::Event::TransferComplete(TransferComplete {
                command_key: command_key.to_owned(),
                fault: Some(credbridge::wire::r#gen::FaultStruct::default()),
                start_time: "2026-11-23T09:00:00Z".to_owned(),
                complete_time: "2026-11-23T09:00:07Z".to_owned(),
                certificate_path: "Device.Security.Certificate.3.".to_owned(),
            }),
        ),
        Step::Set => (
            "/set",
            cpe_event::Event::SetParameterValuesResponse(SetParameterValuesResponse { status: 0 }),
        ),
    };
    let command_id = if suffix.is_empty() {
        String::new()
    } else {
        format!("{command_key}{suffix}")
    };
    let message = CpeEvent {
        device: Some((&device).into()),
        command_id: command_id.clone(),
        event: Some(event),
        ..CpeEvent::default()
    };
    let mut headers = Vec::new();
    let value = match form {
        Form::Protobuf => message.encode_to_vec(),
        Form::Json => serde_json::to_vec(&message).expect("names are texts"),
        Form::Soap => {
            headers.push((
                "cwmp-certificate-path",
                "Device.Security.Certificate.3.".to_owned(),
            ));
            headers.push(("cwmp-device-id", device.key().to_owned()));
            envelope(step, command_key, &command_id)
        }
    };
    Raw {
        input: Input::CpeEvents,
        coordinates: coordinates(Input::CpeEvents, number),
        key: device.key().into(),
        value,
        headers,
    }
}

fn envelope(step: Step, command_key: &str, command_id: &str) -> Vec<u8> {
    let times = "<StartTime>0001-01-01T00:00:00Z</StartTime><CompleteTime>0001-01-01T00:00:00Z</CompleteTime>";
    let body = match step {
        Step::Create => unreachable!("no event of a CPE"),
        Step::Accepted => {
            format!("<cwmp:DownloadResponse><Status>1</Status>{times}</cwmp:DownloadResponse>")
        }
        Step::Transferred => format!(
            "<cwmp:TransferComplete><CommandKey>{command_key}</CommandKey><FaultStruct><FaultCode>0</FaultCode>\
             <FaultString></FaultString></FaultStruct>{times}</cwmp:TransferComplete>"
        ),
        Step::Set => {
            "<cwmp:SetParameterValuesResponse><Status>0</Status></cwmp:SetParameterValuesResponse>"
                .to_owned()
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:cwmp=\"urn:dslforum-org:cwmp-1-2\"><soap:Header><cwmp:ID soap:mustUnderstand=\"1\">{command_id}</cwmp:ID>\
         </soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    )
    .into_bytes()
}

pub(crate) fn config() -> Config {
    Config::read(None, std::iter::empty()).expect("the defaults are right")
}

pub(crate) fn decoder() -> Decoder {
    config().decoder()
}

pub(crate) fn encoder(commands: Format, responses: Format) -> Encoder {
    Encoder {
        commands,
        responses,
        ..config().encoder()
    }
}

fn correlator() -> Correlator {
    let limits = Limits {
        open_installations_max: 100_000_000,
        ..config().limits(1)
    };
    Correlator::new(limits, config().rules())
}

pub(crate) fn one<'r>(decoder: &Decoder, input: Input, record: Record<'r>) -> Event<'r> {
    match decoder.decode(input, record).expect("readable") {
        Decoded::One(event) => event,
        Decoded::Several(_) => unreachable!("one record, one event"),
    }
}

/// A correlator with `open` installations, and the CommandKey of each.
pub(crate) struct Fleet {
    pub(crate) decoder: Decoder,
    pub(crate) correlator: Correlator,
    pub(crate) keys: Vec<String>,
}

impl Fleet {
    pub(crate) fn new(open: usize) -> Self {
        let mut fleet = Self {
            decoder: decoder(),
            correlator: correlator(),
            keys: Vec::with_capacity(open),
        };
        let mut effects = Effects::new();
        for number in 0..open {
            fleet.create(number, &mut effects);
            effects.clear();
        }
        fleet
    }

    pub(crate) fn create(&mut self, number: usize, effects: &mut Effects) {
        let (decoder, correlator) = (&self.decoder, &mut self.correlator);
        create(number).with(|input, record| {
            correlator.handle(NOW, one(decoder, input, record), effects);
        });
        let key = effects.iter().find_map(|effect| match effect {
            Effect::Send(command) => match &command.rpc {
                Rpc::Download(download) => Some(download.command_key.to_string()),
                Rpc::CancelTransfer(_)
                | Rpc::GetParameterValues(_)
                | Rpc::SetParameterValues(_) => None,
            },
            Effect::Forget(_)
            | Effect::Remember(_)
            | Effect::Respond(_)
            | Effect::SetAside(_)
            | Effect::Stage(_)
            | Effect::Unstage(_) => None,
        });
        self.keys.push(key.expect("a Download was sent"));
    }

    pub(crate) fn step(&mut self, raw: &Raw, effects: &mut Effects) {
        let (decoder, correlator) = (&self.decoder, &mut self.correlator);
        raw.with(|input, record| {
            correlator.handle(NOW, one(decoder, input, record), effects);
        });
    }

    pub(crate) fn record(&self, step: Step, number: usize, form: Form) -> Raw {
        match step {
            Step::Create => create(number),
            Step::Accepted | Step::Transferred | Step::Set => {
                event(step, number, &self.keys[number], form)
            }
        }
    }
}

/// The effects of one step, and where its record stands.
pub(crate) fn effects_of(step: Step) -> (Fleet, Effects, Coordinates) {
    let mut fleet = Fleet::new(0);
    let mut effects = Effects::new();
    fleet.create(0, &mut effects);
    for other in STEPS
        .into_iter()
        .skip(1)
        .take_while(|other| *other as u8 <= step as u8)
    {
        effects.clear();
        let raw = fleet.record(other, 0, Form::Protobuf);
        fleet.step(&raw, &mut effects);
    }
    (fleet, effects, coordinates(Input::CpeEvents, 1))
}

pub(crate) fn remembered(effects: &Effects) -> Slot {
    effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Remember(slot) => Some(*slot),
            Effect::Forget(_)
            | Effect::Respond(_)
            | Effect::Send(_)
            | Effect::SetAside(_)
            | Effect::Stage(_)
            | Effect::Unstage(_) => None,
        })
        .expect("the state changed")
}

/// The record of the changelog that a step makes necessary.
pub(crate) fn written_state(step: Step) -> Outbound {
    let (fleet, effects, _) = effects_of(step);
    let slot = remembered(&effects);
    let installation = fleet.correlator.installation(slot);
    let mut outbound = Outbound::default();
    encode_installation(installation.expect("it is there"), &mut outbound);
    outbound
}
