//! The input that all programs read: create requests as JSON primitives, and what devices answer, as proto3 JSON.
//!
//! It is written before any program runs. That is possible because each request assigns its CommandKey, in the header
//! `cwmp-command-key`: what the devices will say then depends on no program. The number of an installation decides all
//! about it, so that every run writes the same records, apart from the keys inside the certificates.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use credbridge::runtime::murmur2;
use fastrand::Rng;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use serde_json::{Value, json};

use super::kafka::broker::Broker;

/// Certificates that the requests share, as in `credbridge load`.
const CERTIFICATES: usize = 64;

/// Installations that are open at a time, at most; fewer, a quarter of all, where there are few.
const WINDOW_MAX: u64 = 10_000;

/// Shares of what does not go smoothly: those of `credbridge load` where it has them.
const FAULTS: f64 = 0.02;
const EARLY: f64 = 0.01;
const REORDERED: f64 = 0.01;
const DUPLICATES: f64 = 0.01;
const STRAYS: f64 = 0.004;

/// TS-0006 table 8.3.2.2-1, and a code that only the other table has.
const DOWNLOAD_FAULTS: [u32; 9] = [9000, 9001, 9002, 9003, 9004, 9010, 9012, 9013, 9018];
/// TS-0006 table 8.3.2.2-2, and a code of a vendor, which no table has.
const TRANSFER_FAULTS: [u32; 13] = [
    9001, 9002, 9010, 9011, 9012, 9014, 9015, 9016, 9017, 9018, 9019, 9020, 9809,
];
/// Faults of SetParameterValues; 9005 is answered with 5001.
const SET_FAULTS: [u32; 5] = [9001, 9002, 9003, 9004, 9005];

/// Where the input stands, and what must come of it.
pub(super) struct Input {
    pub(super) requests: String,
    pub(super) events: String,
    pub(super) records: u64,
    pub(super) value_bytes: u64,
    pub(super) expected: Expected,
}

/// Outputs by kind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Expected {
    pub(super) downloads: u64,
    pub(super) sets: u64,
    /// By status code.
    pub(super) responses: BTreeMap<u64, u64>,
    /// By `credbridge-reason`.
    pub(super) dead_letters: BTreeMap<String, u64>,
}

/// The reason of events whose CommandKey nobody assigned: they wait for a request first.
pub(super) const UNKNOWN: &str = "unknown_command_key";

/// What the input is like, where that is varied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) installations: u64,
    /// Of each of the two topics.
    pub(super) partitions: i32,
    /// Share of the installations whose records stand half of the partitions away from where their key belongs: of two
    /// workers, always with the wrong one.
    pub(super) astray: f64,
    /// Least size of the certificate file; explanatory text before the certificate fills it up.
    pub(super) file_bytes: usize,
}

impl Shape {
    /// As `credbridge load` writes it.
    pub(super) const fn plain(installations: u64, partitions: i32) -> Self {
        Self {
            installations,
            partitions,
            astray: 0.0,
            file_bytes: 0,
        }
    }
}

/// A record to be written.
struct Outgoing {
    is_request: bool,
    key: String,
    value: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

/// How an installation goes.
#[derive(Clone, Copy)]
enum Course {
    Installed { set_status: u32 },
    DownloadFault(u32),
    TransferFault(u32),
    SetFault(u32),
}

struct Script {
    device: Value,
    device_key: String,
    command_key: String,
    suids: Vec<u32>,
    row: String,
    /// Whether the request tells the row; else the TransferComplete does.
    row_in_request: bool,
    /// Whether the DownloadResponse says that the file is there already, and no TransferComplete comes.
    completed_at_once: bool,
    course: Course,
}

/// Writes the input to new topics.
pub(super) fn write(broker: &Broker, name: &str, shape: Shape) -> Input {
    let Shape {
        installations,
        partitions,
        ..
    } = shape;
    let mut input = Input {
        requests: format!("{name}.requests"),
        events: format!("{name}.events"),
        records: 0,
        value_bytes: 0,
        expected: Expected::default(),
    };
    let client = broker.client();
    client.create_topic(&input.requests, partitions, &[]);
    client.create_topic(&input.events, partitions, &[]);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap())
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "20")
        .set("batch.size", "1000000")
        .create()
        .expect("the settings are right");
    let certificates: Vec<String> = (0..CERTIFICATES)
        .map(|index| filled_up(certificate(index), shape.file_bytes))
        .collect();
    let window = (installations / 4).clamp(8, WINDOW_MAX);
    let mut upcoming: VecDeque<Vec<Outgoing>> = VecDeque::new();
    let mut number = 0;
    while number < installations || !upcoming.is_empty() {
        let due = upcoming.pop_front().unwrap_or_default();
        due.into_iter()
            .for_each(|record| send(&producer, &mut input, shape, record));
        if number < installations {
            installation(number, window, &certificates, &mut input, &mut upcoming)
                .into_iter()
                .for_each(|record| send(&producer, &mut input, shape, record));
            number += 1;
        }
    }
    producer
        .flush(Duration::from_secs(120))
        .expect("the broker takes the input");
    input
}

