//! The tables of certificates on the devices.

use std::collections::BTreeMap;

use crate::cwmp::DeviceId;
use crate::time::Timestamp;
use crate::wire::r#gen::cpe_event::Event;
use crate::wire::r#gen::{GetParameterValuesResponse, ParameterValue};

use super::super::judge::Fact;
use super::super::plan::{Course, Plan, Row, Silence, row_path};
use super::Fleet;
use super::messages::{certificate, fault};

/// Which plans have a row on which device, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(BTreeMap<DeviceId, BTreeMap<usize, Timestamp>>);

impl Rows {
    /// The file is on the device from then on, and so is its row, if there is to be one.
    pub(super) fn add(&mut self, plan: &Plan, at: Timestamp) {
        if !plan.lacks_row {
            let rows = self.0.entry(plan.device.clone()).or_default();
            let since = rows.entry(plan.number).or_insert(at);
            *since = at.min(*since);
        }
    }

    /// The plans whose rows are there.
    fn at(&self, device: &DeviceId, now: Timestamp) -> Vec<usize> {
        let rows = self.0.get(device).into_iter().flatten();
        rows.filter(|(_, since)| **since <= now)
            .map(|(number, _)| *number)
            .collect()
    }
}

impl Fleet {
    pub(super) fn on_list(&mut self, plan: &Plan, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        match self.rng.u8(0..16) {
            0 => {}
            1 => self.answer(plan, key, "list", fault(9002), Fact::ListFailed, at),
            _ => {
                let event = self.table(plan, now);
                self.answer(plan, key, "list", event, Fact::Listed, at);
            }
        }
    }

    pub(super) fn on_lookup(&mut self, plan: &Plan, key: &str, now: Timestamp) {
        let at = now + self.delay(plan);
        if plan.course == Course::Silent(Silence::Lookup) {
            return;
        }
        let is_there = self.rows.at(&plan.device, now).contains(&plan.number);
        let fact = match (is_there, plan.row) {
            (false, _) => Fact::NotFound,
            (true, Row::New) => Fact::Shown,
            (true, Row::Event | Row::Lookup | Row::Request) => Fact::Found,
        };
        let event = self.table(plan, now);
        self.answer(plan, key, "lookup", event, fact, at);
    }

    /// What the device of a plan says about its rows. Those of other plans have other certificates.
    fn table(&self, plan: &Plan, now: Timestamp) -> Event {
        let certificate = certificate();
        let serial_number: String = certificate
            .serial_number
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let issuer = certificate.issuer_text();
        let mut parameters = row("Device.Security.Certificate.1.", "01", "CN=x");
        for number in self.rows.at(&plan.device, now) {
            let path = row_path(number);
            parameters.extend(match (number == plan.number, plan.row) {
                (true, Row::New) => row(&path, "", ""),
                (true, Row::Event | Row::Lookup | Row::Request) => {
                    row(&path, &serial_number, &issuer)
                }
                (false, _) => row(&path, "02", "CN=y"),
            });
        }
        Event::GetParameterValuesResponse(GetParameterValuesResponse { parameters })
    }
}

fn row(path: &str, serial_number: &str, issuer: &str) -> Vec<ParameterValue> {
    let values = [("SerialNumber", serial_number), ("Issuer", issuer)];
    let parameters = values.into_iter().map(|(name, value)| ParameterValue {
        name: format!("{path}{name}"),
        value: value.to_owned(),
        r#type: "xsd:string".to_owned(),
    });
    parameters.collect()
}
