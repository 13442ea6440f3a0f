//! What a seed decides about installations and devices before anything runs.

use std::time::Duration;

use fastrand::Rng;

use crate::correlator::PacingLimits;
use crate::cwmp::DeviceId;

/// One installation that somebody asks for, and how its device behaves.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) number: usize,
    pub(super) device: DeviceId,
    /// Assigned by the requester; `None`: derived by the bridge.
    pub(super) command_key: Option<String>,
    /// rt: 1 to 5.
    pub(super) response_type: u32,
    /// rqet in milliseconds from handling.
    pub(super) expires_after: Option<u64>,
    /// oet in milliseconds from handling.
    pub(super) starts_after: Option<u64>,
    /// The request says nonsense and is refused.
    pub(super) is_invalid: bool,
    /// How often the request is written.
    pub(super) copies: u32,
    pub(super) row: Row,
    /// The certificate gets no row.
    pub(super) lacks_row: bool,
    /// Faults with which the device fails its first Downloads, each with a CommandKey of its own.
    pub(super) failures: Vec<u32>,
    /// What becomes of the Download after these.
    pub(super) course: Course,
    /// The ACS uses a CommandKey of its own.
    pub(super) acs_key: Option<String>,
    /// The TransferComplete is written before the request; needs an assigned key.
    pub(super) is_early: bool,
    /// Chance that an answer takes up to 100 minutes.
    pub(super) late: f64,
    /// Chance that an answer is written again.
    pub(super) repeated: f64,
    /// How often the ACS refuses each command before the device hears it.
    pub(super) refusals: u16,
    /// The device also says the opposite.
    pub(super) contradicts: bool,
    /// What is asked about the resource, or about the request as long as it is pending.
    pub(super) wishes: Vec<Wish>,
}

/// A request about what another one creates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) kind: WishKind,
    /// In milliseconds from when it can be asked.
    pub(super) after: u64,
    /// The originator is another one than that of the request.
    pub(super) is_of_stranger: bool,
    /// Response type 1 in place of 3.
    pub(super) wants_acknowledgement: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WishKind {
    /// Of the resource; as long as it is not created, of the request.
    Delete,
    Retrieve,
    /// With this SUID.
    Update(u32),
    /// Delete of the request.
    Withdraw,
}

impl Plan {
    /// One where all goes well: the event tells the row, and everybody says everything once.
    pub(super) fn installed(number: usize, device: DeviceId, command_key: &str) -> Self {
        Self {
            number,
            device,
            command_key: Some(command_key.to_owned()),
            response_type: 3,
            expires_after: None,
            starts_after: None,
            is_invalid: false,
            copies: 1,
            row: Row::Event,
            lacks_row: false,
            failures: Vec::new(),
            course: Course::Installed,
            acs_key: None,
            is_early: false,
            late: 0.0,
            repeated: 0.0,
            refusals: 0,
            contradicts: false,
            wishes: Vec::new(),
        }
    }

    /// How the device behaves after so many of its Downloads have failed.
    pub(super) fn after(&self, failed: usize) -> Self {
        let mut plan = self.clone();
        if failed > 0 {
            plan.is_early = false;
            plan.acs_key = self.acs_key.as_ref().map(|key| format!("{key}-{failed}"));
        }
        if let Some(code) = self.failures.get(failed) {
            let is_refused =
                !plan.is_early && plan.acs_key.is_none() && self.number.is_multiple_of(2);
            plan.course = match is_refused {
                true => Course::DownloadFault(*code),
                false => Course::TransferFault(*code),
            };
        }
        plan
    }

    /// The row of its certificate, with a dot at the end.
    pub(super) fn path(&self) -> String {
        row_path(self.number)
    }

    /// Whether a wish can end its request.
    pub(super) fn may_be_withdrawn(&self) -> bool {
        let ends = |wish: &Wish| match wish.kind {
            WishKind::Delete | WishKind::Withdraw => !wish.is_of_stranger,
            WishKind::Retrieve | WishKind::Update(_) => false,
        };
        self.wishes.iter().any(ends)
    }
}

