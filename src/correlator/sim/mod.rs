//! A seeded simulation: one seed decides what requesters and devices do, how many workers there are, which of them own
//! which shards and when that changes, when they crash, and how the clock runs. Whatever happens, what becomes visible
//! must be right.
//!
//! The correlator, the shards with their changelog, the router, the decoder, the encoder and the marks of the watermark
//! are the real ones; Kafka, its clients and time are simulated.

mod bridge;
mod fleet;
mod judge;
mod kafka;
mod plan;
mod simulation;
mod store;

use std::panic::{AssertUnwindSafe, catch_unwind};

use simulation::Simulation;

/// Seeds of a usual test run: about 30 s in the dev profile.
const SEEDS: u64 = 10_000;

/// What a variable of the environment asks for.
pub(super) fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?.into_string().unwrap();
    Some(text.parse().unwrap())
}

/// Runs one seed; returns the hash of all that became visible.
fn run(seed: u64) -> Result<u64, String> {
    let ran = catch_unwind(AssertUnwindSafe(|| Simulation::new(seed).run()));
    ran.unwrap_or_else(|_| Err("panicked, see above".to_owned()))
        .map_err(|wrong| {
            format!("{wrong}\nreproduce with: CREDBRIDGE_SIM_SEED={seed} cargo test --lib sim::")
        })
}

#[test]
fn whatever_happens_the_outputs_are_right() {
    let seeds = match number_of("CREDBRIDGE_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number_of("CREDBRIDGE_SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        run(seed).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

#[test]
fn same_seed_gives_the_same_outputs() {
    for seed in 0..40 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(1), run(2));
}
