use ::metrics::{Counter, Gauge};

use super::metrics::{self as table, Metrics};

/// The handles of the thread that reads the node directory.
pub struct DirectoryMetrics {
    entries: Gauge,
    lag: Gauge,
    refused: Counter,
}

impl DirectoryMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            entries: metrics.gauge(&table::NODES, &[]),
            lag: metrics.gauge(&table::NODE_LAG, &[]),
            refused: metrics.counter(&table::NODE_RECORDS_REFUSED, &[]),
        }
    }

    /// How many nodes are known.
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn set_entries(&self, nodes: u64) {
        self.entries.set(nodes as f64);
    }

    /// How many records lie ahead.
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn set_lag(&self, records: u64) {
        self.lag.set(records as f64);
    }

    /// A record told of no node.
    pub fn refused(&self) {
        self.refused.increment(1);
    }
}
