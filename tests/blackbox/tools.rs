//! The tools for people, on what the bridge wrote.

use std::time::Duration;

use credbridge::record::Coordinates;
use serde_json::Value;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet;
use crate::kafka::play::Play;

/// What a tool prints, if it ends well.
fn tool(app: &App, arguments: &[&str]) -> String {
    let output = app.tool(arguments).output().expect("the binary was built");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {log}");
    String::from_utf8(output.stdout).expect("tools print text")
}

#[test]
fn dead_letters_go_back_where_they_came_from_if_they_are_wanted() {
    let app = App::new(Broker::shared(), "replay");
    let bridge = app.start();
    let key = fleet::device_key("S1");
    let xml = Record::new(&app.events, "<no end>")
        .key(key.clone())
        .header("h", "1");
    let json = Record::new(&app.requests, "{").key(key.clone());
    let bare = Record {
        value: None,
        ..Record::new(&app.requests, "").key(key)
    };
    app.client.send_all(vec![xml.clone(), json, bare]);
    let mut letters = app.client.tail(&[&app.dead_letters]);
    let limit = Duration::from_secs(60);
    letters.read_until("all dead letters", limit, |all| all.len() == 3);

    let wanted = [
        "replay",
        "dead-letters",
        "--reason",
        "malformed_xml",
        "--rate",
        "0",
    ];
    let told = tool(&app, &[&wanted[..], &["--dry-run"]].concat());
    assert!(
        told.ends_with("1 dead letters would be written back\n"),
        "{told}"
    );
    let told = tool(&app, &wanted);
    assert!(told.ends_with("1 dead letters written back\n"), "{told}");
    let told = tool(&app, &["replay", "dead-letters", "--reason", "empty_value"]);
    for part in [
        " left alone: it has no value",
        "\n0 dead letters written back\n",
    ] {
        assert!(told.contains(part), "{told}");
    }

    letters.read_until("the dead letter of the replayed record", limit, |all| {
        all.len() == 4
    });
    bridge.stop();
    let events = app.client.read_all(&[&app.events]);
    assert_eq!(events.len(), 2, "{events:?}");
    for event in &events {
        assert_eq!(event.key, xml.key);
        assert_eq!(event.value, xml.value);
        assert_eq!(event.headers, xml.headers);
    }
    assert_eq!(app.client.read_all(&[&app.requests]).len(), 2);

    // Somebody else's letter draws nothing on the terminal of who reads of it.
    let forged = Record::new(&app.dead_letters, "<no end>")
        .header("credbridge-source", format!("{}/0/9", app.events))
        .header("credbridge-reason", "\u{1b}[2Jx\nforged");
    app.client.send(forged);
    let told = tool(&app, &["replay", "dead-letters", "--dry-run"]);
    assert!(told.contains("(\\u{1b}[2Jx\\nforged)"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

/// The entries of an explanation as `kind name cause -> at`.
fn told(explanation: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = explanation["entries"].as_array().expect("a list");
    let told = |entry: &Value| {
        let is_copy = ["state", "forwarded"]
            .map(Value::from)
            .contains(&entry["kind"]);
        (!is_copy).then(|| {
            (
                text(&entry["name"]),
                text(&entry["at"]),
                text(&entry["cause"]),
            )
        })
    };
    entries.iter().filter_map(told).collect()
}

pub(super) fn explain(app: &App, arguments: &[&str]) -> Value {
    let printed = tool(app, &[&["explain", "--json"], arguments].concat());
    assert!(!printed.contains("CERTIFICATE"), "{printed}");
    serde_json::from_str(&printed).expect("one JSON object")
}

#[test]
fn one_installation_is_explained_from_any_of_its_records() {
    let app = App::with_partitions(Broker::shared(), "explain", 2, 3);
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.install("S2");
    let request = play.request("S1", None);
    let (download, sent) = play.next_command("S1");
    let accepted = play.event("S1", &download.id, fleet::download_response(1));
    let path = "Device.Security.Certificate.3.";
    let complete = fleet::transfer_complete(&download.command_key, 0, path);
    let stored = play.event("S1", "", complete.clone());
    let (set, set_sent) = play.next_command("S1");
    let repeated = play.event("S1", "", complete);
    let empty = play.event("S1", "", fleet::transfer_complete("", 0, path));
    let letter = play.next_dead_letter();
    let applied = play.event("S1", &set.id, fleet::set_response());
    let (_, answered) = play.next_response("S1");
    bridge.stop();

    let told_of_device = explain(&app, &["--device", &fleet::device_key("S1")]);
    let entry = |name: &str, at: &Coordinates, cause: Option<&Coordinates>| {
        let cause = cause.map_or_else(String::new, Coordinates::to_string);
        (name.to_owned(), at.to_string(), cause)
    };
    // The event without a CommandKey is not of the installation; its dead letter may have to do with it.
    let expected = [
        entry("create_request", &request, None),
        entry("download", &sent.coordinates, Some(&request)),
        entry("download_response", &accepted, None),
        entry("transfer_complete", &stored, None),
        entry("set", &set_sent.coordinates, Some(&stored)),
        entry("transfer_complete", &repeated, None),
        entry("dead_letter", &letter.coordinates, Some(&empty)),
        entry("set_parameter_values_response", &applied, None),
        entry("response", &answered.coordinates, Some(&applied)),
    ];
    assert_eq!(told(&told_of_device), expected, "{told_of_device:#}");
    assert_eq!(told_of_device["request"], request.to_string());
    assert_eq!(told_of_device["command_key"], download.command_key);
    let now = told_of_device["now"].as_str().unwrap_or_default();
    assert!(
        now.starts_with("over: the certificate is on the device")
            && now.contains("last response 2001"),
        "{now}"
    );

    for at in [
        &request,
        &sent.coordinates,
        &stored,
        &applied,
        &answered.coordinates,
    ] {
        let told_of_record = explain(&app, &[&at.to_string()]);
        assert_eq!(told(&told_of_record), expected, "{at}");
    }
    let key = [
        "--device",
        &fleet::device_key("S1"),
        "--command-key",
        &download.command_key,
    ];
    let text = tool(&app, &[&["explain"], &key[..]].concat());
    let line = format!(
        "{}  DownloadResponse: accepted, to {}",
        accepted, download.id
    );
    assert!(text.contains(&line), "{text}");
}
