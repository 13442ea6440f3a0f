//! A bridge that is killed half way: the installation ends, each output is written once.

use std::collections::BTreeSet;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::fleet;
use crate::kafka::play::Play;

#[test]
fn installation_survives_a_kill_under_the_same_instance() {
    survives_a_kill_between_all_steps("one", "one");
}

#[test]
fn installation_survives_a_kill_under_another_instance() {
    survives_a_kill_between_all_steps("one", "two");
}

fn survives_a_kill_between_all_steps(first: &str, second: &str) {
    let app = App::new(Broker::shared(), "killed");
    let mut play = Play::new(&app);
    let bridge = app.start_as(first);
    let download = play.up_to_download("S1");
    bridge.kill();

    let bridge = app.start_as(second);
    let set = play.up_to_set("S1", &download);
    bridge.kill();

    let bridge = app.start_as(first);
    play.finish("S1", &set);
    play.install("S2");
    bridge.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (4, 2));
}

/// Requests in flight when the bridge is killed.
const INSTALLATIONS: usize = 2_000;

#[test]
fn kill_in_the_middle_of_a_stream_loses_and_doubles_nothing() {
    let app = App::with_partitions(Broker::shared(), "mid-stream", 3, 3);
    let bridge = app.start();
    let play = Play::new(&app);
    let serials: Vec<_> = (0..INSTALLATIONS).map(|n| format!("S{n}")).collect();
    let requests = serials
        .iter()
        .map(|serial| fleet::request(&app.requests, play.requests, serial, Some("k")));
    app.client.send_all(requests.collect());
    let mut commands = app.client.tail(&[&app.commands]);
    commands.read_until(
        "the first commands",
        std::time::Duration::from_secs(30),
        |all| !all.is_empty(),
    );
    bridge.kill();
    let bridge = app.start_as("two");
    commands.read_until("all commands", std::time::Duration::from_secs(60), |all| {
        all.len() >= INSTALLATIONS
    });
    bridge.stop();
    let outputs = app.written();
    assert_eq!(outputs.commands.len(), INSTALLATIONS);
    let devices: BTreeSet<_> = outputs.commands.iter().map(|c| c.key.clone()).collect();
    assert_eq!(devices.len(), INSTALLATIONS);
}
