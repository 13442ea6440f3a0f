//! What is otherwise for some devices: `{match: {oui: 00256D}, timeouts: {accept: 1h}}`.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::cwmp::{DeviceClass, PerDevice};

use super::key::{self, Key};
use super::print::duration;
use super::source::{Entry, Source};
use super::{Config, DevicesMatch, OverrideConfig, rules};

/// Each command looks through them; a fleet with more kinds of devices than this needs a rule, not a list.
pub(super) const OVERRIDES_MAX: usize = 200;

/// What may differ from device to device.
pub(super) static OVERRIDABLE: [&Key; 8] = [
    &key::FILE_TYPE,
    &key::URL,
    &key::PARAMETER,
    &key::QUEUE,
    &key::ACCEPT,
    &key::TRANSFER,
    &key::LOOKUP,
    &key::SET,
];

const OUI: &str = "match.oui";
const PRODUCT_CLASS: &str = "match.product_class";

pub(super) fn overrides(source: &mut Source) -> Vec<OverrideConfig> {
    let entries = source.entries(&key::OVERRIDES);
    if entries.len() > OVERRIDES_MAX {
        let problem = format!(
            "holds {} entries, at most {OVERRIDES_MAX} are allowed",
            entries.len()
        );
        source.mistake(&key::OVERRIDES, problem);
    }
    let read: Vec<OverrideConfig> = entries.iter().map(|entry| one(source, entry)).collect();
    no_ties(source, &entries, &read);
    read
}

fn one(source: &mut Source, entry: &Entry) -> OverrideConfig {
    let known = |path: &str| {
        [OUI, PRODUCT_CLASS].contains(&path) || OVERRIDABLE.iter().any(|key| key.path == path)
    };
    for path in entry.values.keys().filter(|path| !known(path)) {
        source.entry_mistake(entry, path, stranger(path));
    }
    let devices = DevicesMatch {
        oui: value(source, entry, OUI, rules::oui),
        product_class: value(source, entry, PRODUCT_CLASS, rules::product_class),
    };
    if ![OUI, PRODUCT_CLASS]
        .iter()
        .any(|path| entry.values.contains_key(*path))
    {
        let problem = "says not for which devices it is: give match: {oui: .., product_class: ..}, \
                       one or both";
        source.entry_mistake(entry, "", problem);
    }
    if !OVERRIDABLE
        .iter()
        .any(|key| entry.values.contains_key(key.path))
    {
        let problem = format!("overrides nothing: give any of {}", names());
        source.entry_mistake(entry, "", problem);
    }
    OverrideConfig {
        devices,
        file_type: value(source, entry, key::FILE_TYPE.path, rules::file_type),
        url: value(source, entry, key::URL.path, rules::url),
        parameter: value(source, entry, key::PARAMETER.path, rules::parameter),
        queue: value(source, entry, key::QUEUE.path, rules::duration),
        accept: value(source, entry, key::ACCEPT.path, rules::duration),
        transfer: value(source, entry, key::TRANSFER.path, rules::duration),
        lookup: value(source, entry, key::LOOKUP.path, rules::duration),
        set: value(source, entry, key::SET.path, rules::duration),
    }
}

fn names() -> String {
    OVERRIDABLE.map(|key| key.path).join(", ")
}

fn stranger(path: &str) -> String {
    if key::KEYS.iter().any(|key| key.path == path) {
        format!(
            "is the same for all devices; what can be otherwise is {}",
            names()
        )
    } else {
        format!(
            "unknown key; an entry holds {OUI}, {PRODUCT_CLASS}, and {}",
            names()
        )
    }
}

fn value<T>(
    source: &mut Source,
    entry: &Entry,
    path: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let (_, text) = entry.values.get(path)?;
    parse(text)
        .inspect_err(|problem| source.entry_mistake(entry, path, problem.clone()))
        .ok()
}

/// Two entries must not give a device different values where neither is more specific.
fn no_ties(source: &mut Source, entries: &[Entry], read: &[OverrideConfig]) {
    for (index, (entry, later)) in entries.iter().zip(read).enumerate() {
        for (before, earlier) in entries.iter().zip(read).take(index) {
            let Some(tied) = tie(&earlier.devices, &later.devices) else {
                continue;
            };
            let decided = |path: &str| {
                let mut all = entries.iter().zip(read);
                all.any(|(entry, one)| {
                    entry.values.contains_key(path)
                        && one.devices.class() == tied
                        && tied.names_both()
                }) && earlier.devices != later.devices
            };
            for path in OVERRIDABLE.map(|key| key.path) {
                let text = |entry: &Entry| entry.values.get(path).map(|(_, text)| text.clone());
                let (Some(one), Some(other)) = (text(before), text(entry)) else {
                    continue;
                };
                if one != other && !decided(path) {
                    let problem = format!(
                        "{} says `{one}` for the same devices, and neither entry is more specific: leave one out, or add \
                         an entry that names OUI and product class",
                        before.name
                    );
                    source.entry_mistake(entry, path, problem);
                }
            }
        }
    }
}

/// The devices for which two entries are equally specific.
fn tie(one: &DevicesMatch, other: &DevicesMatch) -> Option<DeviceClass> {
    let (one, other) = (one.class(), other.class());
    if one == other {
        Some(one)
    } else {
        one.crossed_with(&other)
    }
}

impl DevicesMatch {
    /// The devices.
    ///
    /// # Panics
    /// If a part is no part of a device key; those that were read are.
    fn class(&self) -> DeviceClass {
        DeviceClass::new(self.oui.as_deref(), self.product_class.as_deref())
            .expect("the parts were checked when they were read")
    }
}

impl Config {
    /// A value of the configuration, with what the overrides say instead.
    pub(super) fn per_device<T: Clone>(
        &self,
        general: &T,
        instead: impl Fn(&OverrideConfig) -> Option<&T>,
    ) -> PerDevice<T> {
        let exceptions = self.overrides.iter().filter_map(|one| {
            let value = instead(one)?.clone();
            Some((one.devices.class(), value))
        });
        PerDevice::new(general.clone(), exceptions)
    }
}

/// The entries as they stand in the file.
pub(super) fn printed(overrides: &[OverrideConfig]) -> Value {
    overrides.iter().map(entry).collect()
}

fn entry(one: &OverrideConfig) -> Value {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let values = [
        (OUI, text(&one.devices.oui)),
        (PRODUCT_CLASS, text(&one.devices.product_class)),
        (key::FILE_TYPE.path, text(&one.file_type)),
        (key::URL.path, text(&one.url)),
        (key::PARAMETER.path, text(&one.parameter)),
        (key::QUEUE.path, one.queue.map(duration)),
        (key::ACCEPT.path, one.accept.map(duration)),
        (key::TRANSFER.path, one.transfer.map(duration)),
        (key::LOOKUP.path, one.lookup.map(duration)),
        (key::SET.path, one.set.map(duration)),
    ];
    let mut entry = Map::new();
    for (path, value) in values {
        if let (Some((section, name)), Some(value)) = (path.split_once('.'), value) {
            entry.entry(section).or_insert_with(|| Map::new().into())[name] = value;
        }
    }
    entry.into()
}
