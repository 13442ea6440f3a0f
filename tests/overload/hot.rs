//! One device with half of the traffic.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kafka::app::App;
use crate::kafka::fleet;
use crate::kafka::play::Play;
use crate::load::{Extent, Load};

/// What the others do.
const OTHERS: Extent = Extent {
    seed: 1,
    installations: 2_000,
    installations_per_second: 100,
};

/// Records that the fleet writes for each installation, about.
const RECORDS: usize = 4;

/// How long the others need to write their requests.
const DURATION: Duration =
    Duration::from_secs((OTHERS.installations / OTHERS.installations_per_second) as u64);

/// How often the hot device writes.
const STEP: Duration = Duration::from_millis(50);

/// How long the others may take to their verdict.
const LIMIT: Duration = Duration::from_secs(300);

/// Prints what the others wait for their Download without the hot device and with it.
pub(crate) fn one_device_with_half_of_the_traffic(app: &App) {
    let bridge = app.start();
    let mut play = Play::new(app);
    let download = play.up_to_download("HOT");
    let set = play.up_to_set("HOT", &download);
    play.finish("HOT", &set);

    let alone = verdict(app);
    let (beside, written) = thread::scope(|scope| {
        // It stops when the others have written their requests: the ledger is told when a shard falls quiet, and the verdict
        // looks at it.
        let hot = scope.spawn(|| {
            // The CPE calls again and again, as one does that nobody acknowledges.
            let complete = fleet::transfer_complete(&download.command_key, 0, "");
            let record = play.event_record("HOT", "", complete);
            let (begin, mut written) = (Instant::now(), 0);
            while begin.elapsed() < DURATION {
                let due = begin.elapsed().as_secs_f64()
                    * (OTHERS.installations_per_second * RECORDS) as f64;
                let batch = (due as usize).saturating_sub(written);
                app.client.send_all(vec![record.clone(); batch]);
                written += batch;
                thread::sleep(STEP);
            }
            written
        });
        let beside = verdict(app);
        (beside, hot.join().expect("the hot device writes"))
    });
    println!(
        "request -> Download of the others at {} requests/s: alone {}, beside a device with {written} records {}",
        OTHERS.installations_per_second, alone["latency_ms"], beside["latency_ms"]
    );
    let repeated = |verdict: &Value| verdict["ledger"]["repeated"].as_u64().unwrap_or_default();
    let hot = usize::try_from(repeated(&beside) - repeated(&alone)).expect("a count");
    assert!(
        hot >= OTHERS.installations,
        "the hot device was not hot: {beside}"
    );
    bridge.stop();
}

fn verdict(app: &App) -> Value {
    let quiet = ["--duplicates", "0", "--deadline", "2m"];
    let verdict = Load::start_with(&app.config_of("load"), OTHERS, &quiet).finish(LIMIT);
    for mistake in ["lost", "doubled", "wrong"] {
        assert_eq!(verdict[mistake], 0, "{verdict}");
    }
    verdict
}
