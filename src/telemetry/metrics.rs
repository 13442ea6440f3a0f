//! Every metric: name, unit, description, labels.

use std::sync::Arc;

use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::{DirectoryMetrics, WorkerMetrics};

/// A transaction takes some milliseconds on a good day and its time-out, a minute, on the worst.
const SECONDS_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

/// A metric, as operators see it.
#[derive(Debug)]
pub struct Metric {
    /// Full name, with unit and `_total`.
    pub name: &'static str,
    /// How its value behaves.
    pub kind: Kind,
    /// Unit of its value.
    pub unit: Unit,
    /// Names of its labels; their values come from bounded sets.
    pub labels: &'static [&'static str],
    /// For people.
    pub description: &'static str,
}

/// How the value of a metric behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// A distribution, in buckets.
    Histogram,
}

macro_rules! metrics {
    ($($ident:ident = $kind:ident $name:literal, $unit:ident, [$($label:literal),*], $description:literal;)+) => {
        $(pub(super) static $ident: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            unit: Unit::$unit,
            labels: &[$($label),*],
            description: $description,
        };)+

        /// Every metric of the bridge itself; those of the process (`process_*`) come beside them.
        pub static METRICS: &[&Metric] = &[$(&$ident),+];
    };
}

metrics! {
    BUILD_INFO = Gauge "credbridge_build_info", Count, ["version", "rules"],
        "Always 1; the labels tell the version of the program and of its fault tables";
    RECORDS_IN = Counter "credbridge_records_in_total", Count, ["topic"],
        "Records read, by role of the topic";
    RECORDS_OUT = Counter "credbridge_records_out_total", Count, ["topic"],
        "Records handed to the producer, by role of the topic";
    RECORDS_FORWARDED = Counter "credbridge_records_forwarded_total", Count, ["topic"],
        "Input records passed on to the worker that owns their shard, by role of the input topic";
    CONSUMER_LAG = Gauge "credbridge_consumer_lag_records", Count, ["topic"],
        "Records between the position and the end of the partitions assigned, by role of the topic";
    EVENTS = Counter "credbridge_events_total", Count, ["fate"],
        "Events by what became of them";
    PARKED = Gauge "credbridge_events_parked", Count, [],
        "CPE events that wait for their request";
    REQUESTS_WAITING = Gauge "credbridge_requests_waiting", Count, [],
        "Requests that wait for their node";
    NODES = Gauge "credbridge_nodes", Count, [],
        "Nodes in the node directory of this process";
    NODE_LAG = Gauge "credbridge_node_lag_records", Count, [],
        "Records between the position and the end of the node directory";
    NODE_RECORDS_REFUSED = Counter "credbridge_node_records_refused_total", Count, [],
        "Records of the node directory that tell of no node";
    LEDGER_IMBALANCE = Gauge "credbridge_ledger_imbalance_events", Count, [],
        "Events that are not accounted for; anything but 0 is a defect of the bridge";
    DEAD_LETTERS = Counter "credbridge_dead_letters_total", Count, ["reason"],
        "Records written to the dead letters, by reason";
    RESPONSES = Counter "credbridge_responses_total", Count, ["status_code"],
        "Responses by Response Status Code, acknowledgements included";
    FAULTS = Counter "credbridge_faults_total", Count, ["code"],
        "CWMP faults that ended an installation; codes without a meaning of their own are `vendor` or `other`";
    TIMEOUTS = Counter "credbridge_timeouts_total", Count, ["step"],
        "Time-outs by what was waited for";
    COMMANDS = Counter "credbridge_commands_total", Count, ["step"],
        "Commands by step, retries included";
    RETRIES = Counter "credbridge_retries_total", Count, ["cause"],
        "Commands that are to come again, by rejection, `timeout`, or fault code";
    INSTALLATIONS_OPEN = Gauge "credbridge_installations_open", Count, [],
        "Installations under way";
    INSTALLATIONS_ENDED = Gauge "credbridge_installations_ended", Count, [],
        "Ended installations that are remembered, so that repeats are told from strangers";
    TRANSACTIONS = Counter "credbridge_transactions_total", Count, ["outcome"],
        "Transactions by outcome";
    TRANSACTION_DURATION = Histogram "credbridge_transaction_duration_seconds", Seconds, ["phase"],
        "Time of a commit: `drain` until outputs are acknowledged, `offsets` until offsets are sent, `end` until it stands";
    REBALANCES = Counter "credbridge_rebalances_total", Count, [],
        "Assignments and revocations by the consumer group";
    SHARDS_OWNED = Gauge "credbridge_shards_owned", Count, [],
        "Shards of this process";
    SHARDS_RESTORING = Gauge "credbridge_shards_restoring", Count, [],
        "Shards of this process that are being restored";
    RESTORE_RECORDS = Counter "credbridge_restore_records_total", Count, [],
        "Changelog records read to restore shards";
    RESTORE_REMAINING = Gauge "credbridge_restore_remaining_records", Count, [],
        "Changelog records still to be read, at most";
    WATERMARK_AGE = Gauge "credbridge_watermark_age_seconds", Seconds, [],
        "How far the time on which time-outs run is behind the clock; grows under lag";
    KAFKA_ERRORS = Counter "credbridge_kafka_errors_total", Count, ["code"],
        "Errors reported by librdkafka, by code";
    PRODUCER_RECREATIONS = Counter "credbridge_producer_recreations_total", Count, [],
        "Producers replaced after a fatal error, e.g. fencing";
    QUEUE_FULL = Counter "credbridge_queue_full_total", Count, [],
        "Times a worker had to wait because the producer's queue was full";
}

