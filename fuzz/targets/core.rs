//! The core: any bytes are a sequence of records, waits and restarts, in which its promises hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use credbridge::config::Config;
use credbridge::correlator::{
    Correlator, Effect, Effects, Limits, PacingLimits, ResponseKind, RetryCause, RetryPolicy, Step,
};
use credbridge::cwmp;
use credbridge::record::{Coordinates, Record};
use credbridge::time::Timestamp;
use credbridge::wire::changelog::{decode, encode_forgotten, encode_installation};
use credbridge::wire::r#gen::cpe_event::Event as Said;
use credbridge::wire::r#gen::{
    CancelTransferResponse, CpeEvent, CreateRequest, DeviceId, DownloadResponse, Fault,
    FaultStruct, GetParameterValuesResponse, ParameterValue, Rejection, SetParameterValuesResponse,
    TransferComplete,
};
use credbridge::wire::{ChangelogEntry, Decoded, Decoder, Input, Outbound, Undecoded};
use prost::Message as _;

/// Read once: it takes longer than many records.
static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);

const MINUTE: Duration = Duration::from_secs(60);

/// A PKCS#12 file that holds nothing: the shortest that there is.
const FILE: &str = "MAMCAQM=";

/// What is done next.
enum Action {
    Handle(Input, i64, Vec<u8>),
    Restart,
    Wait(Duration),
}

/// Takes bytes one after the other; zeros at the end.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    fn below(&mut self, end: u8) -> u8 {
        self.next() % end
    }

    fn is_over(&self) -> bool {
        self.0.len() == 0
    }
}

/// So tight that all of them are met.
fn limits() -> Limits {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: 4 * MINUTE,
        attempts_max: 3,
    };
    Limits {
        queue_timeout: (60 * MINUTE).into(),
        accept_timeout: (15 * MINUTE).into(),
        transfer_timeout: (60 * MINUTE).into(),
        lookup_timeout: (5 * MINUTE).into(),
        set_timeout: (10 * MINUTE).into(),
        ended_ttl: 60 * MINUTE,
        resource_ttl: 90 * MINUTE,
        early_ttl: 10 * MINUTE,
        early_events_per_key_max: 3,
        early_events_per_device_max: 4,
        early_bytes_per_device_max: 400,
        early_events_max: 6,
        early_bytes_max: 600,
        open_downloads_per_device_max: 1,
        queued_downloads_per_device_max: 1,
        open_installations_max: 4,
        retry: [RetryCause::RetryLater, RetryCause::Timeout]
            .map(|cause| (cause, policy))
            .into(),
        pacing: PacingLimits {
            fleet: Some(MINUTE),
            product_class: Some(2 * MINUTE),
            device: Some(4 * MINUTE),
            burst: 3 * MINUTE,
            reserved_percent: 20,
        },
        cancel_expired: true,
        sole_open_transfer: true,
        ..CONFIG.limits(1)
    }
}

fn device(number: u8) -> Option<DeviceId> {
    Some(DeviceId {
        oui: "00256D".to_owned(),
        product_class: "IGD".to_owned(),
        serial_number: number.to_string(),
    })
}

fn request(bytes: &mut Bytes<'_>) -> CreateRequest {
    let options = bytes.next();
    let time = |bit: u8, millis: &str| {
        let is_set = options & 1 << bit != 0;
        if is_set {
            millis.to_owned()
        } else {
            String::new()
        }
    };
    let row = "Device.Security.Certificate.3.".to_owned();
    CreateRequest {
        request_identifier: format!("a{}", bytes.below(6)),
        from: format!("/cse1/C{}", options & 1),
        to: "/cse1/node7".to_owned(),
        release_version_indicator: "3".to_owned(),
        response_type: u32::from(options >> 1 & 3) + u32::from(options & 1),
        request_expiration_timestamp: time(4, "420000"),
        result_expiration_timestamp: time(5, "900000"),
        operation_execution_time: time(6, "300000"),
        suids: vec![42, if options == 255 { 99 } else { 43 }],
        my_cert_file_format: "application/pkcs12".to_owned(),
        my_cert_file_content: FILE.to_owned(),
        object_paths: (options & 128 == 0).then_some(row).into_iter().collect(),
        ..CreateRequest::default()
    }
}

