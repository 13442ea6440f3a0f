//! From the create request to 2001, in every format, with every header.

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet::{self, CommandKind, Format};
use crate::kafka::play::Play;
use crate::kafka::tail::Received;
use crate::waiting::with_members;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn installation_succeeds_in_json() {
    let app = App::new(Broker::shared(), "json")
        .set(&json!({"formats": {"commands": "json", "responses": "json"}}));
    install_and_check_headers(&app, Format::Json, Format::Json);
}

#[test]
fn installation_succeeds_in_protobuf() {
    let app = App::new(Broker::shared(), "protobuf")
        .set(&json!({"formats": {"commands": "protobuf", "responses": "protobuf"}}));
    install_and_check_headers(&app, Format::Protobuf, Format::Protobuf);
}

#[test]
fn installation_succeeds_in_soap() {
    let app = App::new(Broker::shared(), "soap").set(&json!({"formats": {"commands": "soap"}}));
    install_and_check_headers(&app, Format::Json, Format::Soap);
}

fn install_and_check_headers(app: &App, requests: Format, events: Format) {
    let bridge = app.start();
    let mut play = Play::in_formats(app, requests, events);
    let record = fleet::request(&app.requests, requests, "S1", None)
        .key("originator")
        .header("traceparent", TRACE)
        .header("tracestate", "vendor=1");
    let request = app.client.send(record).to_string();

    let (download, download_record) = play.next_command("S1");
    assert_eq!(
        download.id,
        format!("{}/download", download.command_key),
        "{download:?}"
    );
    assert_eq!(download.command_key.len(), 32);
    let expected = CommandKind::Download {
        file_type: "X 00256D Device Certificate".to_owned(),
        url: format!(
            "https://files.example.net/credentials/00256D-IGD-S1/{}",
            download.command_key
        ),
    };
    assert_eq!(download.kind, expected);
    assert_eq!(download_record.required("credbridge-cause"), request);

    play.event("S1", &download.id, fleet::download_response(1));
    let complete = play.event_record(
        "S1",
        "",
        fleet::transfer_complete(&download.command_key, 0, "Device.Security.Certificate.3."),
    );
    let complete = app.client.send(match events {
        Format::Soap => complete.header("cwmp-certificate-path", "Device.Security.Certificate.3."),
        Format::Json | Format::Protobuf => complete,
    });
    let (set, set_record) = play.next_command("S1");
    let expected = CommandKind::Set {
        name: "Device.Security.Certificate.3.SUIDs".to_owned(),
        value: "42,43".to_owned(),
    };
    assert_eq!(set.kind, expected);
    assert_eq!(set.id, format!("{}/set", download.command_key));
    assert_eq!(
        set_record.required("credbridge-cause"),
        complete.to_string()
    );

    let answer = play.event("S1", &set.id, fleet::set_response());
    let (response, response_record) = play.next_response("S1");
    assert_eq!(response.code, 2001);
    assert_eq!(response.request_identifier, "rqi-S1-");
    assert_eq!(
        response_record.required("credbridge-cause"),
        answer.to_string()
    );
    assert_eq!(response_record.key.as_deref(), Some(&b"originator"[..]));

    for output in [&download_record, &set_record, &response_record] {
        check_origin(output, &request, &download.command_key);
    }
    bridge.stop();
    let outputs = app.written();
    assert_eq!(outputs.commands.len(), 2);
    assert_eq!(outputs.responses.len(), 1);
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}

fn check_origin(output: &Received, request: &str, command_key: &str) {
    assert_eq!(output.required("credbridge-request"), request);
    assert_eq!(output.required("traceparent"), TRACE);
    assert_eq!(output.required("tracestate"), "vendor=1");
    assert_eq!(output.required("cwmp-device-id"), "00256D-IGD-S1");
    assert_eq!(output.required("cwmp-command-key"), command_key);
}

