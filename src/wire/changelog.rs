//! State of the shards <-> records of the changelog.
//!
//! The key of an installation is `<device key>/<CommandKey>`, that of the ledger is `ledger`, that of the
//! clocks of token buckets `pacing`, that of a device that rests `rest/<device key>`, that of a request whose node
//! is not known yet `waiting/<topic>/<partition>/<offset>`. The value is one byte with the version of the format,
//! then a message of `proto/credbridge/internal/v1/state.proto`.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::io::Write as _;

use prost::Message;

use crate::correlator::{EarlyKind, EventKind, Installation, InstallationId, Ledger, Pacing};
use crate::cwmp::{CommandKey, DeviceId};
use crate::record::{Coordinates, OwnedRecord, Record};
use crate::time::Timestamp;

use super::r#gen::state;
use super::{Decoded, Decoder, Destination, Input, Outbound, Undecoded};

/// Version of the format that this program writes.
const VERSION: u8 = 1;

const LEDGER_KEY: &[u8] = b"ledger";

const PACING_KEY: &[u8] = b"pacing";

/// Begins the key of a waiting request. A device key has no slash and at least two parts, so it is none.
const WAITING_PREFIX: &[u8] = b"waiting/";

/// Begins the key of a device that rests; no device key either.
const REST_PREFIX: &[u8] = b"rest/";

/// What a record of the changelog says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ChangelogEntry {
    /// The installation is no longer known.
    Forgotten(InstallationId),
    /// The installation as it was.
    Installation(Box<Installation>),
    /// The ledger as it was, and the number of shards that the application had.
    Ledger(Ledger, u32),
    /// The clocks of the token buckets as they were.
    Pacing(Pacing),
    /// The device gets no further Download until then; `None`: that is over.
    Rest(DeviceId, Option<Timestamp>),
    /// The request that stands there waits for its node; `None`: not any more.
    Waiting(Coordinates, Option<Box<WaitingRequest>>),
}

/// A request whose node the node directory does not know yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WaitingRequest {
    /// The request as it was read.
    pub record: OwnedRecord,
    /// Address of the node.
    pub address: Box<str>,
    /// Until when the node may come.
    pub until: Timestamp,
}

/// Why a record of the changelog cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ChangelogError {
    /// The key is none that the bridge writes.
    #[error(
        "changelog key {0:?} is none of `ledger`, `pacing`, `<device key>/<CommandKey>`, `rest/<device key>` and `waiting/<topic>/<partition>/<offset>`: \
         does another program write to this topic?"
    )]
    Key(String),
    /// The value has a version that this program does not know.
    #[error(
        "changelog record {key:?} has format version {version}, this program reads {VERSION}: start the newer program \
         that wrote it"
    )]
    Version {
        /// Key of the record.
        key: String,
        /// Its version.
        version: u8,
    },
    /// The value is no message of its type.
    #[error("changelog record {key:?} is not a message of state.proto")]
    Malformed {
        /// Key of the record.
        key: String,
        /// What is wrong with the bytes.
        #[source]
        source: prost::DecodeError,
    },
    /// A field is missing or has a value that the bridge never writes.
    #[error(
        "changelog record {key:?}: {field} is missing or has a value that the bridge never writes"
    )]
    Field {
        /// Key of the record.
        key: String,
        /// The field of `state.proto`.
        field: &'static str,
    },
    /// An event that waits for its request can no longer be read.
    #[error(
        "changelog record {key:?}: the waiting event at {coordinates} cannot be read any more: {detail}; have formats or \
         devices been configured otherwise since?"
    )]
    EarlyEvent {
        /// Key of the record.
        key: String,
        /// Where the event stands, `topic/partition/offset`.
        coordinates: String,
        /// What is wrong with it.
        detail: String,
    },
}

/// Writes an installation as it is.
pub fn encode_installation(installation: &Installation, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    write_key(&installation.id, outbound);
    write::installation(installation, start_value(outbound));
}

