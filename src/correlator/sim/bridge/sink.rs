//! Where the outputs of a worker go.

use crate::runtime::transaction::Refused;
use crate::runtime::trouble::Trouble;
use crate::runtime::work::Sink;
use crate::time::Timestamp;
use crate::wire::{Destination, Outbound};

use super::super::kafka::{Kafka, Topic};

/// The log, with the transaction that outputs belong to.
pub(super) struct Open {
    pub(super) kafka: Kafka,
    pub(super) transaction: usize,
    pub(super) now: Timestamp,
}

impl Sink for Open {
    fn begin(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    fn send(&mut self, outbound: &Outbound) -> Result<(), Refused> {
        let topic = match outbound.destination {
            Destination::Changelog => Topic::Changelog,
            Destination::Routed => Topic::Routed,
            Destination::Commands
            | Destination::DeadLetters
            | Destination::Ledger
            | Destination::Responses => Topic::Outputs,
        };
        let place = (topic, outbound.partition.unwrap_or(0));
        self.kafka.send(self.transaction, place, outbound, self.now);
        Ok(())
    }
}
