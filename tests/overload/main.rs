//! More than the bridge bears: from one device, from all, and in a memory that is too small.
//!
//! Without anything in the environment only the hot device is played, and time-outs while nothing comes in; `CREDBRIDGE_OVERLOAD_MINUTES` asks for that many
//! minutes at twice of what the bridge bears, `CREDBRIDGE_OVERLOAD_OPEN` for that many open installations within
//! `CREDBRIDGE_OVERLOAD_MIB` of memory (256).
#![expect(
    clippy::disallowed_methods,
    reason = "this test measures real time and reads its own variables"
)]

#[cfg(test)]
mod flood;
#[cfg(test)]
mod hot;
#[cfg(test)]
mod idle;
#[cfg(test)]
#[expect(dead_code, reason = "overload needs only a part of the harness")]
#[path = "../kafka/mod.rs"]
mod kafka;
#[cfg(test)]
#[expect(dead_code, reason = "overload needs only a part of it")]
#[path = "../soak/load.rs"]
mod load;
#[cfg(test)]
mod memory;
#[cfg(test)]
#[path = "../soak/topics.rs"]
mod topics;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::kafka::app::App;
    use crate::kafka::broker::Broker;
    use crate::{flood, hot, idle, memory, topics};

    const SHARDS: usize = 8;

    /// Longer than what is written first may wait for its turn.
    const TIME_OUT: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_bridge_bears_more_than_it_can_do() {
        let broker = Broker::start(1);
        let app = |name: &str| -> App { topics::application(&broker, name, SHARDS, TIME_OUT) };
        idle::time_outs_on_idle_input(app("idle"));
        hot::one_device_with_half_of_the_traffic(&app("hot"));
        if let Some(minutes) = number("CREDBRIDGE_OVERLOAD_MINUTES") {
            flood::twice_of_what_it_bears(&app("flood"), minutes);
        }
        if let Some(open) = number("CREDBRIDGE_OVERLOAD_OPEN") {
            let mib = number("CREDBRIDGE_OVERLOAD_MIB").unwrap_or(256);
            memory::open_within(&app("memory"), open, mib);
        }
    }

    fn number(variable: &str) -> Option<usize> {
        let text = std::env::var(variable).ok()?;
        let number = text.parse().ok();
        assert!(number.is_some(), "{variable} is a number, not `{text}`");
        number
    }
}
