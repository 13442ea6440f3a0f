use std::time::Duration;

/// How much of something may happen: so much a second, and what was left over for at most one second.
#[derive(Debug)]
pub(crate) struct Allowance {
    per_second: u32,
    left: f64,
    refilled: Duration,
}

impl Allowance {
    /// A full second's worth at first.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            left: f64::from(per_second),
            refilled: Duration::ZERO,
        }
    }

    /// How much may happen now, at the time `elapsed` of a steady clock.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a second's worth"
    )]
    pub(crate) fn left(&mut self, elapsed: Duration) -> usize {
        let rate = f64::from(self.per_second);
        let since = elapsed.saturating_sub(self.refilled).as_secs_f64();
        self.left = (self.left + since * rate).min(rate);
        self.refilled = elapsed;
        self.left as usize
    }

    /// So much has happened.
    pub(crate) fn used(&mut self, count: usize) {
        #[expect(clippy::cast_precision_loss, reason = "at most a second's worth")]
        let count = count as f64;
        self.left = (self.left - count).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_spread_at_the_rate() {
        let mut allowance = Allowance::new(1_000);
        assert_eq!(allowance.left(Duration::ZERO), 1_000);
        allowance.used(1_000);
        assert_eq!(allowance.left(Duration::ZERO), 0);
        assert_eq!(allowance.left(Duration::from_millis(500)), 500);
        allowance.used(500);
        assert_eq!(allowance.left(Duration::from_secs(100)), 1_000);
    }
}
