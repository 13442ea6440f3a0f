//! What a record costs without Kafka: decoding, correlating, encoding, each in nanoseconds and allocations.
//!
//! `cargo bench --bench core`, or with a part of a name. Sizes of the table by `CREDBRIDGE_BENCH_OPEN` (default 100,000
//! open installations). Allocations are exact and repeatable; times are to be compared within one run only.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads its size from the environment"
)]

use std::time::Duration;

use credbridge::config::Config;
use credbridge::correlator::{Correlator, Effect, Effects, Limits, PacingLimits, Slot};
use credbridge::cwmp::{DeviceId, Rpc};
use credbridge::record::{Coordinates, Header, Record};
use credbridge::time::Timestamp;
use credbridge::wire::changelog::{decode, encode_installation};
use credbridge::wire::r#gen::{
    CpeEvent, DownloadResponse, SetParameterValuesResponse, TransferComplete, cpe_event,
};
use credbridge::wire::{Cause, Decoded, Decoder, Encoder, Format, Input, Outbound};
use divan::{AllocProfiler, Bencher};
use prost::Message as _;
use serde_json::json;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

fn main() {
    divan::main();
}

/// The steps of an installation, as its records come in.
#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    Accepted,
    Transferred,
    Set,
}

const STEPS: [Step; 4] = [Step::Create, Step::Accepted, Step::Transferred, Step::Set];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Json,
    Protobuf,
    Soap,
}

const FORMS: [Form; 3] = [Form::Protobuf, Form::Json, Form::Soap];

