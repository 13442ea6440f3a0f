//! The bridge as a process: ready, probed, told to stop.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::bridge::{Bridge, STOP_LIMIT, merged};
use crate::kafka::broker::Broker;
use crate::kafka::play::Play;

/// Readiness is what a rolling update waits for, process by process.
const READY_SOON: Duration = Duration::from_secs(15);

#[test]
fn second_start_is_ready_soon() {
    let app = App::new(Broker::shared(), "ready");
    for start in ["first", "second"] {
        let mut bridge = Bridge::start(&app.config);
        let ready = bridge.wait_until_ready();
        println!(
            "{start} start of an empty application: ready after {:.2} s",
            ready.as_secs_f64()
        );
        assert!(ready < READY_SOON, "{start} start took {ready:?}");
        bridge.stop();
    }
}

#[test]
fn probes_and_metrics_answer() {
    let app = App::new(Broker::shared(), "probes");
    let bridge = app.start();
    assert_eq!(bridge.http_status("/livez"), Some(200));
    assert_eq!(bridge.http_status("/readyz"), Some(200));
    assert_eq!(bridge.http_status("/version"), Some(200));
    let mut play = Play::new(&app);
    play.install("S1");
    let metrics = bridge.http_get("/metrics").expect("the admin port answers");
    assert!(metrics.contains("credbridge_"), "{metrics}");
    bridge.stop();
}

#[test]
fn sigterm_and_sigint_end_with_exit_code_zero_within_seconds() {
    let app = App::new(Broker::shared(), "stop");
    let mut play = Play::new(&app);
    let bridge = app.start();
    let download = play.up_to_download("S1");
    println!("stopped in {:.2} s", bridge.stop().as_secs_f64());

    let mut bridge = app.start();
    play.up_to_set("S1", &download);
    bridge.signal(Signal::SIGINT);
    assert_eq!(bridge.exit_code(STOP_LIMIT), 0);
}

#[test]
fn stop_while_starting_ends_with_exit_code_zero() {
    let app = App::new(Broker::shared(), "stop-early");
    let bridge = Bridge::start(&app.config);
    crate::kafka::wait_for("the admin port", Duration::from_secs(20), || {
        bridge.http_status("/livez")
    });
    bridge.stop();
}

#[test]
fn stop_is_told_to_probes_before_the_work_ends() {
    let app = App::new(Broker::shared(), "stop-told");
    let mut bridge = app.start();
    bridge.signal(Signal::SIGTERM);
    let mut answers = Vec::new();
    while bridge.ended().is_none() {
        answers.extend(bridge.http_status("/readyz"));
    }
    let told = answers.iter().filter(|status| **status == 503).count();
    println!("{told} of {} probes were told", answers.len());
    assert!(answers.is_sorted(), "ready again: {answers:?}");
    assert!(told > answers.len() / 2, "{answers:?}");
}

#[test]
fn a_right_configuration_is_taken_on_sighup_and_a_wrong_one_is_refused() {
    let app = App::new(Broker::shared(), "reload");
    let mut bridge = app.start();
    let mut play = Play::new(&app);
    let limit = Duration::from_secs(30);
    let says = |bridge: &Bridge, text: &str| {
        crate::kafka::wait_for(text, limit, || bridge.log().contains(text).then_some(()));
    };
    bridge.reconfigure(&merged(
        &app.config,
        &json!({"set": {"await_result": "maybe"}}),
    ));
    says(&bridge, "the new configuration is wrong");
    bridge.reconfigure(&merged(&app.config, &json!({"workers": 7})));
    says(&bridge, "only a restart can change");
    play.install("S1");

    let download = play.up_to_download("S2");
    bridge.reconfigure(&merged(
        &app.config,
        &json!({"set": {"await_result": false}}),
    ));
    says(&bridge, "going on with another configuration");
    play.up_to_set("S2", &download);
    // Nobody answers SetParameterValues, and the response comes nevertheless.
    assert_eq!(play.next_response("S2").0.code, 2001);
    bridge.wait_until_ready();
    bridge.stop();
    app.written();
}
