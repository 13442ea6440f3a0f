use std::sync::atomic::{AtomicUsize, Ordering};

/// Below this a refusal is not about one record: the client library puts records together up to 1 MB, and what the
/// cluster refuses then is a whole batch, by a limit of the topic that is too small for the bridge.
const LEARNED_BYTES_MIN: usize = 512 << 10;

/// The largest record that the topics are known to take, which is learned from what the cluster refuses.
///
/// A dead letter holds more than the record that is set aside, and a forwarded record more than its source. A record
/// that just fitted into the input would else be refused again and again.
#[derive(Debug)]
pub(super) struct RecordLimit(AtomicUsize);

impl Default for RecordLimit {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl RecordLimit {
    /// Whether a record of so many bytes may be sent.
    pub(super) fn allows(&self, bytes: usize) -> bool {
        bytes <= self.0.load(Ordering::Relaxed)
    }

    /// The cluster refused a record of so many bytes for its size.
    pub(super) fn refused(&self, bytes: usize) {
        if bytes > LEARNED_BYTES_MIN {
            self.0.fetch_min(bytes - 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_not_sent_again() {
        let limit = RecordLimit::default();
        assert!(limit.allows(usize::MAX));
        limit.refused(1_000_000);
        assert!(limit.allows(999_999) && !limit.allows(1_000_000));
        limit.refused(2_000_000);
        assert!(!limit.allows(1_000_000));
    }

    #[test]
    fn refusal_of_a_batch_of_small_records_teaches_nothing() {
        let limit = RecordLimit::default();
        limit.refused(300);
        assert!(limit.allows(LEARNED_BYTES_MIN));
    }
}
