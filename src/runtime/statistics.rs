//! What librdkafka tells of itself from time to time, as far as it is shown.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::telemetry::{BrokerRoundTrip, KafkaClientFigures};

/// Keeps what a client told last until somebody asks.
#[derive(Debug, Default)]
pub(super) struct Statistics(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    figures: Option<KafkaClientFigures>,
    /// What the client has counted since it was made.
    connects: u64,
    request_timeouts: u64,
}

/// The report of a client; everything else in it is passed over.
#[derive(Deserialize)]
#[serde(default)]
struct Report {
    msg_cnt: i64,
    msg_size: i64,
    brokers: Values<Broker>,
    topics: Values<Topic>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Broker {
    nodeid: i64,
    connects: i64,
    req_timeouts: i64,
    /// In microseconds.
    rtt: Window,
    /// In milliseconds.
    throttle: Window,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Window {
    max: i64,
    p99: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Topic {
    partitions: Values<Partition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Partition {
    fetchq_cnt: i64,
    fetchq_size: i64,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            msg_cnt: 0,
            msg_size: 0,
            brokers: Values(Vec::new()),
            topics: Values(Vec::new()),
        }
    }
}

impl Default for Broker {
    /// A broker whose id is not told has none.
    fn default() -> Self {
        Self {
            nodeid: -1,
            connects: 0,
            req_timeouts: 0,
            rtt: Window::default(),
            throttle: Window::default(),
        }
    }
}

/// The values of an object, without their names.
struct Values<T>(Vec<T>);

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Values<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Values<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((IgnoredAny, value)) = map.next_entry()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

impl Statistics {
    /// Takes a report in. One that cannot be read is logged, and changes nothing.
    pub(super) fn take_in(&self, report: &[u8]) {
        match serde_json::from_slice::<Report>(report) {
            Ok(report) => self.kept().add(&report),
            Err(error) => tracing::debug!(%error, "the statistics of librdkafka cannot be read"),
        }
    }

    /// What was told since the last call; `None`: nothing.
    pub(super) fn take(&self) -> Option<KafkaClientFigures> {
        self.kept().figures.take()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Kept {
    fn add(&mut self, report: &Report) {
        let brokers = &report.brokers.0;
        let connects = sum(brokers.iter().map(|broker| broker.connects));
        let request_timeouts = sum(brokers.iter().map(|broker| broker.req_timeouts));
        let partitions = || report.topics.0.iter().flat_map(|topic| &topic.partitions.0);
        let throttled = brokers.iter().map(|broker| broker.throttle.max).max();
        // A coordinator is asked by a connection of its own, whose answers to some questions wait for other members.
        let named = brokers.iter().filter(|broker| broker.nodeid >= 0);
        let before = self.figures.take();
        let before = before.as_ref();
        self.figures = Some(KafkaClientFigures {
            queued_records: sum([report.msg_cnt]
                .into_iter()
                .chain(partitions().map(|p| p.fetchq_cnt))),
            queued_bytes: sum([report.msg_size]
                .into_iter()
                .chain(partitions().map(|p| p.fetchq_size))),
            throttled: Duration::from_millis(throttled.map_or(0, whole)),
            connects: before.map_or(0, |before| before.connects)
                + connects.saturating_sub(self.connects),
            request_timeouts: before.map_or(0, |before| before.request_timeouts)
                + request_timeouts.saturating_sub(self.request_timeouts),
            round_trips: named
                .map(|broker| BrokerRoundTrip {
                    broker: broker.nodeid,
                    time: Duration::from_micros(whole(broker.rtt.p99)),
                })
                .collect(),
        });
        (self.connects, self.request_timeouts) = (connects, request_timeouts);
    }
}

fn sum(values: impl Iterator<Item = i64>) -> u64 {
    values.map(whole).sum()
}

fn whole(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rdkafka::consumer::Consumer as _;
    use rdkafka::mocking::MockCluster;

    use crate::config::Config;
    use crate::runtime::{Clock, clients};

    use super::*;

    /// Far more than a client takes to connect and to tell.
    const LIMIT: Duration = Duration::from_secs(60);

    const REPORT: &[u8] = br#"{"name": "x", "msg_cnt": 4, "msg_size": 400, "brokers": {
        "a:1/1": {"nodeid": 1, "connects": 3, "req_timeouts": 1, "rtt": {"max": 9, "p99": 1500}, "throttle": {"max": 250}},
        "a:1/bootstrap": {"nodeid": -1, "connects": 1, "rtt": {"p99": 7}, "throttle": {"max": 0}}},
        "topics": {"t": {"partitions": {
            "0": {"fetchq_cnt": 10, "fetchq_size": 1000, "toppars": {}}, "-1": {"fetchq_cnt": 0}}}}}"#;

    #[test]
    fn a_report_becomes_figures_and_counts_become_differences() {
        let statistics = Statistics::default();
        assert_eq!(statistics.take(), None);
        statistics.take_in(REPORT);
        statistics.take_in(b"{");
        let figures = KafkaClientFigures {
            queued_records: 14,
            queued_bytes: 1400,
            throttled: Duration::from_millis(250),
            connects: 4,
            request_timeouts: 1,
            round_trips: vec![BrokerRoundTrip {
                broker: 1,
                time: Duration::from_micros(1500),
            }],
        };
        assert_eq!(statistics.take(), Some(figures.clone()));
        statistics.take_in(REPORT);
        let more = String::from_utf8_lossy(REPORT).replace("\"connects\": 3", "\"connects\": 8");
        statistics.take_in(more.as_bytes());
        statistics.take_in(more.as_bytes());
        let second = KafkaClientFigures {
            connects: 5,
            request_timeouts: 0,
            ..figures
        };
        assert_eq!(statistics.take(), Some(second));
    }

    #[test]
    fn librdkafka_tells_what_is_read_here() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 2, 1).unwrap();
        let mut config = Config::default();
        config.kafka.bootstrap_servers = cluster.bootstrap_servers();
        let interval = ("statistics.interval.ms".to_owned(), "100".to_owned());
        config.kafka.properties.extend([interval]);
        let consumer = clients::member(&config, 0, 2).unwrap();
        consumer.subscribe(&["t"]).unwrap();
        let clock = Clock::new();
        loop {
            assert!(clock.elapsed() < LIMIT);
            drop(consumer.poll(Duration::from_millis(50)));
            let figures = consumer.context().diagnostics().take_figures();
            let round_trips = figures.map(|figures| figures.round_trips);
            let times = round_trips.iter().flatten();
            if times
                .clone()
                .any(|one| one.broker == 1 && !one.time.is_zero())
            {
                break;
            }
        }
    }
}
