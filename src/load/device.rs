use std::time::Duration;

use fastrand::Rng;

use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{
    CpeEvent, DownloadResponse, Fault, FaultStruct, GetParameterValuesResponse, ParameterValue,
    SetParameterValuesFault, SetParameterValuesResponse, TransferComplete,
};

use super::certificate_pool::{PoolCertificate, serial_number_text};
use super::command::{Call, Command};
use super::outgoing::{Mark, Spoken};
use super::request::device_message;
use super::run_id::RunId;
use super::script::{Course, Plan, Purpose, RowSource, Script, SilentAt};

/// How late an event is that comes out of order or again, in milliseconds: longer than most commits of the bridge,
/// shorter than any sensible time-out.
const LATE_MILLIS: std::ops::Range<u64> = 20..300;

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
        Call::Download { command_key } => device.on_download(command_key),
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
    fn on_download(&self, command_key: &str) -> Vec<Spoken> {
        let script = self.script;
        let accepted = || self.download_response(1);
        match script.course {
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
                let row = (
                    self.script.row,
                    certificate.serial_number.clone(),
                    certificate.issuer.clone(),
                );
                rows.insert(rng.usize(0..=rows.len()), row);
            }
        }
        let parameters = rows
            .into_iter()
            .flat_map(row_parameters)
            .filter(|parameter| is_asked(names, &parameter.name))
            .collect();
        vec![self.say(
            Event::GetParameterValuesResponse(GetParameterValuesResponse { parameters }),
            Mark::Nothing,
        )]
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
                device: Some(device_message(&self.script.device)),
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

#[cfg(test)]
mod tests {
    use super::super::Mess;
    use super::super::certificate_pool::CertificatePool;
    use super::super::script::test_plan;
    use super::*;

    fn answer_to(
        mess: Mess,
        course: Course,
        row_source: RowSource,
        call: Call,
    ) -> Vec<(Duration, Spoken)> {
        let plan = test_plan(1, mess);
        let pool = CertificatePool::new(1, 1).unwrap();
        let script = Script {
            course,
            row_source,
            completed_at_once: false,
            early: false,
            ..plan.script(0)
        };
        let command = Command {
            id: "k/x".to_owned(),
            device: script.device.key().to_owned(),
            call,
        };
        answer(&plan, &script, pool.get(0), &command)
    }

    fn kinds(answers: &[(Duration, Spoken)]) -> Vec<&Event> {
        answers
            .iter()
            .filter_map(|(_, spoken)| spoken.event.event.as_ref())
            .collect()
    }

    fn download() -> Call {
        Call::Download {
            command_key: "k".to_owned(),
        }
    }

    fn lookup() -> Call {
        Call::Lookup(vec!["Device.Security.Certificate.".to_owned()])
    }

    #[test]
    fn a_device_tells_only_what_it_is_asked() {
        let names = ["Device.Security.".to_owned(), "A.B".to_owned()];
        assert!(is_asked(&names, "Device.Security.Certificate.1.Issuer"));
        assert!(is_asked(&names, "A.B"));
        assert!(!is_asked(&names, "A.BC"));
        assert!(!is_asked(&names, "Device.DeviceInfo.X"));
    }

    #[test]
    fn an_accepted_download_is_completed() {
        let installed = Course::Installed { set_status: 0 };
        let answers = answer_to(Mess::NONE, installed, RowSource::Event, download());
        let [
            Event::DownloadResponse(response),
            Event::TransferComplete(transfer),
        ] = kinds(&answers)[..]
        else {
            panic!("{answers:?}")
        };
        assert_eq!((response.status, transfer.command_key.as_str()), (1, "k"));
        assert!(!transfer.certificate_path.is_empty());
        assert!(answers.iter().all(|(after, _)| *after == Duration::ZERO));
    }

    #[test]
    fn a_silent_device_says_nothing_from_that_step_on() {
        let silent =
            |at, call| answer_to(Mess::NONE, Course::Silent(at), RowSource::Lookup, call).len();
        assert_eq!(silent(SilentAt::Download, download()), 0);
        assert_eq!(silent(SilentAt::Transfer, download()), 1);
        assert_eq!(silent(SilentAt::Lookup, lookup()), 0);
        assert_eq!(silent(SilentAt::Set, Call::Set(Vec::new())), 0);
    }

    #[test]
    fn a_missing_row_is_in_no_table() {
        let rows = |course| {
            let answers = answer_to(Mess::NONE, course, RowSource::Lookup, lookup());
            let [Event::GetParameterValuesResponse(response)] = kinds(&answers)[..] else {
                panic!("{answers:?}")
            };
            response.parameters.len() / 3
        };
        assert_eq!(rows(Course::Installed { set_status: 0 }), 4);
        assert_eq!(rows(Course::RowMissing), 3);
    }

    #[test]
    fn a_repeated_event_is_the_same_event() {
        let mess = Mess {
            duplicates: 1.0,
            ..Mess::NONE
        };
        let call = Call::Set(vec![("A.SUIDs".to_owned(), "42".to_owned())]);
        let fault = Course::SetFault {
            outer: 9003,
            parameter: Some(9007),
        };
        let answers = answer_to(mess, fault, RowSource::Event, call);
        assert_eq!(answers.len(), 2);
        assert_eq!(answers[0].1.event, answers[1].1.event);
        assert!(answers[0].0 > answers[1].0);
    }
}
