use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time since a run began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "load measures real time; nothing is decided by it"
    )]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A number that no earlier run on this machine had: nanoseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "only tells one run from the next"
)]
pub(super) fn nonce() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}
