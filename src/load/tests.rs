use std::thread;
use std::time::Duration;

use rdkafka::mocking::MockCluster;

use crate::config::{Config, Delivery};
use crate::runtime::Stop;
use crate::wire::Format;

use super::perfect_bridge::PerfectBridge;
use super::{LoadOptions, Mess, RequestKey, Verdict, run};

/// Short, since the test waits for it; far above what the machine needs for an answer.
const TIME_OUT: Duration = Duration::from_secs(2);

fn config(bootstrap_servers: String) -> Config {
    let mut config = Config::default();
    config.kafka.bootstrap_servers = bootstrap_servers;
    config.delivery = Delivery::ExactlyOnce;
    config.formats.cpe_events = Some(Format::Protobuf);
    config.timeouts.accept = TIME_OUT;
    config.timeouts.transfer = TIME_OUT;
    config.timeouts.lookup = TIME_OUT;
    config.timeouts.set = TIME_OUT;
    config.timeouts.early_ttl = TIME_OUT;
    config
}

fn options(installations: u64) -> LoadOptions {
    LoadOptions {
        installations,
        devices: 100,
        rate: 0,
        window: 100,
        seed: 1,
        nonce: Some(0),
        mess: Mess::NONE,
        request_key: RequestKey::default(),
        deadline: Duration::from_secs(60),
        json: false,
        write_only: false,
    }
}

fn cluster(
    config: impl FnOnce(String) -> Config,
) -> (
    MockCluster<'static, rdkafka::producer::DefaultProducerContext>,
    Config,
) {
    let cluster = MockCluster::new(1).unwrap();
    let config = config(cluster.bootstrap_servers());
    let topics = &config.topics;
    let changelog = format!("{}-changelog", config.application_id);
    let ledger = format!("{}-ledger", config.application_id);
    for topic in [
        &topics.requests[0],
        &topics.cpe_events[0],
        &topics.commands,
        &topics.responses,
        &topics.dead_letters,
        &changelog,
        &ledger,
    ] {
        cluster.create_topic(topic, 2, 1).unwrap();
    }
    (cluster, config)
}

fn against_perfection(options: &LoadOptions) -> (Verdict, String) {
    let (_cluster, config) = cluster(config);
    let stop = Stop::default();
    let mut out = Vec::new();
    let verdict = thread::scope(|scope| {
        scope.spawn(|| PerfectBridge::new(&config).run(&stop));
        let verdict = run(&config, options, &mut out);
        stop.request();
        verdict.unwrap()
    });
    (verdict, String::from_utf8(out).unwrap())
}

#[test]
fn a_right_bridge_is_found_right_in_all_mess() {
    let mess = Mess {
        faults: 0.2,
        silence: 0.1,
        rejections: 0.0,
        duplicates: 0.1,
        reordering: 0.1,
        early: 0.1,
        wrong_keys: 0.1,
        renewals: 0.0,
        poison: 0.1,
    };
    let (verdict, text) = against_perfection(&LoadOptions {
        mess,
        ..options(400)
    });
    assert_eq!(
        (verdict.lost, verdict.doubled, verdict.wrong),
        (0, 0, 0),
        "{text}"
    );
    assert_eq!(verdict.commands.download, 400);
    assert_eq!(verdict.responses.values().sum::<u64>(), 400);
    assert!(verdict.dead_letters.len() >= 4, "{text}");
    assert!(verdict.latency_ms.p50 > 0.0);
}

#[test]
fn a_rate_spreads_the_requests() {
    let (verdict, text) = against_perfection(&LoadOptions {
        rate: 100,
        ..options(100)
    });
    assert_eq!(verdict.responses.get(&2001), Some(&100), "{text}");
    assert!(verdict.seconds > 0.9, "{text}");
}

#[test]
fn only_requests_are_written_on_demand() {
    let (_cluster, config) = cluster(config);
    let options = LoadOptions {
        write_only: true,
        ..options(50)
    };
    let mut out = Vec::new();
    let verdict = run(&config, &options, &mut out).unwrap();
    assert_eq!(verdict.installations, 50);
    assert!(verdict.is_good());
    assert!(
        String::from_utf8(out)
            .unwrap()
            .starts_with("50 create requests written")
    );
}

#[test]
fn without_a_bridge_the_first_request_tells_it() {
    let (_cluster, config) = cluster(config);
    let options = LoadOptions {
        deadline: Duration::from_millis(300),
        ..options(10)
    };
    let error = run(&config, &options, &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains("is the bridge running"),
        "{error:#}"
    );
}

#[test]
fn a_missing_topic_is_named() {
    let cluster = MockCluster::new(1).unwrap();
    let config = config(cluster.bootstrap_servers());
    let error = run(&config, &options(1), &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains(&config.topics.commands),
        "{error:#}"
    );
}
