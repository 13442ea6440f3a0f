use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::output::Output;
use super::recording;

/// Differs in every record of another version of the fault tables, and says nothing about the outcome.
const RULES: &str = "credbridge-rules";

/// The outputs of an earlier replay, to be found again.
pub(super) struct Comparison {
    /// By topic and `credbridge-id`, the next one last.
    expected: BTreeMap<(String, String), Vec<Output>>,
    rules: Option<String>,
    differences: u64,
}

/// One line of the result.
#[derive(Serialize)]
struct Difference<'a> {
    difference: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Output>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Output>,
}

fn identity(output: &Output) -> (String, String) {
    let id = output.header("credbridge-id").unwrap_or_default();
    (output.topic.clone(), id.to_owned())
}

impl Comparison {
    /// Reads what an earlier replay printed.
    ///
    /// # Errors
    /// If the file cannot be read, or holds other lines.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut expected: BTreeMap<_, Vec<Output>> = BTreeMap::new();
        let mut rules = None;
        recording::read(path, |output: Output| {
            if rules.is_none() {
                rules = output.header(RULES).map(str::to_owned);
            }
            expected.entry(identity(&output)).or_default().push(output);
            Ok(())
        })?;
        expected.values_mut().for_each(|outputs| outputs.reverse());
        Ok(Self {
            expected,
            rules,
            differences: 0,
        })
    }

    /// The version of the fault tables that the earlier replay had.
    pub(super) fn rules(&self) -> Option<&str> {
        self.rules.as_deref()
    }

    /// Holds an output against the earlier one with the same id.
    pub(super) fn compare(&mut self, after: &Output, out: &mut impl Write) -> io::Result<()> {
        let before = self.expected.get_mut(&identity(after)).and_then(Vec::pop);
        let difference = match &before {
            None => Difference {
                difference: "added",
                parts: Vec::new(),
                before: None,
                after: Some(after),
            },
            Some(before) => Difference {
                difference: "changed",
                parts: parts(before, after),
                before: Some(before),
                after: Some(after),
            },
        };
        if difference.before.is_some() && difference.parts.is_empty() {
            return Ok(());
        }
        write(&difference, out)?;
        self.differences += 1;
        Ok(())
    }

    /// Tells what the earlier replay had and this one has not; returns the number of differences.
    pub(super) fn finish(mut self, out: &mut impl Write) -> io::Result<u64> {
        let missing: Vec<Output> = std::mem::take(&mut self.expected)
            .into_values()
            .flat_map(|outputs| outputs.into_iter().rev())
            .collect();
        for before in &missing {
            let difference = Difference {
                difference: "missing",
                parts: Vec::new(),
                before: Some(before),
                after: None,
            };
            write(&difference, out)?;
            self.differences += 1;
        }
        Ok(self.differences)
    }
}

fn write(difference: &Difference<'_>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, difference)?;
    out.write_all(b"\n")
}

/// The names of what differs.
fn parts(before: &Output, after: &Output) -> Vec<String> {
    let mut parts = Vec::new();
    if before.partition != after.partition {
        parts.push("partition".to_owned());
    }
    if before.timestamp != after.timestamp {
        parts.push("timestamp".to_owned());
    }
    if before.key != after.key {
        parts.push("key".to_owned());
    }
    if before.value != after.value {
        parts.push("value".to_owned());
    }
    let names = before.headers.iter().chain(&after.headers);
    for (name, _) in names.filter(|(name, _)| name != RULES) {
        let part = format!("header {name}");
        if before.header(name) != after.header(name) && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}
