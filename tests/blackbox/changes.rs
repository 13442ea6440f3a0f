//! Resources that were created: retrieve, update and delete.

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, CommandKind};
use crate::kafka::play::Play;

const RESOURCE: &str = "/cse1/node1/k1";

fn request(app: &App, operation: u8, identifier: &str, content: Option<Value>) -> Record {
    let mut primitive = json!({
        "op": operation, "to": RESOURCE, "fr": "/cse1/Ccfg", "rqi": identifier, "rvi": "3",
    });
    if let Some(content) = content {
        primitive["pc"] = content;
    }
    Record::new(&app.requests, primitive.to_string())
        .header("content-type", "application/vnd.onem2m-preq+json")
        .header("cwmp-device-id", fleet::device_key("S1"))
}

/// The SUIDs that a Retrieve tells.
fn retrieved_suids(play: &mut Play<'_>, identifier: &str) -> Value {
    let retrieve = request(play.app, 2, identifier, None);
    play.app.client.send(retrieve);
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 2000, "{response:?}");
    let response: Value = serde_json::from_slice(record.value()).expect("the response is JSON");
    response["pc"]["dcfg:nycfc"]["suids"].clone()
}

#[test]
fn created_resource_is_retrieved_updated_and_deleted_also_after_a_kill() {
    let app = App::new(Broker::shared(), "changes");
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.request("S1", Some("k1"));
    let (download, _) = play.next_command("S1");
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    assert_eq!(retrieved_suids(&mut play, "r1"), json!([42, 43]));
    let suids = json!({"dcfg:nycfc": {"suids": [41]}});
    app.client.send(request(&app, 3, "u1", Some(suids)));
    let (update, _) = play.next_command("S1");
    let row = "Device.Security.Certificate.3.";
    let expected = CommandKind::Set {
        name: format!("{row}SUIDs"),
        value: "41".to_owned(),
    };
    assert_eq!(update.kind, expected);
    bridge.kill();
    let bridge = app.start();
    play.event("S1", &update.id, fleet::set_response());
    assert_eq!(play.next_response("S1").0.code, 2004);
    assert_eq!(retrieved_suids(&mut play, "r2"), json!([41]));
    app.client.send(request(&app, 4, "d1", None));
    let (delete, _) = play.next_command("S1");
    let expected = CommandKind::Set {
        name: format!("{row}Enable"),
        value: "false".to_owned(),
    };
    assert_eq!(delete.kind, expected);
    play.event("S1", &delete.id, fleet::set_response());
    assert_eq!(play.next_response("S1").0.code, 2002);
    app.client.send(request(&app, 2, "r3", None));
    assert_eq!(play.next_response("S1").0.code, 4004);
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (4, 6));
}
