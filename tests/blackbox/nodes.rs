//! The node directory names the device of requests that do not name it themselves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::kafka::wait_for;
use crate::tools::explain;

const LIMIT: Duration = Duration::from_secs(30);

/// An application with a node directory of two partitions.
pub(super) fn app(name: &str) -> (App, String) {
    let app = App::new(Broker::shared(), name);
    let nodes = format!("{}.nodes", app.name);
    app.client
        .create_topic(&nodes, 2, &[("cleanup.policy", "compact")]);
    let app = app.set(&json!({"topics": {"nodes": nodes}}));
    (app, nodes)
}

/// The node of a device.
pub(super) fn node(nodes: &str, serial: &str) -> Record {
    let identifier = format!("urn:dev:ops:{}", fleet::device_key(serial));
    let value = json!({"m2m:nod": {"ni": identifier, "ty": 14}});
    Record::new(nodes, value.to_string()).key(address(serial))
}

fn address(serial: &str) -> String {
    format!("/cse1/node-{serial}")
}

/// A request that names only the node.
fn request(app: &App, serial: &str) -> Record {
    let mut record = fleet::request(&app.requests, Format::Json, serial, None);
    record.headers.retain(|(name, _)| name != "cwmp-device-id");
    let mut primitive: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    primitive["to"] = json!(address(serial));
    record.value = Some(primitive.to_string().into_bytes());
    record
}

/// Waits until a metric of the bridge has this value.
fn wait_for_metric(bridge: &Bridge, name: &str, value: usize) {
    wait_for(name, LIMIT, || {
        (bridge.metric(&format!("{name} ")) == Some(value)).then_some(())
    });
}

#[test]
fn devices_are_found_by_their_nodes_and_late_nodes_are_waited_for() {
    let (app, nodes) = app("nodes");
    app.client.send_all(vec![
        node(&nodes, "S1"),
        Record::new(&nodes, "nonsense").key("/cse1/broken"),
        node(&nodes, "S2"),
    ]);
    let bridge = app.start();
    assert_eq!(bridge.metric("credbridge_nodes "), Some(2));
    let refused = "credbridge_node_records_refused_total ";
    assert_eq!(bridge.metric(refused), Some(1));
    let mut play = Play::new(&app);

    // Known at the start.
    app.client.send(request(&app, "S1"));
    finish(&mut play, "S1");

    // Its node comes after it.
    app.client.send(request(&app, "S3"));
    wait_for_metric(&bridge, "credbridge_requests_waiting", 1);
    app.client.send(node(&nodes, "S3"));
    finish(&mut play, "S3");
    wait_for_metric(&bridge, "credbridge_requests_waiting", 0);

    // Waits across a kill; its node comes while nobody runs.
    app.client.send(request(&app, "S4"));
    wait_for_metric(&bridge, "credbridge_requests_waiting", 1);
    bridge.kill();
    app.client.send(node(&nodes, "S4"));
    let bridge = app.start();
    finish(&mut play, "S4");

    // A node that is gone, and one that never was.
    let mut gone = node(&nodes, "S2");
    gone.value = None;
    app.client.send(gone);
    wait_for_metric(&bridge, "credbridge_nodes", 3);
    app.client
        .send_all(vec![request(&app, "S2"), request(&app, "S9")]);
    let letters = [play.next_dead_letter(), play.next_dead_letter()];
    for letter in &letters {
        assert_eq!(letter.required("credbridge-reason"), "device_missing");
        assert!(letter.required("credbridge-error").contains("/cse1/node-S"));
        assert_eq!(letter.header("credbridge-waits-until"), None);
    }
    bridge.stop();
    let outputs = app.written();
    let codes: Vec<u64> = outputs
        .responses
        .iter()
        .map(|record| fleet::response(record).code)
        .collect();
    assert_eq!(codes.iter().filter(|code| **code == 6003).count(), 2);
    assert_eq!(codes.iter().filter(|code| **code == 2001).count(), 3);
    assert_eq!(outputs.dead_letters.len(), 2);
}

fn finish(play: &mut Play<'_>, serial: &str) {
    let (download, _) = play.next_command(serial);
    let set = play.up_to_set(serial, &download);
    play.finish(serial, &set);
}

#[test]
fn processes_agree_on_the_device_of_a_node() {
    let (app, nodes) = app("two-directories");
    let one = app.start_as("one");
    let two = app.start_as("two");
    let serials: Vec<String> = (0..12).map(|number| format!("T{number}")).collect();
    app.client
        .send_all(serials.iter().map(|serial| request(&app, serial)).collect());
    app.client
        .send_all(serials.iter().map(|serial| node(&nodes, serial)).collect());
    let mut play = Play::new(&app);
    for serial in &serials {
        finish(&mut play, serial);
    }
    one.stop();
    two.stop();
    let outputs = app.written();
    assert_eq!(outputs.responses.len(), serials.len());
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}

#[test]
fn missing_node_directory_is_named_at_the_start() {
    let app =
        App::new(Broker::shared(), "no-nodes").set(&json!({"topics": {"nodes": "no.such.nodes"}}));
    let mut bridge = Bridge::start(&app.config);
    assert_eq!(bridge.exit_code(LIMIT), 78);
    let log = bridge.log();
    assert!(
        log.contains("no.such.nodes") && log.contains("topics.nodes"),
        "{log}"
    );
}

#[test]
fn request_that_waits_for_its_node_is_explained() {
    let (app, _) = app("explained");
    let bridge = app.start();
    let at = app.client.send(request(&app, "S9"));
    wait_for_metric(&bridge, "credbridge_requests_waiting", 1);
    let told = explain(&app, &[&at.to_string()]);
    let entries = told["entries"].as_array().expect("a list");
    let waits = entries.iter().find(|entry| entry["name"] == "waiting");
    let text = waits.and_then(|entry| entry["text"].as_str());
    let text = text.unwrap_or_else(|| panic!("{told:#}"));
    assert!(text.contains("/cse1/node-S9"), "{text}");
    bridge.stop();
}
