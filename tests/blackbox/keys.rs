//! Inputs may be keyed by anything, by any partitioner, with any number of partitions, which may grow.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Command, Format, Response};
use crate::kafka::play::Play;

const DEVICES: usize = 60;

/// How the producers of an application key and partition their records.
#[derive(Clone, Copy, Debug)]
enum Keys {
    None,
    Originator,
    DeviceByCrc32,
    DeviceByMurmur2,
}

/// What an application said: who was told what, how often.
type Said = (BTreeMap<String, usize>, BTreeMap<String, usize>);

#[test]
fn keys_partitioners_and_partition_counts_make_no_difference() {
    let applications = [
        (Keys::None, 3, 8),
        (Keys::Originator, 8, 12),
        (Keys::DeviceByCrc32, 12, 3),
        (Keys::DeviceByMurmur2, 8, 8),
        (Keys::DeviceByMurmur2, 12, 12),
    ];
    let said: Vec<Said> = std::thread::scope(|scope| {
        let threads: Vec<_> = applications
            .iter()
            .map(|(keys, requests, events)| {
                scope.spawn(move || play_all(*keys, *requests, *events))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("every application ends well"))
            .collect()
    });
    // A Download for each device, and a Set for each of which the transfer succeeds.
    assert_eq!(said[0].0.len(), 2 * DEVICES - DEVICES.div_ceil(3));
    assert_eq!(said[0].1.len(), DEVICES);
    for (application, other) in applications.iter().zip(&said) {
        assert_eq!(&said[0], other, "{application:?}");
    }
}

/// Plays the same installations, of which every third fails, with two processes.
fn play_all(keys: Keys, requests: i32, events: i32) -> Said {
    let app = App::with_partitions(Broker::shared(), "keys", requests, events);
    let bridges = [app.start_as("one"), app.start_as("two")];
    let serials: Vec<_> = (0..DEVICES).map(|n| format!("S{n}")).collect();
    let request = |serial: &String| {
        let record = fleet::request(&app.requests, Format::Protobuf, serial, Some(&key(serial)));
        (serial.clone(), record)
    };
    send(&app, keys, serials.iter().map(request).collect());
    let mut commands = app.client.tail(&[&app.commands]);
    await_count(&mut commands, DEVICES);
    let event = |serial: &String, id: &str, event| {
        let record = fleet::event(&app.events, Format::Protobuf, serial, id, event);
        (serial.clone(), record)
    };
    let complete = |(number, serial): (usize, &String)| {
        let fault = if number % 3 == 0 { 9010 } else { 0 };
        let path = "Device.Security.Certificate.1.";
        event(
            serial,
            "",
            fleet::transfer_complete(&key(serial), fault, path),
        )
    };
    send(
        &app,
        keys,
        serials.iter().enumerate().map(complete).collect(),
    );
    let failed = DEVICES.div_ceil(3);
    await_count(&mut commands, 2 * DEVICES - failed);
    let answer = |serial: &String| {
        event(
            serial,
            &format!("{}/set", key(serial)),
            fleet::set_response(),
        )
    };
    let succeeding = serials.iter().enumerate().filter(|(n, _)| n % 3 != 0);
    send(
        &app,
        keys,
        succeeding.map(|(_, serial)| answer(serial)).collect(),
    );
    let mut responses = app.client.tail(&[&app.responses]);
    await_count(&mut responses, DEVICES);
    for bridge in bridges {
        bridge.stop();
    }
    said(&app)
}

fn key(serial: &str) -> String {
    format!("key-{serial}")
}

fn await_count(tail: &mut crate::kafka::tail::Tail, count: usize) {
    tail.read_until("outputs", Duration::from_secs(60), |all| all.len() >= count);
}

/// Writes records of these devices with the keys and the partitioner that are wanted.
fn send(app: &App, keys: Keys, records: Vec<(String, Record)>) {
    let keyed = |(number, (serial, mut record)): (usize, (String, Record))| {
        record.key = match keys {
            Keys::None => None,
            Keys::Originator => Some(format!("originator-{}", number % 5).into()),
            Keys::DeviceByCrc32 | Keys::DeviceByMurmur2 => Some(fleet::device_key(&serial).into()),
        };
        record
    };
    let records: Vec<Record> = records.into_iter().enumerate().map(keyed).collect();
    match keys {
        Keys::DeviceByCrc32 => app.client.send_partitioned("consistent_random", &records),
        Keys::None | Keys::Originator | Keys::DeviceByMurmur2 => app.client.send_all(records),
    };
}

/// All outputs without what depends on where the inputs stood.
fn said(app: &App) -> Said {
    let outputs = app.written();
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
    let mut said = Said::default();
    for record in &outputs.commands {
        let command: Command = fleet::command(record);
        let device = record.required("cwmp-device-id");
        *said.0.entry(format!("{device} {command:?}")).or_default() += 1;
    }
    for record in &outputs.responses {
        let response: Response = fleet::response(record);
        let device = record.required("cwmp-device-id");
        *said.1.entry(format!("{device} {response:?}")).or_default() += 1;
    }
    said
}

#[test]
fn partition_that_is_added_to_an_input_is_read_from_its_beginning() {
    let refresh = json!({"kafka": {"properties": {"topic.metadata.refresh.interval.ms": "1000"}}});
    let app = App::new(Broker::shared(), "grown").set(&refresh);
    let bridge = app.start();
    let mut play = Play::new(&app);
    play.install("S1");
    app.client.grow_topic(&app.requests, 2);
    app.client.grow_topic(&app.events, 3);
    crate::kafka::wait_for("the new partitions", Duration::from_secs(20), || {
        let grown = (
            app.client.partitions(&app.requests),
            app.client.partitions(&app.events),
        );
        (grown == (2, 3)).then_some(())
    });
    let mut request = fleet::request(&app.requests, Format::Protobuf, "S2", None);
    request.partition = Some(1);
    app.client.send(request);
    let (download, _) = play.next_command("S2");
    for (partition, event) in [
        (2, fleet::download_response(1)),
        (
            1,
            fleet::transfer_complete(&download.command_key, 0, "Device.Security.Certificate.1."),
        ),
    ] {
        let id = if partition == 2 { &*download.id } else { "" };
        let mut record = play.event_record("S2", id, event);
        record.partition = Some(partition);
        app.client.send(record);
    }
    let (set, _) = play.next_command("S2");
    play.finish("S2", &set);
    bridge.stop();
    app.written();
}
