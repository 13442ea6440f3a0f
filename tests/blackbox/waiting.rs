//! Downloads that are not sent at once.

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet;
use crate::kafka::play::Play;

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
