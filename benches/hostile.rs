//! How long records take that want to hurt: `cargo bench --bench hostile`. What they are, and that none takes much memory,
//! is in `tests/hostile`.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/hostile/inputs.rs"]
mod inputs;

use std::hint::black_box;
use std::time::{Duration, Instant};

use credbridge::config::Config;
use credbridge::record::{Coordinates, Header, Record};

/// Each is read so often; the shortest time counts, because the others were disturbed.
const TIMES: usize = 5;

/// What none should take.
const GOAL: Duration = Duration::from_millis(50);

fn main() {
    let decoder = Config::default().decoder();
    let coordinates = Coordinates {
        topic: "in".into(),
        partition: 0,
        offset: 0,
    };
    let mut times: Vec<_> = inputs::all()
        .into_iter()
        .map(|hostile| {
            let headers: Vec<Header<'_>> = hostile
                .headers
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            let record = Record {
                coordinates: &coordinates,
                key: Some(&hostile.key),
                value: Some(&hostile.value),
                headers: &headers,
            };
            let shortest = (0..TIMES).map(|_| {
                let begin = Instant::now();
                let decoded = decoder.decode(hostile.input, black_box(record));
                drop(black_box(decoded));
                begin.elapsed()
            });
            let label = format!("{:?}, {}: {}", hostile.input, hostile.name, hostile.outcome);
            (shortest.min().unwrap_or_default(), label)
        })
        .collect();
    times.sort();
    for (time, label) in &times {
        println!("{:>9.3} ms  {label}", time.as_secs_f64() * 1e3);
    }
    let over = times.iter().filter(|(time, _)| *time > GOAL).count();
    println!("{} records, {over} over {GOAL:?}", times.len());
}
