//! Workers that are overtaken: by a successor, by the group, by a cluster that refuses. Everything is done once.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::client::Record;
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::kafka::tail::Tail;
use crate::kafka::wait_for;

/// How long outputs may take while sessions are lost and groups settle.
const OUTPUT_LIMIT: Duration = Duration::from_secs(30);

/// The exit code that asks for a restart.
const RESTART_ME: i32 = 75;

#[test]
fn overtaken_worker_commits_nothing() {
    // A static member that comes again takes the place of the one before; without heartbeats only a commit tells it.
    let app = App::new(Broker::shared(), "overtaken").set(&json!({
        "timeouts": {"accept": "3s"},
        "kafka": {"properties": {
            "group.instance.id": "seat", "heartbeat.interval.ms": "1000000", "session.timeout.ms": "45000",
        }},
    }));
    let overtaken = app.start_as("overtaken");
    let mut play = Play::new(&app);
    play.up_to_download("S1");
    overtaken.signal(Signal::SIGSTOP);

    let successor = app.start_as("successor");
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 6021, "{response:?}");
    assert_eq!(losses(&successor), Some(0));

    overtaken.signal(Signal::SIGCONT);
    let responses = || app.client.read_all(&[&app.responses]).len();
    wait_for("the commit of the overtaken", OUTPUT_LIMIT, || {
        (losses(&overtaken)? > 0 || responses() > 1).then_some(())
    });
    assert_eq!(responses(), 1);
    let log = overtaken.log();
    assert!(log.contains("send_offsets_to_transaction"), "{log}");
    assert_eq!(ended(&overtaken, "aborted"), losses(&overtaken));
    assert_eq!(ended(&overtaken, "fatal"), Some(0));
}

#[test]
fn sleeper_that_the_group_left_behind_repeats_nothing_and_comes_back() {
    let app = App::new(Broker::shared(), "sleeper").set(&json!({"timeouts": {"accept": "4s"}}));
    let mut play = Play::new(&app);
    let sleeper = app.start_as("sleeper");
    play.up_to_download("S1");
    sleeper.signal(Signal::SIGSTOP);
    // Ready once the group has given up the sleeper, after its session of 6 s.
    let successor = app.start_as("successor");
    let (response, _) = play.next_response("S1");
    assert_eq!(response.code, 6021, "{response:?}");

    sleeper.signal(Signal::SIGCONT);
    wait_for("shards of both", OUTPUT_LIMIT, || {
        let owned = |bridge: &Bridge| bridge.metric("credbridge_shards_owned");
        (owned(&sleeper)? == 2 && owned(&successor)? == 2).then_some(())
    });
    wait_for("both to be ready", OUTPUT_LIMIT, || {
        (sleeper.is_ready() && successor.is_ready()).then_some(())
    });
    for serial_number in ["S2", "S3", "S4", "S5"] {
        play.install(serial_number);
    }
    sleeper.stop();
    successor.stop();
    let outputs = app.written();
    assert_eq!((outputs.commands.len(), outputs.responses.len()), (9, 5));
}

/// Devices that go through each step together.
const DEVICES: usize = 200;

/// The steps of an installation, one input each.
#[derive(Clone, Copy, Debug)]
enum Step {
    Request,
    TransferComplete,
    SetResponse,
}

impl Step {
    const ALL: [Self; 3] = [Self::Request, Self::TransferComplete, Self::SetResponse];

    /// What the requester or the CPEs of a fleet write.
    fn records(self, app: &App, fleet: &str) -> Vec<Record> {
        (0..DEVICES)
            .map(|number| self.record(app, &format!("{fleet}{number}")))
            .collect()
    }

    /// What the requester or the CPE writes.
    fn record(self, app: &App, serial_number: &str) -> Record {
        let key = format!("key-{serial_number}");
        let event = |command_id: &str, event| {
            fleet::event(
                &app.events,
                Format::Protobuf,
                serial_number,
                command_id,
                event,
            )
        };
        match self {
            Self::Request => {
                fleet::request(&app.requests, Format::Protobuf, serial_number, Some(&key))
            }
            Self::TransferComplete => event(
                "",
                fleet::transfer_complete(&key, 0, "Device.Security.Certificate.1."),
            ),
            Self::SetResponse => event(&format!("{key}/set"), fleet::set_response()),
        }
    }
}

