#[cfg(test)]
mod tests;

use std::time::Duration;

use fastrand::Rng;

use crate::correlator::CommandId;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{
    CpeEvent, DownloadResponse, Fault, FaultStruct, GetParameterValuesResponse, ParameterValue,
    SetParameterValuesFault, SetParameterValuesResponse, TransferComplete,
};

use super::certificate_pool::{PoolCertificate, serial_number_text};
use super::command::{Call, Command};
use super::outgoing::{Mark, Spoken};
use super::run_id::RunId;
use super::script::{Course, Plan, Purpose, RowSource, Script, SilentAt};

/// How late an event is that comes out of order or again, in milliseconds: longer than most commits of the bridge,
/// shorter than any sensible time-out.
const LATE_MILLIS: std::ops::Range<u64> = 20..300;

/// The ACS asks to send the command again (TR-069 A.5). It has a form in every format, which a rejection has not.
pub(super) const RETRY_REQUEST: u32 = 8005;

/// What the device says to a command, and how long after it. Nothing, if it stays silent.
pub(super) fn answer(
    plan: &Plan,
    script: &Script,
    certificate: &PoolCertificate,
    command: &Command,
) -> Vec<(Duration, Spoken)> {
    let device = Device {
        script,
        command_id: &command.id,
    };
    let spoken = match &command.call {
        // Taking back a queued transfer is optional for a CPE (TR-069 A.4.1.9); this fleet's never answer.
        Call::Cancel => Vec::new(),
        Call::Download { .. } if device.is_refused() => vec![device.fault(RETRY_REQUEST, None)],
        Call::Download { command_key } => device.on_download(command_key),
        Call::List(names) => device.on_list(
            names,
            certificate,
            &mut plan.rng(script.number, Purpose::Rows),
        ),
        Call::Lookup(names) => device.on_lookup(
            names,
            certificate,
            &mut plan.rng(script.number, Purpose::Rows),
        ),
        Call::Set(parameters) => device.on_set(parameters),
    };
    let mut rng = plan.rng(script.number, Purpose::Mess(command.call.step()));
    mess_up(plan, spoken, &mut rng)
}

/// The TransferComplete that comes before its request.
pub(super) fn early_transfer_complete(script: &Script, run: RunId) -> Spoken {
    let device = Device {
        script,
        command_id: "",
    };
    device.transfer_complete(&run.command_key(script.number), 0)
}

/// Delays some events, so that they change places, and repeats some.
fn mess_up(plan: &Plan, spoken: Vec<Spoken>, rng: &mut Rng) -> Vec<(Duration, Spoken)> {
    let mut timed = Vec::with_capacity(spoken.len());
    for event in spoken {
        let late = |rng: &mut Rng| Duration::from_millis(rng.u64(LATE_MILLIS));
        let after = if rng.f64() < plan.mess.reordering {
            late(rng)
        } else {
            Duration::ZERO
        };
        if rng.f64() < plan.mess.duplicates {
            let repeat = Spoken {
                mark: Mark::Nothing,
                ..event.clone()
            };
            timed.push((after + late(rng), repeat));
        }
        timed.push((after, event));
    }
    timed
}

struct Device<'a> {
    script: &'a Script,
    command_id: &'a str,
}

