use ::metrics::Counter;

use super::metrics::{self as table, Metrics};

/// The handles of the thread that talks to the store for certificate files.
pub struct StagingMetrics {
    staged: Counter,
    removed: Counter,
    swept: Counter,
    failed: Counter,
}

impl StagingMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let outcome = |outcome| metrics.counter(&table::STAGED_FILES, &[outcome]);
        Self {
            staged: outcome("staged"),
            removed: outcome("removed"),
            swept: outcome("swept"),
            failed: outcome("failed"),
        }
    }

    /// A file is in the store.
    pub fn staged(&self) {
        self.staged.increment(1);
    }

    /// A file was removed at the end of its installation.
    pub fn removed(&self) {
        self.removed.increment(1);
    }

    /// So many files were removed because they had expired.
    pub fn swept(&self, files: usize) {
        self.swept.increment(files as u64);
    }

    /// A call of the store failed.
    pub fn failed(&self) {
        self.failed.increment(1);
    }
}
