//! The whole bridge on a real Apache Kafka on the same machine: catch-up, memory, restore, latency, `kill -9`.
//!
//! `cargo bench --bench pipeline`, or with the names of some parts: `catch_up`, `memory`, `latency`, `start`, `takeover`. Sizes by
//! `CREDBRIDGE_BENCH_INSTALLATIONS` (catch-up, default 100,000) and `CREDBRIDGE_BENCH_OPEN` (memory, default
//! 1,000,000). The broker runs on the same cores: compare figures of one run only.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures real time and reads its sizes from the environment"
)]
#![expect(dead_code, reason = "the harness serves the tests as well")]

#[path = "../tests/kafka/mod.rs"]
mod kafka;

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kafka::app::App;
use kafka::bridge::{BINARY, Bridge, merged, write_config};
use kafka::broker::Broker;
use kafka::{process, wait_for};
use serde_json::{Value, json};

/// How long an idle bridge is watched.
const IDLE: Duration = Duration::from_secs(10);

/// Shards of the application.
const SHARDS: i32 = 8;

/// Requests that are written right after a `kill -9`: enough for each shard to get one.
const KILL_REQUESTS: usize = 200;

/// How long each rate is kept up.
const LATENCY_SECONDS: u32 = 20;

/// How long one part may take.
const LIMIT: Duration = Duration::from_secs(1_800);

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let broker = Broker::start(1);
    for name in ["start", "takeover", "latency", "catch_up", "memory"] {
        if !wanted.is_empty() && wanted.iter().all(|want| want != name) {
            continue;
        }
        match name {
            "start" => start(&broker),
            "takeover" => takeover(&broker),
            "latency" => latency(&broker),
            "catch_up" => catch_up(&broker),
            _ => memory(&broker),
        }
    }
}

fn size(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

fn application(broker: &Broker, name: &str) -> App {
    let long = json!({"accept": "1h", "transfer": "1h", "lookup": "1h", "set": "1h"});
    let app = App::without_topics(broker, name).set(&json!({
        "topics": {"create_missing": true, "shards": SHARDS},
        "timeouts": long,
    }));
    for input in [&app.requests, &app.events] {
        app.client.create_topic(input, SHARDS, &[]);
    }
    app
}

fn setting(delivery: &str, workers: usize) -> Value {
    json!({"delivery": delivery, "workers": workers})
}

/// Runs `credbridge load` to its end and returns its summary, if it prints one.
fn load(app: &App, options: &[&str]) -> Option<Value> {
    let directory = process::scratch("load");
    let config = write_config(&directory, &app.config_of("load"));
    let file = |name: &str| File::create(directory.join(name)).expect("the directory is ours");
    let mut child = process::spawn(BINARY, |command| {
        command
            .args(["load", "--json", "--config"])
            .arg(config)
            .args(options)
            .stdout(Stdio::from(file("out")))
            .stderr(Stdio::from(file("log")))
    });
    let status = wait_for("the end of the load", LIMIT, || {
        child.try_wait().expect("it is our child")
    });
    let log = fs::read_to_string(directory.join("log")).expect("the log is ours");
    assert!(status.success(), "the load found mistakes: {log}");
    let out = fs::read_to_string(directory.join("out")).expect("the output is ours");
    out.lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
}

/// Sum of a metric over its labels.
fn metric(bridge: &Bridge, name: &str) -> f64 {
    let text = bridge.http_get("/metrics").unwrap_or_default();
    text.lines()
        .filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        })
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// CPU seconds that the process has used, to a hundredth (proc(5), utime and stime).
fn cpu_seconds(bridge: &Bridge) -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{}/stat", bridge.process_id()))
        .expect("the process lives");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|text| text.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

fn records_in(bridge: &Bridge) -> f64 {
    metric(bridge, "credbridge_records_in_total")
}

