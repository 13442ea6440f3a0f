use std::sync::Arc;

use crate::cwmp::{CommandKey, DownloadFile, ParameterFault, ParameterValue, TransferComplete};
use crate::onem2m::{Certificate, MyCertFileCred};
use crate::record::{Coordinates, OwnedRecord};
use crate::time::Timestamp;

use super::{Answer, AnswerKind, InstallationId, Request, Retry, StoredResource};

/// One certificate on its way to one device, or what is known of it before and after.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// Which one.
    pub id: InstallationId,
    /// The CommandKey that the ACS really used for the Download, if it is not that of the id.
    pub alias: Option<Box<CommandKey>>,
    /// When the present state ends by itself.
    pub deadline: Timestamp,
    /// Where it stands.
    pub state: State,
}

/// Where an installation stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// Its request has not come; these events wait for it, in the order of their arrival. Invariant: not empty.
    Early(Vec<EarlyEvent>),
    /// Its request has come, and is not finally answered.
    Open(Box<Open>),
    /// It is over, and remembered to tell repeats from strangers.
    Ended(Ended),
}

/// An event that came before its request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EarlyEvent {
    /// What happened.
    pub kind: EarlyKind,
    /// The record, to be set aside if no request comes.
    pub record: Box<OwnedRecord>,
    /// How long it waits.
    pub expires_at: Timestamp,
}

impl EarlyEvent {
    /// Bytes that it takes: those of the record, and what was read out of it.
    pub(super) fn bytes(&self) -> usize {
        self.record.bytes() + self.kind.bytes()
    }
}

impl EarlyKind {
    /// Bytes of the parts that there may be many of; their texts are as long as in the record, and counted there.
    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Answer(answer) => match &answer.kind {
                AnswerKind::Fault(fault) => fault.parameters.len() * size_of::<ParameterFault>(),
                AnswerKind::GetParameterValuesResponse(parameters) => {
                    parameters.len() * size_of::<ParameterValue>()
                }
                AnswerKind::CancelTransferResponse
                | AnswerKind::DownloadResponse(_)
                | AnswerKind::GetParameterNamesResponse
                | AnswerKind::Rejection(_)
                | AnswerKind::SetParameterValuesResponse(_) => 0,
            },
            Self::TransferComplete(_) => 0,
        }
    }
}

/// What can come before its request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EarlyKind {
    /// An answer to one of its commands.
    Answer(Answer),
    /// The end of its transfer.
    TransferComplete(TransferComplete),
}

/// An installation whose request is not finally answered, or a request to change one that is over: it has a CommandKey
/// of its own, by which its commands are answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// The request; its device, CommandKey and resource are present.
    pub request: Arc<Request>,
    /// What was done last.
    pub progress: Progress,
    /// When the request was handled.
    pub handled_at: Timestamp,
    /// When the request or its result is worth nothing any more; the earlier of rqet and rset.
    pub expires_at: Option<Timestamp>,
    /// What identifies the certificate; `None` if its file hides it.
    pub certificate: Option<Certificate>,
    /// The row of `Device.Security.Certificate.{i}.` that gets the SUIDs, with a dot at the end; known from
    /// [`Progress::SetSent`] on.
    pub certificate_path: Option<Box<str>>,
    /// The rows before the Download, as they stand in paths; `None`: not known, or no help.
    pub rows_before: Option<Box<[Box<str>]>>,
    /// For people: goes into the final response; usually empty.
    pub remark: Box<str>,
    /// The certificate file, as long as a Download may still be sent.
    pub file: Option<DownloadFile>,
    /// Set while the first attempt of the present step waits, and once an attempt has failed.
    pub retry: Option<Box<Retry>>,
    /// The file in the store, once it was asked for.
    pub staged: Option<Box<StagedFile>>,
    /// The installation of the same device that the request changes; `None`: the request creates.
    pub target: Option<Box<CommandKey>>,
}

impl Open {
    /// The CommandKey of the Download.
    pub fn command_key(&self) -> CommandKey {
        self.request
            .command_key
            .expect("an open installation has a CommandKey")
    }

    /// Whether it counts among the open Downloads of its device.
    pub(super) const fn is_transferring(&self) -> bool {
        matches!(
            self.progress,
            Progress::ListSent | Progress::DownloadSent | Progress::Accepted
        )
    }

    /// Whether its Download waits for the store.
    pub(super) fn is_staging(&self) -> bool {
        let is_missing = self.staged.as_deref().is_some_and(|file| !file.is_there);
        let is_due = self.retry.as_deref().is_some_and(|retry| retry.is_due);
        is_missing && !is_due && self.progress == Progress::DownloadSent
    }