/// The row of the certificate of that plan.
pub(super) fn row_path(number: usize) -> String {
    format!("Device.Security.Certificate.{}.", number + 3)
}

/// What tells the row of the certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Row {
    Event,
    /// Serial number and issuer.
    Lookup,
    /// Only that it was not there before.
    New,
    Request,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Course {
    CompletedAtOnce,
    DownloadFault(u32),
    Installed,
    Rejected(i32, u16),
    RowMissing,
    SetFault(u32, u16),
    Silent(Silence),
    TransferFault(u32),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Silence {
    Download,
    Transfer,
    Lookup,
    Set,
}

/// The size of everything that one seed plays with.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) shards: i32,
    pub(super) workers: usize,
    pub(super) request_partitions: i32,
    pub(super) event_partitions: i32,
    pub(super) steps: u32,
    /// Limits so tight that requests are refused and events set aside for them.
    pub(super) is_tight: bool,
    /// What the ACS refuses comes again.
    pub(super) has_retries: bool,
    /// Downloads of a device wait for each other.
    pub(super) has_queue: bool,
    /// Downloads of all devices wait for each other.
    pub(super) has_pacing: bool,
    /// Devices rest between two Downloads.
    pub(super) has_rests: bool,
    /// Accepted Downloads are taken back when their time has run out.
    pub(super) cancels: bool,
    /// Files are put into a store before their Downloads are sent.
    pub(super) has_staging: bool,
    /// What devices fail comes again with another CommandKey.
    pub(super) has_renewals: bool,
    /// The rows of certificates are listed before Downloads.
    pub(super) has_lists: bool,
}

impl Scale {
    /// Two workers and one shard, and nothing special.
    pub(super) const fn small() -> Self {
        Self {
            shards: 1,
            workers: 2,
            request_partitions: 1,
            event_partitions: 1,
            steps: 0,
            is_tight: false,
            has_retries: false,
            has_queue: false,
            has_pacing: false,
            has_rests: false,
            cancels: false,
            has_staging: false,
            has_renewals: false,
            has_lists: false,
        }
    }

    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            shards: rng.i32(1..=4),
            workers: rng.usize(1..=3),
            request_partitions: rng.i32(1..=2),
            event_partitions: rng.i32(1..=3),
            steps: rng.u32(100..700),
            is_tight: rng.u8(0..10) == 0,
            has_retries: rng.bool(),
            has_queue: rng.bool(),
            has_pacing: rng.u8(0..4) == 0,
            cancels: rng.bool(),
            has_rests: rng.u8(0..4) == 0,
            has_staging: rng.u8(0..4) == 0,
            has_renewals: rng.u8(0..3) == 0,
            has_lists: rng.u8(0..3) == 0,
        }
    }
}

