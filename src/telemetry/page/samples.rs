//! Metrics as the page shows them: read out of the same text that Prometheus gets.

use std::collections::BTreeMap;

/// Series and their values, by name and labels as they are rendered.
#[derive(Debug, Default)]
pub(super) struct Samples<'t>(BTreeMap<&'t str, f64>);

impl<'t> Samples<'t> {
    /// Reads Prometheus' text format; what has no value is left out.
    pub(super) fn of(text: &'t str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.filter_map(|line| line.rsplit_once(' '));
        Self(
            series
                .filter_map(|(series, value)| Some((series, value.parse().ok()?)))
                .collect(),
        )
    }

    /// The value of one series; `None` if it is not there.
    pub(super) fn value(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// The sum of all series of a metric.
    pub(super) fn sum(&self, metric: &str) -> f64 {
        self.of_metric(metric).map(|(_, value)| value).sum()
    }

    /// Labels, without braces, and values of the series of a metric, in their order.
    pub(super) fn of_metric(&self, metric: &str) -> impl Iterator<Item = (&'t str, f64)> {
        let series = self.0.iter();
        series.filter_map(move |(series, value)| {
            let labels = match series.strip_prefix(metric)? {
                "" => "",
                rest => rest.strip_prefix('{')?.strip_suffix('}')?,
            };
            Some((labels, *value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_by_name_and_labels() {
        let text =
            "# HELP a x\n# TYPE a counter\na{b=\"1\"} 2\na{b=\"2\"} 3.5\na_total 7\nc 1e3\n\n";
        let samples = Samples::of(text);
        assert_eq!(samples.value("a{b=\"2\"}"), Some(3.5));
        assert_eq!(samples.value("c"), Some(1000.0));
        assert_eq!(samples.value("d"), None);
        assert!((samples.sum("a") - 5.5).abs() < f64::EPSILON);
        let labels: Vec<_> = samples.of_metric("a").map(|(labels, _)| labels).collect();
        assert_eq!(labels, ["b=\"1\"", "b=\"2\""]);
    }
}
