use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::time::Timestamp;

/// The only reader of the machine's clocks.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    latest: AtomicU64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// Starts the monotonic clock at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the clock"
    )]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            latest: AtomicU64::new(0),
        }
    }

    /// The time of day; never earlier than what it returned before.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the clock"
    )]
    pub fn now(&self) -> Timestamp {
        let millis = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            });
        let before = self.latest.fetch_max(millis, Ordering::Relaxed);
        Timestamp::from_millis(millis.max(before))
    }

    /// Time since the clock was made; steady, whatever happens to the time of day.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
