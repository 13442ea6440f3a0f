use std::sync::Arc;
use std::time::Duration;

use super::distribution::Distribution;
use super::handle::{ByInput, Peak};
use super::metrics::{self as table, Metrics};
use crate::wire::Input;

/// Upper bounds of the classes of record ages but the last, in seconds: milliseconds while the bridge keeps up, hours
/// after an outage.
pub const AGE_BOUNDS: [f64; 13] = [
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0,
];

/// Limits whose fill is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Events that wait for their request, in one shard.
    EarlyEvents,
    /// Installations under way, in one shard.
    OpenInstallations,
    /// Records that the client library holds for a worker.
    ProducerQueue,
    /// Requests that wait for their node, in one shard.
    WaitingRequests,
}

/// How near one worker is to what it bears.
pub struct SaturationMetrics {
    lag: ByInput<Peak>,
    lag_routed: Peak,
    ages: ByInput<Arc<Distribution>>,
    ages_routed: Arc<Distribution>,
    oldest_open: Peak,
    fill: [Peak; 4],
}

impl SaturationMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let lag = |role| metrics.peak(&table::CONSUMER_LAG_SECONDS, &[role]);
        let ages = |role| metrics.distribution(&table::RECORD_AGE, &[role], &AGE_BOUNDS);
        let fill = |limit| metrics.peak(&table::LIMIT_FILL, &[limit]);
        Self {
            lag: ByInput::new(lag),
            lag_routed: lag("routed"),
            ages: ByInput::new(ages),
            ages_routed: ages("routed"),
            oldest_open: metrics.peak(&table::OLDEST_OPEN_AGE, &[]),
            fill: [
                fill("early_events"),
                fill("open_installations"),
                fill("producer_queue"),
                fill("waiting_requests"),
            ],
        }
    }

    /// How old the record is that this worker read last, while more lie ahead; `None`: of the routed topic.
    pub(crate) fn set_lag(&self, input: Option<Input>, age: Duration) {
        let peak = match input {
            Some(input) => self.lag.of(input),
            None => &self.lag_routed,
        };
        peak.set(age.as_secs_f64());
    }

    /// How old records were when they were handled, by [`AGE_BOUNDS`], and all ages together; `None`: of the routed topic.
    pub(crate) fn record_ages(&self, input: Option<Input>, counts: &[u64], sum: Duration) {
        let ages = match input {
            Some(input) => self.ages.of(input),
            None => &self.ages_routed,
        };
        ages.add(counts, sum);
    }

    /// How long the oldest installation of this worker is under way; zero: there is none.
    pub(crate) fn set_oldest_open(&self, age: Duration) {
        self.oldest_open.set(age.as_secs_f64());
    }

    /// How full the fullest of this worker is; a limit of zero is always full.
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub(crate) fn set_fill(&self, limit: Limit, used: usize, max: usize) {
        let index = match limit {
            Limit::EarlyEvents => 0,
            Limit::OpenInstallations => 1,
            Limit::ProducerQueue => 2,
            Limit::WaitingRequests => 3,
        };
        self.fill[index].set(used as f64 / max.max(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_all_workers_shows_until_it_is_gone() {
        let metrics = Metrics::new("1");
        let (one, two) = (metrics.worker(), metrics.worker());
        one.saturation().set_oldest_open(Duration::from_secs(7));
        two.saturation().set_oldest_open(Duration::from_secs(90));
        one.saturation().set_fill(Limit::OpenInstallations, 1, 4);
        one.saturation()
            .set_lag(Some(Input::Requests), Duration::from_millis(1500));
        let text = metrics.render();
        for line in [
            "credbridge_oldest_open_age_seconds 90\n",
            "credbridge_limit_fill_ratio{limit=\"open_installations\"} 0.25\n",
            "credbridge_consumer_lag_seconds{topic=\"requests\"} 1.5\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        drop(two);
        let text = metrics.render();
        assert!(text.contains("credbridge_oldest_open_age_seconds 7\n"));
    }
}
