use std::fmt;

use anyhow::{Context as _, bail};

use crate::correlator::{Event, EventKind, InstallationId};
use crate::cwmp::{CommandKey, DeviceId};
use crate::record::{Coordinates, Record};
use crate::wire::changelog::{self, ChangelogEntry};
use crate::wire::{Decoded, Decoder, Input, Undecoded};

use super::scope::Role;

/// What is to be explained. Invariant: `id` or `request` is there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Subject {
    /// The installation; `None`: only its request is known, e.g. because it was refused.
    pub(super) id: Option<InstallationId>,
    /// The CommandKey that the ACS really used, if it is another one.
    pub(super) alias: Option<CommandKey>,
    /// Where the request stands.
    pub(super) request: Option<Coordinates>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "device {}, CommandKey {}", id.device, id.command_key)?,
            None => f.write_str("no installation")?,
        }
        if let Some(alias) = &self.alias {
            write!(f, " (the ACS's own: {alias})")?;
        }
        match &self.request {
            Some(request) => write!(f, ", request at {request}"),
            None => f.write_str(", no request known"),
        }
    }
}

impl Subject {
    pub(super) fn of_id(device: DeviceId, command_key: CommandKey) -> Self {
        Self {
            id: Some(InstallationId {
                device,
                command_key,
            }),
            ..Self::default()
        }
    }

    /// The installation that a record belongs to.
    ///
    /// # Errors
    /// If it belongs to none.
    pub(super) fn of_record(
        role: Role,
        record: Record<'_>,
        decoder: &Decoder,
    ) -> anyhow::Result<Self> {
        let at = record.coordinates;
        match role {
            Role::Request => Self::of_request(record, decoder),
            Role::CpeEvent => match decoder.decode(Input::CpeEvents, record) {
                Ok(Decoded::One(event)) => Self::of_event(&event).with_context(|| {
                    format!("the event at {at} names no command and no CommandKey")
                }),
                Ok(Decoded::Several(_)) | Err(Undecoded::Foreign) => {
                    bail!("the record at {at} is not about an installation")
                }
                Err(Undecoded::Homeless(_, error) | Undecoded::Unreadable(error)) => {
                    bail!("the record at {at} cannot be read: {error}")
                }
            },
            Role::Command | Role::Response => Ok(Self::of_output(&record)),
            Role::State => {
                let key = record.key.unwrap_or_default();
                let id = match changelog::decode(key, None, decoder)? {
                    ChangelogEntry::Forgotten(id) => id,
                    ChangelogEntry::Installation(_)
                    | ChangelogEntry::Ledger(..)
                    | ChangelogEntry::Pacing(_)
                    | ChangelogEntry::Rest(..) => {
                        bail!("the record at {at} is about its shard, not about an installation")
                    }
                    ChangelogEntry::Waiting(request, _) => {
                        return Ok(Self::of_coordinates(request));
                    }
                };
                Ok(Self::of_id(id.device, id.command_key))
            }
            Role::Routed | Role::DeadLetter => {
                bail!(
                    "the record at {at} does not say where it came from: the bridge did not write it"
                )
            }
        }
    }

    pub(super) fn of_coordinates(request: Coordinates) -> Self {
        Self {
            request: Some(request),
            ..Self::default()
        }
    }

    /// A request that is refused is known by its place only.
    fn of_request(record: Record<'_>, decoder: &Decoder) -> anyhow::Result<Self> {
        let id = match decoder.decode(Input::Requests, record) {
            Ok(Decoded::One(event)) => Self::of_event(&event).and_then(|subject| subject.id),
            Ok(Decoded::Several(several)) => {
                let ids = several.events.iter().filter_map(Self::of_event);
                let named: Vec<String> = ids.map(|subject| subject.to_string()).collect();
                bail!(
                    "the record at {} tells of several installations: name one by --device and --command-key ({})",
                    record.coordinates,
                    named.join("; ")
                )
            }
            Err(_) => None,
        };
        Ok(Self {
            id,
            ..Self::of_coordinates(record.coordinates.clone())
        })
    }

    /// `None`: the event names no installation.
    pub(super) fn of_event(event: &Event<'_>) -> Option<Self> {
        let command_key = match &event.kind {
            EventKind::Answer(answer) => answer.command_id?.command_key,
            EventKind::CreateRequest(request) => request.command_key,
            EventKind::ResourceRequest(request) => request.command_key,
            EventKind::TransferComplete(transfer) => transfer.command_key?,
            EventKind::Foreign | EventKind::RefusedRequest(_) => return None,
        };
        Some(Self::of_id(event.device.clone(), command_key))
    }

    /// What the headers of a command or a response say.
    pub(super) fn of_output(record: &Record<'_>) -> Self {
        let device = record.header_text("cwmp-device-id");
        let command_key = record.header_text("cwmp-command-key");
        let id = device
            .and_then(|key| DeviceId::from_key(key).ok())
            .zip(command_key.and_then(|key| CommandKey::try_from(key).ok()))
            .map(|(device, command_key)| InstallationId {
                device,
                command_key,
            });
        Self {
            id,
            alias: None,
            request: record
                .header_text("credbridge-request")
                .and_then(|text| text.parse().ok()),
        }
    }

    /// Whether a command or a response is of this installation.
    pub(super) fn has_output(&self, record: &Record<'_>) -> bool {
        if let Some(id) = &self.id {
            return record.header("cwmp-device-id") == Some(id.device.key().as_bytes())
                && record.header("cwmp-command-key") == Some(id.command_key.as_str().as_bytes());
        }
        let output = Self::of_output(record);
        output.request.is_some() && output.request == self.request
    }

    /// Whether an event is about this installation.
    pub(super) fn has_event(&self, event: &Event<'_>) -> bool {
        let Some(id) = &self.id else {
            return false;
        };
        let named = Self::of_event(event).and_then(|named| named.id);
        named.is_some_and(|named| named.device == id.device && self.is_called(named.command_key))
    }

    /// Whether this is the CommandKey, or the ACS's own.
    pub(super) fn is_called(&self, command_key: CommandKey) -> bool {
        self.id
            .as_ref()
            .is_some_and(|id| id.command_key == command_key)
            || self.alias == Some(command_key)
    }
}
