//! A device cannot speak for another, and takes no room from it.

use std::fs;
use std::time::Duration;

use credbridge::wire::CommandKeys;
use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet;
use crate::kafka::play::Play;
use crate::kafka::{process, wait_for};

const LIMIT: Duration = Duration::from_secs(30);

/// Dead letters of that reason, by the metrics.
fn letters(bridge: &Bridge, reason: &str) -> usize {
    let name = format!("credbridge_dead_letters_total{{reason=\"{reason}\"}}");
    bridge.metric(&name).unwrap_or_default()
}

#[test]
fn device_cannot_end_the_transfer_of_another() {
    let app = App::new(Broker::shared(), "impostor").set(&json!({"timeouts": {"early_ttl": "2s"}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let key = &download.command_key;
    let failed = fleet::transfer_complete(key, 9018, "");
    let done = fleet::transfer_complete(key, 0, ROW);
    // The impostor's own name; the victim's name with the impostor's key, or with his header.
    let own = play.event_record("S2", "", failed);
    let answer = play.event_record("S2", &download.id, fleet::download_response(0));
    let by_key = Record {
        key: Some(fleet::device_key("S2").into()),
        ..play.event_record("S1", "", done.clone())
    };
    // The same key, written otherwise.
    let by_other_form = Record {
        key: Some(fleet::device_key("S2").replacen("00", "%30%30", 1).into()),
        ..play.event_record("S1", "", done.clone())
    };
    let by_header = play
        .event_record("S1", "", done)
        .header("cwmp-device-id", fleet::device_key("S2"));
    let strangers = [
        (own, "unknown_command_key", "S2"),
        (answer, "unknown_command_key", "S2"),
        (by_key, "device_mismatch", "the record key"),
        (by_other_form, "device_mismatch", "the record key"),
        (by_header, "device_mismatch", "cwmp-device-id"),
    ];
    for (record, reason, place) in strangers {
        let source = app.client.send(record.clone());
        let letter = play.next_dead_letter();
        assert_eq!(letter.required("credbridge-source"), source.to_string());
        assert_eq!(letter.required("credbridge-reason"), reason);
        assert!(
            letter.required("credbridge-error").contains(place),
            "{letter:?}"
        );
        assert_eq!(letter.value, record.value);
    }
    for (reason, count) in [("unknown_command_key", 2), ("device_mismatch", 3)] {
        wait_for("the letters in the metrics", LIMIT, || {
            (letters(&bridge, reason) == count).then_some(())
        });
    }
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (2, 1));
}

/// Events of one device that may wait.
const ROOM: usize = 4;

const ROW: &str = "Device.Security.Certificate.9.";

/// Wrong keys that one device sends.
const FLOOD: usize = 300;

#[test]
fn flood_of_wrong_keys_pushes_nobody_else_out() {
    let app = App::new(Broker::shared(), "flood")
        .set(&json!({"correlation": {"early_events_per_device": ROOM}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let reason = "early_events_of_device_full";
    let wrong = |number: usize| {
        let complete = fleet::transfer_complete(&format!("made-up-{number}"), 0, "");
        play.event_record("S9", "", complete)
    };
    let before = play.event_record("S2", "", fleet::transfer_complete("key-2", 0, ROW));
    let after = play.event_record("S3", "", fleet::transfer_complete("key-3", 0, ROW));
    let flood = std::iter::once(before).chain((0..FLOOD).map(wrong));
    app.client.send_all(flood.chain([after]).collect());
    wait_for("the flood to be set aside", LIMIT, || {
        (letters(&bridge, reason) == FLOOD - ROOM).then_some(())
    });
    wait_for("the others to wait", LIMIT, || {
        (bridge.metric("credbridge_events_parked")? == ROOM + 2).then_some(())
    });
    bridge.kill();

    // What waits is counted again from the changelog.
    let bridge = app.start();
    app.client.send(wrong(FLOOD));
    let flooded = play.next_dead_letter();
    assert_eq!(flooded.required("credbridge-reason"), reason);
    assert!(
        flooded
            .required("credbridge-error")
            .contains("early_events_per_device")
    );
    wait_for("the letter in the metrics", LIMIT, || {
        (letters(&bridge, reason) == 1).then_some(())
    });
    for (device, key) in [("S2", "key-2"), ("S3", "key-3")] {
        play.request(device, Some(key));
        play.next_command(device);
        let (set, _) = play.next_command(device);
        play.finish(device, &set);
    }
    bridge.stop();
    assert_eq!(app.written().dead_letters.len(), FLOOD - ROOM + 1);
}

#[test]
fn command_keys_follow_from_a_secret_if_there_is_one() {
    let secret = "0123456789abcdef";
    let file = process::scratch("key-secret").join("secret");
    fs::write(&file, format!("{secret}\n")).expect("the directory is ours");
    let app = App::new(Broker::shared(), "key-secret")
        .set(&json!({"correlation": {"command_key_secret_file": file}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let request = play.request("S1", None);
    let (download, _) = play.next_command("S1");
    let keys = CommandKeys::with_secret(&app.name, secret);
    assert_eq!(download.command_key, keys.of_request(&request).as_str());
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
    app.written();
}
