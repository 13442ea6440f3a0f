//! The entries in the order in which things happened, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cwmp::DeviceId;
use crate::runtime::reader::Stretch;
use crate::time::Timestamp;

use super::entry::{Entry, Kind};
use super::gather::Gatherer;
use super::locate::Found;
use super::subject::Subject;
use super::telling::{took, utc};

const CANNOT_WRITE: &str = "cannot write to standard output";

/// How long after the end of an installation a dead letter of its device may still have to do with it.
const AFTERMATH: Duration = Duration::from_secs(60);

/// All that is known of an installation.
pub(super) struct Story {
    subject: Subject,
    entries: Vec<Entry>,
    looked_at: Vec<Stretch>,
    records: u64,
}

impl Story {
    pub(super) fn of(gatherer: Gatherer<'_>) -> Self {
        let mut entries: Vec<Entry> = gatherer.entries.into_values().collect();
        leave_strangers(&mut entries);
        Self {
            subject: gatherer.subject,
            entries: in_order(entries),
            looked_at: gatherer.looked_at,
            records: gatherer.records,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.time.is_none())
    }

    /// What it has come to.
    fn end(&self) -> String {
        let mut entries = self.entries.iter().rev();
        let state = entries.find(|entry| entry.kind == Kind::State);
        let mut responses = self
            .entries
            .iter()
            .filter(|entry| entry.kind == Kind::Response);
        let answer = responses.next_back();
        let request = self.subject.request.as_ref();
        let request = self.entries.iter().find(|entry| Some(&entry.at) == request);
        let took = answer
            .and_then(|answer| Some(took(request?.time?, answer.time?)))
            .map_or_else(String::new, |took| format!(", {took} after the request"));
        match (state, answer) {
            (Some(state), Some(answer)) => {
                format!("{}; last {}{took}", state.told.text, answer.told.text)
            }
            (Some(state), None) => format!("{}; no response", state.told.text),
            (None, Some(answer)) => {
                format!("not in the state any more; last {}{took}", answer.told.text)
            }
            (None, None) if self.is_empty() => {
                "nothing is known of it: it never was, or everything about it is gone".to_owned()
            }
            (None, None) if self.subject.id.is_none() => {
                "nothing has followed yet: the request is not handled yet, waits for its node, or wants no response"
                    .to_owned()
            }
            (None, None) => "not in the state, and no response".to_owned(),
        }
    }

    /// # Errors
    /// If `out` cannot be written.
    pub(super) fn write_text(&self, out: &mut impl Write) -> anyhow::Result<()> {
        self.text(out).context(CANNOT_WRITE)
    }

    fn text(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{}", self.subject)?;
        for entry in &self.entries {
            let time = entry.time.map_or_else(|| "-".to_owned(), utc);
            let kind = entry.kind.as_str().replace('_', " ");
            let relation = if entry.is_stranger { "perhaps: " } else { "" };
            write!(
                out,
                "{time:<24}  {kind:<11}  {}  {relation}{}",
                entry.at, entry.told.text
            )?;
            match &entry.cause {
                Some(cause) => writeln!(out, "  <- {cause}")?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "now: {}", self.end())?;
        let partitions: Vec<String> = self
            .looked_at
            .iter()
            .filter(|stretch| stretch.end - stretch.begin > 1)
            .map(|stretch| format!("{}/{}", stretch.partition.0, stretch.partition.1))
            .collect();
        writeln!(
            out,
            "{} records read in {}",
            self.records,
            partitions.join(" ")
        )?;
        out.flush()
    }

    /// # Errors
    /// If `out` cannot be written.
    pub(super) fn write_json(&self, out: &mut impl Write) -> anyhow::Result<()> {
        write_line(&self.json(), out)
    }

    fn json(&self) -> Value {
        let subject = &self.subject;
        let id = subject.id.as_ref();
        let entries: Vec<Value> = self.entries.iter().map(entry_json).collect();
        let looked_at: Vec<Value> = self
            .looked_at
            .iter()
            .map(|stretch| {
                let (topic, partition) = &stretch.partition;
                json!({"topic": topic, "partition": partition, "begin": stretch.begin, "end": stretch.end})
            })
            .collect();
        json!({
            "device": id.map(|id| id.device.key()),
            "command_key": id.map(|id| id.command_key.as_str()),
            "acs_command_key": subject.alias.as_ref().map(|alias| alias.as_str()),
            "request": subject.request.as_ref().map(ToString::to_string),
            "now": self.end(),
            "entries": entries,
            "looked_at": looked_at,
            "records": self.records,
        })
    }
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "at": entry.at.to_string(),
        "time": entry.time.map(utc),
        "kind": entry.kind.as_str(),
        "name": entry.told.name,
        "code": entry.told.code,
        "text": entry.told.text,
        "cause": entry.cause,
        "id": entry.id,
        "perhaps": entry.is_stranger,
    })
}

