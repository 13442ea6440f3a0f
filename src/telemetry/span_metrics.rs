use ::metrics::Counter;

use super::metrics::{self as table, Metrics};

/// The handles of those who make and export spans.
pub struct SpanMetrics {
    exported: Counter,
    failed: Counter,
    dropped: Counter,
}

impl SpanMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let outcome = |outcome| metrics.counter(&table::SPANS, &[outcome]);
        Self {
            exported: outcome("exported"),
            failed: outcome("failed"),
            dropped: outcome("dropped"),
        }
    }

    /// The collector took that many.
    pub fn exported(&self, spans: usize) {
        self.exported.increment(spans as u64);
    }

    /// The collector did not take that many.
    pub fn failed(&self, spans: usize) {
        self.failed.increment(spans as u64);
    }

    /// There was no room for that many.
    pub fn dropped(&self, spans: usize) {
        self.dropped.increment(spans as u64);
    }
}
