mod protection;
mod tls;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::config::Config;

const START: Timestamp = Timestamp::from_millis(1_000_000);

/// A port that the system chooses.
fn anywhere() -> AdminConfig {
    AdminConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default().admin
    }
}

fn admin(health: &Health, options: AdminConfig, now: Timestamp) -> Admin {
    Admin::new(Subject {
        instance_id: "one".to_owned(),
        options,
        health: health.clone(),
        insight: Insight::default(),
        metrics: Metrics::new("7"),
        rules: "7",
        log: LogFilter::idle("info"),
        now: Box::new(move || now),
    })
}

/// Sends one request each, in order, and gives back the whole answers.
fn answers(health: &Health, now: Timestamp, requests: &[&str]) -> Vec<String> {
    answers_of(admin(health, anywhere(), now), requests)
}

fn answers_of(admin: Admin, requests: &[&str]) -> Vec<String> {
    let requests: Vec<_> = requests.iter().map(ToString::to_string).collect();
    with_client(admin, false, move |address| {
        let answers = requests.iter().map(|request| ask(address, request));
        answers.collect()
    })
}

/// Serves while the client does its work on a thread of its own. With `in_no_time` the server need not wait for time to
/// pass: whenever it has nothing to do, the next time comes.
fn with_client<T: Send + 'static>(
    admin: Admin,
    in_no_time: bool,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(in_no_time)
        .build()
        .unwrap();
    let bound = runtime.block_on(admin.bind()).unwrap();
    let address = bound.address;
    let (done, ended) = tokio::sync::oneshot::channel();
    let client = std::thread::spawn(move || {
        let result = client(address);
        done.send(()).unwrap();
        result
    });
    runtime.block_on(async move {
        tokio::select! {
            _ = ended => {}
            () = bound.serve() => panic!("the server ended"),
        }
    });
    client.join().unwrap()
}

fn ask(address: SocketAddr, request: &str) -> String {
    let (request, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let body = format!("content-length: {}\r\n\r\n{body}", body.len());
    let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{body}");
    let mut stream = TcpStream::connect(address).unwrap();
    // In one piece: what the server does not want to read must not keep it from being sent.
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // It answers, and closes on what it has not read.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        ended => drop(ended.unwrap()),
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn probes_tell_how_the_workers_are() {
    let health = Health::new(1, START);
    let got = answers(
        &health,
        START + Duration::from_secs(60),
        &["GET /livez", "GET /readyz", "GET /healthz?verbose"],
    );
    assert!(got.iter().all(|answer| answer.starts_with("HTTP/1.1 503 ")));
    assert!(got[2].contains("[-]worker-0 loop turned 60000 ms ago: failed"));
    health.set_ready(0, true);
    let got = answers(
        &health,
        START,
        &["GET /livez", "GET /readyz", "GET /readyz?verbose"],
    );
    assert!(got.iter().all(|answer| answer.starts_with("HTTP/1.1 200 ")));
    assert!(got[0].ends_with("\r\n\r\nok"));
    assert!(got[2].contains("[+]not stopping: ok\nreadyz check passed"));
}

#[test]
fn metrics_and_version_have_their_types() {
    let health = Health::new(1, START);
    let got = answers(&health, START, &["GET /metrics", "GET /version"]);
    assert!(got[0].contains("content-type: text/plain; version=0.0.4"));
    assert!(got[0].contains("credbridge_build_info{version="));
    assert!(got[1].contains("content-type: application/json"));
    assert!(got[1].contains("\"rules\":\"7\""));
}

#[test]
fn strangers_and_changes_are_refused() {
    let health = Health::new(1, START);
    let got = answers(
        &health,
        START,
        &["GET /nothing", "POST /livez", "DELETE /metrics"],
    );
    assert!(got[0].starts_with("HTTP/1.1 404 "));
    assert!(got[1].starts_with("HTTP/1.1 405 "));
    assert!(got[2].starts_with("HTTP/1.1 405 "));
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let options = AdminConfig {
        listen,
        ..Config::default().admin
    };
    let admin = admin(&Health::new(0, START), options, START);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let Err(error) = runtime.block_on(admin.bind()) else {
        panic!("the port is taken");
    };
    assert!(
        error
            .to_string()
            .contains(&format!("cannot listen on {listen}"))
    );
}

#[test]
fn devices_are_shown_only_where_the_configuration_says_so() {
    let health = Health::new(0, START);
    let asked = ["GET /v1/installations?device=00256D-IGD-1"];
    let got = answers(&health, START, &asked);
    assert!(got[0].starts_with("HTTP/1.1 403 "), "{}", got[0]);
    assert!(got[0].contains("admin.show_devices"), "{}", got[0]);
    let shown = AdminConfig {
        show_devices: true,
        ..anywhere()
    };
    let got = answers_of(admin(&health, shown, START), &asked);
    assert!(got[0].starts_with("HTTP/1.1 503 "), "{}", got[0]);
    assert!(got[0].contains("does not answer"), "{}", got[0]);
}

#[test]
fn the_page_comes_with_strict_headers_and_before_any_worker_answers() {
    let health = Health::new(1, START);
    let got = answers(&health, START, &["GET /", "HEAD /", "POST /"]);
    assert!(got[0].starts_with("HTTP/1.1 200 "), "{}", got[0]);
    for header in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; ",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(got[0].contains(header), "{header}: {}", got[0]);
    }
    assert!(got[0].contains("<!DOCTYPE html>") && got[0].contains("Not ready"));
    assert!(got[1].starts_with("HTTP/1.1 200 ") && got[1].ends_with("\r\n\r\n"));
    assert!(got[2].starts_with("HTTP/1.1 405 "), "{}", got[2]);
}
