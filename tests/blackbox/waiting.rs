//! Downloads that are not sent at once.

use std::time::{Duration, Instant};

use credbridge::wire::r#gen::CancelTransferResponse;
use credbridge::wire::r#gen::cpe_event::Event;
use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::merged;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, CommandKind, Format};
use crate::kafka::play::Play;

/// A request in JSON with these members of its primitive.
pub(crate) fn with_members(mut request: Record, members: &Value) -> Record {
    let value = request.value.as_deref().expect("a request has a value");
    let primitive: Value = serde_json::from_slice(value).expect("the request is JSON");
    request.value = Some(merged(&primitive, members).to_string().into_bytes());
    request
}

#[test]
fn downloads_of_a_device_wait_for_each_other_also_over_a_kill() {
    let limits = json!({"open_downloads_per_device": 1, "queued_downloads_per_device": 2});
    let app = App::new(Broker::shared(), "waiting").set(&json!({"correlation": limits}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    for key in ["c", "b", "a", "one-too-many"] {
        play.request("S1", Some(key));
    }
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 4000, "{response:?}");
    let (first, _) = play.next_command("S1");
    assert_eq!(first.id, "c/download");
    bridge.kill();
    let failed = fleet::transfer_complete("c", 9018, "");
    let failed = play.event("S1", "", failed);
    let bridge = app.start();
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 4000, "{response:?}");
    let (second, record) = play.next_command("S1");
    assert_eq!(second.id, "b/download");
    assert_eq!(record.required("credbridge-cause"), failed.to_string());
    let set = play.up_to_set("S1", &second);
    let (third, _) = play.next_command("S1");
    assert_eq!(third.id, "a/download");
    play.finish("S1", &set);
    let set = play.up_to_set("S1", &third);
    play.finish("S1", &set);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (5, 4));
}

#[test]
fn download_comes_at_its_execution_time_also_after_a_kill() {
    let app = App::new(Broker::shared(), "oet");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let wait = Duration::from_secs(9);
    let request = fleet::request(&app.requests, Format::Json, "S1", Some("k"));
    let request = with_members(request, &json!({"oet": wait.as_millis().to_string()}));
    let asked = Instant::now();
    app.client.send(request);
    play.request("S2", None);
    play.next_command("S2");
    bridge.kill();
    let bridge = app.start();
    let (download, record) = play.next_command("S1");
    assert!(asked.elapsed() >= wait, "{:?}", asked.elapsed());
    assert_eq!(record.required("credbridge-cause"), "deadline");
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
}

/// Delete of a pending request.
fn withdrawal(app: &App, serial_number: &str, key: &str, identifier: &str) -> Record {
    let primitive = json!({
        "op": 4, "to": format!("/cse1/node1/req-{key}"), "fr": "/cse1/Ccfg", "rqi": identifier, "rvi": "3",
    });
    Record::new(&app.requests, primitive.to_string())
        .header("content-type", "application/vnd.onem2m-preq+json")
        .header("cwmp-device-id", fleet::device_key(serial_number))
}