fn send(
    producer: &BaseProducer<DefaultProducerContext>,
    input: &mut Input,
    shape: Shape,
    record: Outgoing,
) {
    input.records += 1;
    input.value_bytes += record.value.len() as u64;
    let topic = match record.is_request {
        true => &input.requests,
        false => &input.events,
    };
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
    for (key, value) in &record.headers {
        headers = headers.insert(Header {
            key,
            value: Some(value),
        });
    }
    let mut out = BaseRecord::to(topic)
        .key(&record.key)
        .payload(&record.value)
        .headers(headers);
    out.partition = astray(&record.key, shape);
    while let Err((error, again)) = producer.send(out) {
        assert_eq!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::QueueFull),
            "the input cannot be written: {error}"
        );
        producer.poll(Duration::from_millis(5));
        out = again;
    }
}

/// The partition of a record that is not to stand where its key belongs.
fn astray(key: &str, shape: Shape) -> Option<i32> {
    let hash = murmur2(key.as_bytes());
    // Any other use of the hash than the partition: all records of a device go the same way.
    let is_astray = f64::from(hash.rotate_left(13) % 1_000) < shape.astray * 1_000.0;
    let partition = i32::try_from(hash & 0x7fff_ffff).expect("31 bits fit") % shape.partitions;
    is_astray.then(|| (partition + shape.partitions / 2) % shape.partitions)
}

/// The PEM text with explanatory text before it (RFC 7468 clause 2), so that it has at least that many bytes.
fn filled_up(pem: String, bytes: usize) -> String {
    const LINE: &str = "this line stands for a longer chain of certificates\n";
    let lines = bytes.saturating_sub(pem.len()).div_ceil(LINE.len());
    LINE.repeat(lines) + &pem
}

fn certificate(index: usize) -> String {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, format!("Fleet CA {index}"));
    let key = KeyPair::generate().expect("the system gives random numbers");
    let certificate = parameters
        .self_signed(&key)
        .expect("the parameters are right");
    certificate.pem()
}

