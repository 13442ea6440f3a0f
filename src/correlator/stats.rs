use std::collections::BTreeMap;

use crate::cwmp::FaultCode;
use crate::onem2m::ResponseStatusCode;

use super::{Progress, RetryCause, Step, UnmatchedReason};

/// What a correlator has seen and done. All but the ledger counts from the start of the correlator.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Where every event went.
    pub ledger: Ledger,
    /// Responses given, acknowledgements included.
    pub responses: BTreeMap<ResponseStatusCode, u64>,
    /// Faults that ended an installation.
    pub faults: BTreeMap<FaultCode, u64>,
    /// Events set aside.
    pub set_aside: BTreeMap<UnmatchedReason, u64>,
    /// Time-outs, by what was waited on.
    pub timeouts: BTreeMap<Progress, u64>,
    /// Commands sent.
    pub commands: BTreeMap<Step, u64>,
    /// Commands that are to come again, by why.
    pub retries: BTreeMap<RetryCause, u64>,
    /// Transfers whose result came after their request was answered.
    pub late_results: u64,
    /// Faults that stand in no table.
    pub unlisted_faults: u64,
    /// Faults that stand only in the table of another message.
    pub out_of_table_faults: u64,
    /// Repeated events that say otherwise than the first; the first holds.
    pub contradictions: u64,
}

/// The balance of events of one shard: `events` = `applied` + `repeated` + `parked` + `set_aside` + `foreign`, at any
/// time. It is part of the shard's state, so it survives crashes and moves with the shard.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    /// Events in.
    pub events: u64,
    /// Moved an installation on, told how one went that was given up, or were answered.
    pub applied: u64,
    /// Repeated, too late to tell anything, or contradicting: counted, and changed nothing.
    pub repeated: u64,
    /// Wait for their request at this moment.
    pub parked: u64,
    /// Belong to nothing: dead letters.
    pub set_aside: u64,
    /// Well-formed, and never about an installation.
    pub foreign: u64,
}

impl Ledger {
    /// Whether every event is accounted for.
    pub const fn balanced(&self) -> bool {
        self.imbalance() == 0
    }

    /// Events that are not accounted for, or are twice.
    pub const fn imbalance(&self) -> u64 {
        self.events
            .abs_diff(self.applied + self.repeated + self.parked + self.set_aside + self.foreign)
    }
}

/// What became of one event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    Applied,
    Contradicting,
    Foreign,
    Parked,
    Repeated,
    SetAside,
}

impl Stats {
    /// Enters an event that came in.
    pub(super) fn count(&mut self, fate: Fate) {
        self.ledger.events += 1;
        self.enter(fate);
    }

    /// Moves an event that was parked on.
    pub(super) fn recount_parked(&mut self, fate: Fate) {
        // A changelog whose tombstones were removed before a restore had read them brings an event back that was counted
        // already: the ledger shows it, and the shard goes on.
        self.ledger.parked = self.ledger.parked.saturating_sub(1);
        self.enter(fate);
    }

    fn enter(&mut self, fate: Fate) {
        match fate {
            Fate::Applied => self.ledger.applied += 1,
            Fate::Contradicting => {
                self.ledger.repeated += 1;
                self.contradictions += 1;
            }
            Fate::Foreign => self.ledger.foreign += 1,
            Fate::Parked => self.ledger.parked += 1,
            Fate::Repeated => self.ledger.repeated += 1,
            Fate::SetAside => self.ledger.set_aside += 1,
        }
    }
}
