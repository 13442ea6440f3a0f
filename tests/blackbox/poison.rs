//! Records that nobody can read: each is set aside once, as it came, and the bridge goes on.

use std::time::Duration;

use credbridge::runtime::murmur2;
use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::kafka::tail::Received;

#[test]
fn unreadable_records_become_dead_letters_with_their_bytes_and_reason() {
    let app = App::new(Broker::shared(), "poison");
    let bridge = app.start();
    let mut play = Play::new(&app);
    let mut truncated = play.event_record("S1", "k/download", fleet::download_response(1));
    let bytes = truncated.value.as_mut().expect("an event has a value");
    bytes.truncate(bytes.len() - 3);
    let poison = [
        (
            Record::new(&app.requests, r#"{"op":1,"to""#)
                .key("bad json")
                .header("cwmp-device-id", fleet::device_key("S1")),
            "malformed_json",
        ),
        (
            Record::new(&app.events, "<soap:Envelope><unclosed>")
                .key(fleet::device_key("S1"))
                .header("content-type", "text/xml"),
            "malformed_xml",
        ),
        (
            Record {
                value: None,
                ..Record::new(&app.events, "").key(fleet::device_key("S1"))
            },
            "empty_value",
        ),
        (
            Record::new(&app.requests, "").header("content-type", "application/json"),
            "empty_value",
        ),
        (truncated, "malformed_protobuf"),
        (
            Record::new(&app.events, "<a/>").header("content-type", "application/json"),
            "content_type_mismatch",
        ),
        (
            fleet::event(
                &app.events,
                Format::Protobuf,
                "S1",
                "k/download",
                fleet::download_response(1),
            )
            .header("cwmp-device-id", fleet::device_key("S2")),
            "device_mismatch",
        ),
    ];
    for (record, reason) in &poison {
        let source = app.client.send(record.clone());
        let letter = play.next_dead_letter();
        check_letter(&letter, record, &source.to_string(), reason);
    }
    play.install("S1");
    bridge.stop();
    assert_eq!(app.written().dead_letters.len(), poison.len());
}

#[test]
fn record_that_fits_into_no_dead_letter_holds_nobody_up() {
    const BYTES: usize = 700_000;
    let app = App::without_topics(Broker::shared(), "too-large")
        .set(&json!({"topics": {"create_missing": true}}));
    app.client.create_topic(&app.requests, 1, &[]);
    app.client.create_topic(&app.events, 1, &[]);
    let limit = ("max.message.bytes", "600000");
    app.client.create_topic(&app.dead_letters, 1, &[limit]);
    let bridge = app.start();
    let mut play = Play::new(&app);
    let mut rng = fastrand::Rng::with_seed(1);
    // What is random cannot be compressed.
    let mut value: Vec<u8> = (0..BYTES).map(|_| rng.u8(..)).collect();
    value[0] = 0xFF;
    let poison = Record::new(&app.events, value).key(fleet::device_key("S1"));
    let source = app.client.send(poison.clone());
    let letter = play.next_dead_letter();
    assert_eq!(letter.required("credbridge-reason"), "malformed_protobuf");
    assert_eq!(letter.required("credbridge-source"), source.to_string());
    let error = letter.required("credbridge-error");
    assert!(error.contains("too large for a dead letter"), "{error}");
    assert_eq!(
        (letter.key.as_deref(), letter.value.as_deref()),
        (None, None)
    );
    // It is known now what the topic takes.
    app.client.send(poison);
    play.next_dead_letter();
    play.install("S1");
    let lost = bridge.metric("credbridge_producer_recreations_total");
    assert_eq!(lost, Some(1));
    bridge.stop();
    assert_eq!(app.written().dead_letters.len(), 2);
}

/// Partitions of the routed topic.
const SHARDS: u32 = 4;

/// What looks like the forwarded event of that offset, and stands in a partition that is not its device's.
fn misplaced(app: &App, serial_number: &str, offset: i64) -> Record {
    let device = fleet::device_key(serial_number);
    let shard = (murmur2(device.as_bytes()) & 0x7fff_ffff) % SHARDS;
    let event = fleet::transfer_complete("k", 0, "");
    let event = fleet::event(&app.events, Format::Protobuf, serial_number, "", event);
    Record {
        topic: app.routed(),
        partition: i32::try_from((shard + 1) % SHARDS).ok(),
        ..event.header("credbridge-source", format!("{}/0/{offset}", app.events))
    }
}

#[test]
fn what_a_stranger_writes_into_the_routed_topic_stops_nothing() {
    let app = App::new(Broker::shared(), "stranger");
    let mut bridge = app.start();
    let mut play = Play::new(&app);
    play.install("S1");
    for offset in 0..2 {
        let poison = misplaced(&app, "S1", offset);
        app.client.send(poison.clone());
        let letter = play.next_dead_letter();
        let reason = letter.required("credbridge-reason");
        assert_eq!(reason, "stranger_in_routed");
        let error = letter.required("credbridge-error");
        assert!(error.contains(&app.routed()), "{error}");
        assert!(error.contains("access control"), "{error}");
        assert_eq!(letter.value, poison.value);
        play.install("S2");
        assert!(bridge.is_ready(), "{}", bridge.log());
        bridge.stop();
        bridge = app.start();
    }
    bridge.stop();
    let letters = app.written().dead_letters.len();
    assert_eq!(letters, 2);
    let mut back = app.tool(&["replay", "dead-letters", "--dry-run"]);
    let output = back.output().expect("the binary was built");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("\n0 dead letters would be written back"),
        "{said}"
    );
    assert!(said.contains("left alone: a stranger wrote it"), "{said}");
}

