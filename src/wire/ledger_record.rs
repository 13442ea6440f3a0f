//! The ledger of a shard as a record for people and alerts: JSON, keyed by the number of the shard.

use serde::{Deserialize, Serialize};

use crate::correlator::Ledger;
use crate::time::Timestamp;

use super::{Destination, Outbound};

/// What a record of the ledger topic says. All counts are since the beginning of the shard, across restarts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LedgerRecord {
    /// Number of the shard.
    pub shard: i32,
    /// When it was so, in milliseconds since the Unix epoch.
    pub timestamp: u64,
    /// Events in.
    #[serde(rename = "in")]
    pub events: u64,
    /// Moved an installation on, or were answered.
    pub applied: u64,
    /// Repeated, too late to tell anything, or contradicting.
    pub repeated: u64,
    /// Wait for their request.
    pub parked: u64,
    /// Belong to nothing.
    pub set_aside: u64,
    /// Never about an installation.
    pub foreign: u64,
    /// Events that are not accounted for; anything but 0 is a defect of the bridge.
    pub imbalance: u64,
}

impl LedgerRecord {
    /// The ledger of a shard at `now`.
    pub const fn new(shard: i32, ledger: &Ledger, now: Timestamp) -> Self {
        Self {
            shard,
            timestamp: now.as_millis(),
            events: ledger.events,
            applied: ledger.applied,
            repeated: ledger.repeated,
            parked: ledger.parked,
            set_aside: ledger.set_aside,
            foreign: ledger.foreign,
            imbalance: ledger.imbalance(),
        }
    }

    /// The ledger that it tells.
    pub const fn ledger(&self) -> Ledger {
        Ledger {
            events: self.events,
            applied: self.applied,
            repeated: self.repeated,
            parked: self.parked,
            set_aside: self.set_aside,
            foreign: self.foreign,
        }
    }

    /// Writes it.
    pub fn encode(&self, outbound: &mut Outbound) {
        outbound.start(Destination::Ledger);
        outbound
            .key_mut()
            .extend_from_slice(self.shard.to_string().as_bytes());
        serde_json::to_writer(outbound.value_mut(), self).expect("memory holds every record");
        outbound.header("content-type", b"application/json");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ledger = Ledger {
            events: 10,
            applied: 4,
            repeated: 1,
            parked: 1,
            set_aside: 1,
            foreign: 1,
        };
        let mut outbound = Outbound::default();
        let record = LedgerRecord::new(3, &ledger, Timestamp::from_millis(5));
        record.encode(&mut outbound);
        assert_eq!(outbound.destination, Destination::Ledger);
        assert_eq!(outbound.key(), Some(&b"3"[..]));
        let value = outbound.value().unwrap();
        let text = r#"{"shard":3,"timestamp":5,"in":10,"applied":4,"repeated":1,"parked":1,"set_aside":1,"foreign":1,"imbalance":2}"#;
        assert_eq!(str::from_utf8(value).unwrap(), text);
        let read: LedgerRecord = serde_json::from_slice(value).unwrap();
        assert_eq!(read.ledger(), ledger);
    }
}
