use rdkafka::ClientConfig;
use rdkafka::consumer::Consumer as _;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::Offset;

use crate::config::Config;
use crate::runtime::assignment::{list, partitions_of};
use crate::runtime::clients;

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

/// Lanes of a topic of requests and one of CPE events, which hold records of these times.
fn lanes(
    cluster: &MockCluster<'_, rdkafka::producer::DefaultProducerContext>,
    times: [&[i64]; 2],
) -> (Lanes, Arc<BaseConsumer<Membership>>) {
    let servers = cluster.bootstrap_servers();
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &servers)
        .create()
        .unwrap();
    for (topic, times) in ["requests", "events"].into_iter().zip(times) {
        cluster.create_topic(topic, 1, 1).unwrap();
        for time in times {
            let record = BaseRecord::to(topic).key("k").payload("v");
            producer.send(record.partition(0).timestamp(*time)).unwrap();
        }
    }
    producer.flush(LIMIT).unwrap();
    let mut config = Config::default();
    config.kafka.bootstrap_servers = servers;
    let mut consumer = clients::member(&config, 0, 2).unwrap();
    consumer.set_nonempty_callback(wake_this_thread());
    let consumer = Arc::new(consumer);
    let mut lanes = Lanes::default();
    let mut all = Vec::new();
    for (topic, input) in [("requests", Input::Requests), ("events", Input::CpeEvents)] {
        for partition in partitions_of(topic, [0]) {
            lanes.open(&consumer, &partition, Some(input)).unwrap();
            all.push(partition);
        }
    }
    let start = all.iter().map(|partition| (partition, Offset::Beginning));
    consumer.assign(&list(start).unwrap()).unwrap();
    (lanes, consumer)
}

/// Waits until every lane that may has a record at hand, as in a backlog.
fn fill(lanes: &mut Lanes, consumer: &BaseConsumer<Membership>) {
    let deadline = crate::runtime::Clock::new();
    loop {
        assert!(consumer.poll(Duration::ZERO).is_none());
        let turn = lanes.turn().unwrap();
        let is_full = turn.empty.is_empty();
        let rest = turn.end();
        lanes.keep(rest);
        if is_full {
            return;
        }
        assert!(deadline.elapsed() < LIMIT, "nothing comes");
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// Handles so many records at most; returns their topics and times.
fn handle(lanes: &mut Lanes, most: usize) -> Vec<(String, i64)> {
    let mut handled = Vec::new();
    let mut turn = lanes.turn().unwrap();
    while handled.len() < most {
        handled.push(match turn.next().unwrap() {
            Next::Record(Head::Kept(record)) => told(&record),
            Next::Record(Head::Taken(record)) => told(&record),
            Next::Awaited | Next::Nothing => break,
        });
    }
    let rest = turn.end();
    lanes.keep(rest);
    handled
}

fn told(record: &impl rdkafka::Message) -> (String, i64) {
    let time = record.timestamp().to_millis().unwrap();
    (record.topic().to_owned(), time)
}

fn expected(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter()
        .map(|(topic, at)| ((*topic).to_owned(), *at))
        .collect()
}

#[test]
fn the_oldest_record_comes_first_also_when_turns_end_in_between() {
    let cluster = MockCluster::new(1).unwrap();
    let (mut lanes, consumer) = lanes(&cluster, [&[10, 30, 30, 50], &[20, 30, 40]]);
    fill(&mut lanes, &consumer);
    let first = handle(&mut lanes, 2);
    assert_eq!(first, expected(&[("requests", 10), ("events", 20)]));
    let mut positions = crate::runtime::probe::offsets(&consumer.position().unwrap()).unwrap();
    lanes.correct(&mut positions);
    let next = |topic: &str| positions[&(topic.to_owned(), 0)];
    assert_eq!((next("requests"), next("events")), (1, 1));
    fill(&mut lanes, &consumer);
    let rest = handle(&mut lanes, 4);
    let want = [
        ("requests", 30),
        ("requests", 30),
        ("events", 30),
        ("events", 40),
    ];
    assert_eq!(rest, expected(&want));
}

#[test]
fn a_lane_that_is_held_keeps_its_records() {
    let cluster = MockCluster::new(1).unwrap();
    let (mut lanes, consumer) = lanes(&cluster, [&[10, 30], &[20]]);
    fill(&mut lanes, &consumer);
    lanes.hold(true, |(topic, _)| topic == "requests");
    assert_eq!(handle(&mut lanes, 9), expected(&[("events", 20)]));
    lanes.hold(false, |_| true);
    assert_eq!(handle(&mut lanes, 1), expected(&[("requests", 10)]));
}

#[test]
fn a_backlog_is_awaited_until_patience_ends() {
    let cluster = MockCluster::new(1).unwrap();
    let (mut lanes, consumer) = lanes(&cluster, [&[], &[20, 40]]);
    let partition = ("requests".to_owned(), 0);
    lanes.note(&Offsets::new(), &[(partition, BACKLOG_MIN)].into());
    let deadline = crate::runtime::Clock::new();
    while lanes.0[1].kept.is_none() {
        assert!(deadline.elapsed() < LIMIT, "nothing comes");
        assert!(consumer.poll(Duration::ZERO).is_none());
        assert_eq!(handle(&mut lanes, 1), []);
    }
    let mut turn = lanes.turn().unwrap();
    turn.give_up();
    let rest = turn.end();
    lanes.keep(rest);
    assert_eq!(handle(&mut lanes, 1), expected(&[("events", 20)]));
}
