use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::config::Config;

use super::{RecordOptions, records};

const DAY: u64 = 1_763_892_000_000;

/// A protobuf CpeEvent as proto3 JSON, as a line of a recording.
fn event(offset: i64, timestamp: u64, event: &str) -> String {
    let value = format!(
        r#"{{"device":{{"oui":"00256D","productClass":"IGD","serialNumber":"1"}},{event}}}"#
    );
    line("cwmp.events", offset, timestamp, &value)
}

fn line(topic: &str, offset: i64, timestamp: u64, value: &str) -> String {
    serde_json::json!({
        "topic": topic, "partition": 0, "offset": offset, "timestamp": timestamp, "key": "00256D-IGD-1",
        "headers": [["content-type", "application/json"], ["cwmp-command-key", "k1"]], "value": value,
    })
    .to_string()
}

fn create() -> String {
    let certificate = include_str!("../../tests/fixtures/certificates/leaf.pem");
    let request = serde_json::json!({
        "op": 1, "fr": "/cse1/Ccfg", "to": "/cse1/node1", "rqi": "r1", "rvi": "3", "ty": 13,
        "pc": {"dcfg:nycfc": {
            "mgd": 1023, "suids": [42], "mcff": "application/x-pem-file", "mcfc": certificate,
        }},
    });
    line("onem2m.requests", 1, DAY, &request.to_string())
}

fn options(recording: &NamedTempFile) -> RecordOptions {
    RecordOptions {
        files: vec![recording.path().to_owned()],
        run_on: None,
        state: false,
        compare: None,
    }
}

fn file(lines: &[String]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(lines.join("\n").as_bytes()).unwrap();
    file
}

fn replay(config: &Config, options: &RecordOptions) -> (bool, String) {
    let mut out = Vec::new();
    let good = records(config, options, &mut out).unwrap();
    (good, String::from_utf8(out).unwrap())
}

fn installation() -> [String; 3] {
    let accepted = r#""commandId":"k1/download","downloadResponse":{"status":1}"#;
    let failed = r#""transferComplete":{"commandKey":"k1","fault":{"faultCode":9010}}"#;
    [
        create(),
        event(1, DAY + 1_000, accepted),
        event(2, DAY + 2_000, failed),
    ]
}

#[test]
fn same_recording_gives_the_same_bytes() {
    let recording = file(&installation());
    let (_, first) = replay(&Config::default(), &options(&recording));
    let (_, second) = replay(&Config::default(), &options(&recording));
    assert_eq!(first, second);
    let topics: Vec<String> = first
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["topic"].to_string())
        .collect();
    assert_eq!(
        topics,
        ["\"cwmp.commands\"", "\"onem2m.responses\""],
        "{first}"
    );
}

/// A request that names only its node, and the record of that node.
fn behind_a_node(asked: u64, told: u64) -> Vec<String> {
    let mut request: serde_json::Value = serde_json::from_str(&create()).unwrap();
    request["key"] = serde_json::Value::Null;
    request["timestamp"] = asked.into();
    let node = serde_json::json!({
        "topic": "nodes", "partition": 0, "offset": 3, "timestamp": told, "key": "/cse1/node1",
        "headers": [["content-type", "application/json"]],
        "value": r#"{"m2m:nod":{"ni":"urn:dev:ops:00256D-IGD-1"}}"#,
    });
    let mut lines = vec![(asked, request.to_string()), (told, node.to_string())];
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[test]
fn nodes_of_a_recording_name_devices_also_late_ones() {
    let mut config = Config::default();
    "nodes".clone_into(&mut config.topics.nodes);
    let played = |asked, told| {
        let recording = file(&behind_a_node(asked, told));
        let (_, out) = replay(&config, &options(&recording));
        let output: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!(
            out.lines().count(),
            1 + usize::from(output["topic"] != "cwmp.commands")
        );
        (output["topic"].clone(), output["timestamp"].clone())
    };
    let command = |at: u64| ("cwmp.commands".into(), at.into());
    assert_eq!(played(DAY + 5, DAY), command(DAY + 5));
    assert_eq!(played(DAY, DAY + 3_000), command(DAY + 3_000));
    // Nobody waits longer than ten seconds.
    let (topic, at) = played(DAY, DAY + 60_000);
    assert_eq!(
        (topic, at),
        ("onem2m.responses".into(), (DAY + 10_000).into())
    );
}

#[test]
fn time_outs_fire_at_their_own_time_when_the_clock_runs_on() {
    let recording = file(&[create()]);
    let (_, short) = replay(&Config::default(), &options(&recording));
    assert_eq!(short.lines().count(), 1, "{short}");
    let longer = RecordOptions {
        run_on: Some(std::time::Duration::from_secs(7_200)),
        ..options(&recording)
    };
    let (_, long) = replay(&Config::default(), &longer);
    let last: serde_json::Value = serde_json::from_str(long.lines().last().unwrap()).unwrap();
    assert_eq!(last["topic"], "onem2m.responses", "{long}");
    assert_eq!(last["timestamp"], DAY + 15 * 60 * 1_000);
}

#[test]
fn comparison_tells_what_is_changed_missing_and_added() {
    let recording = file(&installation());
    let (_, before) = replay(&Config::default(), &options(&recording));
    let expected = file(&[before]);
    let compare = |recording: &NamedTempFile, config: &Config| {
        let options = RecordOptions {
            compare: Some(expected.path().to_owned()),
            ..options(recording)
        };
        replay(config, &options)
    };
    assert_eq!(
        compare(&recording, &Config::default()),
        (true, String::new())
    );

    let mut other = Config::default();
    "https://elsewhere.example.net/{command_key}".clone_into(&mut other.download.url);
    let (same, differences) = compare(&recording, &other);
    assert!(!same);
    assert_eq!(differences.lines().count(), 1, "{differences}");
    assert!(
        differences.contains(r#""difference":"changed","parts":["value"]"#),
        "{differences}"
    );

    let shorter = file(&installation()[..2]);
    let (same, differences) = compare(&shorter, &Config::default());
    assert!(
        !same && differences.contains(r#""difference":"missing""#),
        "{differences}"
    );
}

#[test]
fn record_of_a_topic_that_is_no_input_is_a_mistake_with_its_line() {
    let recording = file(&[create(), line("elsewhere", 1, DAY, "{}")]);
    let error = records(&Config::default(), &options(&recording), &mut Vec::new()).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("line 2: elsewhere is no input"), "{text}");
}