fn start(broker: &Broker) {
    let app = application(broker, "start");
    app.start().stop();
    for _ in 0..3 {
        let mut bridge = Bridge::start(&app.config_of("one"));
        let ready = bridge.wait_until_ready();
        println!(
            "start: ready {:.0} ms after the start of the process, empty state",
            ready.as_secs_f64() * 1e3
        );
        let idle = idle_share(&bridge);
        println!(
            "start: idle with 8 shards takes {:.2} % of a core",
            100.0 * idle
        );
        bridge.stop();
    }
}

/// Share of a core that the bridge takes when nothing comes in.
fn idle_share(bridge: &Bridge) -> f64 {
    let (begin, before) = (Instant::now(), cpu_seconds(bridge));
    std::thread::park_timeout(IDLE);
    (cpu_seconds(bridge) - before) / begin.elapsed().as_secs_f64()
}

/// How long requests wait for their Download after a `kill -9`: when the process is started again at once, and when
/// another one takes its shards.
fn takeover(broker: &Broker) {
    for (name, is_restarted) in [("restarted", true), ("taken-over", false)] {
        for round in 0..3 {
            let app =
                application(broker, &format!("{name}-{round}")).set(&setting("exactly_once", 1));
            let one = app.start_as("one");
            let two = (!is_restarted).then(|| app.start_as("two"));
            let all: Vec<&Bridge> = std::iter::once(&one).chain(&two).collect();
            wait_for("shards for each", LIMIT, || {
                let owned = |bridge: &&Bridge| metric(bridge, "credbridge_shards_owned");
                let share = f64::from(SHARDS) / all.len() as f64;
                all.iter()
                    .all(|bridge| owned(bridge) == share)
                    .then_some(())
            });
            let mut commands = app.client.tail(&[&app.commands]);
            one.kill();
            let begin = Instant::now();
            let again = is_restarted.then(|| Bridge::start(&app.config_of("one")));
            let count = KILL_REQUESTS.to_string();
            load(
                &app,
                &[
                    "--write-only",
                    "--installations",
                    &count,
                    "--devices",
                    &count,
                ],
            );
            let waits: Vec<Duration> = (0..KILL_REQUESTS)
                .map(|_| {
                    commands.next("a Download", LIMIT, |_| true);
                    begin.elapsed()
                })
                .collect();
            println!(
                "takeover: {name}: first Download {:.2} s after the kill -9, that of every shard {:.2} s",
                waits[0].as_secs_f64(),
                waits[KILL_REQUESTS - 1].as_secs_f64(),
            );
            for bridge in again.into_iter().chain(two) {
                bridge.stop();
            }
        }
    }
}

fn latency(broker: &Broker) {
    let app = application(broker, "latency").set(&setting("exactly_once", 1));
    let bridge = app.start();
    for rate in [100, 1_000, 2_000, 5_000] {
        let (begin, before) = (Instant::now(), cpu_seconds(&bridge));
        let installations = (LATENCY_SECONDS * rate).to_string();
        let rate_text = rate.to_string();
        let options = [
            "--rate",
            &rate_text,
            "--installations",
            &installations,
            "--devices",
            &installations,
            "--faults",
            "0",
            "--duplicates",
            "0",
        ];
        let summary = load(&app, &options).unwrap_or_default();
        let share = (cpu_seconds(&bridge) - before) / begin.elapsed().as_secs_f64();
        println!(
            "latency: request -> Download command at {rate} requests/s, exactly once, 1 worker: {}; {:.0} % of a core",
            summary["latency_ms"],
            100.0 * share
        );
    }
    bridge.stop();
}

