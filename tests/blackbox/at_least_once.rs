//! Without transactions nothing is lost, and what is repeated can be told by its id.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::kafka::app::{App, check_headers};
use crate::kafka::broker::Broker;
use crate::kafka::fleet::{self, Format};

const INSTALLATIONS: usize = 2_000;
const KILLS: usize = 3;

#[test]
fn kill_in_the_middle_loses_nothing_and_repeats_keep_their_id() {
    let app = App::with_partitions(Broker::shared(), "at-least-once", 3, 3)
        .set(&json!({"delivery": "at_least_once"}));
    let serials: Vec<_> = (0..INSTALLATIONS).map(|n| format!("S{n}")).collect();
    let mut commands = app.client.tail(&[&app.commands]);
    for part in serials.chunks(INSTALLATIONS.div_ceil(KILLS)) {
        let bridge = app.start();
        let before = commands.records.len();
        let request =
            |serial: &String| fleet::request(&app.requests, Format::Protobuf, serial, Some("k"));
        app.client.send_all(part.iter().map(request).collect());
        commands.read_until("more commands", Duration::from_secs(30), |all| {
            all.len() > before
        });
        bridge.kill();
    }
    let bridge = app.start();
    commands.read_until("a command for each", Duration::from_secs(60), |all| {
        let mut devices: Vec<_> = all.iter().map(|r| r.key.as_deref()).collect();
        devices.sort_unstable();
        devices.dedup();
        devices.len() == INSTALLATIONS
    });
    bridge.stop();

    commands.read_to_end();
    let mut ids: BTreeMap<&[u8], &str> = BTreeMap::new();
    for record in &commands.records {
        let device = record.key.as_deref().expect("a command has a key");
        let id = record.required("credbridge-id");
        assert_eq!(*ids.entry(device).or_insert(id), id, "{record:?}");
    }
    println!(
        "{} of {INSTALLATIONS} commands were repeated",
        commands.records.len() - ids.len()
    );
    check_headers(&crate::kafka::app::Outputs {
        commands: commands.records,
        ..Default::default()
    });
}
