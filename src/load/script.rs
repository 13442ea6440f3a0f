#[cfg(test)]
mod tests;

use fastrand::Rng;

use crate::correlator::Step;
use crate::cwmp::DeviceId;
use crate::wire::Format;

use super::Mess;
use super::habits::Habits;
use super::run_id::RunId;

/// Everything that a run will do, decided by its options alone: the same seed gives the same plan.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) run: RunId,
    pub(super) seed: u64,
    pub(super) devices: u64,
    pub(super) mess: Mess,
    /// Certificates in the pool.
    pub(super) certificates: usize,
    pub(super) habits: Habits,
}

/// What one installation asks for, and how its device will behave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Script {
    pub(super) number: u64,
    pub(super) device: DeviceId,
    pub(super) originator: String,
    pub(super) suids: Vec<u32>,
    /// Index into the pool of certificates.
    pub(super) certificate: usize,
    /// How the request is written, unless the bridge insists on a format.
    pub(super) request_format: Format,
    /// Whether the TransferComplete is written before the request, which then assigns the CommandKey.
    pub(super) early: bool,
    pub(super) row_source: RowSource,
    /// The `{i}` of `Device.Security.Certificate.{i}.` that is right.
    pub(super) row: u32,
    /// Whether the ACS refuses the first attempt of the Download.
    pub(super) refused_once: bool,
    /// How the device fails the first Download that it hears, after which another comes.
    pub(super) fails_first: Option<Course>,
    /// Whether the DownloadResponse has Status 0, after which no TransferComplete comes.
    pub(super) completed_at_once: bool,
    pub(super) course: Course,
    pub(super) commands: Commands,
}

/// The commands that are right, where their step is reached.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Commands {
    /// Lists of rows before the Download.
    pub(super) lists: u32,
    /// Attempts of the Download.
    pub(super) downloads: u32,
    /// The same at least: a TransferComplete that comes before it may make it needless.
    pub(super) downloads_min: u32,
    /// Attempts of the Set.
    pub(super) sets: u32,
}

/// How the bridge can learn the row of the certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowSource {
    /// The ACS tells it beside the TransferComplete.
    Event,
    /// The request has it in objectPaths.
    Request,
    /// It has to look into the table of the device, which names serial number and issuer.
    Lookup,
    /// It has to look there, too, and only the list from before the Download tells which row is new.
    New,
}

/// How an installation goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Course {
    DownloadFault(u32),
    /// The certificate gets its SUIDs; the SetParameterValuesResponse has that Status.
    Installed {
        set_status: u32,
    },
    /// The table of the device has no row with the certificate.
    RowMissing,
    /// `parameter`: the fault of the parameter, inside an outer 9003.
    SetFault {
        outer: u32,
        parameter: Option<u32>,
    },
    Silent(SilentAt),
    TransferFault(u32),
}

/// The step at which a device stops answering.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum SilentAt {
    Download,
    Transfer,
    Lookup,
    Set,
}

/// A record that the run writes and that ends among the dead letters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StrayKind {
    Poison,
    WrongKey,
}

/// TS-0006 table 8.3.2.2-1, a 9013 among them, which the other table does not have.
const DOWNLOAD_FAULTS: [u32; 8] = [9000, 9001, 9002, 9003, 9004, 9010, 9012, 9013];
/// TS-0006 table 8.3.2.2-2, and a code of a vendor, which no table has.
const TRANSFER_FAULTS: [u32; 13] = [
    9001, 9002, 9010, 9011, 9012, 9014, 9015, 9016, 9017, 9018, 9019, 9020, 9809,
];
/// Faults of SetParameterValues as a whole (TR-069 A.3.2.1).
pub(super) const SET_FAULTS: [u32; 5] = [9001, 9002, 9003, 9004, 9005];
/// Faults of a single parameter.
const PARAMETER_FAULTS: [u32; 4] = [9005, 9006, 9007, 9008];
/// SUIDs that speak of certificates (TS-0004 clause 6.3.4.2.39).
const SUIDS: [u32; 6] = [40, 41, 42, 43, 44, 45];

/// Rows from here on are those that only their newness tells, and how many there are.
const NEW_ROWS: u32 = 1_000;
const NEW_ROWS_MAX: u64 = 1_000_000_000;

/// What a random stream is for; each purpose has its own, so that none shifts another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// What installation and device will do.
    Script,
    /// What is written beside the request.
    Strays,
    /// The format of the TransferComplete that comes before its request.
    EarlyFormat,
    /// The other rows of the device's table.
    Rows,
    /// Delays and repeats of the answers to a command.
    Mess(Step),
    /// The formats of the answers to a command.
    Formats(Step),
}

