use std::time::Duration;

use crate::correlator::CommandId;
use crate::load::command::{Call, Command};
use crate::load::outcome::Expected;
use crate::load::script::{RowSource, Script};
use crate::record::Record;

use super::{Judge, Output};

impl Judge {
    pub(super) fn on_command_record(
        &mut self,
        at: Duration,
        number: Option<u64>,
        record: &Record<'_>,
    ) -> Option<(u64, Command)> {
        let coordinates = record.coordinates;
        let Some(number) = number.filter(|number| self.is_known(*number)) else {
            let device = record.header_text("cwmp-device-id").unwrap_or_default();
            if self.plan.run.is_in(device) {
                self.findings.wrong(|| {
                    format!("command {coordinates} has no traceparent of a request of this run")
                });
            }
            return None;
        };
        if !self.is_first(Output::Commands, record) {
            return None;
        }
        match Command::read(record) {
            Ok(command) => self
                .on_command(at, number, &command)
                .then_some((number, command)),
            Err(error) => {
                self.findings
                    .wrong(|| format!("command {coordinates}: {error:#}"));
                None
            }
        }
    }

    /// Whether the command is to be answered.
    fn on_command(&mut self, at: Duration, number: u64, command: &Command) -> bool {
        let script = self.plan.script(number);
        let expected = script.expected(self.await_set_result);
        if command.device != script.device.key() {
            self.findings.wrong(|| {
                format!(
                    "command {} went to {} instead of {}",
                    command.id, command.device, script.device
                )
            });
        }
        let answered = match &command.call {
            Call::Cancel => false,
            Call::Download { command_key } => {
                self.on_download(at, &script, expected, command_key, command)
            }
            Call::List(_) => self.on_list(&script, expected, command),
            Call::Lookup(_) => self.on_lookup(&script, expected, command),
            Call::Set(parameters) => self.on_set(at, &script, expected, parameters, command),
        };
        self.close_if_complete(number, expected);
        answered
    }

    fn on_download(
        &mut self,
        at: Duration,
        script: &Script,
        expected: Expected,
        command_key: &str,
        command: &Command,
    ) -> bool {
        self.findings.downloads += 1;
        let case = self.case_mut(script.number).expect("the case is known");
        case.downloads += 1;
        let (count, due) = (case.downloads, case.due);
        let is_listed = case.lists >= expected.lists || script.early;
        let before = script
            .is_renewed_at(expected.downloads)
            .then(|| case.command_key.replace(command_key.into()))
            .flatten();
        if count > expected.downloads {
            self.findings
                .doubled(|| format!("Download {} is number {count}", command.id));
            return false;
        }
        if !is_listed {
            self.findings
                .wrong(|| format!("Download {} comes before the rows are listed", command.id));
        }
        if let Some(before) = before
            && script.is_renewed_at(count) == (*before == *command_key)
        {
            self.findings.wrong(|| {
                format!(
                    "Download {} has the key {command_key} after {before}",
                    command.id
                )
            });
        }
        let assigned = self.plan.run.command_key(script.number);
        if script.early && command_key != assigned {
            self.findings
                .wrong(|| format!("Download {} does not have the key {assigned}", command.id));
        }
        let attempt = CommandId::parse(&command.id).map_or(0, |id| u32::from(id.attempt));
        if !command.id.starts_with(&format!("{command_key}/download")) || attempt != count {
            self.findings.wrong(|| {
                format!(
                    "Download {} has the key {command_key} and is number {count}",
                    command.id
                )
            });
        }
        if script.number > 0 && count == 1 {
            self.findings.request_to_download.record(due, at);
        }
        true
    }

    fn on_list(&mut self, script: &Script, expected: Expected, command: &Command) -> bool {
        self.findings.lists += 1;
        let case = self.case_mut(script.number).expect("the case is known");
        case.lists += 1;
        let (count, downloads) = (case.lists, case.downloads);
        if expected.lists == 0 || downloads > 0 {
            self.findings
                .wrong(|| format!("GetParameterValues {} is not needed", command.id));
        } else if count > 1 {
            self.findings
                .doubled(|| format!("GetParameterValues {} is number {count}", command.id));
            return false;
        }
        true
    }

    fn on_lookup(&mut self, script: &Script, expected: Expected, command: &Command) -> bool {
        self.findings.lookups += 1;
        let case = self.case_mut(script.number).expect("the case is known");
        case.lookups += 1;
        let count = case.lookups;
        if expected.lookups == 0 {
            self.findings
                .wrong(|| format!("GetParameterValues {} is not needed", command.id));
        } else if count > 1 {
            self.findings
                .doubled(|| format!("GetParameterValues {} is number {count}", command.id));
            return false;
        }
        true
    }

    fn on_set(
        &mut self,
        at: Duration,
        script: &Script,
        expected: Expected,
        parameters: &[(String, String)],
        command: &Command,
    ) -> bool {
        self.findings.sets += 1;
        let case = self.case_mut(script.number).expect("the case is known");
        case.sets += 1;
        let (count, transfer_completed) = (case.sets, case.transfer_completed);
        if count > expected.sets.max(1) {
            self.findings
                .doubled(|| format!("SetParameterValues {} is number {count}", command.id));
            return false;
        }
        let attempt = CommandId::parse(&command.id).map_or(0, |id| u32::from(id.attempt));
        if attempt != count {
            self.findings
                .wrong(|| format!("SetParameterValues {} is number {count}", command.id));
        }
        let parameter = self.suids_parameter.of(&script.device);
        let name = format!("{}{parameter}", script.certificate_path());
        let right = [(name, script.suids_text())];
        if expected.sets == 0 {
            self.findings
                .wrong(|| format!("SetParameterValues {} must not be", command.id));
        } else if parameters != right {
            self.findings.wrong(|| {
                format!(
                    "SetParameterValues {} sets {parameters:?} instead of {right:?}",
                    command.id
                )
            });
        }
        if let Some(from) = transfer_completed
            && matches!(script.row_source, RowSource::Event | RowSource::Request)
            && !script.early
            && count == 1
        {
            self.findings.transfer_to_set.record(from, at);
        }
        true
    }
}