/// A request to change or withdraw what that key created, or is to create.
fn change(bytes: &mut Bytes<'_>, key: &str) -> CreateRequest {
    let pending = ["", "req-"][usize::from(bytes.below(2))];
    let operation = u32::from(bytes.below(3)) + 2;
    CreateRequest {
        to: format!("/cse1/node7/{pending}{key}"),
        operation,
        suids: if operation == 3 { vec![41] } else { Vec::new() },
        ..CreateRequest {
            my_cert_file_format: String::new(),
            my_cert_file_content: String::new(),
            object_paths: Vec::new(),
            operation_execution_time: String::new(),
            ..request(bytes)
        }
    }
}

fn said(bytes: &mut Bytes<'_>, key: &str) -> (&'static str, Said) {
    let code = [0, 8005, 9001, 9005, 9018, 9021, 9805, 1][usize::from(bytes.below(8))];
    let fault = Fault {
        fault_code: code,
        ..Fault::default()
    };
    let step = ["/download", "/lookup", "/set", "/cancel"][usize::from(bytes.below(4))];
    match bytes.below(8) {
        0 | 1 => {
            let status = u32::from(bytes.below(2));
            let response = DownloadResponse {
                status,
                ..DownloadResponse::default()
            };
            ("/download", Said::DownloadResponse(response))
        }
        2 | 3 => {
            let row = ["", "Device.Security.Certificate.4."][usize::from(bytes.below(2))];
            let complete = TransferComplete {
                command_key: key.to_owned(),
                fault: Some(FaultStruct {
                    fault_code: code,
                    fault_string: String::new(),
                }),
                certificate_path: row.to_owned(),
                ..TransferComplete::default()
            };
            ("", Said::TransferComplete(complete))
        }
        4 => (
            "/set",
            Said::SetParameterValuesResponse(SetParameterValuesResponse { status: 0 }),
        ),
        5 => {
            let value = |name: &str, value: &str| ParameterValue {
                name: format!("Device.Security.Certificate.5.{name}"),
                value: value.to_owned(),
                ..ParameterValue::default()
            };
            let parameters = vec![value("SerialNumber", "0ABC"), value("Issuer", "CN=Root")];
            let response = GetParameterValuesResponse { parameters };
            ("/lookup", Said::GetParameterValuesResponse(response))
        }
        6 => {
            let rejection = Rejection {
                reason: i32::from(bytes.below(5)),
                detail: String::new(),
            };
            (step, Said::Rejection(rejection))
        }
        _ if code == 0 => (
            "/cancel",
            Said::CancelTransferResponse(CancelTransferResponse {}),
        ),
        _ => (step, Said::Fault(fault)),
    }
}

fn action(bytes: &mut Bytes<'_>, offset: i64) -> Action {
    let kind = bytes.below(16);
    let number = bytes.below(3);
    let key = format!("k{}", bytes.below(4));
    // A record may come again as it was, or its place with other content.
    let offset = match bytes.below(8) {
        0 => offset - i64::from(bytes.below(8)),
        _ => offset,
    };
    match kind {
        0..3 => {
            let mut request = request(bytes);
            request.device = device(number);
            request.command_key = key;
            Action::Handle(Input::Requests, offset, request.encode_to_vec())
        }
        3 => {
            let mut request = change(bytes, &key);
            request.device = device(number);
            request.command_key = format!("c{}", bytes.below(4));
            Action::Handle(Input::Requests, offset, request.encode_to_vec())
        }
        4..12 => {
            let key = match bytes.below(8) {
                0 => format!("c{}", bytes.below(4)),
                1 => String::new(),
                _ => key,
            };
            let (step, said) = said(bytes, &key);
            let command_id = match step {
                "" => String::new(),
                step => format!("{key}{step}{}", ["", ".2"][usize::from(bytes.below(2))]),
            };
            let alias = match (&said, bytes.below(8)) {
                (Said::DownloadResponse(_), 0) => format!("k{}", bytes.below(4)),
                _ => String::new(),
            };
            let event = CpeEvent {
                device: device(number),
                command_id,
                command_key: alias,
                event: Some(said),
                ..CpeEvent::default()
            };
            Action::Handle(Input::CpeEvents, offset, event.encode_to_vec())
        }
        12 => Action::Restart,
        _ => Action::Wait(MINUTE * u32::from(bytes.below(40))),
    }
}

