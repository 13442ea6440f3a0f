//! A short, fixed part of what `just fuzz` does: the committed inputs, and changes of them by a fixed seed.

use std::fs;
use std::path::Path;
use std::time::Instant;

use fastrand::Rng;

use crate::alone;
use crate::targets::{TARGETS, Target};

/// Changed inputs for each target.
const CHANGED: usize = 1000;

/// Longest input that is made.
const BYTES_MAX: usize = 4096;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs = files(&root.join("fuzz/corpus").join(target));
    if target == "soap" {
        inputs.extend(files(&root.join("../shared/corpus/cwmp")));
    }
    inputs
}

fn files(directory: &Path) -> Vec<Vec<u8>> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Two inputs and some chance make a third.
fn changed(rng: &mut Rng, one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = one.to_vec();
    for _ in 0..rng.usize(1..8) {
        let at = rng.usize(0..=bytes.len());
        match rng.u8(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.u8(..)),
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.u8(0..8);
                }
            }
            3 => {
                let end = rng.usize(at..=bytes.len());
                bytes.drain(at..end.min(at + 64));
            }
            4 => {
                let from = rng.usize(0..=other.len());
                let end = other.len().min(from + rng.usize(0..128));
                bytes.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                let end = bytes.len().min(at + rng.usize(0..32));
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// How long each target is tried; `None`: for [`CHANGED`] inputs by a fixed seed.
fn seconds() -> Option<u64> {
    std::env::var("CREDBRIDGE_FUZZ_SECONDS").ok()?.parse().ok()
}

/// Shows the input where it breaks a promise.
fn bear(name: &str, target: Target, input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| target(input)) {
        let digits: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{name} breaks with {digits}");
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_target_bears_its_inputs_and_changes_of_them() {
    let _alone = alone();
    let seconds = seconds();
    let only = std::env::var("CREDBRIDGE_FUZZ").unwrap_or_else(|_| "all".to_owned());
    let is_meant = |name: &str| only == "all" || only == name;
    assert!(
        TARGETS.iter().any(|(name, _)| is_meant(name)),
        "{only} is none of {:?}",
        TARGETS.map(|(name, _)| name)
    );
    for (name, target) in TARGETS.into_iter().filter(|(name, _)| is_meant(name)) {
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name} has no inputs");
        for input in &inputs {
            bear(name, target, input);
        }
        let mut rng = seconds.map_or_else(|| Rng::with_seed(7), |_| Rng::new());
        let begin = Instant::now();
        let mut count = 0;
        while seconds.map_or(count < CHANGED, |seconds| {
            begin.elapsed().as_secs() < seconds
        }) {
            let one = &inputs[rng.usize(..inputs.len())];
            let other = &inputs[rng.usize(..inputs.len())];
            bear(name, target, &changed(&mut rng, one, other));
            count += 1;
        }
        println!("{name}: {} inputs, {count} changed ones", inputs.len());
    }
}

#[test]
fn the_core_bears_chance() {
    let _alone = alone();
    let (_, core) = TARGETS.iter().find(|(name, _)| *name == "core").unwrap();
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let bytes: Vec<u8> = (0..rng.usize(1..600)).map(|_| rng.u8(..)).collect();
        bear("core", *core, &bytes);
    }
}
