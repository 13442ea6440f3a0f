//! What a shard must know before it works: all that was committed, also by workers that are gone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, CommandKind};
use crate::kafka::play::Play;
use crate::kafka::wait_for;

/// How long a bridge may take to come up to the point that a test looks at.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Far below the 60 s after which the broker ends a transaction that was left open.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn restore_waits_for_an_open_transaction_and_takes_over_what_it_commits() {
    let app = App::new(Broker::shared(), "open-transaction");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let set = play.up_to_set("S1", &download);
    let state_before_the_end = state(&app);
    play.finish("S1", &set);
    bridge.stop();

    let mut bridge = None;
    app.client
        .send_in_transaction("slow-zombie", &state_before_the_end, || {
            let bridge = bridge.insert(Bridge::start(&app.config));
            wait_for("a restore that has not ended", START_LIMIT, || {
                (bridge.metric("credbridge_restore_remaining_records")? > 0).then_some(())
            });
            // Several times the second after which transactions of dead workers are ended: this one is not theirs.
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(3) {
                assert_eq!(bridge.http_status("/readyz"), Some(503));
                assert_eq!(bridge.http_status("/livez"), Some(200));
                std::thread::park_timeout(Duration::from_millis(100));
            }
            true
        });
    let mut bridge = bridge.expect("it was started within the transaction");
    bridge.wait_until_ready();
    // By the state before, the answer would be a repeat.
    play.finish("S1", &set);
    bridge.stop();
}

#[test]
fn transaction_that_a_dead_worker_left_open_is_ended_at_once() {
    let app = App::new(Broker::shared(), "left-open");
    let bridge = app.start_as("one");
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let state_after_the_download = state(&app);
    let set = play.up_to_set("S1", &download);
    bridge.stop();

    let dead_worker = format!("{}-one-0", app.name);
    app.client
        .leave_transaction_open(&dead_worker, &state_after_the_download);
    let mut bridge = Bridge::start(&app.config_of("two"));
    let ready = bridge.wait_until_ready();
    println!("ready after {:.2} s", ready.as_secs_f64());
    assert!(ready < SOON, "the start took {ready:?}");
    // By what the dead worker did not commit, the answer would come before its command.
    play.finish("S1", &set);
    bridge.stop();
    app.written();
}

#[test]
fn marks_of_transactions_at_the_end_of_inputs_do_not_hold_back_time_outs() {
    let app = App::new(Broker::shared(), "marks").set(&json!({"timeouts": {"accept": "2s"}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let request = |serial_number| fleet::request(&app.requests, play.requests, serial_number, None);
    let (kept, dropped) = (request("S1"), request("S2"));
    app.client.send_in_transaction("gateway", &[kept], || true);
    play.next_command("S1");
    // Nothing that can be read follows, yet the ends of the inputs move on.
    let event = play.event_record("S2", "", fleet::transfer_complete("k", 0, ""));
    app.client
        .send_in_transaction("gateway", &[dropped, event], || false);
    let begin = Instant::now();
    let (response, _) = play.next_response("S1");
    println!("answered after {:.2} s", begin.elapsed().as_secs_f64());
    assert_eq!(response.code, 6021, "{response:?}");
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    bridge.stop();
    assert_eq!(app.written().commands.len(), 1);
}

#[test]
fn marks_of_transactions_at_the_end_of_internal_topics_do_not_hold_back_readiness() {
    let app = App::new(Broker::shared(), "internal-marks");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    bridge.stop();
    for topic in [app.changelog(), app.routed()] {
        let record = |partition| Record {
            partition: Some(partition),
            ..Record::new(&topic, "never committed").key("k")
        };
        let records: Vec<_> = (0..4).map(record).collect();
        app.client.send_in_transaction("zombie", &records, || false);
    }
    let mut bridge = Bridge::start(&app.config);
    let ready = bridge.wait_until_ready();
    println!("ready after {:.2} s", ready.as_secs_f64());
    assert!(ready < SOON, "the start took {ready:?}");
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
    app.written();
}

#[test]
fn early_event_survives_a_kill() {
    let app = App::new(Broker::shared(), "early-kill");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let written = app.client.read_all(&[&app.changelog()]).len();
    let done = fleet::transfer_complete("key-1", 0, "Device.Security.Certificate.4.");
    play.event("S1", "", done);
    let mut changelog = app.client.tail(&[&app.changelog()]);
    changelog.read_until("the early event", START_LIMIT, |all| all.len() > written);
    bridge.kill();

    let bridge = app.start();
    play.request("S1", Some("key-1"));
    let (download, _) = play.next_command("S1");
    assert_eq!(download.command_key, "key-1");
    let (set, _) = play.next_command("S1");
    let expected = CommandKind::Set {
        name: "Device.Security.Certificate.4.SUIDs".to_owned(),
        value: "42,43".to_owned(),
    };
    assert_eq!(set.kind, expected);
    play.finish("S1", &set);
    bridge.stop();
    assert!(app.written().dead_letters.is_empty());
}

/// The changelog as it is now, the last record of each key, to be written again.
fn state(app: &App) -> Vec<Record> {
    let mut last = BTreeMap::new();
    for record in app.client.read_all(&[&app.changelog()]) {
        last.insert((record.coordinates.partition, record.key.clone()), record);
    }
    last.into_values()
        .map(|record| Record {
            topic: app.changelog(),
            partition: Some(record.coordinates.partition),
            key: record.key,
            value: record.value,
            headers: record.headers,
        })
        .collect()
}