/// What is written now for a new installation; what comes later goes into `upcoming`, whose first element is due with
/// the next installation.
fn installation(
    number: u64,
    window: u64,
    certificates: &[String],
    input: &mut Input,
    upcoming: &mut VecDeque<Vec<Outgoing>>,
) -> Vec<Outgoing> {
    let mut rng = Rng::with_seed(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let script = script(number, &mut rng);
    count(&script, &mut input.expected);
    let mut now = vec![request(number, &script, certificates, &mut rng)];
    let mut at = 0;
    let mut answers = answers(&script);
    let is_early = answers.len() == 3 && rng.f64() < EARLY;
    if is_early {
        now.insert(0, answers.remove(1));
    } else if answers.len() == 3 && rng.f64() < REORDERED {
        answers.swap(0, 1);
    }
    for answer in answers {
        at += rng.u64(1..=window / 2);
        if rng.f64() < DUPLICATES {
            let again = Outgoing {
                key: answer.key.clone(),
                value: answer.value.clone(),
                headers: answer.headers.clone(),
                is_request: false,
            };
            later(upcoming, at + rng.u64(1..=window / 8), again);
        }
        later(upcoming, at, answer);
    }
    if rng.f64() < STRAYS {
        let stray = stray(number, &script, &mut input.expected);
        later(upcoming, rng.u64(1..=window), stray);
    }
    now
}

fn later(upcoming: &mut VecDeque<Vec<Outgoing>>, after: u64, record: Outgoing) {
    let index = usize::try_from(after).expect("the window fits memory");
    while upcoming.len() <= index {
        upcoming.push_back(Vec::new());
    }
    upcoming[index].push(record);
}

fn script(number: u64, rng: &mut Rng) -> Script {
    let (class, class_in_key) = match number % 3 {
        0 => ("IGD", "IGD-"),
        1 => ("Set-Top Box", "Set%2DTop%20Box-"),
        _ => ("", ""),
    };
    let serial_number = format!("{number:010}");
    let mut device = json!({"oui": "00256D", "serialNumber": serial_number});
    if !class.is_empty() {
        device["productClass"] = json!(class);
    }
    let mut suids: Vec<u32> = (40..=45).collect();
    rng.shuffle(&mut suids);
    suids.truncate(rng.usize(1..=3));
    let one_of = |rng: &mut Rng, codes: &[u32]| codes[rng.usize(0..codes.len())];
    let course = match (rng.f64() < FAULTS, rng.u8(0..20)) {
        (false, _) => Course::Installed {
            set_status: u32::from(rng.u8(0..4) == 0),
        },
        (true, 0..7) => Course::DownloadFault(one_of(rng, &DOWNLOAD_FAULTS)),
        (true, 7..16) => Course::TransferFault(one_of(rng, &TRANSFER_FAULTS)),
        (true, _) => Course::SetFault(one_of(rng, &SET_FAULTS)),
    };
    let row_in_request = rng.u8(0..4) == 0;
    Script {
        device,
        device_key: format!("00256D-{class_in_key}{serial_number}"),
        command_key: format!("{:016x}{:016x}", rng.u64(..), number),
        suids,
        row: format!("Device.Security.Certificate.{}.", rng.u32(1..=24)),
        row_in_request,
        completed_at_once: row_in_request && rng.u8(0..4) == 0,
        course,
    }
}

fn request(number: u64, script: &Script, certificates: &[String], rng: &mut Rng) -> Outgoing {
    let mut resource = json!({
        "mgd": 1023,
        "suids": script.suids,
        "mcff": "application/pkix-cert",
        "mcfc": certificates[rng.usize(0..certificates.len())],
    });
    if script.row_in_request {
        resource["obps"] = json!([script.row]);
    }
    let primitive = json!({
        "op": 1,
        "to": format!("/cse1/node-{number:010}"),
        "fr": format!("/cse1/C{:03}", number % 101),
        "rqi": format!("{}-{number}", &script.command_key[..8]),
        "rvi": "3",
        "ty": 13,
        "pc": {"dcfg:nycfc": resource},
    });
    Outgoing {
        is_request: true,
        key: script.device_key.clone(),
        value: primitive.to_string().into_bytes(),
        headers: vec![
            (
                "traceparent",
                format!("00-{}-{:016x}-01", script.command_key, number + 1),
            ),
            (
                "content-type",
                "application/vnd.onem2m-preq+json".to_owned(),
            ),
            ("cwmp-device-id", script.device_key.clone()),
            ("cwmp-command-key", script.command_key.clone()),
        ],
    }
}

/// What the device says in the end, in order.
fn answers(script: &Script) -> Vec<Outgoing> {
    let download = |answer: Value| event(script, Some("download"), answer);
    let set = |answer: Value| event(script, Some("set"), answer);
    let fault = |code: u32| json!({"fault": {"faultCode": code, "faultString": "no reason given"}});
    let accepted = || match script.completed_at_once {
        true => vec![download(json!({"downloadResponse": {}}))],
        false => vec![
            download(json!({"downloadResponse": {"status": 1}})),
            event(script, None, transfer_complete(script, 0)),
        ],
    };
    let then = |mut answers: Vec<Outgoing>, last: Outgoing| {
        answers.push(last);
        answers
    };
    match script.course {
        Course::DownloadFault(code) => vec![download(fault(code))],
        Course::TransferFault(code) => vec![
            download(json!({"downloadResponse": {"status": 1}})),
            event(script, None, transfer_complete(script, code)),
        ],
        Course::SetFault(code) => then(accepted(), set(fault(code))),
        Course::Installed { set_status } => {
            let status = match set_status {
                0 => json!({}),
                status => json!({"status": status}),
            };
            let answer = json!({"setParameterValuesResponse": status});
            then(accepted(), set(answer))
        }
    }
}

fn transfer_complete(script: &Script, fault_code: u32) -> Value {
    let mut transfer = json!({"commandKey": script.command_key, "fault": {}});
    if fault_code != 0 {
        transfer["fault"] = json!({"faultCode": fault_code, "faultString": "no reason given"});
    } else if !script.row_in_request {
        transfer["certificatePath"] = json!(script.row);
    }
    json!({ "transferComplete": transfer })
}

/// A CPE event; `step` is the command that it answers.
fn event(script: &Script, step: Option<&str>, answer: Value) -> Outgoing {
    let mut event = answer;
    event["device"] = script.device.clone();
    if let Some(step) = step {
        event["commandId"] = json!(format!("{}/{step}", script.command_key));
    }
    Outgoing {
        is_request: false,
        key: script.device_key.clone(),
        value: event.to_string().into_bytes(),
        headers: vec![("content-type", "application/json".to_owned())],
    }
}

/// A record that belongs to nothing.
fn stray(number: u64, script: &Script, expected: &mut Expected) -> Outgoing {
    let (reason, record) = match number % 4 {
        0 => {
            let transfer = json!({"transferComplete": {"commandKey": "", "fault": {}}});
            ("empty_command_key", event(script, None, transfer))
        }
        1 => {
            let mut record = event(script, None, json!({"downloadResponse": {}}));
            record.value = json!({"device": script.device, "commandId": "somebody-elses-17", "downloadResponse": {}})
                .to_string()
                .into_bytes();
            ("unknown_command_id", record)
        }
        2 => {
            let transfer = json!({"transferComplete": {"commandKey": "nobodys-17", "fault": {}}});
            (UNKNOWN, event(script, None, transfer))
        }
        _ => {
            let mut record = event(script, None, json!({}));
            record.value.truncate(20);
            ("malformed_json", record)
        }
    };
    *expected.dead_letters.entry(reason.to_owned()).or_default() += 1;
    record
}

fn count(script: &Script, expected: &mut Expected) {
    expected.downloads += 1;
    let code = match script.course {
        Course::Installed { .. } => 2001,
        Course::SetFault(9005) => 5001,
        Course::DownloadFault(_) | Course::TransferFault(_) | Course::SetFault(_) => 4000,
    };
    *expected.responses.entry(code).or_default() += 1;
    if let Course::Installed { .. } | Course::SetFault(_) = script.course {
        expected.sets += 1;
    }
}
