//! What the dashboards and alerts ask for is there: a real Prometheus scrapes a running bridge.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::kafka::app::App;
use crate::kafka::bridge::{BINARY, Bridge, write_config};
use crate::kafka::broker::free_port;
use crate::kafka::client::Record;
use crate::kafka::play::Play;
use crate::kafka::{fleet, process, wait_for};
use crate::nodes;

/// How long Prometheus may take to start, and to see everything twice.
const LIMIT: Duration = Duration::from_secs(60);

/// Series that one process may have.
const SERIES_MAX: usize = 2_000;

/// A variable that names the directory in which the panels are drawn, after a fleet has worked for a while; without it they
/// are only checked.
const PICTURES: &str = "CREDBRIDGE_PICTURES";

/// How long the fleet works, and what goes wrong meanwhile.
const FLEET: [&str; 12] = [
    "--installations",
    "3000",
    "--rate",
    "40",
    "--faults",
    "0.05",
    "--duplicates",
    "0.03",
    "--early",
    "0.05",
    "--poison",
    "0.01",
];

/// How much of it is drawn.
const SHOWN_SECONDS: &str = "75";

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/chart/credbridge/files")
}

/// Every query of every panel: (where, query).
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for entry in fs::read_dir(deploy().join("dashboards")).unwrap() {
        let path = entry.unwrap().path();
        let dashboard: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            for target in panel["targets"].as_array().into_iter().flatten() {
                let place = format!("{}: {title}", dashboard["title"].as_str().unwrap());
                queries.push((place, with_variables(target["expr"].as_str().unwrap())));
            }
        }
    }
    assert!(queries.len() > 40, "{}", queries.len());
    queries
}

/// The query as Grafana sends it.
fn with_variables(query: &str) -> String {
    query
        .replace("$__rate_interval", "5m")
        .replace("$__range", "5m")
        .replace("$namespace", ".*")
        .replace("$job", ".*")
        .replace("$pod", ".*")
}

/// The values that a query gives; empty: there are no such series, or Prometheus does not answer yet.
fn ask(server: SocketAddr, query: &str) -> Vec<String> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let Ok(mut stream) = TcpStream::connect(server) else {
        return Vec::new();
    };
    write!(
        stream,
        "GET /api/v1/query?query={encoded} HTTP/1.0\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let Some((_, body)) = answer.split_once("\r\n\r\n") else {
        return Vec::new();
    };
    let Ok(body) = serde_json::from_str::<Value>(body) else {
        return Vec::new();
    };
    assert_eq!(body["status"], "success", "{query}: {body}");
    let series = body["data"]["result"].as_array().unwrap();
    let values = series.iter().filter_map(|one| one["value"][1].as_str());
    values
        .filter(|value| *value != "NaN")
        .map(ToOwned::to_owned)
        .collect()
}

/// Has a fleet work for a while, and draws every panel.
fn draw(app: &App, server: SocketAddr, directory: &Path) {
    let config = write_config(&process::scratch("fleet"), &app.config_of("fleet"));
    let mut load = process::spawn(BINARY, |command| {
        command
            .args(["load", "--config"])
            .arg(config)
            .args(FLEET)
            .stdout(Stdio::null())
    });
    assert!(load.wait().unwrap().success(), "the fleet found a fault");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/test/draw.py");
    let drawn = Command::new(script)
        .arg(format!("http://{server}"))
        .arg(SHOWN_SECONDS)
        .arg(directory)
        .status();
    assert!(drawn.unwrap().success(), "the pictures could not be drawn");
}

/// What a bridge that has worked tells Prometheus: nothing that promtool finds fault with, and few series. Shards share
/// theirs, so there are no more with 64 of them.
fn check_metrics(bridge: &Bridge) {
    let answer = bridge.http_get("/metrics").unwrap();
    let (_, text) = answer.split_once("\r\n\r\n").unwrap();
    let file = process::scratch("metrics").join("metrics");
    fs::write(&file, text).unwrap();
    let checked = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && told.is_empty(), "{told}");
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    println!("{series} series");
    assert!((100..SERIES_MAX).contains(&series), "{series}");
}

#[test]
fn every_panel_has_data() {
    let (app, nodes) = nodes::app("dashboards");
    app.client.send(nodes::node(&nodes, "S1"));
    let bridge = app.start();
    let directory = process::scratch("prometheus");
    let port = free_port();
    let config = json!({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [deploy().join("rules/credbridge.rules.yaml")],
        "scrape_configs": [{"job_name": "credbridge", "static_configs": [
            {"targets": [bridge.admin().to_string()], "labels": {"namespace": "n", "pod": "p"}},
        ]}],
    });
    let file = directory.join("prometheus.yml");
    fs::write(&file, config.to_string()).unwrap();
    let log = fs::File::create(directory.join("log")).unwrap();
    let mut prometheus = process::spawn("prometheus", |command| {
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
    });
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let has_data = |query: &str| (!ask(server, query).is_empty()).then_some(());
    wait_for("the first scrape", LIMIT, || {
        has_data("credbridge_build_info")
    });

    let mut play = Play::new(&app);
    // What a counter has when it is seen first is no increase yet.
    play.install("S0");
    wait_for("the first installation", LIMIT, || {
        has_data("credbridge_installations_total")
    });
    for serial_number in ["S1", "S2"] {
        play.install(serial_number);
    }
    let download = play.up_to_download("S3");
    play.event(
        "S3",
        "",
        fleet::transfer_complete(&download.command_key, 9018, ""),
    );
    assert_ne!(play.next_response("S3").0.code, 2001);
    app.client
        .send(Record::new(&app.events, "<no end>").key(fleet::device_key("S1")));
    play.next_dead_letter();
    play.up_to_download("S4");

    for (place, query) in queries() {
        let name = format!("data of {place}: {query}");
        wait_for(&name, LIMIT, || has_data(&query));
    }
    check_metrics(&bridge);
    for name in [
        "credbridge:installations:increase1h",
        "credbridge:installations_failed:ratio5m",
    ] {
        wait_for(name, LIMIT, || has_data(name));
    }
    if let Some(directory) = std::env::var_os(PICTURES) {
        draw(&app, server, Path::new(&directory));
    }
    prometheus.kill().unwrap();
    prometheus.wait().unwrap();
    bridge.stop();
}
