//! Twice of what the bridge bears.

use std::time::{Duration, Instant};

use crate::kafka::app::App;
use crate::load::{Extent, Load};
use crate::memory::resident_mib;

/// Installations by which it is found out what the bridge bears.
const PROBED: usize = 20_000;

/// How long everything may take to be done after the flood, beside its own length.
const LIMIT: Duration = Duration::from_secs(3600);

/// How often memory is looked at.
const STEP: Duration = Duration::from_secs(10);

/// Prints memory, lag and open installations while twice as many requests come as the bridge bears.
pub(crate) fn twice_of_what_it_bears(app: &App, minutes: usize) {
    let mut bridge = app.start();
    let extent = |seed, installations, installations_per_second| Extent {
        seed,
        installations,
        installations_per_second,
    };
    let config = app.config_of("load");
    let bears =
        Load::start_with(&config, extent(1, PROBED, 0), &["--deadline", "10m"]).finish(LIMIT);
    let seconds = bears["seconds"].as_f64().expect("seconds of the run");
    let rate = (2.0 * PROBED as f64 / seconds) as usize;
    println!(
        "it bears {:.0} requests/s; {rate} requests/s come",
        rate as f64 / 2.0
    );
    let begin = Instant::now();
    let mut load = Load::start_with(
        &config,
        extent(2, rate * 60 * minutes, rate),
        &["--deadline", "24h"],
    );
    let mut resident = Vec::new();
    while load.is_running() {
        assert_eq!(bridge.ended(), None, "the bridge ended");
        std::thread::sleep(STEP);
        resident.push(resident_mib(&bridge));
        let of = |metric: &str| bridge.metric(metric);
        println!(
            "{:>5} s: {:>6} MiB, {:?} open, lag {:?}",
            begin.elapsed().as_secs(),
            resident.last().expect("just measured"),
            of("credbridge_installations_open "),
            of("credbridge_consumer_lag_records{topic=\"requests\"}"),
        );
    }
    let verdict = load.finish(LIMIT);
    println!("{verdict}");
    let early = resident[resident.len() / 6];
    let most = resident.iter().max().expect("it was measured");
    println!("resident after a sixth of the time {early} MiB, at most {most} MiB");
    for mistake in ["lost", "doubled", "wrong"] {
        assert_eq!(verdict[mistake], 0, "{verdict}");
    }
    bridge.stop();
}