fn write_line(value: &Value, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .context(CANNOT_WRITE)
}

/// Lists the installations of a device, or that there is none.
///
/// # Errors
/// If `out` cannot be written.
pub(super) fn list(
    device: &DeviceId,
    found: &Found,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if as_json {
        let installations: Vec<Value> = found
            .iter()
            .map(|(key, now)| json!({"command_key": key.as_str(), "now": now}))
            .collect();
        return write_line(
            &json!({"device": device.key(), "installations": installations}),
            out,
        );
    }
    let mut text = match found.len() {
        0 => format!("nothing is known of device {device}\n"),
        number => {
            format!("device {device} has {number} installations: choose one by --command-key\n")
        }
    };
    for (key, now) in found {
        text += &format!("{key}  {now}\n");
    }
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context(CANNOT_WRITE)
}

/// Leaves those out that are only of the same device, and not of the same time.
fn leave_strangers(entries: &mut Vec<Entry>) {
    let of_ours = |entry: &&Entry| !entry.is_stranger;
    let times = || {
        entries
            .iter()
            .filter(of_ours)
            .filter_map(|entry| entry.time)
    };
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return;
    };
    let is_over = entries
        .iter()
        .filter(|entry| entry.kind == Kind::State)
        .max_by_key(|entry| entry.at.offset)
        .is_none_or(|entry| entry.told.name != "open" && entry.told.name != "early");
    let last = if is_over {
        last + AFTERMATH
    } else {
        Timestamp::NEVER
    };
    entries.retain(|entry| {
        !entry.is_stranger
            || entry
                .time
                .is_some_and(|time| (first..=last).contains(&time))
    });
}

/// By time; what has a cause never before it, whatever the clocks of producers say.
fn in_order(entries: Vec<Entry>) -> Vec<Entry> {
    let times: BTreeMap<String, Timestamp> = entries
        .iter()
        .map(|entry| (entry.at.to_string(), entry.time.unwrap_or_default()))
        .collect();
    let effective = |entry: &Entry| {
        let own = entry.time.unwrap_or_default();
        let cause = entry.cause.as_ref().and_then(|cause| times.get(cause));
        cause.map_or(own, |cause| own.max(*cause))
    };
    let mut entries: Vec<(Timestamp, Entry)> = entries
        .into_iter()
        .map(|entry| (effective(&entry), entry))
        .collect();
    entries.sort_by(|(one_time, one), (other_time, other)| {
        (one_time, one.kind, &one.at).cmp(&(other_time, other.kind, &other.at))
    });
    entries.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::super::telling::Told;
    use super::*;

    fn entry(at: &str, millis: u64, kind: Kind, cause: Option<&str>) -> Entry {
        Entry {
            at: at.parse().unwrap(),
            time: Some(Timestamp::from_millis(millis)),
            kind,
            told: Told::new("ended", String::new()),
            cause: cause.map(str::to_owned),
            id: None,
            is_stranger: false,
        }
    }

    fn places(entries: &[Entry]) -> Vec<String> {
        entries.iter().map(|entry| entry.at.to_string()).collect()
    }

    #[test]
    fn nothing_comes_before_its_cause_whatever_the_clocks_say() {
        let entries = vec![
            entry("commands/0/0", 90, Kind::Command, Some("in/0/7")),
            entry("in/0/7", 100, Kind::Input, None),
            entry("changelog/0/3", 100, Kind::State, None),
            entry("in/0/8", 95, Kind::Input, None),
        ];
        assert_eq!(
            places(&in_order(entries)),
            ["in/0/8", "in/0/7", "commands/0/0", "changelog/0/3"]
        );
    }

    #[test]
    fn dead_letters_of_the_device_count_as_long_as_it_goes_on() {
        let stranger = |at, millis| Entry {
            is_stranger: true,
            ..entry(at, millis, Kind::DeadLetter, None)
        };
        let mut entries = vec![
            stranger("dead/0/1", 10),
            entry("in/0/7", 100, Kind::Input, None),
            stranger("dead/0/2", 200),
            entry("changelog/0/3", 300, Kind::State, None),
            stranger("dead/0/3", 300 + 60_000),
            stranger("dead/0/4", 301 + 60_000),
        ];
        leave_strangers(&mut entries);
        let left = ["in/0/7", "dead/0/2", "changelog/0/3", "dead/0/3"];
        assert_eq!(places(&entries), left);
    }
}
