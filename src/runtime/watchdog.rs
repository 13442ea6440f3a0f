//! Ends a process that hangs: a restart is the only thing that helps then.

use std::time::Duration;

use super::Health;
use crate::time::Timestamp;

/// How often [`Watchdog::look`] is to be called.
pub const WATCHDOG_INTERVAL: Duration = Duration::from_secs(1);

/// Looks in a row without a sign of life after which a worker is given up. `/livez` tells before.
const SILENT_LOOKS_MAX: u32 = 28;

/// Watches the workers' signs of life. It counts its own looks instead of comparing clocks, so that neither a clock that
/// jumps nor a machine that slept looks like a worker that hangs.
#[derive(Debug, Default)]
pub struct Watchdog {
    seen: Vec<(Timestamp, u32)>,
}

impl Watchdog {
    /// Looks once; returns the last word on the process if a worker hangs.
    pub fn look(&mut self, health: &Health) -> Option<String> {
        let signs = health.signs_of_life();
        self.seen
            .resize(signs.len(), (Timestamp::from_millis(0), 0));
        for (worker, (sign, (last, silent))) in signs.iter().zip(&mut self.seen).enumerate() {
            match sign == last {
                true => *silent += 1,
                false => (*last, *silent) = (*sign, 0),
            }
            if *silent >= SILENT_LOOKS_MAX {
                return Some(format!(
                    "worker {worker} gave no sign of life for {SILENT_LOOKS_MAX} s: it hangs in a call of the Kafka client that has no end; what it \
                     did not commit is done again after the restart"
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::runtime::Clock;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn one_silent_worker_is_given_up_within_half_a_minute_and_after_livez_told() {
        let health = Health::new(2, START);
        let mut watchdog = Watchdog::default();
        let mut livez_told = None;
        for second in 0..30 {
            let now = START + Duration::from_secs(second);
            health.turned(0, now);
            if livez_told.is_none() && !health.live(now).good {
                livez_told = Some(second);
            }
            if let Some(word) = watchdog.look(&health) {
                assert!(word.starts_with("worker 1 gave no sign of life"), "{word}");
                assert!(livez_told.is_some_and(|told| told < second));
                return;
            }
        }
        panic!("nobody was given up");
    }

    #[test]
    fn a_machine_that_slept_is_not_given_up() {
        let health = Health::new(1, START);
        let mut watchdog = Watchdog::default();
        for day in 0..100 {
            health.turned(0, START + Duration::from_hours(24 * day));
            for _ in 0..10 {
                assert_eq!(watchdog.look(&health), None);
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_is_not_taken_for_a_worker_that_hangs() {
        let hour = Duration::from_hours(1);
        let clock = Clock::new();
        let health = Health::new(1, clock.at(hour * 2, Duration::ZERO));
        let mut watchdog = Watchdog::default();
        for passed in (1..7200).map(Duration::from_secs) {
            health.turned(0, clock.at(hour + passed, passed));
            assert_eq!(watchdog.look(&health), None, "after {passed:?}");
        }
    }
}
