use std::borrow::Borrow;

use serde::{Serialize, Serializer};

use crate::correlator::{Installation, Ledger, State};
use crate::runtime::shard::{Phase, Shard};
use crate::time::Timestamp;

/// Installations of a device that one answer shows; of more it says how many.
pub const INSTALLATIONS_SHOWN_MAX: usize = 100;

/// Open installations that an overview shows, those that are open for longest.
pub const OLDEST_SHOWN_MAX: usize = 10;

/// What a worker knows of a device.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceView {
    /// Its shard.
    pub shard: i32,
    /// Which worker owns that.
    pub worker: usize,
    /// In the order of their CommandKeys, at most [`INSTALLATIONS_SHOWN_MAX`].
    pub installations: Vec<InstallationView>,
    /// How many more there are.
    pub more: usize,
}

/// An installation, for people.
#[derive(Clone, Debug, Serialize)]
pub struct InstallationView {
    /// Of which device; left out where the question names it.
    #[serde(skip)]
    pub device: Box<str>,
    /// By which it is identified.
    pub command_key: Box<str>,
    /// Under which the ACS really sent the Download, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<Box<str>>,
    /// What was done last.
    pub step: &'static str,
    /// What has to come before it goes on.
    pub waits_for: &'static str,
    /// Where its request stands: `topic/partition/offset`; `None` while it has not come.
    pub request: Option<String>,
    /// When the request was handled; `None` if it has not come, or is over.
    #[serde(serialize_with = "time")]
    pub since: Option<Timestamp>,
    /// When the present state ends by itself.
    #[serde(serialize_with = "time")]
    pub deadline: Option<Timestamp>,
    /// When request or result are worth nothing any more.
    #[serde(serialize_with = "time")]
    pub expires_at: Option<Timestamp>,
    /// Attempts of its present command that were sent.
    pub attempts: u16,
    /// The CommandKey of the installation that it changes or withdraws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<str>>,
    /// Events that wait for its request.
    pub early_events: usize,
}

/// Those of the installations that are open for longest, the oldest first, at most [`OLDEST_SHOWN_MAX`].
pub fn open_for_longest<V: Borrow<InstallationView>>(all: impl Iterator<Item = V>) -> Vec<V> {
    let mut oldest: Vec<V> = all.collect();
    oldest.sort_by_key(|one| one.borrow().since);
    oldest.truncate(OLDEST_SHOWN_MAX);
    oldest
}

/// What a worker has.
#[derive(Clone, Debug)]
pub struct WorkerView {
    /// Its number.
    pub worker: usize,
    /// Its shards, by number.
    pub shards: Vec<ShardView>,
    /// Those of its installations that are open for longest, the oldest first, at most [`OLDEST_SHOWN_MAX`].
    pub oldest: Vec<InstallationView>,
}

/// A shard, for people.
#[derive(Clone, Debug)]
pub struct ShardView {
    /// Its number.
    pub number: i32,
    /// `ready`, `catching up` or `restoring`.
    pub phase: &'static str,
    /// Installations under way.
    pub open: usize,
    /// Installations that are over, and remembered.
    pub ended: usize,
    /// Requests that wait for their node.
    pub waiting: usize,
    /// What became of all events since the beginning of the shard.
    pub ledger: Ledger,
}

impl InstallationView {
    pub(in crate::runtime) fn of(installation: &Installation) -> Self {
        let (request, since, expires_at, target, early_events) = match &installation.state {
            State::Early(events) => (None, None, None, None, events.len()),
            State::Open(open) => (
                Some(open.request.coordinates.to_string()),
                Some(open.handled_at),
                open.expires_at,
                open.target.as_deref().map(|key| key.as_str().into()),
                0,
            ),
            State::Ended(ended) => (Some(ended.coordinates.to_string()), None, None, None, 0),
        };
        let alias = installation.alias.as_deref();
        Self {
            device: installation.id.device.key().into(),
            command_key: installation.id.command_key.as_str().into(),
            alias: alias.map(|key| key.as_str().into()),
            step: installation.step(),
            waits_for: installation.waits_for(),
            request,
            since,
            deadline: Some(installation.deadline),
            expires_at,
            attempts: installation.attempts(),
            target,
            early_events,
        }
    }
}

impl ShardView {
    pub(in crate::runtime) fn of(shard: &Shard) -> Self {
        Self {
            number: shard.number,
            phase: match shard.phase {
                Phase::Restoring => "restoring",
                Phase::CatchingUp(_) => "catching up",
                Phase::Ready => "ready",
            },
            open: shard.correlator.open_installations(),
            ended: shard.correlator.ended_installations(),
            waiting: shard.waiting.len(),
            ledger: shard.correlator.stats().ledger,
        }
    }
}

/// RFC 3339 in UTC; a time that never comes is left out.
#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn time<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    let millis = time.and_then(|time| i64::try_from(time.as_millis()).ok());
    let time = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.map(|time| format!("{time:.3}")).serialize(serializer)
}