    /// Whether its Download is sent as soon as the device has one less open.
    pub(super) fn is_queued(&self) -> bool {
        let is_due = self.retry.as_deref().is_some_and(|retry| retry.is_due);
        self.progress == Progress::Waiting && !is_due
    }

    /// The attributes of the resource.
    pub fn resource(&self) -> &MyCertFileCred {
        self.request
            .resource
            .as_ref()
            .expect("an open installation has a resource")
    }
}

/// A certificate file in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StagedFile {
    /// Its name there.
    pub name: Box<str>,
    /// Whether the store has said that it is there, since it was asked to take it last.
    pub is_there: bool,
}

/// What was done last for an open installation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Progress {
    /// Nothing was sent: the device has enough open Downloads, or the time has not come.
    Waiting,
    /// The rows of certificates are listed before the Download is sent; the device has not answered.
    ListSent,
    /// The Download was sent, or is as soon as its file is in the store; the device has not answered.
    DownloadSent,
    /// The device accepted the Download; the transfer has not ended.
    Accepted,
    /// The file is on the device; its row is being looked up.
    LookupSent,
    /// The SUIDs were sent; the device has not answered.
    SetSent,
    /// CancelTransfer was sent for the installation that the request withdraws; the device has not answered.
    CancelSent,
}

impl Progress {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::ListSent,
        Self::DownloadSent,
        Self::Accepted,
        Self::LookupSent,
        Self::SetSent,
        Self::CancelSent,
    ];

    /// Name of the time-out that ends it, as in the section `timeouts` of the configuration.
    pub const fn timeout_name(self) -> &'static str {
        match self {
            Self::Waiting => "queue",
            Self::DownloadSent | Self::CancelSent => "accept",
            Self::Accepted => "transfer",
            Self::ListSent | Self::LookupSent => "lookup",
            Self::SetSent => "set",
        }
    }
}

/// What is remembered of an installation that is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// Where the request stands: the same record again is a repeat.
    pub coordinates: Coordinates,
    /// How the transfer went: a TransferComplete that says otherwise is a contradiction.
    pub transfer: Transfer,
    /// The resource that was created, as long as it is kept.
    pub resource: Option<Box<StoredResource>>,
}

/// How the transfer of an ended installation went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transfer {
    /// The device refused, failed or cancelled it.
    Failed,
    /// The file is on the device.
    Stored,
    /// CancelTransfer was sent when its time had run out; the device has not answered.
    Cancelling,
    /// The device has told nothing so far.
    Unknown,
}

/// State and progress of an installation whose request has come, for matching.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Position {
    Open(Progress),
    Ended(Transfer),
}

impl Installation {
    /// `None` while the request has not come.
    pub(super) fn position(&self) -> Option<Position> {
        match &self.state {
            State::Early(_) => None,
            State::Open(open) => Some(Position::Open(open.progress)),
            State::Ended(ended) => Some(Position::Ended(ended.transfer)),
        }
    }

    pub(super) fn open(&self) -> Option<&Open> {
        match &self.state {
            State::Open(open) => Some(open),
            State::Early(_) | State::Ended(_) => None,
        }
    }

    pub(super) fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            State::Early(_) | State::Open(_) => None,
        }
    }

    /// Where the request stands; `None` while it has not come.
    pub fn coordinates(&self) -> Option<&Coordinates> {
        match &self.state {
            State::Early(_) => None,
            State::Open(open) => Some(&open.request.coordinates),
            State::Ended(ended) => Some(&ended.coordinates),
        }
    }

    /// Whether it is among those that [`super::table::Table::concerning`] finds.
    pub(super) fn concerns_device(&self) -> bool {
        self.open().is_some() || self.resource().is_some()
    }

    /// The resource that was created, while it is kept.
    pub(super) fn resource(&self) -> Option<&StoredResource> {
        match &self.state {
            State::Ended(ended) => ended.resource.as_deref(),
            State::Early(_) | State::Open(_) => None,
        }
    }

    /// Bytes of the events that wait.
    pub(super) fn early_bytes(&self) -> usize {
        let events = self.early_events().iter();
        events.map(EarlyEvent::bytes).sum()
    }

    pub(super) fn early_events(&self) -> &[EarlyEvent] {
        match &self.state {
            State::Early(events) => events,
            State::Open(_) | State::Ended(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of ended installations at fleet scale is tens of millions, and millions are open at a time. Allocators
    /// round up: to 320 and 192 bytes here, the two counters of the shared request included.
    #[test]
    fn an_installation_takes_few_bytes() {
        let sizes = [
            size_of::<Installation>(),
            size_of::<Request>() + 2 * size_of::<usize>(),
            size_of::<Open>(),
        ];
        let limits = [120, 320, 192];
        assert!(
            sizes.iter().zip(&limits).all(|(size, limit)| size <= limit),
            "{sizes:?}"
        );
    }
}
