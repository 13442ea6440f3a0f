use crate::record::{Coordinates, Record};
use crate::time::Timestamp;

use super::telling::Told;

/// What an entry of the timeline is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// A record of an input topic.
    Input,
    /// An input on its way to the worker that owns its shard.
    Forwarded,
    /// A command for the ACS.
    Command,
    /// An answer to the requester.
    Response,
    /// An input that was set aside.
    DeadLetter,
    /// The state as the bridge wrote it down.
    State,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Forwarded => "forwarded",
            Self::Command => "command",
            Self::Response => "response",
            Self::DeadLetter => "dead_letter",
            Self::State => "state",
        }
    }
}

/// One record that has to do with the installation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) at: Coordinates,
    /// When it was written; `None`: it is not in Kafka any more.
    pub(super) time: Option<Timestamp>,
    pub(super) kind: Kind,
    pub(super) told: Told,
    /// `credbridge-cause` of an output, `credbridge-source` of a copy.
    pub(super) cause: Option<String>,
    /// `credbridge-id` of an output.
    pub(super) id: Option<String>,
    /// Not of the installation, but of its device or with its CommandKey.
    pub(super) is_stranger: bool,
}

impl Entry {
    pub(super) fn new(
        kind: Kind,
        told: Told,
        record: &Record<'_>,
        time: Option<Timestamp>,
    ) -> Self {
        let header = |name| record.header_text(name).map(str::to_owned);
        let is_output = kind != Kind::Input;
        Self {
            at: record.coordinates.clone(),
            time,
            kind,
            told,
            cause: header("credbridge-cause")
                .or_else(|| header("credbridge-source"))
                .filter(|_| is_output),
            id: header("credbridge-id").filter(|_| is_output),
            is_stranger: false,
        }
    }

    /// An input that something names as its cause, and that Kafka does not hold any more.
    pub(super) fn gone(at: Coordinates) -> Self {
        Self {
            at,
            time: None,
            kind: Kind::Input,
            told: Told::new("gone", "no longer in Kafka".to_owned()),
            cause: None,
            id: None,
            is_stranger: false,
        }
    }
}
