//! What the ACS refuses comes again, also after a restart.

use credbridge::wire::r#gen::cpe_event::Event;
use credbridge::wire::r#gen::rejection::Reason;
use credbridge::wire::r#gen::{Fault, Rejection};
use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet;
use crate::kafka::play::Play;

fn rejection(reason: Reason) -> Event {
    Event::Rejection(Rejection {
        reason: reason.into(),
        detail: "gone fishing".to_owned(),
    })
}

#[test]
fn refused_commands_come_again_also_after_a_kill_and_end_with_the_last_refusal() {
    let table = json!({"device_unavailable": "300ms..600ms x3", "8005": "300ms..600ms x3"});
    let app = App::new(Broker::shared(), "retry").set(&json!({"retry": {"table": table}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let first = play.up_to_download("S1");
    play.event("S1", &first.id, rejection(Reason::DeviceUnavailable));
    let (second, record) = play.next_command("S1");
    assert_eq!(second.id, format!("{}.2", first.id));
    assert_eq!(second.kind, first.kind);
    assert_eq!(record.required("credbridge-cause"), "deadline");
    bridge.kill();
    let busy = Event::Fault(Fault {
        fault_code: 8005,
        ..Fault::default()
    });
    play.event("S1", &second.id, busy);
    let bridge = app.start();
    let (third, _) = play.next_command("S1");
    assert_eq!(third.id, format!("{}.3", first.id));
    assert_eq!(third.kind, first.kind);
    let set = play.up_to_set("S1", &third);
    play.event("S1", &set.id, rejection(Reason::DeviceUnavailable));
    let (again, _) = play.next_command("S1");
    assert_eq!(again.id, format!("{}.2", set.id));
    play.finish("S1", &again);

    let first = play.up_to_download("S2");
    let mut id = first.id;
    for _ in 0..2 {
        play.event("S2", &id, rejection(Reason::DeviceUnavailable));
        id = play.next_command("S2").0.id;
    }
    play.event("S2", &id, rejection(Reason::DeviceUnavailable));
    let (response, _) = play.next_response("S2");
    assert_eq!(response.code, 6020, "{response:?}");
    assert!(response.debug.contains("gone fishing"), "{response:?}");
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (8, 2));
}

#[test]
fn failed_download_comes_again_under_a_new_key_over_a_kill() {
    let policy = "1s..1s x3";
    let settings = json!({"retry": {"table": {"9010": policy}, "new_command_key": true}});
    let app = App::new(Broker::shared(), "new-key").set(&settings);
    let bridge = app.start();
    let mut play = Play::new(&app);
    let first = play.up_to_download("S1");
    play.event("S1", &first.id, fleet::download_response(1));
    let failed = fleet::transfer_complete(&first.command_key, 9010, "");
    play.event("S1", "", failed.clone());
    play.install("S2");
    bridge.kill();
    let bridge = app.start();
    let (second, _) = play.next_command("S1");
    assert_ne!(second.command_key, first.command_key);
    assert_eq!(second.id, format!("{}/download.2", second.command_key));
    let row = "Device.Security.Certificate.3.";
    // The CPE calls again with the old key until it is acknowledged.
    play.event("S1", "", failed);
    play.event(
        "S1",
        "",
        fleet::transfer_complete(&first.command_key, 0, row),
    );
    let set = play.up_to_set("S1", &second);
    play.finish("S1", &set);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (5, 2));
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}