#[test]
fn fenced_worker_does_everything_once_and_the_sixth_time_asks_for_a_restart() {
    let app = App::with_partitions(Broker::shared(), "fenced", 3, 3);
    let worker = format!("{}-one-0", app.name);
    let mut bridge = app.start();
    let mut outputs = app.follow();
    let steps = ["A", "B"]
        .into_iter()
        .flat_map(|fleet| Step::ALL.map(|step| (fleet, step)));
    for (number, (fleet, step)) in (1..).zip(steps) {
        // What is handled next is handled in vain, and once more.
        app.client.fence(&worker);
        app.client.send_all(step.records(&app, fleet));
        if number > 5 {
            assert_eq!(bridge.exit_code(OUTPUT_LIMIT), RESTART_ME);
            bridge = app.start();
        } else {
            await_outputs(&mut outputs, number);
            assert_eq!(losses(&bridge), Some(number), "{fleet} {step:?}");
            assert_eq!(ended(&bridge, "fatal"), Some(number), "{fleet} {step:?}");
            assert_eq!(ended(&bridge, "aborted"), Some(0), "{fleet} {step:?}");
        }
    }
    await_outputs(&mut outputs, 6);
    bridge.stop();
    check_installations(&app, 2);
}

#[test]
fn worker_that_is_fenced_amid_its_work_does_everything_once() {
    let app = App::with_partitions(Broker::shared(), "fenced-amid", 3, 3);
    let worker = format!("{}-one-0", app.name);
    let bridge = app.start();
    let mut outputs = app.follow();
    for (number, step) in (1..).zip([Step::Request, Step::TransferComplete]) {
        let mut first = step.records(&app, "A");
        let second = first.split_off(DEVICES / 2);
        app.client.send_all(first);
        // Where a transaction is open, the cluster may count this as two fences.
        app.client.fence(&worker);
        app.client.send_all(second);
        await_outputs(&mut outputs, number);
    }
    assert!(losses(&bridge).is_some_and(|losses| losses >= 2));
    app.client.send_all(Step::SetResponse.records(&app, "A"));
    await_outputs(&mut outputs, 3);
    bridge.stop();
    check_installations(&app, 1);
}

/// Waits until that many steps of whole fleets are done: each has one output for each device.
fn await_outputs(outputs: &mut Tail, steps: usize) {
    outputs.read_until("outputs of the step", OUTPUT_LIMIT, |all| {
        all.len() >= steps * DEVICES
    });
}

/// Checks that all installations of that many fleets succeeded, with every command once.
fn check_installations(app: &App, fleets: usize) {
    let outputs = app.written();
    assert_eq!(outputs.commands.len(), fleets * 2 * DEVICES);
    assert_eq!(outputs.responses.len(), fleets * DEVICES);
    assert!(outputs.dead_letters.is_empty(), "{outputs:?}");
    for record in &outputs.responses {
        assert_eq!(fleet::response(record).code, 2001);
    }
}

#[test]
fn refused_output_comes_after_the_mend_with_transactions() {
    refused_output_comes_after_the_mend("exactly_once");
}

#[test]
fn refused_output_comes_after_the_mend_without_transactions() {
    refused_output_comes_after_the_mend("at_least_once");
}

fn refused_output_comes_after_the_mend(delivery: &str) {
    let app = App::new(Broker::shared(), "refused").set(&json!({"delivery": delivery}));
    let commands_take = |settings: &[(&str, &str)]| {
        app.client.delete_topic(&app.commands);
        app.client.create_topic(&app.commands, 3, settings);
    };
    commands_take(&[("max.message.bytes", "100")]);
    app.client.send(Step::Request.record(&app, "S1"));
    let mut bridge = Bridge::start(&app.config);
    assert_eq!(bridge.exit_code(OUTPUT_LIMIT), RESTART_ME);
    let log = bridge.log();
    assert!(log.contains("too large"), "the cause is not told:\n{log}");

    commands_take(&[]);
    let bridge = app.start();
    let mut play = Play::new(&app);
    let (download, _) = play.next_command("S1");
    assert_eq!(download.command_key, "key-S1");
    bridge.stop();
    assert_eq!(app.written().commands.len(), 1);
}

/// Transactions of a bridge that ended so.
fn ended(bridge: &Bridge, outcome: &str) -> Option<usize> {
    bridge.metric(&format!(
        "credbridge_transactions_total{{outcome=\"{outcome}\"}}"
    ))
}

/// Sessions that the workers of a bridge lost.
fn losses(bridge: &Bridge) -> Option<usize> {
    bridge.metric("credbridge_producer_recreations_total")
}
