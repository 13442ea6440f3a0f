//! The admin port under a flood, while the bridge has work to do.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpSocket;

use crate::kafka::app::App;
use crate::kafka::bridge::Bridge;
use crate::kafka::broker::Broker;
use crate::kafka::wait_for;

/// Create requests a second; each makes five further records.
const RATE: u32 = 100;

/// How long the fleet works, in seconds; this many with and without a flood if the variable gives another number.
const SECONDS: u32 = 4;
const SECONDS_VARIABLE: &str = "CREDBRIDGE_FLOOD_SECONDS";

/// Longest that a client of the flood waits for anything.
const WAIT: Duration = Duration::from_secs(1);

/// How long the port may take to answer again.
const LIMIT: Duration = Duration::from_secs(30);

/// Clients that ask at once, and again at once.
const ASKERS: usize = 8;

/// Connections that never finish their request; more than one address may have open.
const DAWDLERS: usize = 24;

/// Bytes of a head that is too large.
const HEAD_BYTES: usize = 256 << 10;

/// How often each status was answered; 0: the connection was cut.
type Statuses = Mutex<BTreeMap<u16, usize>>;

/// A connection to the port from the address 127.0.0.`host`, since each address has its own limit.
fn connect(admin: SocketAddr, host: u8) -> Option<TcpStream> {
    let connecting = async {
        let socket = TcpSocket::new_v4().ok()?;
        let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0));
        socket.bind(from).ok()?;
        let stream = tokio::time::timeout(WAIT, socket.connect(admin)).await;
        stream.ok()?.ok()?.into_std().ok()
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("it starts");
    let stream = runtime.block_on(connecting)?;
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(WAIT)).ok()?;
    stream.set_write_timeout(Some(WAIT)).ok()?;
    Some(stream)
}

/// Sends a request and returns the status of the answer; 0 if there is none.
fn status(mut stream: TcpStream, request: &[u8]) -> u16 {
    // The port cuts the connection before it has read a head that is too large.
    drop(stream.write_all(request));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    status.unwrap_or(0)
}

fn ask_until(over: &AtomicBool, admin: SocketAddr, host: u8, request: &[u8], seen: &Statuses) {
    while !over.load(Ordering::Relaxed) {
        if let Some(stream) = connect(admin, host) {
            let status = status(stream, request);
            *seen
                .lock()
                .expect("nobody panics")
                .entry(status)
                .or_default() += 1;
        }
    }
}

/// Sends requests byte by byte, and comes again when the port has had enough of it.
fn dawdle_until(over: &AtomicBool, admin: SocketAddr, host: u8) {
    let mut streams: Vec<Option<TcpStream>> = (0..DAWDLERS).map(|_| None).collect();
    while !over.load(Ordering::Relaxed) {
        for place in &mut streams {
            if let Some(stream) = place {
                if stream.write_all(b"x").is_err() {
                    *place = None;
                }
            } else {
                *place = connect(admin, host);
            }
        }
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// Floods the port while `work` goes on; returns what that gives and the statuses of all answers.
fn flooded<T>(admin: SocketAddr, work: impl FnOnce() -> T) -> (T, BTreeMap<u16, usize>) {
    let (over, seen) = (AtomicBool::new(false), Statuses::default());
    let quick = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let large = [b"GET / HTTP/1.1\r\nx: ".as_slice(), &[b'x'; HEAD_BYTES]].concat();
    let done = thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| ask_until(&over, admin, 2, quick, &seen));
        }
        scope.spawn(|| ask_until(&over, admin, 3, &large, &seen));
        scope.spawn(|| dawdle_until(&over, admin, 4));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        done
    });
    let done = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    (done, seen.into_inner().expect("nobody panics"))
}

/// A fleet that works so long at a steady rate, and judges what it gets.
fn load(app: &App, seconds: u32) -> Value {
    let installations = (RATE * seconds).to_string();
    let output = app
        .tool(&["load", "--json", "--rate", &RATE.to_string()])
        .args(["--installations", &installations])
        .output()
        .expect("the binary was built");
    let summary = String::from_utf8_lossy(&output.stdout).into_owned();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{summary}\n{log}");
    serde_json::from_str(&summary).expect("an object")
}

fn kib_of_memory(bridge: &Bridge) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", bridge.process_id()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a process has memory")
}

fn tell(what: &str, summary: &Value, bridge: &Bridge) {
    println!(
        "{what}: {} events a second, {} ms from request to Download, {} KiB",
        summary["events_per_second"],
        summary["latency_ms"],
        kib_of_memory(bridge)
    );
}

#[test]
fn a_flood_of_the_admin_port_is_refused_and_every_request_is_still_answered_right() {
    let wanted = std::env::var_os(SECONDS_VARIABLE);
    let wanted = wanted.map(|text| text.to_str().and_then(|text| text.parse().ok()));
    let seconds = wanted.map(|wanted| wanted.expect("a number of seconds"));
    let app = App::new(Broker::shared(), "flood");
    let bridge = app.start();
    if let Some(seconds) = seconds {
        load(&app, seconds);
        tell("calm", &load(&app, seconds), &bridge);
    }
    let work = || load(&app, seconds.unwrap_or(SECONDS));
    let (summary, seen) = flooded(bridge.admin(), work);
    tell("flooded", &summary, &bridge);
    println!("answers: {seen:?}");
    for status in [200, 429, 431] {
        let count = seen.get(&status).copied().unwrap_or_default();
        assert!(count > 0, "nobody got {status}: {seen:?}");
    }
    for reason in ["too_many_requests", "too_many_connections"] {
        let name = format!("credbridge_admin_refusals_total{{reason=\"{reason}\"}}");
        // What is left of the flood may have the budget of a second.
        wait_for("the refusals", LIMIT, || {
            bridge.metric(&name).filter(|count| *count > 0)
        });
    }
    assert!(bridge.is_ready(), "{}", bridge.log());
    bridge.stop();
}
