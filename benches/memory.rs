//! What the state of an installation takes of memory, step by step, without Kafka.
//!
//! `cargo bench --bench memory`. Installations by `CREDBRIDGE_BENCH_OPEN` (default 1,000,000): with a power of two and a
//! little more the tables have just doubled, with a little less they are full. Resident memory of the process, with the
//! allocator of the program.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads its size from the environment, and prints what it measured"
)]

#[expect(dead_code, reason = "the other benchmarks use the rest")]
mod stages;

use std::fs;

use credbridge::correlator::Effects;

use stages::{Fleet, Form, STEPS};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let open = std::env::var("CREDBRIDGE_BENCH_OPEN")
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let mut effects = Effects::new();
    let mut fleet = Fleet::new(0);
    fleet.keys.reserve_exact(open);
    let empty = resident_bytes();
    for step in STEPS {
        for number in 0..open {
            let raw = fleet.record(step, number, Form::Protobuf);
            match step {
                stages::Step::Create => fleet.create(number, &mut effects),
                stages::Step::Accepted | stages::Step::Transferred | stages::Step::Set => {
                    fleet.step(&raw, &mut effects);
                }
            }
            effects.clear();
        }
        // The benchmark keeps the CommandKeys, whose texts are 32 bytes each.
        let keys = (size_of::<String>() + 32) * open;
        let bytes = resident_bytes() - empty - keys as u64;
        println!("{step:?}: {} bytes an installation", bytes / open as u64);
    }
}

/// Resident memory of this process (proc(5), `statm`), pages of 4 KiB.
fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split_ascii_whitespace().nth(1).expect("two fields");
    4096 * pages.parse::<u64>().expect("a number")
}
