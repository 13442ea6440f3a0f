//! What devices said, and what is known of each installation.

use std::collections::BTreeMap;

use crate::correlator::Step;
use crate::time::Timestamp;

use super::Request;

/// What a device said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Fact {
    Accepted,
    CancelFailed,
    Cancelled,
    Completed,
    /// With the fault.
    DownloadFailed(u32),
    Found,
    ListFailed,
    Listed,
    NotFound,
    /// The ACS did not deliver that attempt; with the Response Status Code if that is the end.
    Refused {
        step: Step,
        attempt: u16,
        code: u16,
    },
    Set,
    SetFailed(u16),
    /// The row is there, and nothing names it.
    Shown,
    /// With the fault.
    TransferFailed(u32),
    Transferred,
}

impl Fact {
    /// The Response Status Code with which the fact ends an installation.
    pub(super) const fn code(self) -> Option<u16> {
        match self {
            Self::Accepted
            | Self::Cancelled
            | Self::Completed
            | Self::Found
            | Self::ListFailed
            | Self::Listed
            | Self::Transferred => None,
            Self::CancelFailed => Some(6026),
            Self::Refused { code, .. } | Self::SetFailed(code) => Some(code),
            Self::NotFound | Self::Shown => Some(6005),
            Self::Set => Some(2001),
            Self::DownloadFailed(_) | Self::TransferFailed(_) => Some(4000),
        }
    }
}

/// What is known of an installation whose Download was seen.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) plan: usize,
    pub(super) request: String,
    pub(super) asked_at: Timestamp,
    /// The last attempt of each command, and when it ends by itself.
    pub(super) commands: BTreeMap<Step, (u16, Timestamp)>,
    /// With the Response Status Code.
    pub(super) end: Option<(Timestamp, u16)>,
    /// The row whose SUIDs were set.
    pub(super) row: Option<String>,
    /// Since when it waits for another Download than that of the first key.
    pub(super) renewed_at: Option<Timestamp>,
    /// It goes on under another key.
    pub(super) is_renewed: bool,
}

impl Story {
    /// What begins with the first attempt of a command.
    pub(super) fn begun(known: &Request, request: &str, step: Step, expires_at: Timestamp) -> Self {
        Self {
            commands: BTreeMap::from([(step, (1, expires_at))]),
            ..Self::unseen(known.plan, request, known.at)
        }
    }

    /// What begins with anything else.
    pub(super) fn unseen(plan: usize, request: &str, asked_at: Timestamp) -> Self {
        Self {
            plan,
            request: request.to_owned(),
            asked_at,
            commands: BTreeMap::new(),
            end: None,
            row: None,
            renewed_at: None,
            is_renewed: false,
        }
    }

    /// Whether its Download, or what comes before that, is all that was sent.
    pub(super) fn is_transferring(&self) -> bool {
        let mut steps = self.commands.keys();
        let is_over = self.end.is_some() || self.is_renewed;
        let all = steps.all(|step| matches!(step, Step::List | Step::Download));
        all && !self.commands.is_empty() && !is_over
    }
}
