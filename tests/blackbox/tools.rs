//! The tools for people, on what the bridge wrote.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, write_config};
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet;
use crate::kafka::process;

/// What a tool prints, if it ends well.
fn tool(app: &App, arguments: &[&str]) -> String {
    let directory = process::scratch("tool");
    let config = write_config(&directory, &app.config);
    let output = Command::new(BINARY)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built");
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
    let json = Record::new(&app.requests, "{").key(key);
    app.client.send_all(vec![xml.clone(), json]);
    let mut letters = app.client.tail(&[&app.dead_letters]);
    let limit = Duration::from_secs(60);
    letters.read_until("both dead letters", limit, |all| all.len() == 2);

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

    letters.read_until("the dead letter of the replayed record", limit, |all| {
        all.len() == 3
    });
    bridge.stop();
    let events = app.client.read_all(&[&app.events]);
    assert_eq!(events.len(), 2, "{events:?}");
    for event in &events {
        assert_eq!(event.key, xml.key);
        assert_eq!(event.value, xml.value);
        assert_eq!(event.headers, xml.headers);
    }
    assert_eq!(app.client.read_all(&[&app.requests]).len(), 1);
}
