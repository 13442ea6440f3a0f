use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// No run lasts longer than a day.
const MICROS_MAX: u64 = 24 * 60 * 60 * 1_000_000;

/// Times between two records, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Latency(Histogram<u64>);

/// Percentiles in milliseconds; 0 where nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Half of the times are no longer.
    pub p50: f64,
    /// 99 % of the times are no longer.
    pub p99: f64,
    /// 99.9 % of the times are no longer.
    pub p999: f64,
}

impl Latency {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new(3).expect("three significant digits are allowed");
        Self(histogram)
    }

    pub(super) fn record(&mut self, from: Duration, to: Duration) {
        let micros = u64::try_from(to.saturating_sub(from).as_micros()).unwrap_or(u64::MAX);
        self.0
            .record(micros.min(MICROS_MAX))
            .expect("the histogram grows up to the longest time");
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let millis = |quantile| {
            let micros = self.0.value_at_quantile(quantile);
            Duration::from_micros(micros).as_secs_f64() * 1_000.0
        };
        Quantiles {
            p50: millis(0.5),
            p99: millis(0.99),
            p999: millis(0.999),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latency = Latency::new();
        for millis in 1..=1_000 {
            latency.record(
                Duration::from_secs(1),
                Duration::from_millis(1_000 + millis),
            );
        }
        let quantiles = latency.quantiles();
        assert!((quantiles.p50 - 500.0).abs() < 1.0, "{quantiles:?}");
        assert!((quantiles.p99 - 990.0).abs() < 2.0, "{quantiles:?}");
        assert_eq!(Latency::new().quantiles(), Quantiles::default());
        latency.record(Duration::ZERO, Duration::MAX);
    }
}