/// Writes that an installation is no longer known.
pub fn encode_forgotten(id: &InstallationId, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    write_key(id, outbound);
}

/// Writes the ledger as it is. The number of shards goes with it, so that a shard notices when it was changed.
pub fn encode_ledger(ledger: &Ledger, shards: u32, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    outbound.key_mut().extend_from_slice(LEDGER_KEY);
    write_value(&write::ledger(ledger, shards), outbound);
}

/// Writes that a request waits for its node.
pub fn encode_waiting(request: &WaitingRequest, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    write_waiting_key(&request.record.coordinates, outbound);
    write::waiting(request, start_value(outbound));
}

/// Writes that the request that stands there does not wait any more.
pub fn encode_waited(coordinates: &Coordinates, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    write_waiting_key(coordinates, outbound);
}

/// Whether this is the key of a request that waits for its node.
pub fn is_waiting(key: &[u8]) -> bool {
    key.starts_with(WAITING_PREFIX)
}

fn write_waiting_key(coordinates: &Coordinates, outbound: &mut Outbound) {
    let key = outbound.key_mut();
    key.extend_from_slice(WAITING_PREFIX);
    write!(key, "{coordinates}").expect("writing to memory does not fail");
}

/// Writes the clocks of the token buckets as they are.
pub fn encode_pacing(pacing: &Pacing, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    outbound.key_mut().extend_from_slice(PACING_KEY);
    if !pacing.clocks.is_empty() {
        write_value(&write::pacing(pacing), outbound);
    }
}

/// Writes until when a device rests; `None`: that is over.
pub fn encode_rest(device: &DeviceId, until: Option<Timestamp>, outbound: &mut Outbound) {
    outbound.start(Destination::Changelog);
    let key = outbound.key_mut();
    key.extend_from_slice(REST_PREFIX);
    key.extend_from_slice(device.key().as_bytes());
    if let Some(until) = until {
        let until_ms = until.as_millis();
        write_value(&state::Rest { until_ms }, outbound);
    }
}

fn write_key(id: &InstallationId, outbound: &mut Outbound) {
    let key = outbound.key_mut();
    key.extend_from_slice(id.device.key().as_bytes());
    key.push(b'/');
    key.extend_from_slice(id.command_key.as_str().as_bytes());
}

/// A value that has its version, and is to be continued.
fn start_value(outbound: &mut Outbound) -> &mut Vec<u8> {
    let value = outbound.value_mut();
    value.push(VERSION);
    value
}

fn write_value(message: &impl Message, outbound: &mut Outbound) {
    message
        .encode(start_value(outbound))
        .expect("a vector has room for every message");
}

/// Reads a record of the changelog; `decoder` reads the events that wait for their request.
///
/// # Errors
/// If the bridge never wrote such a record, or a newer one did.
pub fn decode(
    key: &[u8],
    value: Option<&[u8]>,
    decoder: &Decoder,
) -> Result<ChangelogEntry, ChangelogError> {
    decode_with(key, value, &|record| early_kind(decoder, record))
}

