//! Every input comes ten times.

use std::time::Duration;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};

/// How often each input is written.
const TIMES: usize = 10;

/// Devices that take part.
const DEVICES: usize = 20;

/// How long the outputs of a step may take.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn every_input_ten_times_has_its_outputs_once() {
    let app = App::with_partitions(Broker::shared(), "ten-times", 3, 3);
    let bridge = app.start();
    let mut outputs = app.follow();
    let key = |device: usize| format!("key-{device}");
    let event = |device: usize, command_id: &str, event| {
        let serial_number = format!("S{device}");
        fleet::event(
            &app.events,
            Format::Protobuf,
            &serial_number,
            command_id,
            event,
        )
    };
    let mut written = 0;
    let mut step = |made: &dyn Fn(usize) -> Record, outputs_of_device: usize| {
        let each = (0..DEVICES).flat_map(|device| std::iter::repeat_n(device, TIMES));
        app.client.send_all(each.map(made).collect());
        written += DEVICES * outputs_of_device;
        outputs.read_until("the outputs of the step", LIMIT, |all| all.len() >= written);
    };
    // A request that comes again is another request (TS-0001 clause 7.1.7): each has its answer, and one is carried out.
    step(
        &|device| {
            let serial_number = format!("S{device}");
            let key = key(device);
            fleet::request(&app.requests, Format::Protobuf, &serial_number, Some(&key))
        },
        1 + (TIMES - 1),
    );
    step(
        &|device| {
            let id = format!("{}/download", key(device));
            event(device, &id, fleet::download_response(1))
        },
        0,
    );
    let row = "Device.Security.Certificate.1.";
    step(
        &|device| event(device, "", fleet::transfer_complete(&key(device), 0, row)),
        1,
    );
    step(
        &|device| {
            event(
                device,
                &format!("{}/set", key(device)),
                fleet::set_response(),
            )
        },
        1,
    );
    bridge.stop();

    let outputs = app.written();
    let code = |code: u64| {
        let responses = outputs.responses.iter();
        responses
            .filter(|record| fleet::response(record).code == code)
            .count()
    };
    assert_eq!(outputs.commands.len(), 2 * DEVICES);
    assert_eq!(code(2001), DEVICES);
    assert_eq!(code(4105), (TIMES - 1) * DEVICES);
    assert_eq!(outputs.responses.len(), TIMES * DEVICES);
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
}
