//! An installation as few bytes.
//!
//! Made and read by one process only: no version, no checks. What an installation has in common with others is a number
//! of [`Interned`]; what it says twice, e.g. the device in the request and its record, is said once.

mod digits;
mod read;
mod write;

use crate::cwmp::CommandKey;
use crate::onem2m::ResultContent;

use super::interned::Interned;
use super::{Installation, InstallationId, State, Transfer};

use read::Reader;
use write::Writer;

/// An open or ended installation.
#[derive(Clone, Debug)]
pub(super) struct Folded(Box<[u8]>);

/// What finds an installation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) device: &'a str,
    pub(super) command_key: CommandKey,
    pub(super) alias: Option<CommandKey>,
    /// Originator and request identifier of an open one.
    pub(super) request: Option<(&'a str, &'a str)>,
    /// Whether a store was asked for its file.
    pub(super) is_staged: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(installation: &'a Installation) -> Self {
        let open = installation.open();
        Self {
            device: installation.id.device.key(),
            command_key: installation.id.command_key,
            alias: installation.alias.as_deref().copied(),
            request: open.map(|open| {
                let primitive = &open.request.primitive;
                (primitive.originator(), primitive.request_identifier())
            }),
            is_staged: open.is_some_and(|open| open.staged.is_some()),
        }
    }
}

const TRANSFERS: [Transfer; 4] = [
    Transfer::Failed,
    Transfer::Stored,
    Transfer::Cancelling,
    Transfer::Unknown,
];

const RESULT_CONTENTS: [ResultContent; 5] = [
    ResultContent::Nothing,
    ResultContent::Attributes,
    ResultContent::HierarchicalAddress,
    ResultContent::HierarchicalAddressAndAttributes,
    ResultContent::ModifiedAttributes,
];

impl Folded {
    /// `None`: events that wait for their request are not folded.
    pub(super) fn of(
        installation: &Installation,
        interned: &Interned,
        scratch: &mut Vec<u8>,
    ) -> Option<Self> {
        scratch.clear();
        let Installation {
            id,
            alias,
            deadline,
            state,
        } = installation;
        let mut writer = Writer::new(scratch, interned);
        let open = installation.open();
        writer.flags(&[
            open.is_some(),
            alias.is_some(),
            open.is_some_and(|open| open.staged.is_some()),
        ]);
        writer.text(id.device.key());
        writer.command_key(&id.command_key);
        alias.iter().for_each(|alias| writer.command_key(alias));
        match state {
            State::Early(_) => return None,
            State::Open(open) => writer.open(open, id, *deadline),
            State::Ended(ended) => writer.ended(ended, *deadline),
        }
        Some(Self(scratch[..].into()))
    }

    pub(super) fn names<'a>(&'a self, interned: &'a Interned) -> Names<'a> {
        let mut reader = self.reader(interned);
        let [is_open, has_alias, is_staged] = reader.flags();
        Names {
            device: reader.text(),
            command_key: reader.command_key(),
            alias: has_alias.then(|| reader.command_key()),
            request: is_open.then(|| {
                let originator = reader.originator();
                (originator, reader.text())
            }),
            is_staged,
        }
    }

    pub(super) fn unfold(&self, interned: &Interned) -> Installation {
        let mut reader = self.reader(interned);
        let [is_open, has_alias, is_staged] = reader.flags();
        let id = InstallationId {
            device: reader.device(),
            command_key: reader.command_key(),
        };
        let alias = has_alias.then(|| Box::new(reader.command_key()));
        let (state, deadline) = if is_open {
            let (open, deadline) = reader.open(&id, is_staged);
            (State::Open(Box::new(open)), deadline)
        } else {
            let (ended, deadline) = reader.ended();
            (State::Ended(ended), deadline)
        };
        Installation {
            id,
            alias,
            deadline,
            state,
        }
    }

    fn reader<'a>(&'a self, interned: &'a Interned) -> Reader<'a> {
        Reader::new(&self.0, interned)
    }
}