/// Reads the record of an event that waits for its request, or tells why it cannot.
type ReadEarly<'a> = &'a dyn Fn(Record<'_>) -> Result<EarlyKind, String>;

fn early_kind(decoder: &Decoder, record: Record<'_>) -> Result<EarlyKind, String> {
    match decoder.decode(Input::CpeEvents, record) {
        Ok(Decoded::One(event)) => match event.kind {
            EventKind::Answer(answer) => Ok(EarlyKind::Answer(answer)),
            EventKind::TransferComplete(transfer) => Ok(EarlyKind::TransferComplete(transfer)),
            EventKind::CreateRequest(_)
            | EventKind::Foreign
            | EventKind::RefusedRequest(_)
            | EventKind::ResourceRequest(_) => {
                Err("it is neither an answer nor a TransferComplete".to_owned())
            }
        },
        Ok(Decoded::Several(_)) => Err("it is several events".to_owned()),
        Err(Undecoded::Foreign) => Err("it is not about an installation".to_owned()),
        Err(Undecoded::Homeless(_, error) | Undecoded::Unreadable(error)) => Err(error.to_string()),
    }
}

fn decode_with(
    key: &[u8],
    value: Option<&[u8]>,
    read_early: ReadEarly<'_>,
) -> Result<ChangelogEntry, ChangelogError> {
    if key == LEDGER_KEY {
        let Some(value) = value else {
            return Ok(ChangelogEntry::Ledger(Ledger::default(), 0));
        };
        let message: state::Ledger = message(key, value)?;
        return Ok(ChangelogEntry::Ledger(
            read::ledger(&message),
            message.shards,
        ));
    }
    if key == PACING_KEY {
        let pacing = match value {
            Some(value) => read::pacing(message(key, value)?).map_err(|broken| broken.of(key))?,
            None => Pacing::default(),
        };
        return Ok(ChangelogEntry::Pacing(pacing));
    }
    if let Some(place) = key.strip_prefix(WAITING_PREFIX) {
        return waiting(key, place, value);
    }
    if let Some(device) = key.strip_prefix(REST_PREFIX) {
        return rest(key, device, value);
    }
    let id = read_key(key)?;
    let Some(value) = value else {
        return Ok(ChangelogEntry::Forgotten(id));
    };
    let installation: state::Installation = message(key, value)?;
    read::installation(id, installation, read_early)
        .map(|installation| ChangelogEntry::Installation(Box::new(installation)))
        .map_err(|broken| broken.of(key))
}

fn rest(key: &[u8], device: &[u8], value: Option<&[u8]>) -> Result<ChangelogEntry, ChangelogError> {
    let device = std::str::from_utf8(device).ok();
    let device = device
        .and_then(|device| DeviceId::from_key(device).ok())
        .ok_or_else(|| ChangelogError::Key(shown(key)))?;
    let read = |value| message(key, value).map(|rest: state::Rest| rest.until_ms);
    let until = value.map(read).transpose()?;
    Ok(ChangelogEntry::Rest(
        device,
        until.map(Timestamp::from_millis),
    ))
}

fn waiting(
    key: &[u8],
    place: &[u8],
    value: Option<&[u8]>,
) -> Result<ChangelogEntry, ChangelogError> {
    let place = std::str::from_utf8(place).ok();
    let coordinates = place
        .and_then(|place| place.parse().ok())
        .ok_or_else(|| ChangelogError::Key(shown(key)))?;
    let request = match value {
        Some(value) => {
            let request = read::waiting(message(key, value)?).map_err(|broken| broken.of(key))?;
            if request.record.coordinates != coordinates {
                return Err(read::Broken::Field("record.coordinates").of(key));
            }
            Some(Box::new(request))
        }
        None => None,
    };
    Ok(ChangelogEntry::Waiting(coordinates, request))
}

fn read_key(key: &[u8]) -> Result<InstallationId, ChangelogError> {
    let read = || {
        // A device key has no slash; a CommandKey may have some.
        let (device, command_key) = std::str::from_utf8(key).ok()?.split_once('/')?;
        Some(InstallationId {
            device: DeviceId::from_key(device).ok()?,
            command_key: CommandKey::try_from(command_key).ok()?,
        })
    };
    read().ok_or_else(|| ChangelogError::Key(shown(key)))
}

fn message<M: Message + Default>(key: &[u8], value: &[u8]) -> Result<M, ChangelogError> {
    match value.split_first() {
        Some((&VERSION, rest)) => M::decode(rest).map_err(|source| ChangelogError::Malformed {
            key: shown(key),
            source,
        }),
        Some((&version, _)) => Err(ChangelogError::Version {
            key: shown(key),
            version,
        }),
        None => Err(ChangelogError::Field {
            key: shown(key),
            field: "version",
        }),
    }
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}