/// All metrics of this process; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: metrics_process::Collector,
}

impl Metrics {
    /// All metrics at 0. `rules` is the version of the fault tables.
    pub fn new(rules: &'static str) -> Self {
        let recorder = PrometheusBuilder::new()
            .with_recommended_naming(true)
            .set_buckets_for_metric(
                Matcher::Full(TRANSACTION_DURATION.name.to_owned()),
                &SECONDS_BUCKETS,
            )
            .expect("there are buckets")
            .build_recorder();
        for metric in METRICS {
            metric.describe(&recorder);
        }
        let process = metrics_process::Collector::default();
        ::metrics::with_local_recorder(&recorder, || process.describe());
        let metrics = Self(Arc::new(Inner {
            handle: recorder.handle(),
            recorder,
            process,
        }));
        let version = env!("CARGO_PKG_VERSION");
        metrics.gauge(&BUILD_INFO, &[version, rules]).set(1.0);
        metrics
    }

    /// The handles of one worker.
    pub fn worker(&self) -> WorkerMetrics {
        WorkerMetrics::new(self)
    }

    /// The handles of the thread that reads the node directory.
    pub fn directory(&self) -> DirectoryMetrics {
        DirectoryMetrics::new(self)
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        let inner = &*self.0;
        ::metrics::with_local_recorder(&inner.recorder, || inner.process.collect());
        inner.handle.run_upkeep();
        inner.handle.render()
    }

    pub(super) fn counter(&self, metric: &'static Metric, values: &[&str]) -> Counter {
        let key = metric.key(values);
        self.0.recorder.register_counter(&key, &METADATA)
    }

    pub(super) fn gauge(&self, metric: &'static Metric, values: &[&str]) -> Gauge {
        let key = metric.key(values);
        self.0.recorder.register_gauge(&key, &METADATA)
    }

    pub(super) fn histogram(&self, metric: &'static Metric, values: &[&str]) -> Histogram {
        let key = metric.key(values);
        self.0.recorder.register_histogram(&key, &METADATA)
    }
}

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

impl Metric {
    fn describe(&self, recorder: &impl Recorder) {
        let name = self.name.into();
        let description = self.description.into();
        let unit = (self.unit != Unit::Count).then_some(self.unit);
        match self.kind {
            Kind::Counter => recorder.describe_counter(name, unit, description),
            Kind::Gauge => recorder.describe_gauge(name, unit, description),
            Kind::Histogram => recorder.describe_histogram(name, unit, description),
        }
    }

    fn key(&self, values: &[&str]) -> Key {
        assert_eq!(self.labels.len(), values.len(), "each label has a value");
        let labels = self.labels.iter().zip(values);
        let labels = labels.map(|(name, value)| Label::new(*name, (*value).to_owned()));
        Key::from_parts(self.name, labels.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn names_are_unique_and_say_kind_and_unit() {
        let mut seen = std::collections::BTreeSet::new();
        for metric in METRICS {
            assert!(seen.insert(metric.name), "{}", metric.name);
            assert!(metric.name.starts_with("credbridge_"), "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_total"),
                metric.kind == Kind::Counter,
                "{}",
                metric.name
            );
            assert_eq!(
                metric.name.contains("_seconds"),
                metric.unit == Unit::Seconds,
                "{}",
                metric.name
            );
        }
    }

    #[test]
    fn what_is_rendered_is_what_is_listed() {
        let metrics = Metrics::new("1");
        let mut worker = metrics.worker();
        metrics.directory();
        worker.kafka_error(rdkafka::types::RDKafkaErrorCode::QueueFull);
        worker.timeouts(&BTreeMap::new(), &BTreeMap::from([((), 1)]), |()| "accept");
        let text = metrics.render();
        for metric in METRICS {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let line = format!("# TYPE {} {kind}\n", metric.name);
            assert!(text.contains(&line), "{line}{text}");
            assert!(text.contains(&format!("# HELP {} ", metric.name)), "{text}");
        }
        assert!(text.contains("process_cpu_seconds_total"), "{text}");
        let ours = text.matches("# TYPE credbridge_").count();
        assert_eq!(ours, METRICS.len(), "{text}");
    }
}