#[test]
fn device_without_certificate_path_is_looked_up() {
    let app = App::new(Broker::shared(), "lookup");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let download = play.up_to_download("S1");
    let complete = fleet::transfer_complete(&download.command_key, 0, "");
    play.event("S1", "", complete);
    let (lookup, _) = play.next_command("S1");
    assert_eq!(lookup.kind, CommandKind::Lookup);
    assert_eq!(lookup.id, format!("{}/lookup", download.command_key));
    play.event("S1", &lookup.id, fleet::certificate_rows());
    let (set, _) = play.next_command("S1");
    let expected = CommandKind::Set {
        name: "Device.Security.Certificate.2.SUIDs".to_owned(),
        value: "42,43".to_owned(),
    };
    assert_eq!(set.kind, expected);
    play.finish("S1", &set);
    bridge.stop();
    assert_eq!(app.written().commands.len(), 3);
}

#[test]
fn response_is_what_the_request_asks_for() {
    let app = App::new(Broker::shared(), "asked-for");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let never = "99991231T235959";
    let request = fleet::request(&app.requests, Format::Json, "S1", None);
    let wishes = json!({"rqet": "99991231T235958", "rset": never, "rcn": 9});
    app.client.send(with_members(request, &wishes));
    let (download, _) = play.next_command("S1");
    let set = play.up_to_set("S1", &download);
    play.event("S1", &set.id, fleet::set_response());
    let (response, record) = play.next_response("S1");
    assert_eq!(response.code, 2001, "{response:?}");
    let primitive: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    assert_eq!(primitive["rset"], never);
    let modified = json!({"suids": [42, 43], "obps": ["Device.Security.Certificate.3."]});
    assert_eq!(primitive["pc"], json!({"dcfg:nycfc": modified}));
    bridge.stop();
}

#[test]
fn replay_of_the_same_input_gives_the_same_ids() {
    let mut ids = Vec::new();
    let broker = Broker::shared();
    let app = App::new(broker, "replay");
    for _ in 0..2 {
        let bridge = app.start();
        let mut play = Play::new(&app);
        if ids.is_empty() {
            play.install("S1");
        } else {
            play.next_response("S1");
        }
        bridge.stop();
        let outputs = app.written();
        let records = outputs.commands.iter().chain(&outputs.responses);
        ids.push(
            records
                .map(|r| r.required("credbridge-id").to_owned())
                .collect::<Vec<_>>(),
        );
        forget_all_but_inputs(&app);
    }
    assert_eq!(ids[0].len(), 3);
    assert_eq!(ids[0], ids[1]);
}

/// Takes the application back to its beginning: nothing written, nothing remembered, the inputs unread.
fn forget_all_but_inputs(app: &App) {
    app.client.delete_group(&app.name);
    for output in app.outputs() {
        app.client.delete_topic(output);
        app.client.create_topic(output, 3, &[]);
    }
    for (internal, policy) in [(app.routed(), "delete"), (app.changelog(), "compact")] {
        app.client.delete_topic(&internal);
        app.client
            .create_topic(&internal, 4, &[("cleanup.policy", policy)]);
    }
}

#[test]
fn row_that_is_new_since_before_the_download_gets_the_suids() {
    let settings = json!({"download": {"list_rows_first": true}});
    let app = App::new(Broker::shared(), "new-row").set(&settings);
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.request("S1", None);
    let (list, _) = play.next_command("S1");
    assert_eq!(list.kind, CommandKind::Lookup);
    assert_eq!(list.id, format!("{}/list", list.command_key));
    play.event("S1", &list.id, fleet::rows(&[1]));
    let (download, _) = play.next_command("S1");
    play.event("S1", &download.id, fleet::download_response(1));
    play.event(
        "S1",
        "",
        fleet::transfer_complete(&download.command_key, 0, ""),
    );
    let (lookup, _) = play.next_command("S1");
    assert_eq!(lookup.kind, CommandKind::Lookup);
    play.event("S1", &lookup.id, fleet::rows(&[1, 7]));
    let (set, _) = play.next_command("S1");
    let CommandKind::Set { name, .. } = &set.kind else {
        panic!("{set:?}")
    };
    assert_eq!(name, "Device.Security.Certificate.7.SUIDs");
    play.finish("S1", &set);
    bridge.stop();
    app.written();
}
