//! How credbridge grows: speed and cost against workers, processes, shards, forwarded records and the size of records.
//!
//! `just growth`, or `cargo bench --bench growth -- CURVE..` for some curves. Each curve becomes an SVG beside this file,
//! all figures `growth.csv` there. Sizes by `CREDBRIDGE_GROWTH_INSTALLATIONS` (default 100,000) and
//! `CREDBRIDGE_GROWTH_ROUNDS` (default 2); `CREDBRIDGE_GROWTH_DIRECTORY` puts the files elsewhere. The broker runs on the
//! same cores: a curve that is flat tells of them as much as of credbridge.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures real time and reads its sizes from the environment"
)]
#![expect(
    dead_code,
    reason = "the harness serves the tests and the comparison as well"
)]

#[path = "../peers/compare/artefacts.rs"]
mod artefacts;
mod chart;
mod curve;
#[path = "../peers/compare/input.rs"]
mod input;
#[path = "../../tests/kafka/mod.rs"]
mod kafka;
#[path = "../peers/compare/meter.rs"]
mod meter;
#[path = "../peers/compare/outputs.rs"]
mod outputs;
#[path = "../peers/compare/program.rs"]
mod program;
#[path = "../peers/compare/table.rs"]
mod table;
#[path = "../peers/compare/verdict.rs"]
mod verdict;
#[path = "../peers/compare/watch.rs"]
mod watch;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use artefacts::Artefacts;
use curve::{Curve, Point};
use input::{Input, UNKNOWN};
use kafka::bridge::BINARY;
use kafka::broker::Broker;
use outputs::Outputs;
use program::{Plan, Program, Running, start_credbridge};
use serde_json::json;
use table::Figures;
use verdict::Written;
use watch::Watch;

/// Longer than any run takes.
const EARLY_TTL: Duration = Duration::from_secs(3_600);

/// A run of one point.
#[derive(Clone, Copy, Debug)]
struct Measured {
    /// Of the point, in the unit of its curve.
    x: f64,
    /// Steady input records a second.
    rate: f64,
    /// Steady microseconds of CPU for an input record.
    client: f64,
    broker: f64,
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let installations = size("CREDBRIDGE_GROWTH_INSTALLATIONS", 100_000);
    let rounds = size("CREDBRIDGE_GROWTH_ROUNDS", 2);
    let directory = std::env::var("CREDBRIDGE_GROWTH_DIRECTORY").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/growth")),
        PathBuf::from,
    );
    let artefacts = Artefacts::without_peers(BINARY.into());
    let broker = Broker::start(1);
    // The first program on a broker waits until its internal topics are made.
    broker.client().fence("growth-warm-up");
    let mut csv = String::from("curve,x,records_per_second,client_us,broker_us\n");
    for curve in curve::all(installations) {
        if !wanted.is_empty() && wanted.iter().all(|name| *name != curve.name) {
            continue;
        }
        let measured = draw(&broker, &artefacts, &curve, rounds);
        for run in &measured {
            writeln!(
                csv,
                "{},{},{:.0},{:.3},{:.3}",
                curve.name, run.x, run.rate, run.client, run.broker
            )
            .expect("writing to memory does not fail");
        }
        let file = directory.join(format!("{}.svg", curve.name));
        fs::write(&file, chart::svg(&curve, &measured)).expect("the directory can be written to");
        println!("{}", file.display());
    }
    fs::write(directory.join("growth.csv"), csv).expect("the directory can be written to");
}

fn size(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

fn draw(broker: &Broker, artefacts: &Artefacts, curve: &Curve, rounds: u64) -> Vec<Measured> {
    let mut measured = Vec::new();
    for (number, point) in curve.points.iter().enumerate() {
        let name = format!("{}-{number}", curve.name);
        let mut input = input::write(broker, &name, point.shape);
        // They wait for longer than any run takes.
        input.expected.dead_letters.remove(UNKNOWN);
        for round in 0..rounds {
            let figures = run(
                broker,
                artefacts,
                &input,
                point,
                &format!("{name}-run-{round}"),
            );
            let steady = figures.steady();
            println!("{} {}: {figures}", curve.name, point.x);
            measured.push(Measured {
                x: point.x,
                rate: steady.rate,
                client: steady.client,
                broker: steady.broker,
            });
        }
        let client = broker.client();
        client.delete_topic(&input.requests);
        client.delete_topic(&input.events);
    }
    measured
}

fn run(
    broker: &Broker,
    artefacts: &Artefacts,
    input: &Input,
    point: &Point,
    group: &str,
) -> Figures {
    let outputs = Outputs::create(broker, group, 8);
    let routed = Program::Credbridge.routed_topic(group);
    let progress = meter::Progress::of(broker, group, input, routed.as_deref());
    let plan = Plan {
        broker,
        input,
        outputs: &outputs,
        artefacts,
        group,
        early_ttl: EARLY_TTL,
    };
    let watch = Watch::begin(broker, input, &progress);
    let mut processes: Vec<Running> = (0..point.processes)
        .map(|number| {
            let settings = json!({
                "instance_id": format!("process-{number}"),
                "workers": point.workers,
                "topics": {"shards": point.shape.partitions},
            });
            start_credbridge(&plan, &settings)
        })
        .collect();
    let figures = watch.until_done(&mut processes);
    processes.into_iter().for_each(Running::stop);
    let mistakes = Written::read(broker, &outputs).mistakes(&input.expected, None);
    assert!(mistakes.is_empty(), "{group}: {mistakes:?}");
    outputs.remove(broker, &Program::Credbridge.internal_topics(group));
    figures
}
