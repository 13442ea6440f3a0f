//! Every metric: name, unit, description, labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use ::metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::admin_metrics::AdminMetrics;
use super::distribution::Distribution;
use super::handle::{Peak, Peaks};
use super::installation_metrics::ProductClasses;
use super::kafka_metrics::KnownBrokers;
use super::{DirectoryMetrics, SpanMetrics, StagingMetrics, WorkerMetrics};

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
    BUILD_INFO = Gauge "credbridge_build_info", Count, ["version", "rules", "librdkafka"],
        "Always 1; the labels tell the versions of the program, of its fault tables and of its Kafka client";
    RECORDS_IN = Counter "credbridge_records_in_total", Count, ["topic"],
        "Records read, by role of the topic";
    RECORDS_OUT = Counter "credbridge_records_out_total", Count, ["topic"],
        "Records handed to the producer, by role of the topic";
    RECORDS_FORWARDED = Counter "credbridge_records_forwarded_total", Count, ["topic"],
        "Input records passed on to the worker that owns their shard, by role of the input topic";
    CONSUMER_LAG = Gauge "credbridge_consumer_lag_records", Count, ["topic"],
        "Records between the position and the end of the partitions assigned, by role of the topic";
    CONSUMER_LAG_SECONDS = Gauge "credbridge_consumer_lag_seconds", Seconds, ["topic"],
        "How old the record is that was read last, while more lie ahead, by role of the topic";
    RECORD_AGE = Histogram "credbridge_record_age_seconds", Seconds, ["topic"],
        "Time from the timestamp of a record until it was handled, by role of the topic";
    EVENTS = Counter "credbridge_events_total", Count, ["fate"],
        "Events by what became of them";
    PARKED = Gauge "credbridge_events_parked", Count, [],
        "CPE events that wait for their request";
    REQUESTS_WAITING = Gauge "credbridge_requests_waiting", Count, [],
        "Requests that wait for their node";
    NODES = Gauge "credbridge_nodes", Count, [],
        "Nodes in the node directory of this process";
    STAGED_FILES = Counter "credbridge_staged_files_total", Count, ["outcome"],
        "Certificate files that were `staged`, `removed` at the end, or `swept` because they had expired; `failed`: calls of the store";
    SPANS = Counter "credbridge_spans_total", Count, ["outcome"],
        "Spans of installation steps that the collector took (`exported`) or did not (`failed`), and for which there was no room (`dropped`); only with the cargo feature otel";
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
    ANOMALIES = Counter "credbridge_anomalies_total", Count, ["kind"],
        "Events that say otherwise than an earlier one (`contradiction`), results of transfers whose request was answered before (`late_result`), and faults that ended an installation and stand in no table (`unlisted_fault`) or in that of another message (`fault_of_another_message`)";
    INSTALLATIONS_OPEN = Gauge "credbridge_installations_open", Count, [],
        "Installations under way";
    INSTALLATIONS_ENDED = Gauge "credbridge_installations_ended", Count, [],
        "Ended installations that are remembered, so that repeats are told from strangers";
    OLDEST_OPEN_AGE = Gauge "credbridge_oldest_open_age_seconds", Seconds, [],
        "How long the oldest installation is under way; 0: there is none";
    INSTALLATIONS = Counter "credbridge_installations_total", Count, ["product_class", "outcome"],
        "Installations that ended: `installed`, by a `fault` of the device, `withdrawn` by their originators, or by an `other` failure; product classes beyond the first 30 are `other`";
    INSTALLATION_PROGRESS = Histogram "credbridge_installation_progress_seconds", Seconds, ["milestone"],
        "Time from the request until the Download was `accepted`, the file `transferred`, the SUIDs `set` (sent), and the end, `installed` or `failed`";
    LIMIT_FILL = Gauge "credbridge_limit_fill_ratio", Count, ["limit"],
        "How full the fullest shard or queue is, 0 to 1, by limit";
    TRANSACTIONS = Counter "credbridge_transactions_total", Count, ["outcome"],
        "Transactions by outcome: `committed`; `aborted`, whose records are read again; `fatal`, whose producer was fenced, or whose end is not known";
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
    KAFKA_ROUND_TRIP = Gauge "credbridge_kafka_round_trip_seconds", Seconds, ["client", "broker"],
        "How long a broker takes to answer the `consumer` or the `producer` of the slowest worker, 99th percentile of the last 10 s; a consumer is kept waiting for records up to 50 ms; brokers beyond the first 30 are `other`";
    KAFKA_THROTTLE = Gauge "credbridge_kafka_throttle_seconds", Seconds, ["client"],
        "Longest time in the last 10 s for which a broker held back an answer because of a quota";
    KAFKA_QUEUE_RECORDS = Gauge "credbridge_kafka_queue_records", Count, ["client"],
        "Records in the queues of librdkafka: read ahead by the `consumer`, or not acknowledged yet to the `producer`";
    KAFKA_QUEUE_BYTES = Gauge "credbridge_kafka_queue_bytes", Bytes, ["client"],
        "Bytes of these records";
    KAFKA_CONNECTS = Counter "credbridge_kafka_connects_total", Count, ["client"],
        "Connections to brokers that were tried, the first ones and those after a loss";
    KAFKA_REQUEST_TIMEOUTS = Counter "credbridge_kafka_request_timeouts_total", Count, ["client"],
        "Requests that no broker answered in time";
    ADMIN_REFUSALS = Counter "credbridge_admin_refusals_total", Count, ["reason"],
        "What the admin port refused: requests for which there is `no_token` (401), for a `foreign_host` or for a change while these are `changes_off` (403), `too_many_requests` (429), `too_slow` (408); connections: `too_many_connections` (503), `bad_handshake` of TLS, e.g. without a certificate";
}

