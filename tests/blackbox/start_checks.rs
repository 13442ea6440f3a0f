//! What does not fit is said at the start, by name and with the mend, with exit code 78.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::{Bridge, merged};
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet;
use crate::kafka::play::Play;

const LIMIT: Duration = Duration::from_secs(40);

/// Starts the bridge, expects exit code 78 and returns what it said.
fn refusal(config: &Value) -> String {
    let mut bridge = Bridge::start(config);
    let code = bridge.exit_code(LIMIT);
    let log = bridge.log();
    assert_eq!(code, 78, "{log}");
    log
}

/// An application whose inputs exist, and which is to create the rest.
fn app_with_inputs(name: &str) -> App {
    let app = App::without_topics(Broker::shared(), name)
        .set(&json!({"topics": {"create_missing": true}}));
    app.client.create_topic(&app.requests, 2, &[]);
    app.client.create_topic(&app.events, 2, &[]);
    app
}

#[test]
fn missing_topics_are_named_with_the_mend() {
    let app = App::without_topics(Broker::shared(), "missing");
    let log = refusal(&app.config);
    let internal = [app.routed(), app.changelog(), app.ledger()];
    let inputs = [app.requests.as_str(), app.events.as_str()];
    for topic in inputs
        .into_iter()
        .chain(app.outputs())
        .chain(internal.iter().map(String::as_str))
    {
        assert!(log.contains(topic), "{topic} is not named:\n{log}");
    }
    assert!(log.contains("create_missing"), "no mend:\n{log}");
}

#[test]
fn missing_outputs_and_internal_topics_are_created_on_request() {
    let app = app_with_inputs("create");
    let bridge = app.start();
    assert_eq!(app.client.partitions(&app.routed()), 4);
    assert_eq!(app.client.partitions(&app.changelog()), 4);
    assert_eq!(app.client.partitions(&app.ledger()), 4);
    Play::new(&app).install("S1");
    bridge.stop();
    app.written();
}

#[test]
fn changelog_that_forgets_is_refused() {
    let app = app_with_inputs("forgets");
    let policy = [("cleanup.policy", "compact,delete")];
    app.client.create_topic(&app.changelog(), 4, &policy);
    let log = refusal(&app.config);
    assert!(log.contains("cleanup.policy=compact,delete"), "{log}");
}

#[test]
fn changed_shard_count_is_refused() {
    let app = App::new(Broker::shared(), "shards");
    let bridge = app.start();
    Play::new(&app).install("S1");
    bridge.stop();
    app.client.grow_topic(&app.routed(), 5);
    app.client.grow_topic(&app.changelog(), 5);
    let log = refusal(&app.config);
    assert!(log.contains(&app.routed()), "{log}");
    assert!(log.contains('4') && log.contains('5'), "{log}");
}

#[test]
fn state_of_a_newer_version_is_refused_and_left_alone() {
    let app = App::new(Broker::shared(), "newer");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    bridge.stop();
    let records = app.client.read_all(&[&app.changelog()]);
    let key = format!("{}/{}", fleet::device_key("S1"), download.command_key);
    let state = records
        .iter()
        .rfind(|record| record.key.as_deref() == Some(key.as_bytes()))
        .expect("the installation is in the changelog");
    let version = state.value()[0];
    let mut newer = state.value().to_vec();
    newer[0] = version + 1;
    app.client.send(Record {
        partition: Some(state.coordinates.partition),
        ..Record::new(&app.changelog(), newer).key(key.clone())
    });
    // Something to do for the shard, which must be left alone.
    play.event("S1", &download.id, fleet::download_response(1));
    play.request("S1", None);

    // Records may be forwarded to the shard meanwhile, for whoever can read its state.
    let changelog = app.changelog();
    let topics: Vec<&str> = app.outputs().into_iter().chain([&*changelog]).collect();
    let before = app.client.read_all(&topics);
    let log = refusal(&app.config);
    for part in [
        &key,
        &format!("format version {}", version + 1),
        &format!("this program reads {version}"),
        "start the newer program",
        &app.changelog(),
    ] {
        assert!(log.contains(part), "{part} is not named:\n{log}");
    }
    assert_eq!(app.client.read_all(&topics).len(), before.len());
}

#[test]
fn unequal_internal_topics_are_refused() {
    let app = App::new(Broker::shared(), "unequal");
    app.client.grow_topic(&app.routed(), 6);
    let log = refusal(&app.config);
    assert!(log.contains(&app.routed()), "{log}");
    assert!(log.contains(&app.changelog()), "{log}");
}

#[test]
fn all_mistakes_of_the_configuration_are_told_together() {
    let app = App::without_topics(Broker::shared(), "mistakes");
    let wrong = json!({
        "workers": -1,
        "timeouts": {"accept": "soon"},
        "kafka": {"properties": {"isolation.level": "read_uncommitted"}},
    });
    let log = refusal(&merged(&app.config, &wrong));
    for place in ["workers", "accept", "isolation.level"] {
        assert!(log.contains(place), "{place} is not named:\n{log}");
    }
}