fn catch_up(broker: &Broker) {
    let app = application(broker, "catch-up");
    let installations = size("CREDBRIDGE_BENCH_INSTALLATIONS", 100_000);
    let bridge = app.start();
    load(
        &app,
        &[
            "--installations",
            &installations.to_string(),
            "--devices",
            &installations.to_string(),
        ],
    );
    bridge.stop();
    let inputs: usize = [&app.requests, &app.events]
        .map(|topic| app.client.read_all(&[topic]).len())
        .iter()
        .sum();
    for (delivery, workers) in [
        ("exactly_once", 1),
        ("exactly_once", 2),
        ("at_least_once", 1),
        ("at_least_once", 2),
    ] {
        app.client.delete_group(&app.name);
        for topic in [app.routed(), app.changelog()] {
            app.client.delete_topic(&topic);
        }
        let config = merged(&app.config_of("one"), &setting(delivery, workers));
        let mut bridge = Bridge::start(&config);
        let done = |bridge: &Bridge| records_in(bridge) >= inputs as f64;
        wait_for("the first records", LIMIT, || {
            (records_in(&bridge) > 0.0).then_some(())
        });
        let (begin, before, read) = (Instant::now(), cpu_seconds(&bridge), records_in(&bridge));
        wait_for("all records", LIMIT, || {
            assert!(
                bridge.ended().is_none(),
                "the bridge has ended: {}",
                bridge.log()
            );
            done(&bridge).then_some(())
        });
        let (seconds, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds(&bridge) - before);
        let steady = inputs as f64 - read;
        println!(
            "catch-up: {delivery}, {workers} worker(s): {steady:.0} input records in {seconds:.2} s = {:.0}/s, {:.2} CPU seconds per million, forwarded {:.0}",
            steady / seconds,
            cpu / steady * 1e6,
            metric(&bridge, "credbridge_records_forwarded_total"),
        );
        bridge.stop();
    }
}

fn memory(broker: &Broker) {
    let app = application(broker, "memory").set(&setting("exactly_once", 1));
    let open = size("CREDBRIDGE_BENCH_OPEN", 1_000_000);
    let bridge = app.start();
    let empty = metric(&bridge, "process_resident_memory_bytes");
    let begin = Instant::now();
    load(
        &app,
        &[
            "--write-only",
            "--installations",
            &open.to_string(),
            "--devices",
            &open.to_string(),
        ],
    );
    wait_for("open installations", LIMIT, || {
        (metric(&bridge, "credbridge_installations_open") >= open as f64).then_some(())
    });
    let mebibytes =
        |bridge: &Bridge| metric(bridge, "process_resident_memory_bytes") / f64::from(1 << 20);
    println!(
        "memory: {open} open installations {:.1} s after the first request; RSS {:.0} MiB, {:.0} MiB before",
        begin.elapsed().as_secs_f64(),
        mebibytes(&bridge),
        empty / f64::from(1 << 20),
    );
    println!(
        "memory: {:.0} MiB of changelog, compressed",
        topic_bytes(broker.directory(), &app.changelog()) as f64 / f64::from(1 << 20)
    );
    bridge.kill();
    let mut bridge = Bridge::start(&app.config_of("one"));
    let begin = Instant::now();
    wait_for("the restored state", LIMIT, || {
        assert!(
            bridge.ended().is_none(),
            "the bridge has ended: {}",
            bridge.log()
        );
        bridge.is_ready().then_some(())
    });
    println!(
        "memory: restored {:.1} s after the start that followed a kill -9 (the session time-out of 6 s is part of it); {:.0} changelog records; RSS {:.0} MiB",
        begin.elapsed().as_secs_f64(),
        metric(&bridge, "credbridge_restore_records_total"),
        mebibytes(&bridge),
    );
    bridge.stop();
}

/// Bytes of a topic's records below the folder of a cluster.
fn topic_bytes(folder: &Path, topic: &str) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder of the cluster");
    let paths = entries.map(|entry| entry.expect("a file of the cluster").path());
    let is_of_topic = |path: &Path| {
        let partition = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_prefix(topic));
        partition.is_some_and(|number| number.starts_with('-'))
    };
    paths
        .filter(|path| path.is_dir())
        .map(|path| match is_of_topic(&path) {
            true => segment_bytes(&path),
            false => topic_bytes(&path, topic),
        })
        .sum()
}

fn segment_bytes(partition: &Path) -> u64 {
    let files = fs::read_dir(partition).expect("a partition");
    files
        .map(|file| file.expect("a file of the partition"))
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "log"))
        .map(|file| file.metadata().expect("it is there").len())
        .sum()
}
