//! What is more than a limit allows is refused, with a code for who asked and a count for who operates.

use std::time::Duration;

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::fleet;
use crate::kafka::play::Play;
use crate::kafka::wait_for;

/// How long a count may take to be seen.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn what_is_more_than_a_limit_allows_is_answered_and_counted() {
    let app = App::new(Broker::shared(), "limits").set(&json!({"correlation": {
        "open_downloads_per_device": 1, "queued_downloads_per_device": 0, "early_events_per_device": 2,
    }}));
    let bridge = app.start();
    let mut play = Play::new(&app);

    let download = play.up_to_download("S1");
    for number in 1..=3 {
        play.request("S1", Some(&format!("more-{number}")));
        let (response, _) = play.next_response("S1");
        assert_eq!(response.code, 4000, "{response:?}");
        assert!(response.debug.contains("1 open downloads"), "{response:?}");
    }
    await_count(&bridge, "responses_total{status_code=\"4000\"}", 3);

    for number in 1..=4 {
        let complete = fleet::transfer_complete(&format!("early-{number}"), 0, "");
        play.event("S2", "", complete);
    }
    for _ in 0..2 {
        let letter = play.next_dead_letter();
        let reason = letter.required("credbridge-reason");
        assert_eq!(reason, "early_events_of_device_full");
    }
    let reason = "dead_letters_total{reason=\"early_events_of_device_full\"}";
    await_count(&bridge, reason, 2);
    await_count(&bridge, "events_parked", 2);

    // What the limits are for goes on.
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    play.install("S3");
    bridge.stop();
}

/// A worker that has more to send than the client takes at a time waits, and goes on.
#[test]
fn a_full_queue_of_the_client_loses_nothing() {
    const REQUESTS: usize = 300;
    let app = App::new(Broker::shared(), "queue").set(&json!({
        "workers": 1,
        "kafka": {"properties": {"queue.buffering.max.messages": "20"}},
    }));
    let play = Play::new(&app);
    for number in 0..REQUESTS {
        play.request(&format!("Q{number}"), None);
    }
    let bridge = app.start();
    let written = wait_for("all Downloads", LIMIT, || {
        let written = app.written();
        (written.commands.len() == REQUESTS).then_some(written)
    });
    assert_eq!(written.dead_letters.len(), 0);
    wait_for("a full queue to be told", LIMIT, || {
        let times = bridge.metric("credbridge_queue_full_total ")?;
        (times > 0).then_some(())
    });
    bridge.stop();
}

fn await_count(bridge: &Bridge, metric: &str, count: usize) {
    wait_for(metric, LIMIT, || {
        let seen = bridge.metric(&format!("credbridge_{metric} "))?;
        (seen == count).then_some(())
    });
}
