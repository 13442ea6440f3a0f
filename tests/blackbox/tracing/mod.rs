//! Spans of installation steps, as a collector of OpenTelemetry gets them.

mod collector;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge};
use crate::kafka::broker::{Broker, free_port};
use crate::kafka::fleet::{self, Format};
use crate::kafka::play::Play;
use crate::kafka::wait_for;

use collector::{Collector, Span};

const LIMIT: Duration = Duration::from_secs(30);

/// A status that is an error, and what somebody waits for.
const ERROR: i32 = 2;
const CLIENT: i32 = 3;

/// The trace of a requester, and its span.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const REQUESTER: &str = "b7ad6b7169203331";

/// The span of an ACS that answers.
const ACS: &str = "00f067aa0ba902b7";

/// Starts a process that sends its spans there.
fn start(app: &App, collector: SocketAddr) -> Bridge {
    let script = format!(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://{collector} OTEL_BSP_SCHEDULE_DELAY=100 \
         OTEL_SERVICE_NAME=bridge exec \"$1\" run --config \"$0\""
    );
    let mut bridge = Bridge::start_within(&app.config_of("one"), &["sh", "-c", &script], BINARY);
    bridge.wait_until_ready();
    bridge
}

fn request(app: &App, serial_number: &str, traceparent: Option<&str>) {
    let record = fleet::request(&app.requests, Format::Protobuf, serial_number, None);
    app.client.send(match traceparent {
        Some(traceparent) => record.header("traceparent", traceparent),
        None => record,
    });
}

/// Plays what follows a request until it is answered with 2001.
fn install(play: &mut Play<'_>, serial_number: &str) {
    let (download, _) = play.next_command(serial_number);
    let accepted = play.event_record(serial_number, &download.id, fleet::download_response(1));
    let traceparent = format!("00-{TRACE}-{ACS}-01");
    play.app
        .client
        .send(accepted.header("traceparent", traceparent));
    let row = "Device.Security.Certificate.3.";
    let complete = fleet::transfer_complete(&download.command_key, 0, row);
    play.event(serial_number, "", complete);
    let (set, _) = play.next_command(serial_number);
    play.finish(serial_number, &set);
}

/// The spans of one trace, by their names.
fn named(spans: &[Span], trace: impl Fn(&str) -> bool) -> BTreeMap<String, Span> {
    let spans = spans.iter().filter(|span| trace(&span.trace()));
    let named: BTreeMap<String, Span> = spans
        .clone()
        .map(|span| (span.name.clone(), span.clone()))
        .collect();
    assert_eq!(named.len(), spans.count(), "a name twice: {named:#?}");
    named
}

fn steps(named: &BTreeMap<String, Span>) -> Vec<&str> {
    named.keys().map(String::as_str).collect()
}

#[test]
fn each_step_is_a_span_in_the_trace_of_its_request() {
    let collector = Collector::start();
    let app = App::new(Broker::shared(), "tracing");
    let bridge = start(&app, collector.address);
    let mut play = Play::new(&app);
    request(&app, "S1", Some(&format!("00-{TRACE}-{REQUESTER}-01")));
    install(&mut play, "S1");
    // Its requester does not follow it.
    let unsampled = "0af7651916cd43dd8448eb211c80319d";
    request(&app, "S2", Some(&format!("00-{unsampled}-{REQUESTER}-00")));
    install(&mut play, "S2");
    // Nobody began a trace, and the transfer fails.
    request(&app, "S3", None);
    let (download, _) = play.next_command("S3");
    play.event("S3", &download.id, fleet::download_response(1));
    let failed = fleet::transfer_complete(&download.command_key, 9018, "");
    play.event("S3", "", failed);
    assert_eq!(play.next_response("S3").0.code, 4000);
    bridge.stop();

    let spans = collector.spans();
    let of_request = named(&spans, |trace| trace == TRACE);
    let expected = ["download", "request", "respond", "set", "transfer"];
    assert_eq!(steps(&of_request), expected);
    let first = &of_request["request"];
    assert_eq!(first.parent(), REQUESTER);
    let topic = first.attribute("messaging.destination.name");
    assert_eq!(topic.as_deref(), Some(&*app.requests));
    for (name, span) in &of_request {
        assert!(span.begun <= span.ended, "{span:?}");
        if name != "request" {
            assert_eq!(span.parent(), first.id(), "{span:?}");
            assert!(span.linked().contains(&REQUESTER.to_owned()), "{span:?}");
        }
    }
    let download = &of_request["download"];
    assert_eq!(download.linked(), [REQUESTER, ACS]);
    assert_eq!(download.kind, CLIENT);
    assert!(download.ended <= of_request["set"].begun);
    let code = of_request["respond"].attribute("credbridge.response_status_code");
    assert_eq!(code.as_deref(), Some("2001"));

    assert!(named(&spans, |trace| trace == unsampled).is_empty());
    let others = named(&spans, |trace| trace != TRACE);
    assert_eq!(
        steps(&others),
        ["download", "request", "respond", "transfer"]
    );
    let (failed, answer) = (&others["transfer"], &others["respond"]);
    assert_eq!((failed.status(), answer.status()), (ERROR, ERROR));
    let fault = answer.attribute("credbridge.fault_code");
    assert_eq!(fault.as_deref(), Some("9018"));
    assert_eq!(others["request"].parent(), "");
    assert!(collector.services().iter().all(|name| name == "bridge"));
}

#[test]
fn a_collector_that_is_away_costs_spans_and_nothing_else() {
    let app = App::new(Broker::shared(), "untraced");
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let bridge = start(&app, nobody);
    let mut play = Play::new(&app);
    request(&app, "S1", None);
    install(&mut play, "S1");
    let failed = "credbridge_spans_total{outcome=\"failed\"} ";
    wait_for("spans that fail", LIMIT, || {
        bridge.metric(failed).filter(|count| *count >= 5)
    });
    let log = bridge.log();
    assert!(log.contains("spans do not reach the collector"), "{log}");
    bridge.stop();
}
