//! The judge: one file for each topic that it watches.

mod commands;
mod dead_letters;
mod findings;
mod responses;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use crate::config::{Config, Delivery};
use crate::cwmp::PerDevice;
use crate::record::Record;

pub(super) use findings::Findings;

use super::command::Command;
use super::outcome::Expected;
use super::script::{Plan, StrayKind};

/// Knows what was written, sees what comes out, and counts every difference.
#[derive(Debug)]
pub(super) struct Judge {
    plan: Plan,
    delivery: Delivery,
    await_set_result: bool,
    /// Name of the SUIDs parameter under the row.
    suids_parameter: PerDevice<String>,
    cases: Vec<Case>,
    strays: Vec<Stray>,
    /// Open installations per device.
    open_on_device: Vec<u32>,
    open: u64,
    missing_strays: u64,
    /// First case, and first stray, that may still be open.
    oldest_case: usize,
    oldest_stray: usize,
    ids: HashSet<(Output, u128)>,
    pub(super) findings: Findings,
}

/// A topic that the bridge writes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Output {
    Commands,
    DeadLetters,
    Responses,
}

/// An installation that was asked for.
#[derive(Clone, Debug, Default)]
struct Case {
    /// When the request was due, from which latencies are counted.
    due: Duration,
    /// When it was written, from which the deadline is counted.
    written: Duration,
    transfer_completed: Option<Duration>,
    lists: u32,
    downloads: u32,
    /// Of the last Download, where another is to follow under another one.
    command_key: Option<Box<str>>,
    lookups: u32,
    sets: u32,
    responses: u32,
    closed: bool,
}

/// A record that is to end among the dead letters.
#[derive(Debug)]
struct Stray {
    reason: &'static str,
    kind: StrayKind,
    written: Duration,
    seen: bool,
    given_up: bool,
}

impl Judge {
    pub(super) fn new(plan: Plan, config: &Config) -> Self {
        let devices = usize::try_from(plan.devices).expect("the number of devices fits memory");
        Self {
            plan,
            delivery: config.delivery,
            await_set_result: config.set.await_result,
            suids_parameter: config.rules().suids_parameter,
            cases: Vec::new(),
            strays: Vec::new(),
            open_on_device: vec![0; devices],
            open: 0,
            missing_strays: 0,
            oldest_case: 0,
            oldest_stray: 0,
            ids: HashSet::new(),
            findings: Findings::new(),
        }
    }

    /// Installations without their outcome.
    pub(super) const fn open(&self) -> u64 {
        self.open
    }

    /// Whether any installation or stray still misses its outcome.
    pub(super) const fn is_waiting(&self) -> bool {
        self.open > 0 || self.missing_strays > 0
    }

    /// Installations of the device of `number` without their outcome.
    pub(super) fn open_on_device_of(&self, number: u64) -> u32 {
        self.open_on_device[self.plan.device_index(number)]
    }

    /// Takes down that the next request, which was due at `due`, is written. Requests come in the order of their
    /// numbers.
    pub(super) fn on_requested(&mut self, number: u64, due: Duration, written: Duration) {
        debug_assert_eq!(number, self.cases.len() as u64, "requests come in order");
        self.cases.push(Case {
            due,
            written,
            ..Case::default()
        });
        self.open += 1;
        self.open_on_device[self.plan.device_index(number)] += 1;
    }

    pub(super) fn on_transfer_completed(&mut self, number: u64, at: Duration) {
        if let Some(case) = self.case_mut(number) {
            case.transfer_completed = Some(at);
        }
    }

    /// The index, to be put into the key, of the stray that is written next.
    pub(super) const fn next_stray(&self) -> usize {
        self.strays.len()
    }

    pub(super) fn on_stray_written(&mut self, kind: StrayKind, reason: &'static str, at: Duration) {
        self.missing_strays += 1;
        self.strays.push(Stray {
            reason,
            kind,
            written: at,
            seen: false,
            given_up: false,
        });
    }