impl Purpose {
    const fn code(self) -> [u8; 2] {
        match self {
            Self::Script => [1, 0],
            Self::Strays => [2, 0],
            Self::EarlyFormat => [3, 0],
            Self::Rows => [4, 0],
            Self::Mess(step) => [5, step as u8],
            Self::Formats(step) => [6, step as u8],
        }
    }
}

impl Plan {
    /// The random stream for one purpose of one installation.
    pub(super) fn rng(&self, number: u64, purpose: Purpose) -> Rng {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        hasher.update(&purpose.code());
        let mut seed = [0; 8];
        hasher.finalize_xof().fill(&mut seed);
        Rng::with_seed(u64::from_le_bytes(seed))
    }

    /// The index of the device of an installation.
    pub(super) fn device_index(&self, number: u64) -> usize {
        usize::try_from(number % self.devices).expect("the number of devices fits memory")
    }

    pub(super) fn device(&self, number: u64) -> DeviceId {
        let index = number % self.devices;
        let product_class = match index % 3 {
            0 => "IGD",
            1 => "Set-Top Box",
            _ => "",
        };
        DeviceId::new("00256D", product_class, &format!("{}{index}", self.run))
            .expect("the parts are not empty and shorter than 64 characters")
    }

    /// What installation `number` will do.
    pub(super) fn script(&self, number: u64) -> Script {
        let mut rng = self.rng(number, Purpose::Script);
        let mut suids = SUIDS.to_vec();
        rng.shuffle(&mut suids);
        suids.truncate(rng.usize(1..=3));
        let mut row_source = match rng.u8(0..8) {
            0 => RowSource::Request,
            1..=3 => RowSource::Lookup,
            _ => RowSource::Event,
        };
        let (course, early) = self.course(&mut rng);
        if matches!(
            course,
            Course::RowMissing | Course::Silent(SilentAt::Lookup)
        ) {
            row_source = RowSource::Lookup;
        } else if self.habits.tells_new_rows && !early && row_source == RowSource::Lookup {
            row_source = RowSource::New;
        }
        let may_complete_at_once = match course {
            Course::Installed { .. }
            | Course::RowMissing
            | Course::SetFault { .. }
            | Course::Silent(SilentAt::Lookup | SilentAt::Set) => {
                !early && row_source != RowSource::Event
            }
            Course::DownloadFault(_)
            | Course::TransferFault(_)
            | Course::Silent(SilentAt::Download | SilentAt::Transfer) => false,
        };
        let mut script = Script {
            number,
            device: self.device(number),
            originator: format!("/cse1/C{:03}", number % 101),
            suids,
            certificate: rng.usize(0..self.certificates),
            request_format: match rng.u8(0..4) {
                0 => Format::Protobuf,
                1 => Format::Cbor,
                _ => Format::Json,
            },
            early,
            row_source,
            row: rng.u32(1..=24),
            completed_at_once: may_complete_at_once && rng.u8(0..4) == 0,
            refused_once: !early && rng.f64() < self.mess.rejections,
            fails_first: None,
            course,
            commands: Commands::default(),
        };
        script.fails_first = self.first_failure(&script, &mut rng);
        if script.row_source == RowSource::New {
            // No row of a device is used twice: one that stands in a resource is not new.
            let of_device = number / self.devices;
            script.row = NEW_ROWS + u32::try_from(of_device % NEW_ROWS_MAX).unwrap_or_default();
        }
        script.commands = self.commands(&script);
        script
    }

    /// How the device fails the first Download of an installation that goes on.
    fn first_failure(&self, script: &Script, rng: &mut Rng) -> Option<Course> {
        let is_failed = rng.f64() < self.mess.renewals;
        let goes_on = !matches!(
            script.course,
            Course::DownloadFault(_) | Course::TransferFault(_)
        );
        let (of_download, of_transfer) = self.passing_faults();
        let number = rng.usize(0..(of_download.len() + of_transfer.len()).max(1));
        if !is_failed || !goes_on || script.early {
            return None;
        }
        let code = of_download.get(number).copied();
        code.map(Course::DownloadFault).or_else(|| {
            let code = of_transfer.get(number - of_download.len())?;
            Some(Course::TransferFault(*code))
        })
    }