/// A shard as the runtime keeps it, with its changelog.
struct Shard {
    correlator: Correlator,
    now: Timestamp,
    decoder: Decoder,
    changelog: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Until when devices rest, as the changelog has it.
    rests: BTreeMap<cwmp::DeviceId, Option<Timestamp>>,
    outbound: Outbound,
    /// How often each request was handled, and finally answered.
    requests: BTreeMap<i64, (u32, u32)>,
    downloads: BTreeMap<i64, u32>,
    trace: String,
}

impl Shard {
    fn new() -> Self {
        Self {
            correlator: Correlator::new(limits(), CONFIG.rules()),
            now: Timestamp::from_millis(1_900_000_000_000),
            decoder: CONFIG.decoder(),
            changelog: BTreeMap::new(),
            rests: BTreeMap::new(),
            outbound: Outbound::default(),
            requests: BTreeMap::new(),
            downloads: BTreeMap::new(),
            trace: String::new(),
        }
    }

    fn handle(&mut self, input: Input, offset: i64, value: &[u8]) {
        // Deadlines that fall into the same millisecond go by slot, and so differently after a restart.
        self.now = self.now + Duration::from_millis(7);
        let topic = match input {
            Input::CpeEvents => "events",
            Input::Requests => "requests",
        };
        let coordinates = Coordinates {
            topic: topic.into(),
            partition: 0,
            offset,
        };
        let record = Record {
            coordinates: &coordinates,
            key: None,
            value: Some(value),
            headers: &[("content-type", b"application/x-protobuf")],
        };
        let event = match self.decoder.decode(input, record) {
            Ok(Decoded::One(event)) => event,
            Ok(Decoded::Several(_)) => panic!("nothing here is several events"),
            Err(Undecoded::Foreign | Undecoded::Homeless(..) | Undecoded::Unreadable(_)) => return,
        };
        if input == Input::Requests {
            self.requests.entry(offset).or_default().0 += 1;
        }
        let mut effects = Effects::new();
        self.correlator.handle(self.now, event, &mut effects);
        self.carry_out(effects);
    }

    fn wait(&mut self, duration: Duration) {
        self.now = self.now + duration;
        let mut effects = Effects::new();
        let (now, all) = (self.now, usize::MAX);
        self.correlator.handle_timeout(now, now, all, &mut effects);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in &effects {
            match effect {
                Effect::Forget(id) => {
                    encode_forgotten(id, &mut self.outbound);
                    self.changelog
                        .remove(self.outbound.key().expect("state has a key"));
                }
                Effect::Respond(response) if response.kind == ResponseKind::Final => {
                    let offset = response.request.coordinates.offset;
                    self.requests.entry(offset).or_default().1 += 1;
                }
                Effect::Send(command) if command.step == Step::Download && command.attempt == 1 => {
                    let offset = command.request.coordinates.offset;
                    *self.downloads.entry(offset).or_default() += 1;
                }
                Effect::Remember(_)
                | Effect::Respond(_)
                | Effect::Send(_)
                | Effect::SetAside(_)
                | Effect::Stage(_)
                | Effect::Unstage(_) => {}
            }
            // Numbers of slots differ after a restart.
            if !matches!(effect, Effect::Remember(_)) {
                writeln!(self.trace, "{effect:?}").expect("memory takes it");
            }
        }
        for effect in &effects {
            if let Effect::Remember(slot) = effect
                && let Some(installation) = self.correlator.installation(*slot)
            {
                encode_installation(installation, &mut self.outbound);
                let key = self.outbound.key().expect("state has a key").to_vec();
                let value = self.outbound.value().expect("state has a value").to_vec();
                self.changelog.insert(key, value);
            }
        }
        self.check();
    }