    /// Judges a record of an output topic; records of other runs are ignored. A command that is to be answered comes
    /// back with the number of its installation.
    pub(super) fn observe(
        &mut self,
        at: Duration,
        output: Output,
        record: &Record<'_>,
    ) -> Option<(u64, Command)> {
        let number = record
            .header_text("traceparent")
            .and_then(|traceparent| self.plan.run.number_of_traceparent(traceparent));
        match output {
            Output::Commands => return self.on_command_record(at, number, record),
            Output::DeadLetters => self.on_dead_letter(number, record),
            Output::Responses => self.on_response_record(at, number, record),
        }
        None
    }

    /// Gives up what was written more than `deadline` before `at` and still misses its outcome: it is lost.
    pub(super) fn give_up(&mut self, at: Duration, deadline: Duration) {
        let is_late = |written: Duration| at.saturating_sub(written) > deadline;
        while let Some(case) = self.cases.get(self.oldest_case) {
            if !case.closed {
                if !is_late(case.written) {
                    break;
                }
                self.lose_case(self.oldest_case as u64);
            }
            self.oldest_case += 1;
        }
        while let Some(stray) = self.strays.get_mut(self.oldest_stray) {
            if !stray.seen {
                if !is_late(stray.written) {
                    break;
                }
                stray.given_up = true;
                let (kind, reason) = (stray.kind, stray.reason);
                self.missing_strays -= 1;
                self.findings.lost += 1;
                let index = self.oldest_stray;
                self.findings.example(|| {
                    format!("lost: no dead letter {reason} for stray {index} ({kind:?})")
                });
            }
            self.oldest_stray += 1;
        }
    }

    fn lose_case(&mut self, number: u64) {
        let expected = self.expected(number);
        let case = self.case(number).clone();
        self.close(number);
        self.findings.lost += 1;
        let request_identifier = self.plan.run.request_identifier(number);
        self.findings.example(|| {
            format!(
                "lost: request {request_identifier} got {} responses, {} Download, {} Set; expected 1, {}, {}",
                case.responses, case.downloads, case.sets, expected.downloads, expected.sets
            )
        });
    }

    /// Whether no output with this `credbridge-id` was seen on the topic before.
    fn is_first(&mut self, output: Output, record: &Record<'_>) -> bool {
        let coordinates = record.coordinates;
        let id = record.header_text("credbridge-id").unwrap_or_default();
        let digits = u128::from_str_radix(id, 16).ok().filter(|_| id.len() == 32);
        let Some(digits) = digits else {
            self.findings.wrong(|| {
                format!("{output:?} {coordinates} has the credbridge-id {id:?}, not 32 hexadecimal digits")
            });
            return true;
        };
        let is_first = self.ids.insert((output, digits));
        if !is_first {
            match self.delivery {
                Delivery::AtLeastOnce => self.findings.repeated += 1,
                Delivery::ExactlyOnce => self
                    .findings
                    .doubled(|| format!("{output:?} {coordinates} repeats the credbridge-id {id}")),
            }
        }
        is_first
    }

    fn is_known(&self, number: u64) -> bool {
        number < self.cases.len() as u64
    }

    fn expected(&self, number: u64) -> Expected {
        self.plan.script(number).expected(self.await_set_result)
    }

    fn case(&self, number: u64) -> &Case {
        let index = usize::try_from(number).expect("the number of a case fits memory");
        &self.cases[index]
    }

    fn case_mut(&mut self, number: u64) -> Option<&mut Case> {
        usize::try_from(number)
            .ok()
            .and_then(|index| self.cases.get_mut(index))
    }

    fn close_if_complete(&mut self, number: u64, expected: Expected) {
        let case = self.case(number);
        let complete = case.responses >= 1
            && case.downloads >= expected.downloads_min
            && case.sets >= expected.sets;
        if complete && !case.closed {
            self.close(number);
        }
    }

    fn close(&mut self, number: u64) {
        self.case_mut(number).expect("the case is known").closed = true;
        self.open -= 1;
        self.open_on_device[self.plan.device_index(number)] -= 1;
    }
}
