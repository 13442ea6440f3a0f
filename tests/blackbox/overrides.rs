//! What the configuration says for some devices only.

use std::time::Duration;

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet::{self, CommandKind, Format};
use crate::kafka::play::Play;

const LIMIT: Duration = Duration::from_secs(30);

/// A device of the same OUI, and of another product class than those of the fleet.
const OTHER_DEVICE: &str = "00256D-ONT-S2";

#[test]
fn each_device_is_handled_by_the_most_specific_entry() {
    let app = App::new(Broker::shared(), "overrides").set(&json!({
        "overrides": [
            {
                "match": {"oui": "00256D"},
                "download": {"file_type": "X 00256D Credential", "url": "https://files.example.net/any/{command_key}"},
            },
            {
                "match": {"oui": "00256D", "product_class": "IGD"},
                "download": {"url": "https://files.example.net/igd/{command_key}"},
                "set": {"parameter": "X_EXAMPLE_COM_SUIDs"},
                "timeouts": {"set": "1s"},
            },
        ],
    }));
    let bridge = app.start();
    let mut other = app.follow();
    let mut play = Play::in_formats(&app, Format::Json, Format::Protobuf);
    let (_, download) = (play.request("S1", Some("k1")), play.next_command("S1").0);
    let expected = |class: &str, key: &str| CommandKind::Download {
        file_type: "X 00256D Credential".to_owned(),
        url: format!("https://files.example.net/{class}/{key}"),
    };
    assert_eq!(download.kind, expected("igd", "k1"));
    let set = play.up_to_set("S1", &download);
    let expected_set = CommandKind::Set {
        name: "Device.Security.Certificate.3.X_EXAMPLE_COM_SUIDs".to_owned(),
        value: "42,43".to_owned(),
    };
    assert_eq!(set.kind, expected_set);
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 4008, "{response:?}");
    assert!(
        response.debug.contains("within 1s (timeouts.set)"),
        "{response:?}"
    );

    let mut request = fleet::request(&app.requests, Format::Json, "S2", Some("k2"));
    request.headers.retain(|(name, _)| name != "cwmp-device-id");
    let request = request.header("cwmp-device-id", OTHER_DEVICE);
    app.client.send(request);
    let record = other.next("the Download of the other device", LIMIT, |record| {
        *record.coordinates.topic == *app.commands
            && record.required("cwmp-device-id") == OTHER_DEVICE
    });
    assert_eq!(fleet::command(&record).kind, expected("any", "k2"));
    bridge.stop();
    app.written();
}
