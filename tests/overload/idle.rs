//! Time-outs while nothing comes in.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::kafka::app::App;
use crate::kafka::play::Play;

/// Until a Download must be accepted.
const TIME_OUT: Duration = Duration::from_secs(1);

/// Devices that say nothing, one after the other.
const SILENT: usize = 10;

/// Prints how long after their time time-outs are told.
pub(crate) fn time_outs_on_idle_input(app: App) {
    let app = app.set(&json!({"timeouts": {"accept": "1s"}, "retry": {"table": {}}}));
    let bridge = app.start();
    let mut play = Play::new(&app);
    let mut late: Vec<Duration> = (0..SILENT)
        .map(|number| {
            let serial_number = format!("S{number}");
            play.request(&serial_number, None);
            let written = Instant::now();
            let (response, _) = play.next_response(&serial_number);
            assert_eq!(response.code, 6021, "{response:?}");
            written.elapsed().saturating_sub(TIME_OUT)
        })
        .collect();
    late.sort_unstable();
    println!(
        "time-outs on idle input: told {:?} after their time in the middle, {:?} at most",
        late[SILENT / 2],
        late[SILENT - 1]
    );
    bridge.stop();
}
