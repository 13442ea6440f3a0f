//! Faults, silence and strangers.

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet;
use crate::kafka::play::Play;

/// Time-outs of `step` in two seconds.
fn short(step: &str) -> Value {
    json!({"timeouts": {step: "2s"}})
}

#[test]
fn fault_in_answer_to_download_ends_with_4000() {
    let app = App::new(Broker::shared(), "download-fault");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    play.event("S1", &download.id, fleet::fault(9010));
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 4000);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (1, 1));
}

#[test]
fn fault_in_transfer_complete_ends_with_4000() {
    let app = App::new(Broker::shared(), "transfer-fault");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    play.event("S1", &download.id, fleet::download_response(1));
    let failed = fleet::transfer_complete(&download.command_key, 9018, "");
    play.event("S1", "", failed.clone());
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 4000);
    assert!(response.debug.contains("9018"), "{response:?}");
    // The CPE calls again until it is acknowledged, and the first end wins.
    play.event("S1", "", failed);
    let done = fleet::transfer_complete(&download.command_key, 0, "Device.Security.Certificate.1.");
    play.event("S1", "", done);
    play.install("S2");
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (3, 2));
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}

#[test]
fn refused_request_is_answered_without_a_command() {
    let app = App::new(Broker::shared(), "refused");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let primitive = json!({
        "op": 1, "to": "/cse1/node1", "fr": "/cse1/Ccfg", "rqi": "bad", "rvi": "3", "ty": 13,
        "pc": {"dcfg:nycfc": {"mgd": 1023, "suids": [99], "mcff": "application/pkix-cert", "mcfc": "x"}},
    });
    let record = crate::kafka::client::Record::new(&app.requests, primitive.to_string())
        .header("content-type", "application/json")
        .header("cwmp-device-id", fleet::device_key("S1"));
    app.client.send(record);
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 4000);
    assert_eq!(response.request_identifier, "bad");
    // The request had no key, so the device key stands in.
    assert_eq!(
        record.key.as_deref(),
        Some(fleet::device_key("S1").as_bytes())
    );
    bridge.stop();
    assert!(app.written().commands.is_empty());
}

#[test]
fn silence_before_acceptance_ends_with_6021_on_idle_input() {
    let app = App::new(Broker::shared(), "accept-timeout").set(&short("accept"));
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.up_to_download("S1");
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 6021, "{response:?}");
    assert_eq!(record.required("credbridge-cause"), "deadline");
    bridge.stop();
    app.written();
}

#[test]
fn silence_after_acceptance_ends_with_4008_on_idle_input() {
    let app = App::new(Broker::shared(), "transfer-timeout").set(&short("transfer"));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    play.event("S1", &download.id, fleet::download_response(1));
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 4008, "{response:?}");
    assert_eq!(record.required("credbridge-cause"), "deadline");
    bridge.stop();
    app.written();
}

#[test]
fn silence_after_the_set_command_ends_with_4008_on_idle_input() {
    let app = App::new(Broker::shared(), "set-timeout").set(&short("set"));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    play.up_to_set("S1", &download);
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 4008, "{response:?}");
    assert_eq!(record.required("credbridge-cause"), "deadline");
    bridge.stop();
    app.written();
}

#[test]
fn unknown_command_key_is_a_dead_letter_after_early_ttl() {
    let app = App::new(Broker::shared(), "unknown-key").set(&short("early_ttl"));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let stranger = play.event_record("S1", "", fleet::transfer_complete("nobody", 0, ""));
    let source = app.client.send(stranger.clone());
    let letter = play.next_dead_letter();
    assert_eq!(letter.required("credbridge-reason"), "unknown_command_key");
    assert_eq!(letter.required("credbridge-source"), source.to_string());
    assert_eq!(letter.value, stranger.value);
    assert_eq!(letter.key, stranger.key);
    bridge.stop();
    assert_eq!(app.written().dead_letters.len(), 1);
}

#[test]
fn event_that_comes_before_its_request_is_applied_after_it() {
    let app = App::new(Broker::shared(), "early");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let done = fleet::transfer_complete("key-1", 0, "Device.Security.Certificate.4.");
    play.event("S1", "", done);
    // Another device goes through, so the early event was read before the request is written.
    play.install("S2");
    play.request("S1", Some("key-1"));
    let (download, _) = play.next_command("S1");
    assert_eq!(download.command_key, "key-1");
    let (set, _) = play.next_command("S1");
    play.finish("S1", &set);
    bridge.stop();
    assert!(app.written().dead_letters.is_empty());
}

#[test]
fn empty_command_key_names_the_open_transfers_or_means_the_sole_one() {
    let app = App::new(Broker::shared(), "empty-key");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let empty = || fleet::transfer_complete("", 0, "Device.Security.Certificate.3.");
    play.event("S1", "", empty());
    let letter = play.next_dead_letter();
    assert_eq!(letter.required("credbridge-reason"), "empty_command_key");
    let told = letter.required("credbridge-error");
    assert!(told.contains(&download.command_key), "{told}");
    bridge.stop();

    let app = App::new(Broker::shared(), "sole-transfer")
        .set(&json!({"correlation": {"sole_open_transfer": true}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.up_to_download("S1");
    play.event("S1", "", empty());
    let (set, _) = play.next_command("S1");
    play.finish("S1", &set);
    for key in ["k1", "k2"] {
        play.request("S2", Some(key));
        play.next_command("S2");
    }
    play.event("S2", "", empty());
    let letter = play.next_dead_letter();
    let told = letter.required("credbridge-error");
    assert_eq!(
        letter.required("credbridge-reason"),
        "ambiguous_command_key"
    );
    assert!(told.contains("\"k1\", \"k2\""), "{told}");
    bridge.stop();
    assert_eq!(app.written().responses.len(), 1);
}
