//! How fast counters rise.

use std::collections::VecDeque;
use std::time::Duration;

use super::samples::Samples;
use crate::time::Timestamp;

/// How often counters are looked at.
pub(in crate::telemetry) const INTERVAL: Duration = Duration::from_secs(5);

/// Looks that are kept; rates are those of the last minute.
const LOOKS_MAX: usize = 12;

/// What rates are shown of: for people, and the counter.
pub(super) const RATED: [(&str, &str); 5] = [
    ("Records in", "credbridge_records_in_total"),
    ("Commands out", "credbridge_commands_total"),
    ("Responses out", "credbridge_responses_total"),
    ("Dead letters", "credbridge_dead_letters_total"),
    ("Transactions", "credbridge_transactions_total"),
];

/// Counters as they were within the last minute.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Rates(VecDeque<(Timestamp, [f64; RATED.len()])>);

impl Rates {
    /// Looks at the counters.
    pub(in crate::telemetry) fn look(&mut self, now: Timestamp, text: &str) {
        if self.0.len() == LOOKS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((now, sums(&Samples::of(text))));
    }

    /// How much the counters have risen a second since the oldest look; `None`: nobody has looked yet.
    pub(super) fn since_oldest(
        &self,
        now: Timestamp,
        samples: &Samples<'_>,
    ) -> Option<[f64; RATED.len()]> {
        let (then, before) = self.0.front()?;
        let seconds = now.since(*then).as_secs_f64();
        if seconds < 1.0 {
            return None;
        }
        let mut rates = sums(samples);
        for (rate, before) in rates.iter_mut().zip(before) {
            *rate = (*rate - before) / seconds;
        }
        Some(rates)
    }
}

fn sums(samples: &Samples<'_>) -> [f64; RATED.len()] {
    RATED.map(|(_, metric)| samples.sum(metric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_minute() {
        let mut rates = Rates::default();
        let at = |seconds: u64| Timestamp::from_millis(1_000_000 + seconds * 1000);
        let text =
            |count: u64| format!("credbridge_records_in_total{{topic=\"requests\"}} {count}\n");
        assert!(rates.since_oldest(at(0), &Samples::of("")).is_none());
        for look in 0..20 {
            rates.look(at(look * 5), &text(look * 50));
        }
        let text = text(1000);
        let [records, ..] = rates.since_oldest(at(100), &Samples::of(&text)).unwrap();
        assert!((records - 10.0).abs() < 1e-9, "{records}");
    }
}