impl Scale {
    /// Slow enough that most requests wait.
    pub(super) fn pacing(&self) -> PacingLimits {
        let device = self.has_rests.then(|| Duration::from_mins(5));
        if !self.has_pacing {
            return PacingLimits {
                device,
                ..PacingLimits::default()
            };
        }
        PacingLimits {
            fleet: Some(Duration::from_mins(2)),
            product_class: Some(Duration::from_mins(3)),
            device,
            burst: Duration::from_mins(4),
            reserved_percent: 20,
        }
    }
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

pub(super) fn plans(rng: &mut Rng) -> Vec<Plan> {
    let devices = rng.u32(1..=6);
    (0..rng.usize(1..=12))
        .map(|number| plan(number, devices, rng))
        .collect()
}

fn plan(number: usize, devices: u32, rng: &mut Rng) -> Plan {
    let serial_number = rng.u32(0..devices).to_string();
    let course = course(rng);
    let command_key = rng.bool().then(|| format!("key/{number}"));
    let row = row(course, rng);
    let has_transfer = !matches!(
        course,
        Course::CompletedAtOnce
            | Course::DownloadFault(_)
            | Course::Rejected(..)
            | Course::Silent(Silence::Download | Silence::Transfer)
    );
    let is_early = has_transfer && command_key.is_some() && chance(rng, 0.3);
    let copies = if chance(rng, 0.1) { 2 } else { 1 };
    let has_acs_key = has_transfer && !is_early && copies == 1 && chance(rng, 0.2);
    Plan {
        number,
        device: DeviceId::new("00256D", "IGD", &serial_number).expect("a valid device"),
        command_key,
        response_type: rng.u32(1..=5),
        expires_after: chance(rng, 0.2).then(|| rng.u64(1_000..3_600_000)),
        starts_after: chance(rng, 0.15).then(|| rng.u64(0..3_600_000)),
        is_invalid: chance(rng, 0.06),
        copies,
        row,
        lacks_row: course == Course::RowMissing,
        failures: failures(rng),
        course,
        acs_key: has_acs_key.then(|| format!("acs-{number}")),
        is_early,
        late: if chance(rng, 0.2) { 0.5 } else { 0.0 },
        repeated: if rng.bool() { 0.4 } else { 0.0 },
        refusals: if chance(rng, 0.3) { rng.u16(1..=3) } else { 0 },
        contradicts: chance(rng, 0.15),
        wishes: wishes(rng),
    }
}

fn row(course: Course, rng: &mut Rng) -> Row {
    match (course, rng.u8(0..4)) {
        (_, 0) => Row::New,
        (Course::RowMissing | Course::Silent(Silence::Lookup), _) | (_, 1) => Row::Lookup,
        (Course::CompletedAtOnce, _) | (_, 2) => Row::Request,
        (_, _) => Row::Event,
    }
}

fn failures(rng: &mut Rng) -> Vec<u32> {
    if !chance(rng, 0.15) {
        return Vec::new();
    }
    (0..rng.usize(1..=6))
        .map(|_| rng.choice([9001, 9018]).expect("not empty"))
        .collect()
}

fn wishes(rng: &mut Rng) -> Vec<Wish> {
    if !chance(rng, 0.3) {
        return Vec::new();
    }
    (0..rng.usize(1..=3)).map(|_| wish(rng)).collect()
}

fn wish(rng: &mut Rng) -> Wish {
    let kind = match rng.u8(0..7) {
        0 | 1 => WishKind::Withdraw,
        2 => WishKind::Delete,
        3 | 4 => WishKind::Update(rng.u32(40..=45)),
        _ => WishKind::Retrieve,
    };
    let within = match (kind, rng.u8(0..5)) {
        (_, 0) => 6_000_000,
        (WishKind::Withdraw, _) => 60_000,
        (WishKind::Delete | WishKind::Retrieve | WishKind::Update(_), _) => 600_000,
    };
    Wish {
        kind,
        after: rng.u64(0..within),
        is_of_stranger: chance(rng, 0.15),
        wants_acknowledgement: rng.bool(),
    }
}

fn course(rng: &mut Rng) -> Course {
    match rng.u8(0..20) {
        0 => Course::DownloadFault(rng.choice([9000, 9001, 9013, 9015]).expect("not empty")),
        1 => {
            let (reason, code) = rng
                .choice([(1, 6020), (2, 6021), (3, 6003), (4, 6020)])
                .expect("not empty");
            Course::Rejected(reason, code)
        }
        2..=4 => Course::TransferFault(rng.choice([9001, 9018, 9809]).expect("not empty")),
        5 => Course::RowMissing,
        6 => {
            let (fault, code) = rng.choice([(9002, 4000), (9005, 5001)]).expect("not empty");
            Course::SetFault(fault, code)
        }
        7 => Course::Silent(Silence::Download),
        8 => Course::Silent(Silence::Transfer),
        9 => Course::Silent(Silence::Lookup),
        10 => Course::Silent(Silence::Set),
        11 | 12 => Course::CompletedAtOnce,
        _ => Course::Installed,
    }
}
