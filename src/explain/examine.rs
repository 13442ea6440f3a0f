//! What one record says about the installation.

use crate::correlator::{Event, EventKind, Installation, State};
use crate::cwmp::DeviceId;
use crate::record::{Coordinates, Headers, Record};
use crate::runtime::router;
use crate::time::Timestamp;
use crate::wire::changelog::{self, ChangelogEntry};
use crate::wire::{Decoded, Input, Undecoded};

use super::entry::{Entry, Kind};
use super::gather::Gatherer;
use super::scope::{Role, role};
use super::subject::Subject;
use super::telling::{self, Told};

/// An input as it was decoded.
struct Seen {
    told: Told,
    /// Whether it is of the installation.
    is_ours: bool,
    /// Whether it is of its device, or has its CommandKey.
    is_near: bool,
}

/// The input that a copy was made of.
struct Source<'r> {
    role: Role,
    coordinates: Coordinates,
    key: Option<&'r [u8]>,
}

impl<'r> Source<'r> {
    fn of(&'r self, copy: Record<'r>) -> Record<'r> {
        Record {
            coordinates: &self.coordinates,
            key: self.key,
            ..copy
        }
    }
}

impl Gatherer<'_> {
    /// What the record says about the installation; `None`: nothing.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(super) fn entry(
        &mut self,
        role: Role,
        record: Record<'_>,
        time: Option<Timestamp>,
    ) -> anyhow::Result<Option<Entry>> {
        let entry = |kind, told| Some(Entry::new(kind, told, &record, time));
        Ok(match role {
            Role::Command | Role::Response if !self.subject.has_output(&record) => None,
            Role::Command => {
                self.learn(&record);
                entry(Kind::Command, telling::command(&record))
            }
            Role::Response => {
                self.learn(&record);
                entry(Kind::Response, telling::response(&record))
            }
            Role::Request | Role::CpeEvent => {
                if self.subject.request.as_ref() == Some(record.coordinates) {
                    self.request_key = Some(record.key.map(<[u8]>::to_vec));
                }
                let seen = self.see(role, record);
                (seen.is_ours || self.takes_all)
                    .then(|| Entry::new(Kind::Input, seen.told, &record, time))
            }
            Role::Routed => self.source(role, &record).and_then(|source| {
                let seen = self.see(source.role, source.of(record));
                seen.is_ours
                    .then(|| Entry::new(Kind::Forwarded, seen.told, &record, time))
            }),
            Role::DeadLetter => self.dead_letter(record, time),
            Role::State => self
                .state(&record)?
                .map(|told| Entry::new(Kind::State, told, &record, time)),
        })
    }

    /// Takes from an output what was not known.
    fn learn(&mut self, record: &Record<'_>) {
        let learnt = Subject::of_output(record);
        let subject = &mut self.subject;
        subject.id = subject.id.take().or(learnt.id);
        subject.request = subject.request.take().or(learnt.request);
    }

    fn source<'r>(&self, role: Role, record: &Record<'r>) -> Option<Source<'r>> {
        let mut headers = Headers::from_slice(record.headers);
        let (coordinates, source_key) = router::origin(&mut headers)?;
        Some(Source {
            role: self::role(self.config, &coordinates.topic)?,
            coordinates,
            key: if role == Role::Routed {
                source_key
            } else {
                record.key
            },
        })
    }

    fn see(&mut self, role: Role, record: Record<'_>) -> Seen {
        let input = if role == Role::Request {
            Input::Requests
        } else {
            Input::CpeEvents
        };
        let is_request = self.subject.request.as_ref() == Some(record.coordinates);
        let mut seen = match self.decoder.decode(input, record) {
            Ok(Decoded::One(event)) => self.seen(&event),
            Ok(Decoded::Several(several)) => {
                let mut all = several.events.iter().map(|event| self.seen(event));
                all.find(|seen| seen.is_ours).unwrap_or_else(|| Seen {
                    told: Told::new("notifications", "notifications of creations".to_owned()),
                    is_ours: false,
                    is_near: false,
                })
            }
            Err(Undecoded::Foreign) => self.unseen(&record, telling::event(&EventKind::Foreign)),
            Err(Undecoded::Homeless(response, _)) => {
                self.unseen(&record, telling::homeless(&response))
            }
            Err(Undecoded::Unreadable(error)) => {
                self.unseen(&record, Told::new("unreadable", error.to_string()))
            }
        };
        seen.is_ours |= is_request;
        seen
    }

    fn seen(&mut self, event: &Event<'_>) -> Seen {
        let is_ours = self.subject.has_event(event);
        if let EventKind::Answer(answer) = &event.kind
            && is_ours
        {
            self.subject.alias = self.subject.alias.or(answer.command_key);
        }
        let named = Subject::of_event(event).and_then(|named| named.id);
        let has_key = named.is_some_and(|named| self.subject.is_called(named.command_key));
        Seen {
            told: telling::event(&event.kind),
            is_ours,
            is_near: has_key || self.device() == Some(&event.device),
        }
    }

    fn unseen(&self, record: &Record<'_>, told: Told) -> Seen {
        let device = self.device().map(|device| device.key().as_bytes());
        Seen {
            told,
            is_ours: false,
            is_near: device.is_some()
                && (record.key == device || record.header("cwmp-device-id") == device),
        }
    }

    fn device(&self) -> Option<&DeviceId> {
        self.subject.id.as_ref().map(|id| &id.device)
    }

    fn dead_letter(&mut self, record: Record<'_>, time: Option<Timestamp>) -> Option<Entry> {
        let source = self.source(Role::DeadLetter, &record)?;
        let seen = self.see(source.role, source.of(record));
        if !seen.is_ours && !seen.is_near {
            return None;
        }
        let mut entry = Entry::new(
            Kind::DeadLetter,
            telling::dead_letter(&record),
            &record,
            time,
        );
        entry.is_stranger = !seen.is_ours;
        Some(entry)
    }

    /// `None`: a record of another installation.
    fn state(&mut self, record: &Record<'_>) -> anyhow::Result<Option<Told>> {
        let key = record.key.unwrap_or_default();
        let entry = changelog::decode(key, record.value, &self.decoder)?;
        if let ChangelogEntry::Waiting(request, waiting) = &entry {
            let is_ours = self.subject.request.as_ref() == Some(request);
            return Ok(is_ours.then(|| telling::waiting(waiting.as_deref())));
        }
        let Some(id) = self.subject.id.clone() else {
            return Ok(None);
        };
        match entry {
            ChangelogEntry::Forgotten(forgotten) => {
                Ok((forgotten == id).then(|| telling::state(None)))
            }
            ChangelogEntry::Installation(installation) => {
                let has_alias = installation.alias.as_deref() == Some(&id.command_key)
                    && installation.id.device == id.device;
                if installation.id != id && !has_alias {
                    return Ok(None);
                }
                self.learn_state(&installation);
                Ok(Some(telling::state(Some(&installation))))
            }
            ChangelogEntry::Ledger(..)
            | ChangelogEntry::Pacing(_)
            | ChangelogEntry::Rest(..)
            | ChangelogEntry::Waiting(..) => Ok(None),
        }
    }

    fn learn_state(&mut self, installation: &Installation) {
        let subject = &mut self.subject;
        subject.id = Some(installation.id.clone());
        if let Some(alias) = &installation.alias {
            subject.alias = Some(**alias);
        }
        let request = match &installation.state {
            State::Early(_) => None,
            State::Open(open) => Some(&open.request.coordinates),
            State::Ended(ended) => Some(&ended.coordinates),
        };
        if let Some(request) = request {
            subject.request = Some(request.clone());
        }
    }
}