/// All metrics of this process; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: metrics_process::Collector,
    distributions: Mutex<Vec<Arc<Distribution>>>,
    peaks: Mutex<BTreeMap<Key, Peaks>>,
    product_classes: ProductClasses,
    known_brokers: KnownBrokers,
}

impl Metrics {
    /// All metrics at 0. `rules` is the version of the fault tables.
    pub fn new(rules: &'static str) -> Self {
        let recorder = PrometheusBuilder::new()
            .with_recommended_naming(true)
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
            distributions: Mutex::default(),
            peaks: Mutex::default(),
            product_classes: ProductClasses::default(),
            known_brokers: KnownBrokers::default(),
        }));
        let librdkafka = rdkafka::util::get_rdkafka_version().1;
        let versions = [env!("CARGO_PKG_VERSION"), rules, &librdkafka];
        metrics.gauge(&BUILD_INFO, &versions).set(1.0);
        metrics
    }

    /// The handles of one worker.
    pub fn worker(&self) -> WorkerMetrics {
        WorkerMetrics::new(self)
    }

    /// The handles of the thread that talks to the store for certificate files.
    pub fn staging(&self) -> StagingMetrics {
        StagingMetrics::new(self)
    }

    /// The handles of those who make and export spans.
    pub fn spans(&self) -> SpanMetrics {
        SpanMetrics::new(self)
    }

    /// The handles of the thread that reads the node directory.
    pub fn directory(&self) -> DirectoryMetrics {
        DirectoryMetrics::new(self)
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    pub fn render(&self) -> String {
        let inner = &*self.0;
        ::metrics::with_local_recorder(&inner.recorder, || inner.process.collect());
        let mut text = inner.handle.render();
        let distributions = lock(&inner.distributions);
        let histograms = METRICS
            .iter()
            .filter(|metric| metric.kind == Kind::Histogram);
        for metric in histograms {
            let (name, description) = (metric.name, metric.description);
            writeln!(text, "# HELP {name} {description}\n# TYPE {name} histogram")
                .expect("writing to memory does not fail");
            for distribution in distributions.iter().filter(|known| known.is_of(metric)) {
                distribution.render(&mut text);
            }
        }
        text
    }

    /// The handles of the admin port.
    pub(super) fn admin(&self) -> AdminMetrics {
        AdminMetrics::new(self)
    }

    pub(super) fn counter(&self, metric: &'static Metric, values: &[&str]) -> Counter {
        let key = metric.key(values);
        self.0.recorder.register_counter(&key, &METADATA)
    }

    pub(super) fn gauge(&self, metric: &'static Metric, values: &[&str]) -> Gauge {
        let key = metric.key(values);
        self.0.recorder.register_gauge(&key, &METADATA)
    }

    /// The histogram with these label values; workers share it.
    pub(super) fn distribution(
        &self,
        metric: &'static Metric,
        values: &[&str],
        bounds: &'static [f64],
    ) -> Arc<Distribution> {
        let mut all = lock(&self.0.distributions);
        if let Some(known) = all.iter().find(|known| known.is(metric, values)) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(Distribution::new(metric, values, bounds));
        all.push(Arc::clone(&fresh));
        fresh
    }

    /// One worker's part in a gauge that shows the greatest.
    pub(super) fn peak(&self, metric: &'static Metric, values: &[&str]) -> Peak {
        let all = Arc::clone(lock(&self.0.peaks).entry(metric.key(values)).or_default());
        Peak::new(self.gauge(metric, values), all)
    }

    pub(super) fn product_classes(&self) -> MutexGuard<'_, BTreeSet<Box<str>>> {
        lock(&self.0.product_classes)
    }

    pub(super) fn known_brokers(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        lock(&self.0.known_brokers)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics while holding it")
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
            // Rendered here, not by the recorder.
            Kind::Histogram => {}
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
    use std::time::Duration;

    use super::super::{BrokerRoundTrip, KafkaClient, KafkaClientFigures};
    use super::*;

    #[test]
    fn names_are_unique_and_say_kind_and_unit() {
        let mut seen = BTreeSet::new();
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
            assert_eq!(
                metric.name.ends_with("_bytes"),
                metric.unit == Unit::Bytes,
                "{}",
                metric.name
            );
        }
    }

    /// The shards of a process share their series, so that 64 of them have no more than one.
    #[test]
    fn series_are_few() {
        let metrics = Metrics::new("1");
        let _workers = [metrics.worker(), metrics.worker()];
        let text = metrics.render();
        let series = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert!(series.count() < 600, "{text}");
    }

    #[test]
    fn what_is_rendered_is_what_is_listed() {
        let metrics = Metrics::new("1");
        let mut worker = metrics.worker();
        metrics.directory();
        metrics.staging();
        metrics.spans();
        metrics.admin();
        let mut observations = crate::correlator::Observations::default();
        observations
            .outcomes
            .insert("IGD".into(), crate::correlator::Outcomes::default());
        worker.installations().observed(&observations);
        worker.kafka_error(rdkafka::types::RDKafkaErrorCode::QueueFull);
        worker.timeouts(&BTreeMap::new(), &BTreeMap::from([((), 1)]), |()| "accept");
        let figures = KafkaClientFigures {
            round_trips: vec![BrokerRoundTrip {
                broker: 1,
                time: Duration::from_millis(1),
            }],
            ..KafkaClientFigures::default()
        };
        worker.kafka().told(KafkaClient::Producer, &figures);
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
