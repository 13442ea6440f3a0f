use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::metrics::Counter;

use super::distribution::Distribution;
use super::metrics::{self as table, Metrics};
use crate::correlator::{Milestone, OTHER_PRODUCT_CLASSES, Observations, Outcomes, TIME_BOUNDS};

/// Product classes that have series of their own; more are one. A fleet has a handful; what devices call themselves is
/// theirs to choose.
const PRODUCT_CLASSES_MAX: usize = 30;

/// The product classes that have series of their own; workers share them.
pub(super) type ProductClasses = Arc<Mutex<BTreeSet<Box<str>>>>;

/// What one worker tells of installations beyond counts.
pub struct InstallationMetrics {
    metrics: Metrics,
    progress: [Arc<Distribution>; Milestone::ALL.len()],
    outcomes: BTreeMap<Box<str>, [Counter; 4]>,
}

impl InstallationMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            progress: Milestone::ALL.map(|milestone| {
                let values = [milestone.as_str()];
                metrics.distribution(&table::INSTALLATION_PROGRESS, &values, &TIME_BOUNDS)
            }),
            outcomes: BTreeMap::new(),
        }
    }

    /// Adds what a shard has seen.
    pub(crate) fn observed(&mut self, observations: &Observations) {
        for (distribution, times) in self.progress.iter().zip(&observations.times) {
            if times.counts.iter().any(|count| *count > 0) {
                distribution.add(&times.counts, Duration::from_millis(times.sum_ms));
            }
        }
        for (class, outcomes) in &observations.outcomes {
            self.ended(class, outcomes);
        }
    }

    fn ended(&mut self, class: &str, outcomes: &Outcomes) {
        if !self.outcomes.contains_key(class) {
            let label = self.label(class);
            let counters = ["installed", "fault", "withdrawn", "other"].map(|outcome| {
                self.metrics
                    .counter(&table::INSTALLATIONS, &[label, outcome])
            });
            // Strangers beyond the limit are looked up anew each time, so that this map has a limit, too.
            if label == OTHER_PRODUCT_CLASSES {
                return count(&counters, outcomes);
            }
            self.outcomes.insert(class.into(), counters);
        }
        count(&self.outcomes[class], outcomes);
    }

    fn label<'c>(&self, class: &'c str) -> &'c str {
        let mut known = self.metrics.product_classes();
        if class.is_empty() {
            return "none";
        }
        if !known.contains(class) {
            if known.len() >= PRODUCT_CLASSES_MAX {
                return OTHER_PRODUCT_CLASSES;
            }
            known.insert(class.into());
        }
        class
    }
}

fn count([installed, fault, withdrawn, other]: &[Counter; 4], outcomes: &Outcomes) {
    installed.increment(outcomes.installed);
    fault.increment(outcomes.fault);
    withdrawn.increment(outcomes.withdrawn);
    other.increment(outcomes.other);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(class: &str) -> Observations {
        let mut observations = Observations::default();
        let outcomes = Outcomes {
            installed: 2,
            fault: 1,
            withdrawn: 1,
            other: 0,
        };
        observations.outcomes.insert(class.into(), outcomes);
        observations.times[2].counts[3] = 2;
        observations.times[2].sum_ms = 4_000;
        observations
    }

    #[test]
    fn workers_add_up_by_product_class_and_milestone() {
        let metrics = Metrics::new("1");
        for _ in 0..2 {
            metrics.worker().installations().observed(&seen("IGD"));
        }
        metrics.worker().installations().observed(&seen(""));
        let text = metrics.render();
        for line in [
            "credbridge_installations_total{product_class=\"IGD\",outcome=\"installed\"} 4\n",
            "credbridge_installations_total{product_class=\"IGD\",outcome=\"fault\"} 2\n",
            "credbridge_installations_total{product_class=\"IGD\",outcome=\"withdrawn\"} 2\n",
            "credbridge_installations_total{product_class=\"none\",outcome=\"installed\"} 2\n",
            "credbridge_installation_progress_seconds_bucket{milestone=\"installed\",le=\"1\"} 0\n",
            "credbridge_installation_progress_seconds_bucket{milestone=\"installed\",le=\"2.5\"} 6\n",
            "credbridge_installation_progress_seconds_sum{milestone=\"installed\"} 12\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn product_classes_have_a_bounded_set_of_labels() {
        let metrics = Metrics::new("1");
        let (mut one, mut two) = (metrics.worker(), metrics.worker());
        for number in 0..1000 {
            one.installations().observed(&seen(&format!("p{number}")));
            two.installations().observed(&seen(&format!("p{number}")));
        }
        let text = metrics.render();
        let series = text.matches("\ncredbridge_installations_total{").count();
        assert_eq!(series, (PRODUCT_CLASSES_MAX + 1) * 4);
        let others = "{product_class=\"other\",outcome=\"installed\"} 3880\n";
        assert!(text.contains(others), "{text}");
    }
}
