//! Histograms of fixed size: a scrape that never comes costs no memory.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::metrics::Metric;

/// How many durations fell into each bucket.
#[derive(Debug)]
pub(super) struct Distribution {
    metric: &'static Metric,
    values: Box<[Box<str>]>,
    bounds: &'static [f64],
    /// One more than there are bounds: the last is open.
    counts: Box<[AtomicU64]>,
    sum_micros: AtomicU64,
}

impl Distribution {
    /// Nothing observed yet; `bounds` are upper ones, in seconds, ascending.
    pub(super) fn new(metric: &'static Metric, values: &[&str], bounds: &'static [f64]) -> Self {
        assert_eq!(metric.labels.len(), values.len(), "each label has a value");
        Self {
            metric,
            values: values.iter().map(|value| Box::from(*value)).collect(),
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_micros: AtomicU64::new(0),
        }
    }

    pub(super) fn is(&self, metric: &Metric, values: &[&str]) -> bool {
        self.metric.name == metric.name
            && self
                .values
                .iter()
                .map(|value| &**value)
                .eq(values.iter().copied())
    }

    pub(super) fn is_of(&self, metric: &Metric) -> bool {
        self.metric.name == metric.name
    }

    pub(super) fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Adds what was counted elsewhere, in the same buckets.
    pub(super) fn add(&self, counts: &[u64], sum: Duration) {
        assert_eq!(counts.len(), self.counts.len(), "the buckets are the same");
        for (own, count) in self.counts.iter().zip(counts) {
            own.fetch_add(*count, Ordering::Relaxed);
        }
        let micros = u64::try_from(sum.as_micros()).unwrap_or(u64::MAX);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Its lines in Prometheus' text format.
    pub(super) fn render(&self, text: &mut String) {
        let name = self.metric.name;
        let labels: String = (self.metric.labels.iter().zip(&self.values))
            .map(|(label, value)| format!("{label}=\"{value}\","))
            .collect();
        let mut write = |suffix: &str, labels: &str, value: &dyn std::fmt::Display| {
            writeln!(text, "{name}{suffix}{{{labels}}} {value}")
                .expect("writing to memory does not fail");
        };
        let mut below = 0;
        for (index, count) in self.counts.iter().enumerate() {
            below += count.load(Ordering::Relaxed);
            let bound = self
                .bounds
                .get(index)
                .map_or_else(|| "+Inf".to_owned(), ToString::to_string);
            write("_bucket", &format!("{labels}le=\"{bound}\""), &below);
        }
        let sum = Duration::from_micros(self.sum_micros.load(Ordering::Relaxed));
        let labels = labels.trim_end_matches(',');
        write("_sum", labels, &sum.as_secs_f64());
        write("_count", labels, &below);
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::TRANSACTION_DURATION;
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_the_last_one_holds_all() {
        let distribution = Distribution::new(&TRANSACTION_DURATION, &["end"], &[0.5, 2.0]);
        distribution.observe(Duration::from_millis(500));
        distribution.observe(Duration::from_secs(3));
        distribution.add(&[1, 1, 0], Duration::from_secs(1));
        let mut text = String::new();
        distribution.render(&mut text);
        let name = TRANSACTION_DURATION.name;
        let expected = format!(
            "{name}_bucket{{phase=\"end\",le=\"0.5\"}} 2\n{name}_bucket{{phase=\"end\",le=\"2\"}} 3\n\
             {name}_bucket{{phase=\"end\",le=\"+Inf\"}} 4\n{name}_sum{{phase=\"end\"}} 4.5\n\
             {name}_count{{phase=\"end\"}} 4\n"
        );
        assert_eq!(text, expected);
    }
}
