use std::sync::Arc;

use crate::cwmp::{CommandKey, DeviceId, FaultCode, Rpc};
use crate::onem2m::ResponseStatusCode;
use crate::record::OwnedRecord;
use crate::time::Timestamp;

use super::{CommandId, Request, Step};

/// A decision of the core, to be carried out by the runtime.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    /// The installation is no longer known: a tombstone for the changelog.
    Forget(InstallationId),
    /// The installation changed: the changelog wants its state at the end of the transaction.
    Remember(Slot),
    /// The requester gets an answer.
    Respond(Response),
    /// The ACS gets a command.
    Send(Command),
    /// A record belongs to nothing: it goes to the dead letters.
    SetAside(Unmatched),
    /// The file of an installation is to be put into the store; [`super::Correlator::handle_staged`] gets the answer. Not
    /// before the changelog knows the installation.
    Stage(Box<Staging>),
    /// The file of that name is not needed any more. Not before the changelog knows that.
    Unstage(Box<str>),
}

/// The caller's buffer for effects; reused from call to call.
pub type Effects = Vec<Effect>;

/// What identifies an installation; never the CommandKey alone.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InstallationId {
    /// The device.
    pub device: DeviceId,
    /// The CommandKey of its Download.
    pub command_key: CommandKey,
}

/// Where an installation stands in its correlator, until it is forgotten.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot(pub u32);

/// An answer to a create request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// What is answered.
    pub request: Arc<Request>,
    /// Whether more follows.
    pub kind: ResponseKind,
    /// The outcome.
    pub response_status_code: ResponseStatusCode,
    /// For people: empty, or why it failed.
    pub debug: String,
    /// The CWMP fault that ended it.
    pub fault_code: Option<FaultCode>,
    /// The row of `Device.Security.Certificate.{i}.` that got the SUIDs, with a dot at the end.
    pub certificate_path: Option<Box<str>>,
}

/// Whether more follows a response.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ResponseKind {
    /// The request is taken on; the result follows (TS-0004 clause 7.3.2.3).
    Acknowledgement,
    /// The result.
    Final,
}

/// A command for a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// The request that is behind it; its device and CommandKey are present.
    pub request: Arc<Request>,
    /// What the command is for.
    pub step: Step,
    /// 1 for the first try.
    pub attempt: u16,
    /// After this the command must not be started.
    pub expires_at: Timestamp,
    /// What to call.
    pub rpc: Rpc,
}

impl Command {
    /// The id that the answer will carry.
    pub fn id(&self) -> CommandId {
        CommandId {
            command_key: self
                .request
                .command_key
                .expect("a command has a CommandKey"),
            step: self.step,
            attempt: self.attempt,
        }
    }

    /// The device to call.
    pub fn device(&self) -> &DeviceId {
        self.request
            .device
            .as_ref()
            .expect("a command has a device")
    }
}

/// A file that is to be put into the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Staging {
    /// The installation whose Download waits for it.
    pub id: InstallationId,
    /// Under which name; another file is never asked for under the same one.
    pub name: Box<str>,
    /// The file.
    pub content: Arc<[u8]>,
    /// After this nobody waits any more.
    pub until: Timestamp,
}

/// A record that belongs to no installation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unmatched {
    /// Why.
    pub reason: UnmatchedReason,
    /// For people: what was looked for, and how to mend it.
    pub explanation: String,
    /// The record; `None`: the one that is being handled.
    pub record: Option<Box<OwnedRecord>>,
}

/// Why a record belongs to no installation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum UnmatchedReason {
    /// The CommandKey is empty, and several transfers of the device are open.
    AmbiguousCommandKey,
    /// So many events wait for their request already that this one cannot.
    EarlyEventsFull,
    /// So many events of the device wait for requests already that this one cannot.
    EarlyEventsOfDeviceFull,
    /// The CommandKey is empty.
    EmptyCommandKey,
    /// The answer names no command, or one that the bridge never writes.
    UnknownCommandId,
    /// No request of this device with that CommandKey came in time.
    UnknownCommandKey,
}

impl UnmatchedReason {
    /// The header `credbridge-reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbiguousCommandKey => "ambiguous_command_key",
            Self::EarlyEventsFull => "early_events_full",
            Self::EarlyEventsOfDeviceFull => "early_events_of_device_full",
            Self::EmptyCommandKey => "empty_command_key",
            Self::UnknownCommandId => "unknown_command_id",
            Self::UnknownCommandKey => "unknown_command_key",
        }
    }
}