/// A record that owns its parts.
struct Raw {
    input: Input,
    coordinates: Coordinates,
    key: Vec<u8>,
    value: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Raw {
    /// Calls with the record as the runtime would read it.
    fn with<T>(&self, f: impl FnOnce(Input, Record<'_>) -> T) -> T {
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

fn pem() -> String {
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no names");
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x42; 16]));
    let key = rcgen::KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").pem()
}

fn coordinates(input: Input, number: usize) -> Coordinates {
    Coordinates {
        topic: match input {
            Input::CpeEvents => "cwmp.events".into(),
            Input::Requests => "onem2m.requests".into(),
        },
        partition: 0,
        offset: i64::try_from(number).expect("small"),
    }
}

fn create(number: usize, pem: &str) -> Raw {
    let device = device(number);
    let primitive = json!({
        "op": 1,
        "to": format!("/cse1/node-{}", device.serial_number()),
        "fr": "/cse1/admin-ae",
        "rqi": format!("run-7f3a-{number:09}"),
        "rvi": "3",
        "ty": 13,
        "pc": {"dcfg:nycfc": {"mgd": 1023, "suids": [42], "mcff": "application/pkix-cert", "mcfc": pem}},
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

fn event(step: Step, number: usize, command_key: &str, form: Form) -> Raw {
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
        device: Some(credbridge::wire::r#gen::DeviceId {
            oui: device.oui(),
            product_class: device.product_class(),
            serial_number: device.serial_number(),
        }),
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

fn config() -> Config {
    Config::read(None, std::iter::empty()).expect("the defaults are right")
}

fn decoder() -> Decoder {
    config().decoder()
}

fn encoder(commands: Format, responses: Format) -> Encoder {
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

fn one<'r>(
    decoder: &Decoder,
    input: Input,
    record: Record<'r>,
) -> credbridge::correlator::Event<'r> {
    match decoder.decode(input, record).expect("readable") {
        Decoded::One(event) => event,
        Decoded::Several(_) => unreachable!("one record, one event"),
    }
}

/// A correlator with `open` installations, and the CommandKey of each.
struct Fleet {
    decoder: Decoder,
    correlator: Correlator,
    pem: String,
    keys: Vec<String>,
}

impl Fleet {
    fn new(open: usize) -> Self {
        let mut fleet = Self {
            decoder: decoder(),
            correlator: correlator(),
            pem: pem(),
            keys: Vec::with_capacity(open),
        };
        let mut effects = Effects::new();
        for number in 0..open {
            fleet.create(number, &mut effects);
            effects.clear();
        }
        fleet
    }

    fn create(&mut self, number: usize, effects: &mut Effects) {
        let (decoder, correlator) = (&self.decoder, &mut self.correlator);
        create(number, &self.pem).with(|input, record| {
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

    fn step(&mut self, raw: &Raw, effects: &mut Effects) {
        let (decoder, correlator) = (&self.decoder, &mut self.correlator);
        raw.with(|input, record| {
            correlator.handle(NOW, one(decoder, input, record), effects);
        });
    }

    fn record(&self, step: Step, number: usize, form: Form) -> Raw {
        match step {
            Step::Create => create(number, &self.pem),
            Step::Accepted | Step::Transferred | Step::Set => {
                event(step, number, &self.keys[number], form)
            }
        }
    }
}

fn open() -> usize {
    std::env::var("CREDBRIDGE_BENCH_OPEN").map_or(100_000, |text| text.parse().expect("a number"))
}

#[divan::bench]
fn decode_request(bencher: Bencher<'_, '_>) {
    let (decoder, raw) = (decoder(), create(7, &pem()));
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

#[divan::bench(args = FORMS)]
fn decode_transfer_complete(bencher: Bencher<'_, '_>, form: Form) {
    let (decoder, raw) = (
        decoder(),
        event(Step::Transferred, 7, &"k".repeat(32), form),
    );
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

#[divan::bench(args = FORMS)]
fn decode_download_response(bencher: Bencher<'_, '_>, form: Form) {
    let (decoder, raw) = (decoder(), event(Step::Accepted, 7, &"k".repeat(32), form));
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

/// One step of one installation among many open ones, the decoding of its record included.
#[divan::bench(args = STEPS, sample_count = 1)]
fn decode_and_correlate(bencher: Bencher<'_, '_>, step: Step) {
    const TAKEN: usize = 10_000;
    let mut fleet = Fleet::new(open());
    let mut effects = Effects::new();
    let first = if matches!(step, Step::Create) {
        fleet.keys.len()
    } else {
        0
    };
    let mut before = STEPS
        .into_iter()
        .skip(1)
        .take_while(|other| *other as u8 != step as u8);
    if !matches!(step, Step::Create) {
        for earlier in before.by_ref() {
            for number in 0..TAKEN {
                let raw = fleet.record(earlier, number, Form::Protobuf);
                fleet.step(&raw, &mut effects);
                effects.clear();
            }
        }
    }
    let records: Vec<Raw> = (first..first + TAKEN)
        .map(|number| fleet.record(step, number, Form::Protobuf))
        .collect();
    bencher
        .counter(divan::counter::ItemsCount::new(TAKEN))
        .bench_local(|| {
            for raw in &records {
                fleet.step(raw, &mut effects);
                effects.clear();
            }
        });
}

/// How Downloads are paced.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Off,
    /// All fall into the burst.
    AtOnce,
    /// One in a millisecond, so that all but the first wait for their time.
    Waiting,
}

impl Pace {
    fn limits(self) -> PacingLimits {
        let burst = match self {
            Self::Off => return PacingLimits::default(),
            Self::AtOnce => Duration::from_hours(1),
            Self::Waiting => Duration::ZERO,
        };
        let interval = Some(Duration::from_millis(1));
        PacingLimits {
            fleet: interval,
            product_class: interval,
            burst,
            reserved_percent: 10,
        }
    }
}

/// Requests of one originator from their records to their Downloads, whenever these are sent.
#[divan::bench(args = [Pace::Off, Pace::AtOnce, Pace::Waiting], sample_count = 20)]
fn create_to_download(bencher: Bencher<'_, '_>, pace: Pace) {
    const TAKEN: usize = 10_000;
    const AFTER: Timestamp = Timestamp::from_millis(1_900_000_060_000);
    let (decoder, pem) = (decoder(), pem());
    let records: Vec<Raw> = (0..TAKEN).map(|number| create(number, &pem)).collect();
    bencher
        .counter(divan::counter::ItemsCount::new(TAKEN))
        .with_inputs(|| {
            let limits = Limits {
                pacing: pace.limits(),
                ..config().limits(1)
            };
            (Correlator::new(limits, config().rules()), Effects::new())
        })
        .bench_local_values(|(mut correlator, mut effects)| {
            let mut sent = 0;
            let mut count = |effects: &mut Effects| {
                let commands = effects.drain(..);
                sent += commands
                    .filter(|effect| matches!(effect, Effect::Send(_)))
                    .count();
            };
            for raw in &records {
                raw.with(|input, record| {
                    correlator.handle(NOW, one(&decoder, input, record), &mut effects);
                });
                count(&mut effects);
            }
            while let Some(next) = correlator.poll_timeout().filter(|next| *next <= AFTER) {
                correlator.handle_timeout(next, next, usize::MAX, &mut effects);
                count(&mut effects);
            }
            assert_eq!(sent, TAKEN);
            correlator
        });
}

/// The effects of one step, and where its record stands.
fn effects_of(step: Step) -> (Fleet, Effects, Coordinates) {
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

#[divan::bench(args = [Step::Create, Step::Transferred])]
fn encode_command(bencher: Bencher<'_, '_>, step: Step) {
    let (_fleet, effects, coordinates) = effects_of(step);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        for effect in &effects {
            if let Effect::Send(command) = effect {
                encoder.command(command, Cause::Record(&coordinates), &mut outbound);
            }
        }
    });
}

#[divan::bench]
fn encode_response(bencher: Bencher<'_, '_>) {
    let (_fleet, effects, coordinates) = effects_of(Step::Set);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        for effect in &effects {
            if let Effect::Respond(response) = effect {
                encoder
                    .response(response, Cause::Record(&coordinates), &mut outbound, |_| {
                        Ok::<(), ()>(())
                    })
                    .expect("nothing fails");
            }
        }
    });
}

fn remembered(effects: &Effects) -> Slot {
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

#[divan::bench(args = [Step::Create, Step::Set])]
fn encode_state(bencher: Bencher<'_, '_>, step: Step) {
    let (fleet, effects, _) = effects_of(step);
    let slot = remembered(&effects);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        let installation = fleet.correlator.installation(slot).expect("it is there");
        encode_installation(installation, &mut outbound);
        divan::black_box(outbound.bytes())
    });
}

#[divan::bench(args = [Step::Create, Step::Set])]
fn restore_state(bencher: Bencher<'_, '_>, step: Step) {
    let (fleet, effects, _) = effects_of(step);
    let slot = remembered(&effects);
    let mut outbound = Outbound::default();
    let installation = fleet.correlator.installation(slot).expect("it is there");
    encode_installation(installation, &mut outbound);
    let decoder = decoder();
    bencher.bench_local(|| {
        let (key, value) = (outbound.key().expect("keyed"), outbound.value());
        divan::black_box(decode(key, value, &decoder).expect("we wrote it"));
    });
}