    fn check(&self) {
        let (limits, ledger) = (limits(), self.correlator.stats().ledger);
        let early = self.correlator.early_events();
        assert!(ledger.balanced(), "{ledger:?}");
        assert_eq!(ledger.parked, early as u64);
        assert!(early <= limits.early_events_max);
        assert!(self.correlator.open_installations() <= limits.open_installations_max);
        for (offset, (handled, answered)) in &self.requests {
            assert!(
                answered <= handled,
                "request {offset}: {answered} of {handled}"
            );
        }
    }

    /// Goes on with what the changelog holds.
    fn restart(&mut self) {
        let mut restored = Correlator::new(limits(), CONFIG.rules());
        for (key, value) in &self.changelog {
            let entry = decode(key, Some(value), &self.decoder).expect("what was written is read");
            let ChangelogEntry::Installation(installation) = entry else {
                panic!("{entry:?} is no installation");
            };
            restored.restore(*installation);
        }
        restored.restore_ledger(self.correlator.stats().ledger);
        restored.restore_pacing(self.correlator.pacing().clone());
        self.rests.extend(self.correlator.take_rests());
        for (device, until) in &self.rests {
            restored.restore_rest(device, *until);
        }
        let told = |correlator: &Correlator| {
            (
                correlator.early_events(),
                correlator.open_installations(),
                correlator.ended_installations(),
                correlator.oldest_open(),
                correlator.poll_timeout(),
            )
        };
        assert_eq!(told(&restored), told(&self.correlator));
        self.correlator = restored;
    }

    fn end(&mut self) {
        for _ in 0..64 {
            self.wait(60 * MINUTE);
        }
        assert_eq!(self.correlator.poll_timeout(), None);
        assert_eq!(self.correlator.open_installations(), 0);
        assert_eq!(self.correlator.early_events(), 0);
        assert!(self.changelog.is_empty(), "{:?}", self.changelog.keys());
        for (offset, sent) in &self.downloads {
            let (handled, _) = self.requests[offset];
            assert!(*sent <= handled, "request {offset} has {sent} Downloads");
        }
    }
}

fn play(bytes: &[u8], restarts: bool) -> Shard {
    let mut bytes = Bytes(bytes.iter());
    let mut shard = Shard::new();
    let mut offset = 100;
    while !bytes.is_over() {
        offset += 1;
        match action(&mut bytes, offset) {
            Action::Handle(input, offset, value) => shard.handle(input, offset, &value),
            Action::Restart if restarts => shard.restart(),
            Action::Restart => {}
            Action::Wait(duration) => shard.wait(duration),
        }
    }
    shard.end();
    shard
}

/// Any sequence of records, waits and restarts; with and without the restarts the same is decided.
pub(super) fn core(bytes: &[u8]) {
    /// More actions tell nothing new, and take long.
    const BYTES_MAX: usize = 2000;
    let bytes = &bytes[..bytes.len().min(BYTES_MAX)];
    let with = play(bytes, true);
    let without = play(bytes, false);
    let sorted = |shard: &Shard| {
        let mut lines: Vec<String> = shard.trace.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (with, without) = (sorted(&with), sorted(&without));
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        let missing = one.iter().filter(|line| other.binary_search(line).is_err());
        missing.take(3).cloned().collect()
    };
    assert_eq!(
        (only(&with, &without), only(&without, &with)),
        (Vec::new(), Vec::new()),
        "decided otherwise after a restart"
    );
    assert_eq!(with.len(), without.len());
}