impl Device<'_> {
    /// Whether the ACS does not deliver the Download.
    fn is_refused(&self) -> bool {
        self.script.refused_once && self.command_id.ends_with("/download")
    }

    fn on_download(&self, command_key: &str) -> Vec<Spoken> {
        let script = self.script;
        let accepted = || self.download_response(1);
        let attempt = CommandId::parse(self.command_id).map_or(1, |id| id.attempt);
        match script.course_at(attempt) {
            Course::DownloadFault(code) => vec![self.fault(code, None)],
            Course::Silent(SilentAt::Download) => Vec::new(),
            Course::Silent(SilentAt::Transfer) => vec![accepted()],
            Course::TransferFault(code) => {
                vec![accepted(), self.transfer_complete(command_key, code)]
            }
            Course::Installed { .. }
            | Course::RowMissing
            | Course::SetFault { .. }
            | Course::Silent(SilentAt::Lookup | SilentAt::Set) => {
                if script.completed_at_once {
                    vec![self.download_response(0)]
                } else if script.early {
                    vec![accepted()]
                } else {
                    vec![accepted(), self.transfer_complete(command_key, 0)]
                }
            }
        }
    }

    fn on_lookup(
        &self,
        names: &[String],
        certificate: &PoolCertificate,
        rng: &mut Rng,
    ) -> Vec<Spoken> {
        let mut rows = decoys(self.script.row, certificate, rng);
        match self.script.course {
            Course::Silent(SilentAt::Lookup) => return Vec::new(),
            Course::RowMissing => {}
            Course::DownloadFault(_)
            | Course::Installed { .. }
            | Course::SetFault { .. }
            | Course::Silent(SilentAt::Download | SilentAt::Transfer | SilentAt::Set)
            | Course::TransferFault(_) => {
                let (serial_number, issuer) = match self.script.row_source {
                    RowSource::New => (String::new(), String::new()),
                    RowSource::Event | RowSource::Lookup | RowSource::Request => (
                        certificate.serial_number.clone(),
                        certificate.issuer.clone(),
                    ),
                };
                let row = (self.script.row, serial_number, issuer);
                rows.insert(rng.usize(0..=rows.len()), row);
            }
        }
        vec![self.table(rows, names)]
    }

    /// The rows before the Download.
    fn on_list(
        &self,
        names: &[String],
        certificate: &PoolCertificate,
        rng: &mut Rng,
    ) -> Vec<Spoken> {
        vec![self.table(decoys(self.script.row, certificate, rng), names)]
    }

    fn table(&self, rows: Vec<Row>, names: &[String]) -> Spoken {
        let parameters = rows
            .into_iter()
            .flat_map(row_parameters)
            .filter(|parameter| is_asked(names, &parameter.name))
            .collect();
        self.say(
            Event::GetParameterValuesResponse(GetParameterValuesResponse { parameters }),
            Mark::Nothing,
        )
    }

    fn on_set(&self, parameters: &[(String, String)]) -> Vec<Spoken> {
        let set_status = match self.script.course {
            Course::Silent(_) => return Vec::new(),
            Course::SetFault { outer, parameter } => {
                let parameter = parameter.zip(parameters.first().map(|(name, _)| name.as_str()));
                return vec![self.fault(outer, parameter)];
            }
            Course::Installed { set_status } => set_status,
            Course::DownloadFault(_) | Course::RowMissing | Course::TransferFault(_) => 0,
        };
        let response = SetParameterValuesResponse { status: set_status };
        vec![self.say(Event::SetParameterValuesResponse(response), Mark::Nothing)]
    }

    fn say(&self, event: Event, mark: Mark) -> Spoken {
        Spoken {
            event: CpeEvent {
                device: Some((&self.script.device).into()),
                command_id: self.command_id.to_owned(),
                command_key: String::new(),
                observed_at: None,
                event: Some(event),
            },
            device: self.script.device.key().to_owned(),
            mark,
        }
    }

    fn download_response(&self, status: u32) -> Spoken {
        let response = DownloadResponse {
            status,
            ..DownloadResponse::default()
        };
        self.say(Event::DownloadResponse(response), Mark::Nothing)
    }

    /// A call of the CPE itself, which carries no command_id.
    fn transfer_complete(&self, command_key: &str, fault_code: u32) -> Spoken {
        let told = fault_code == 0 && self.script.row_source == RowSource::Event;
        let transfer = TransferComplete {
            command_key: command_key.to_owned(),
            fault: Some(FaultStruct {
                fault_code,
                fault_string: String::new(),
            }),
            certificate_path: if told {
                self.script.certificate_path()
            } else {
                String::new()
            },
            ..TransferComplete::default()
        };
        let mark = Mark::TransferComplete(self.script.number);
        let mut spoken = self.say(Event::TransferComplete(transfer), mark);
        spoken.event.command_id.clear();
        spoken
    }

    fn fault(&self, fault_code: u32, parameter: Option<(u32, &str)>) -> Spoken {
        let set_parameter_values_faults = parameter
            .map(|(fault_code, name)| SetParameterValuesFault {
                parameter_name: name.to_owned(),
                fault_code,
                fault_string: String::new(),
            })
            .into_iter()
            .collect();
        let fault = Fault {
            fault_code,
            fault_string: "no reason given".to_owned(),
            set_parameter_values_faults,
        };
        self.say(Event::Fault(fault), Mark::Nothing)
    }
}

type Row = (u32, String, String);

/// Rows that are not the certificate's: one has its issuer, one its serial number, one neither.
fn decoys(row: u32, certificate: &PoolCertificate, rng: &mut Rng) -> Vec<Row> {
    let mut stranger = || {
        let mut bytes = [0x55; 8];
        rng.fill(&mut bytes[1..]);
        serial_number_text(&bytes)
    };
    let issuer = &certificate.issuer;
    vec![
        (row + 1, stranger(), issuer.clone()),
        (
            row + 2,
            certificate.serial_number.clone(),
            "CN=Somebody Else,O=credbridge fleet".to_owned(),
        ),
        (row + 10, stranger(), "CN=Factory".to_owned()),
    ]
}

/// Whether one of the names is the parameter's path, or the beginning of it up to a dot.
fn is_asked(names: &[String], parameter: &str) -> bool {
    names.iter().any(|name| {
        parameter == name || (name.ends_with('.') && parameter.starts_with(name.as_str()))
    })
}

fn row_parameters((row, serial_number, issuer): Row) -> [ParameterValue; 3] {
    let parameter = |name: &str, value: String, r#type: &str| ParameterValue {
        name: format!("Device.Security.Certificate.{row}.{name}"),
        value,
        r#type: r#type.to_owned(),
    };
    [
        parameter("Enable", "true".to_owned(), "xsd:boolean"),
        parameter("SerialNumber", serial_number, "xsd:string"),
        parameter("Issuer", issuer, "xsd:string"),
    ]
}
