use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::metrics::Counter;

use super::handle::{Peak, Share};
use super::metrics::{self as table, Metrics};

/// Brokers that have series of their own; more are one.
const BROKERS_MAX: usize = 30;

/// The label of the brokers beyond [`BROKERS_MAX`].
const OTHER: &str = "other";

/// The brokers that have series of their own; workers share them.
pub(super) type KnownBrokers = Arc<Mutex<BTreeSet<i64>>>;

/// A kind of Kafka client that tells of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KafkaClient {
    /// The member of the group.
    Consumer,
    /// The writer of the outputs.
    Producer,
}

/// What a client tells of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KafkaClientFigures {
    /// Records in its queues: read ahead, or not acknowledged yet.
    pub queued_records: u64,
    /// Their bytes.
    pub queued_bytes: u64,
    /// The longest time for which a broker held back an answer because of a quota.
    pub throttled: Duration,
    /// Connections that were tried since it was asked last.
    pub connects: u64,
    /// Requests that no broker answered in time, since it was asked last.
    pub request_timeouts: u64,
    /// One for each broker that is known by its id.
    pub round_trips: Vec<BrokerRoundTrip>,
}

/// How long a broker takes to answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokerRoundTrip {
    /// The id of the broker.
    pub broker: i64,
    /// The 99th percentile; zero: nothing was asked.
    pub time: Duration,
}

/// What the Kafka clients of one worker tell of themselves.
pub struct KafkaMetrics {
    consumer: ClientMetrics,
    producer: ClientMetrics,
}

struct ClientMetrics {
    metrics: Metrics,
    label: &'static str,
    queued_records: Share,
    queued_bytes: Share,
    throttled: Peak,
    connects: Counter,
    request_timeouts: Counter,
    round_trips: BTreeMap<String, Peak>,
}

impl KafkaMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            consumer: ClientMetrics::new(metrics, "consumer"),
            producer: ClientMetrics::new(metrics, "producer"),
        }
    }

    /// A client told of itself.
    pub fn told(&mut self, client: KafkaClient, figures: &KafkaClientFigures) {
        match client {
            KafkaClient::Consumer => self.consumer.told(figures),
            KafkaClient::Producer => self.producer.told(figures),
        }
    }
}

impl ClientMetrics {
    fn new(metrics: &Metrics, label: &'static str) -> Self {
        let share = |metric| Share::new(metrics.gauge(metric, &[label]));
        let counter = |metric| metrics.counter(metric, &[label]);
        Self {
            metrics: metrics.clone(),
            label,
            queued_records: share(&table::KAFKA_QUEUE_RECORDS),
            queued_bytes: share(&table::KAFKA_QUEUE_BYTES),
            throttled: metrics.peak(&table::KAFKA_THROTTLE, &[label]),
            connects: counter(&table::KAFKA_CONNECTS),
            request_timeouts: counter(&table::KAFKA_REQUEST_TIMEOUTS),
            round_trips: BTreeMap::new(),
        }
    }

    fn told(&mut self, figures: &KafkaClientFigures) {
        self.queued_records.set(figures.queued_records);
        self.queued_bytes.set(figures.queued_bytes);
        self.throttled.set(figures.throttled.as_secs_f64());
        self.connects.increment(figures.connects);
        self.request_timeouts.increment(figures.request_timeouts);
        let mut slowest: BTreeMap<String, Duration> = BTreeMap::new();
        for round_trip in &figures.round_trips {
            let time = slowest.entry(self.broker(round_trip.broker)).or_default();
            *time = round_trip.time.max(*time);
        }
        // A broker that is gone is slow no longer.
        self.round_trips
            .retain(|broker, _| slowest.contains_key(broker));
        for (broker, time) in slowest {
            let values = [self.label, &broker];
            let new = || self.metrics.peak(&table::KAFKA_ROUND_TRIP, &values);
            let peak = self.round_trips.entry(broker.clone()).or_insert_with(new);
            peak.set(time.as_secs_f64());
        }
    }

    fn broker(&self, id: i64) -> String {
        let mut known = self.metrics.known_brokers();
        if !known.contains(&id) {
            if known.len() >= BROKERS_MAX {
                return OTHER.to_owned();
            }
            known.insert(id);
        }
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(brokers: std::ops::Range<i64>, micros: u64) -> KafkaClientFigures {
        KafkaClientFigures {
            queued_records: 3,
            queued_bytes: 1000,
            throttled: Duration::from_millis(250),
            connects: 2,
            request_timeouts: 1,
            round_trips: brokers
                .map(|broker| BrokerRoundTrip {
                    broker,
                    time: Duration::from_micros(micros),
                })
                .collect(),
        }
    }

    #[test]
    fn queues_of_workers_add_up_and_the_slowest_round_trip_shows() {
        let metrics = Metrics::new("1");
        let (mut one, mut two) = (KafkaMetrics::new(&metrics), KafkaMetrics::new(&metrics));
        one.told(KafkaClient::Producer, &figures(0..2, 1500));
        two.told(KafkaClient::Producer, &figures(1..2, 9000));
        let text = metrics.render();
        for line in [
            "credbridge_kafka_queue_records{client=\"producer\"} 6\n",
            "credbridge_kafka_queue_bytes{client=\"producer\"} 2000\n",
            "credbridge_kafka_queue_bytes{client=\"consumer\"} 0\n",
            "credbridge_kafka_throttle_seconds{client=\"producer\"} 0.25\n",
            "credbridge_kafka_connects_total{client=\"producer\"} 4\n",
            "credbridge_kafka_request_timeouts_total{client=\"producer\"} 2\n",
            "credbridge_kafka_round_trip_seconds{client=\"producer\",broker=\"0\"} 0.0015\n",
            "credbridge_kafka_round_trip_seconds{client=\"producer\",broker=\"1\"} 0.009\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        drop(two);
        one.told(KafkaClient::Producer, &figures(1..2, 500));
        let text = metrics.render();
        for line in [
            "credbridge_kafka_queue_records{client=\"producer\"} 3\n",
            "credbridge_kafka_round_trip_seconds{client=\"producer\",broker=\"0\"} 0\n",
            "credbridge_kafka_round_trip_seconds{client=\"producer\",broker=\"1\"} 0.0005\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn brokers_have_a_bounded_set_of_labels() {
        let metrics = Metrics::new("1");
        let mut kafka = KafkaMetrics::new(&metrics);
        for begin in 0..100 {
            kafka.told(KafkaClient::Consumer, &figures(begin..begin + 10, 100));
        }
        let text = metrics.render();
        let series = text
            .matches("\ncredbridge_kafka_round_trip_seconds{")
            .count();
        assert_eq!(series, BROKERS_MAX + 1, "{text}");
    }
}