#[test]
fn another_number_of_shards_before_anything_was_handled_is_a_clear_end() {
    let app = App::new(Broker::shared(), "resharded");
    app.client.send(misplaced(&app, "S1", 0));
    let mut bridge = Bridge::start(&app.config_of("one"));
    assert_eq!(bridge.exit_code(Duration::from_secs(60)), 78);
    let log = bridge.log();
    assert!(
        log.contains("the number of its partitions was changed"),
        "{log}"
    );
}

fn check_letter(letter: &Received, record: &Record, source: &str, reason: &str) {
    assert_eq!(letter.required("credbridge-reason"), reason, "{letter:?}");
    assert_eq!(letter.required("credbridge-source"), source);
    assert_eq!(letter.key, record.key, "{reason}");
    assert_eq!(letter.value, record.value, "{reason}");
    for (name, value) in &record.headers {
        let kept = letter.headers.iter().find(|(header, _)| header == name);
        assert_eq!(kept.map(|(_, value)| value), Some(value), "{reason}");
    }
}

/// Events among which every hundredth is poison.
const EVENTS: usize = 100_000;

#[test]
fn one_percent_of_poison_in_many_records_loses_and_stops_nothing() {
    let app = App::with_partitions(Broker::shared(), "one-percent", 3, 8);
    let bridge = app.start();
    let mut play = Play::new(&app);
    // Around the poison calls that a CPE makes and that are never about an installation.
    let records = (0..EVENTS).map(|number| {
        if number % 100 == 0 {
            Record::new(&app.events, format!("<poison number=\"{number}\""))
        } else {
            let serial = format!("S{}", number % 500);
            let call = concat!(
                r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" "#,
                r#"xmlns:c="urn:dslforum-org:cwmp-1-0"><e:Body><c:GetRPCMethods/></e:Body></e:Envelope>"#
            );
            Record::new(&app.events, call).key(fleet::device_key(&serial))
        }
    });
    let records: Vec<_> = records.collect();
    app.client.send_all(records);
    let mut letters = app.client.tail(&[&app.dead_letters]);
    letters.read_until("all dead letters", Duration::from_secs(120), |all| {
        all.len() >= EVENTS / 100
    });
    play.install("S1");
    bridge.stop();
    let outputs = app.written();
    assert_eq!(outputs.dead_letters.len(), EVENTS / 100);
    for letter in &outputs.dead_letters {
        assert!(letter.value().starts_with(b"<poison"), "{letter:?}");
        assert_eq!(letter.required("credbridge-reason"), "malformed_xml");
    }
}
