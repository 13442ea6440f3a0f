use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use ::metrics::{Counter, Gauge};
use slab::Slab;

use super::metrics::{Metric, Metrics};
use crate::wire::Input;

/// One handle for each input.
pub(super) struct ByInput<H> {
    cpe_events: H,
    requests: H,
}

impl<H> ByInput<H> {
    pub(super) fn new(handle: impl Fn(&'static str) -> H) -> Self {
        Self {
            cpe_events: handle("cpe_events"),
            requests: handle("requests"),
        }
    }

    pub(super) const fn of(&self, input: Input) -> &H {
        match input {
            Input::CpeEvents => &self.cpe_events,
            Input::Requests => &self.requests,
        }
    }

    pub(super) const fn of_mut(&mut self, input: Input) -> &mut H {
        match input {
            Input::CpeEvents => &mut self.cpe_events,
            Input::Requests => &mut self.requests,
        }
    }
}

/// One worker's share in a gauge of the process; taken back when the worker is gone.
pub(super) struct Share {
    gauge: Gauge,
    value: u64,
}

impl Share {
    pub(super) const fn new(gauge: Gauge) -> Self {
        Self { gauge, value: 0 }
    }

    pub(super) fn set(&mut self, value: u64) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of records stay below 2^53"
        )]
        match value.checked_sub(self.value) {
            Some(more) => self.gauge.increment(more as f64),
            None => self.gauge.decrement((self.value - value) as f64),
        }
        self.value = value;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// One worker's part in a gauge of the process that shows the greatest; taken back when the worker is gone.
pub(super) struct Peak {
    gauge: Gauge,
    all: Peaks,
    own: usize,
}

/// The values of all workers for one gauge.
pub(super) type Peaks = Arc<Mutex<Slab<f64>>>;

impl Peak {
    pub(super) fn new(gauge: Gauge, all: Peaks) -> Self {
        let own = lock(&all).insert(0.0);
        Self { gauge, all, own }
    }

    pub(super) fn set(&self, value: f64) {
        let mut all = lock(&self.all);
        all[self.own] = value;
        self.gauge.set(greatest(&all));
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        all.remove(self.own);
        self.gauge.set(greatest(&all));
    }
}

fn lock(all: &Peaks) -> MutexGuard<'_, Slab<f64>> {
    all.lock().expect("nobody panics while holding it")
}

fn greatest(all: &Slab<f64>) -> f64 {
    all.iter().map(|(_, value)| *value).fold(0.0, f64::max)
}

/// A counter with one label, whose handles are made once per value.
pub(super) struct Family {
    metrics: Metrics,
    metric: &'static Metric,
    counters: BTreeMap<Cow<'static, str>, Counter>,
}

impl Family {
    pub(super) fn new(metrics: &Metrics, metric: &'static Metric) -> Self {
        Self {
            metrics: metrics.clone(),
            metric,
            counters: BTreeMap::new(),
        }
    }

    /// Makes values visible before they happen, so that a first increase is seen as one.
    pub(super) fn with(mut self, values: &[&'static str]) -> Self {
        for value in values {
            self.add(*value, 0);
        }
        self
    }

    pub(super) fn add(&mut self, value: impl Into<Cow<'static, str>>, count: u64) {
        let (metrics, metric) = (&self.metrics, self.metric);
        let value = value.into();
        let new = || metrics.counter(metric, &[&value]);
        match self.counters.get(&value) {
            Some(counter) => counter.increment(count),
            None => {
                let counter = new();
                counter.increment(count);
                self.counters.insert(value, counter);
            }
        }
    }

    pub(super) fn add_differences<K: Ord>(
        &mut self,
        before: &BTreeMap<K, u64>,
        after: &BTreeMap<K, u64>,
        label: impl Fn(&K) -> Cow<'static, str>,
    ) {
        for (key, count) in after {
            let before = before.get(key).copied().unwrap_or_default();
            if *count > before {
                self.add(label(key), count - before);
            }
        }
    }
}