    /// Faults in answer to Download, and in TransferComplete, after which a Download comes again.
    pub(super) fn passing_faults(&self) -> (Vec<u32>, Vec<u32>) {
        let of = |faults: &[u32]| self.habits.passing(faults);
        (of(&DOWNLOAD_FAULTS), of(&TRANSFER_FAULTS))
    }

    fn commands(&self, script: &Script) -> Commands {
        let refused = u32::from(script.refused_once);
        let downloads = match script.course {
            Course::DownloadFault(code) | Course::TransferFault(code) => {
                self.habits.downloads(code, refused)
            }
            Course::Installed { .. }
            | Course::RowMissing
            | Course::SetFault { .. }
            | Course::Silent(_) => 1 + refused + u32::from(script.fails_first.is_some()),
        };
        let is_needless = script.early && self.habits.holds_downloads_back;
        Commands {
            lists: u32::from(self.habits.lists_rows && script.row_source != RowSource::Request),
            downloads,
            downloads_min: if is_needless { 0 } else { downloads },
            sets: match script.course {
                Course::SetFault { outer, .. } => self.habits.attempts(outer),
                Course::DownloadFault(_)
                | Course::Installed { .. }
                | Course::RowMissing
                | Course::Silent(_)
                | Course::TransferFault(_) => 1,
            },
        }
    }

    /// The course of an installation, and whether its TransferComplete comes before its request.
    fn course(&self, rng: &mut Rng) -> (Course, bool) {
        let mess = &self.mess;
        let set_status = u32::from(rng.u8(0..4) == 0);
        let dice = rng.f64();
        if dice < mess.faults {
            (fault(rng), false)
        } else if dice < mess.faults + mess.silence {
            let steps = [
                SilentAt::Download,
                SilentAt::Transfer,
                SilentAt::Lookup,
                SilentAt::Set,
            ];
            (Course::Silent(steps[rng.usize(0..steps.len())]), false)
        } else {
            let early = dice < mess.faults + mess.silence + mess.early;
            (Course::Installed { set_status }, early)
        }
    }

    /// The strays that are written right after request `number`.
    pub(super) fn strays(&self, number: u64) -> Vec<(StrayKind, u64)> {
        let mut rng = self.rng(number, Purpose::Strays);
        let mut strays = Vec::new();
        if rng.f64() < self.mess.wrong_keys {
            strays.push((StrayKind::WrongKey, rng.u64(..)));
        }
        if rng.f64() < self.mess.poison {
            strays.push((StrayKind::Poison, rng.u64(..)));
        }
        strays
    }
}

fn fault(rng: &mut Rng) -> Course {
    let one_of = |rng: &mut Rng, codes: &[u32]| codes[rng.usize(0..codes.len())];
    match rng.u8(0..20) {
        0..7 => Course::DownloadFault(one_of(rng, &DOWNLOAD_FAULTS)),
        7..16 => Course::TransferFault(one_of(rng, &TRANSFER_FAULTS)),
        16 | 17 => Course::SetFault {
            outer: one_of(rng, &SET_FAULTS),
            parameter: None,
        },
        18 => Course::SetFault {
            outer: 9003,
            parameter: Some(one_of(rng, &PARAMETER_FAULTS)),
        },
        _ => Course::RowMissing,
    }
}

impl Script {
    /// The row of the certificate, with a dot at the end.
    pub(super) fn certificate_path(&self) -> String {
        format!("Device.Security.Certificate.{}.", self.row)
    }

    /// How the device behaves at that attempt of the Download, if the ACS delivers it.
    pub(super) fn course_at(&self, attempt: u16) -> Course {
        let first_heard = 1 + u16::from(self.refused_once);
        let failure = self.fails_first.filter(|_| attempt <= first_heard);
        failure.unwrap_or(self.course)
    }

    /// Whether the Download of that attempt has another CommandKey than the one before, because the device failed that.
    pub(super) fn is_renewed_at(&self, attempt: u32) -> bool {
        let fails = self.fails_first.is_some()
            || matches!(
                self.course,
                Course::DownloadFault(_) | Course::TransferFault(_)
            );
        fails && attempt > 1 + u32::from(self.refused_once)
    }

    /// The SUIDs as TR-106 3.2.3 writes a list.
    pub(super) fn suids_text(&self) -> String {
        let texts: Vec<String> = self.suids.iter().map(u32::to_string).collect();
        texts.join(",")
    }
}

#[cfg(test)]
pub(super) fn test_plan(seed: u64, mess: Mess) -> Plan {
    Plan {
        run: RunId::new(seed, 0),
        seed,
        devices: 100,
        mess,
        certificates: 2,
        habits: Habits::default(),
    }
}
