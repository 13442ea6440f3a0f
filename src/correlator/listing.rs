//! The rows of certificates before a Download, so that the one new row afterwards is known.

use crate::cwmp::{Fault, ParameterValue, Rejection, Rpc};
use crate::mapping::{known_row, lookup, map_rejection, row_name, row_names};
use crate::onem2m::{MyCertFileCred, ResponseStatusCode};

use super::ending::End;
use super::{Correlator, Fate, Open, Position, Progress, Slot, Step, Transfer, Turn, explanation};

impl Correlator {
    /// Whether the rows are listed before the Download: wanted, and the request names no row.
    pub(super) fn lists_first(&self, resource: &MyCertFileCred) -> bool {
        self.limits.list_rows_first && known_row(None, &resource.object_paths).path.is_none()
    }

    pub(super) fn begin_list(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        self.begin(slot, Progress::ListSent, turn);
        self.send_list(slot, turn);
    }

    pub(super) fn send_list(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        self.send(slot, Step::List, Rpc::GetParameterValues(lookup()), turn);
    }

    pub(super) fn on_listed(
        &mut self,
        slot: Slot,
        parameters: &[ParameterValue],
        turn: &mut Turn<'_>,
    ) -> Fate {
        let rows = row_names(parameters);
        self.on_list_answer(slot, turn, |correlator, turn| {
            correlator.table.open_mut(slot).rows_before = rows;
            correlator.send_listed(slot, turn);
        })
    }

    /// The list is a help only: without it the row may still be found.
    pub(super) fn on_list_fault(&mut self, slot: Slot, _: &Fault, turn: &mut Turn<'_>) -> Fate {
        self.on_list_answer(slot, turn, |correlator, turn| {
            correlator.send_listed(slot, turn);
        })
    }

    /// The ACS would not deliver a Download either.
    pub(super) fn on_list_rejection(
        &mut self,
        slot: Slot,
        rejection: &Rejection,
        turn: &mut Turn<'_>,
    ) -> Fate {
        let debug = explanation::rejection(Step::List, rejection);
        let code = map_rejection(rejection.reason);
        self.on_list_answer(slot, turn, |correlator, turn| {
            correlator.end(slot, End::new(code, debug, Transfer::Unknown), turn);
        })
    }

    fn on_list_answer(
        &mut self,
        slot: Slot,
        turn: &mut Turn<'_>,
        act: impl FnOnce(&mut Self, &mut Turn<'_>),
    ) -> Fate {
        match self.position(slot) {
            Position::Open(Progress::ListSent) => {
                act(self, turn);
                Fate::Applied
            }
            Position::Open(Progress::Waiting) => Fate::Contradicting,
            Position::Open(
                Progress::DownloadSent
                | Progress::Accepted
                | Progress::LookupSent
                | Progress::SetSent
                | Progress::CancelSent,
            )
            | Position::Ended(_) => Fate::Repeated,
        }
    }

    fn send_listed(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        let expires_at = self.open(slot).expires_at;
        if let Some(expires_at) = expires_at.filter(|expires_at| *expires_at <= turn.now) {
            let debug = explanation::expired_before_download(expires_at);
            let code = ResponseStatusCode::RequestTimeout;
            return self.end(slot, End::new(code, debug, Transfer::Unknown), turn);
        }
        self.begin_download(slot, turn);
        Self::remember(slot, turn);
    }

    /// The rows that are not of the certificate: those before the Download, and those of other resources.
    pub(super) fn rows_before(&self, slot: Slot) -> Option<Vec<&str>> {
        let before = self.open(slot).rows_before.as_deref()?;
        let concerning = self.table.concerning(self.device(slot)).into_iter();
        let resources = concerning.filter_map(|slot| self.table.get(slot)?.resource());
        let of_resources = resources.filter_map(|resource| row_name(resource.path()));
        let before = before.iter().map(|row| &**row);
        Some(before.chain(of_resources).collect())
    }

    /// Where several Downloads of a device overlap, a new row may be of any of them: forgets what was listed before.
    pub(super) fn distrust_lists(&mut self, slot: Slot, turn: &mut Turn<'_>) {
        if !self.limits.list_rows_first {
            return;
        }
        let device = self.device(slot).clone();
        let mut at_work = self.table.open_of(&device);
        at_work.retain(|slot| self.open(*slot).may_add_a_row());
        if at_work.len() < 2 {
            return;
        }
        for slot in at_work {
            if self.table.open_mut(slot).rows_before.take().is_some() {
                Self::remember(slot, turn);
            }
        }
    }
}

impl Open {
    /// Whether its file may come to be on the device, or just has.
    const fn may_add_a_row(&self) -> bool {
        matches!(
            self.progress,
            Progress::DownloadSent | Progress::Accepted | Progress::LookupSent | Progress::SetSent
        )
    }
}
