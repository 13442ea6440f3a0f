//! The cluster goes away and comes back.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kafka::app::App;
use crate::kafka::broker::Broker;
use crate::kafka::play::Play;

const AWAY: Duration = Duration::from_secs(30);

/// Kubernetes gives a pod 30 s by default.
const GRACE: Duration = Duration::from_secs(28);

#[test]
fn bridge_outlives_thirty_seconds_without_a_broker() {
    let mut broker = Broker::start(1);
    let app = App::new(&broker, "outage");
    let mut bridge = app.start();
    let mut play = Play::new(&app);
    play.install("S1");
    let download = play.up_to_download("S2");
    let said_before = bridge.log().len();

    broker.stop();
    let begin = Instant::now();
    while begin.elapsed() < AWAY {
        assert_eq!(bridge.ended(), None, "the bridge ended during the outage");
        std::thread::park_timeout(Duration::from_millis(200));
    }
    assert_eq!(bridge.http_status("/livez"), Some(200));
    let log = bridge.log();
    let said = &log[said_before..];
    assert!(
        said.contains("WARN") || said.contains("ERROR"),
        "the outage is not in the log:\n{said}"
    );
    assert!(
        said.lines().count() < 200,
        "the outage floods the log: {} lines",
        said.lines().count()
    );

    broker.restart();
    let set = play.up_to_set("S2", &download);
    play.finish("S2", &set);
    play.install("S3");
    bridge.stop();
    app.written();
}

#[test]
fn a_stop_while_the_broker_hangs_ends_in_time_and_loses_nothing() {
    let broker = Broker::start(1);
    let mut app = App::new(&broker, "hang");
    let mut bridge = app.start();
    Play::new(&app).up_to_download("S1");

    broker.freeze();
    // Whatever the bridge is about, a commit of positions at the latest, waits for the broker from here on.
    std::thread::park_timeout(Duration::from_secs(1));
    bridge.signal(Signal::SIGTERM);
    let begin = Instant::now();
    let code = bridge.exit_code(GRACE);
    println!(
        "ended with {code} after {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    assert!(matches!(code, 0 | 1), "{}", bridge.log());
    broker.thaw();

    // The other side comes again, too: how its client bears a broker that hangs is not asked here.
    app.client = broker.client();
    let bridge = app.start();
    let mut play = Play::new(&app);
    let (download, _) = play.next_command("S1");
    let set = play.up_to_set("S1", &download);
    play.finish("S1", &set);
    bridge.stop();
    app.written();
}
