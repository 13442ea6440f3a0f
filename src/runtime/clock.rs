use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::time::Timestamp;

/// The only reader of the machine's clocks.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    /// The latest time less half of the time that had elapsed by then, in milliseconds: with half of what elapses added, it
    /// is a time that goes at half its speed.
    slow: AtomicU64,
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
            slow: AtomicU64::new(0),
        }
    }

    /// The time of day; never earlier than what it returned before. Where somebody sets the time of day back, it goes on at
    /// half its speed until that has caught up: time-outs come late then, but they come, and a sign of life is still told
    /// from the one before. Where it is set forward, it follows at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the clock"
    )]
    pub fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.at(since_1970.unwrap_or_default(), self.elapsed())
    }

    /// What [`Self::now`] returns at these readings.
    pub(super) fn at(&self, time_of_day: Duration, elapsed: Duration) -> Timestamp {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let half = millis(elapsed) / 2;
        let slow = millis(time_of_day).saturating_sub(half);
        let before = self.slow.fetch_max(slow, Ordering::Relaxed);
        Timestamp::from_millis(slow.max(before) + half)
    }

    /// Time since the clock was made; steady, whatever happens to the time of day.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const NOW: Duration = Duration::from_hours(500_000);

    fn millis(time: Duration) -> Timestamp {
        Timestamp::from_millis(u64::try_from(time.as_millis()).unwrap())
    }

    #[test]
    fn time_that_is_set_back_goes_on_at_half_its_speed_until_it_has_caught_up() {
        let clock = Clock::new();
        assert_eq!(clock.at(NOW, HOUR), millis(NOW));
        for minutes in 0..=120 {
            let passed = Duration::from_mins(minutes);
            let time = clock.at(NOW - HOUR + passed, HOUR + passed);
            assert_eq!(time, millis(NOW + passed / 2));
        }
        let later = 3 * HOUR;
        assert_eq!(
            clock.at(NOW - HOUR + later, HOUR + later),
            millis(NOW + 2 * HOUR)
        );
    }

    #[test]
    fn time_that_is_set_forward_is_followed_at_once_and_is_not_lost_again() {
        let clock = Clock::new();
        assert_eq!(clock.at(NOW, HOUR), millis(NOW));
        assert_eq!(clock.at(NOW + HOUR, HOUR), millis(NOW + HOUR));
        let second = Duration::from_secs(1);
        assert_eq!(
            clock.at(NOW + second, HOUR + second),
            millis(NOW + HOUR + second / 2)
        );
    }

    #[test]
    fn steady_time_is_the_time_of_day() {
        let clock = Clock::new();
        for passed in (0..10_000).map(Duration::from_millis) {
            assert_eq!(clock.at(NOW + passed, passed), millis(NOW + passed));
        }
    }
}
