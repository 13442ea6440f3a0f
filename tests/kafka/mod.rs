//! A real Apache Kafka, the bridge as a process, and what a requester, an ACS and an operator see of them.

pub(crate) mod acls;
pub(crate) mod app;
pub(crate) mod bridge;
pub(crate) mod broker;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod fleet;
pub(crate) mod jars;
pub(crate) mod network;
pub(crate) mod play;
pub(crate) mod process;
pub(crate) mod tail;
pub(crate) mod tokens;

use std::time::{Duration, Instant};

/// Looks again and again until `condition` gives a value.
///
/// # Panics
/// If it gives none within `limit`; `what` is said then.
pub(crate) fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            start.elapsed() < limit,
            "waited {limit:?} in vain for {what}"
        );
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
