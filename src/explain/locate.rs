//! Which installation is meant.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::{Context as _, bail, ensure};
use rdkafka::message::Message as _;

use crate::correlator::{Installation, InstallationId};
use crate::cwmp::{CommandKey, DeviceId};
use crate::record::{Coordinates, Headers, Record};
use crate::runtime::reader::{Stretch, with_record};
use crate::runtime::router::{self, partition_of};
use crate::wire::changelog::{self, ChangelogEntry};

use super::ExplainOptions;
use super::gather::Gatherer;
use super::scope::{Role, role};
use super::subject::Subject;
use super::telling;

/// Installations of a device, each with what the state says last.
pub(super) type Found = BTreeMap<CommandKey, String>;

/// What was meant.
pub(super) enum Located {
    One(Subject),
    /// Any of these of the device; or none.
    Several(DeviceId, Found),
}

/// Finds what is meant.
///
/// # Errors
/// If a topic cannot be read, or the record that is named belongs to no installation.
pub(super) fn locate(gatherer: &Gatherer<'_>, options: &ExplainOptions) -> anyhow::Result<Located> {
    match (&options.record, &options.device, options.command_key) {
        (Some(record), _, _) => of_record(gatherer, record).map(Located::One),
        (None, Some(device), Some(key)) => Ok(Located::One(Subject::of_id(device.clone(), key))),
        (None, Some(device), None) => of_device(gatherer, device),
        (None, None, _) => bail!("name a record, or --device"),
    }
}

fn of_record(gatherer: &Gatherer<'_>, at: &Coordinates) -> anyhow::Result<Subject> {
    let config = gatherer.config;
    let role = role(config, &at.topic).with_context(|| {
        format!(
            "{} is no topic of this configuration: name a record of one that it reads or writes",
            at.topic
        )
    })?;
    let count = gatherer.reader.partition_count(&at.topic)?;
    ensure!(
        (0..count).contains(&at.partition),
        "{} has {count} partitions, from 0 on: there is no record {at}",
        at.topic
    );
    let there = gatherer.reader.stretch(&at.topic, at.partition, None)?;
    ensure!(
        at.offset < there.end,
        "the record {at} is not written yet: the partition ends at {}",
        there.end
    );
    ensure!(
        at.offset >= there.begin,
        "the record {at} is gone: the partition begins at {}",
        there.begin
    );
    let stretch = Stretch {
        begin: at.offset,
        end: at.offset + 1,
        ..there
    };
    let mut subject = None;
    gatherer.reader.read(&[stretch], |message| {
        subject = Some(with_record(message, |record| {
            of_copy(gatherer, role, record)
        }));
        Ok(ControlFlow::Break(()))
    })?;
    subject.with_context(|| {
        format!("there is no record at {at}: it was compacted away, aborted, or is a marker of a transaction")
    })?
}

/// Copies are taken for what they were made of.
fn of_copy(gatherer: &Gatherer<'_>, role: Role, record: Record<'_>) -> anyhow::Result<Subject> {
    let mut headers = Headers::from_slice(record.headers);
    let origin = match role {
        Role::Routed | Role::DeadLetter => router::origin(&mut headers),
        Role::Request | Role::CpeEvent | Role::State | Role::Command | Role::Response => None,
    };
    let Some((coordinates, source_key)) = origin else {
        return Subject::of_record(role, record, &gatherer.decoder);
    };
    let Some(source_role) = super::scope::role(gatherer.config, &coordinates.topic) else {
        bail!("the record came from {coordinates}, which is no input of this configuration")
    };
    let source = Record {
        coordinates: &coordinates,
        key: if role == Role::Routed {
            source_key
        } else {
            record.key
        },
        ..record
    };
    Subject::of_record(source_role, source, &gatherer.decoder)
}

/// The installations that the state still knows, and those with a command that is still there.
fn of_device(gatherer: &Gatherer<'_>, device: &DeviceId) -> anyhow::Result<Located> {
    let config = gatherer.config;
    let mut found = Found::new();
    for (topic, since) in [
        (&config.topics.commands, gatherer.since),
        (&config.changelog_topic(), None),
    ] {
        let count = gatherer.reader.partition_count(topic)?;
        let partition = partition_of(device.key().as_bytes(), count);
        let stretch = gatherer.reader.stretch(topic, partition, since)?;
        let role = role(config, topic).context("a topic of the configuration has a role")?;
        gatherer.reader.read(&[stretch], |message| {
            let key = message.key().unwrap_or_default();
            if key.starts_with(device.key().as_bytes()) {
                with_record(message, |record| {
                    note(gatherer, role, record, device, &mut found)
                })?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let mut keys = found.keys();
    Ok(match (keys.next(), keys.next()) {
        (Some(only), None) => Located::One(Subject::of_id(device.clone(), *only)),
        (None, _) | (Some(_), Some(_)) => Located::Several(device.clone(), found),
    })
}

/// Takes down the installation of a command, or what the state says of one.
fn note(
    gatherer: &Gatherer<'_>,
    role: Role,
    record: Record<'_>,
    device: &DeviceId,
    found: &mut Found,
) -> anyhow::Result<()> {
    let mut say = |id: InstallationId, installation: Option<&Installation>| {
        if id.device == *device {
            found.insert(id.command_key, telling::state(installation).text);
        }
    };
    if role == Role::Command {
        if let Some(id) = Subject::of_output(&record).id {
            say(id, None);
        }
        return Ok(());
    }
    let key = record.key.unwrap_or_default();
    match changelog::decode(key, record.value, &gatherer.decoder)? {
        ChangelogEntry::Forgotten(id) => say(id, None),
        ChangelogEntry::Installation(installation) => {
            say(installation.id.clone(), Some(&installation));
        }
        ChangelogEntry::Ledger(..)
        | ChangelogEntry::Pacing(_)
        | ChangelogEntry::Rest(..)
        | ChangelogEntry::Waiting(..) => {}
    }
    Ok(())
}