#[test]
fn pending_request_is_withdrawn_also_over_a_kill() {
    let limits = json!({"open_downloads_per_device": 1});
    let app = App::new(Broker::shared(), "withdrawal").set(&json!({"correlation": limits}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let device = "S1";
    play.request(device, Some("k1"));
    play.request(device, Some("k2"));
    let (download, _) = play.next_command(device);
    play.event(device, &download.id, fleet::download_response(1));
    app.client.send(withdrawal(&app, device, "k2", "w2"));
    for (identifier, code) in [("rqi-S1-k2", 5000), ("w2", 2002)] {
        let (response, _) = play.next_response(device);
        assert_eq!(
            (&*response.request_identifier, response.code),
            (identifier, code)
        );
    }
    app.client.send(withdrawal(&app, device, "k1", "w1"));
    let (cancel, record) = play.next_command(device);
    assert_eq!(cancel.kind, CommandKind::Cancel);
    assert!(
        record.required("cwmp-command-key").len() == 32,
        "{record:?}"
    );
    bridge.kill();
    let bridge = app.start();
    play.event(device, &cancel.id, fleet::fault(9021));
    assert_eq!(play.next_response(device).0.code, 6026);
    app.client.send(withdrawal(&app, device, "k1", "w3"));
    let (cancel, _) = play.next_command(device);
    let cancelled = Event::CancelTransferResponse(CancelTransferResponse {});
    play.event(device, &cancel.id, cancelled);
    for (identifier, code) in [("rqi-S1-k1", 5000), ("w3", 2002)] {
        let (response, _) = play.next_response(device);
        assert_eq!(
            (&*response.request_identifier, response.code),
            (identifier, code)
        );
    }
    app.client.send(withdrawal(&app, device, "k1", "w4"));
    assert_eq!(play.next_response(device).0.code, 6028);
    bridge.stop();
    assert!(app.written().dead_letters.is_empty());
}

#[test]
fn expired_download_is_cancelled_if_the_option_says_so() {
    let app = App::new(Broker::shared(), "cancel-expired").set(&json!({
        "download": {"cancel_expired": true},
        "timeouts": {"transfer": "2s"},
    }));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    play.event("S1", &download.id, fleet::download_response(1));
    let (cancel, _) = play.next_command("S1");
    assert_eq!(cancel.kind, CommandKind::Cancel);
    assert_eq!(play.next_response("S1").0.code, 4008);
    play.event("S1", &cancel.id, fleet::fault(9021));
    play.install("S2");
    bridge.stop();
    let outputs = app.written();
    assert!(outputs.dead_letters.is_empty());
    assert_eq!(outputs.responses.len(), 2);
}

#[test]
fn a_device_rests_after_a_download_that_failed_also_over_a_kill() {
    let distance = Duration::from_secs(9);
    let pacing = json!({"device_distance": format!("{}s", distance.as_secs())});
    let app = App::new(Broker::shared(), "rest").set(&json!({"pacing": pacing}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let asked = Instant::now();
    play.request("S1", Some("k1"));
    let (first, _) = play.next_command("S1");
    assert_eq!(first.id, "k1/download");
    play.event("S1", "", fleet::transfer_complete("k1", 9018, ""));
    assert_eq!(play.next_response("S1").0.code, 4000);
    play.request("S1", Some("k2"));
    play.request("S2", None);
    play.next_command("S2");
    bridge.kill();
    let bridge = app.start();
    let (second, record) = play.next_command("S1");
    assert_eq!(second.id, "k2/download");
    assert!(asked.elapsed() >= distance, "{:?}", asked.elapsed());
    assert_eq!(record.required("credbridge-cause"), "deadline");
    let set = play.up_to_set("S1", &second);
    play.finish("S1", &set);
    bridge.stop();
    assert_eq!(app.written().commands.len(), 4);
}

#[test]
fn downloads_are_paced_also_over_a_kill() {
    // Each of the four shards has a quarter: one Download in three seconds.
    let pacing = json!({"fleet": "80/m", "burst": "1ms", "reserved": 0});
    let app = App::new(Broker::shared(), "pacing").set(&json!({"pacing": pacing}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let asked = Instant::now();
    for key in ["k1", "k2", "k3"] {
        play.request("S1", Some(key));
    }
    assert_eq!(play.next_command("S1").0.id, "k1/download");
    bridge.kill();
    let bridge = app.start();
    assert_eq!(play.next_command("S1").0.id, "k2/download");
    assert!(
        asked.elapsed() >= Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    play.request("S1", Some("k4"));
    assert_eq!(play.next_command("S1").0.id, "k3/download");
    assert!(
        asked.elapsed() >= Duration::from_secs(6),
        "{:?}",
        asked.elapsed()
    );
    for key in ["k1", "k2", "k3"] {
        play.event("S1", "", fleet::transfer_complete(key, 9018, ""));
        assert_eq!(play.next_response("S1").0.code, 4000);
    }
    assert_eq!(play.next_command("S1").0.id, "k4/download");
    assert!(
        asked.elapsed() >= Duration::from_secs(9),
        "{:?}",
        asked.elapsed()
    );
    bridge.stop();
}
