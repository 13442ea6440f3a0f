//! What a record costs without Kafka: decoding, correlating, encoding, each in nanoseconds and allocations.
//!
//! `cargo bench --bench core`, or with a part of a name. Sizes of the table by `CREDBRIDGE_BENCH_OPEN` (default 100,000
//! open installations). Allocations are exact and repeatable; times are to be compared within one run only.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads its size from the environment"
)]

mod stages;

use std::time::Duration;

use credbridge::correlator::{Correlator, Effect, Effects, Limits, PacingLimits};
use credbridge::time::Timestamp;
use credbridge::wire::changelog::{decode, encode_installation};
use credbridge::wire::{Cause, Format, Outbound};
use divan::{AllocProfiler, Bencher};

use stages::{
    FORMS, Fleet, Form, NOW, Raw, STEPS, Step, config, create, decoder, effects_of, encoder, event,
    one, remembered, written_state,
};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn open() -> usize {
    std::env::var("CREDBRIDGE_BENCH_OPEN").map_or(100_000, |text| text.parse().expect("a number"))
}

#[divan::bench]
fn decode_request(bencher: Bencher<'_, '_>) {
    let (decoder, raw) = (decoder(), create(7));
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

#[divan::bench(args = FORMS)]
fn decode_transfer_complete(bencher: Bencher<'_, '_>, form: Form) {
    let (decoder, raw) = (
        decoder(),
        event(Step::Transferred, 7, &"k".repeat(32), form),
    );
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

#[divan::bench(args = FORMS)]
fn decode_download_response(bencher: Bencher<'_, '_>, form: Form) {
    let (decoder, raw) = (decoder(), event(Step::Accepted, 7, &"k".repeat(32), form));
    bencher.bench(|| {
        raw.with(|input, record| {
            divan::black_box(one(&decoder, input, record));
        });
    });
}

/// One step of one installation among many open ones, the decoding of its record included.
#[divan::bench(args = STEPS, sample_count = 1)]
fn decode_and_correlate(bencher: Bencher<'_, '_>, step: Step) {
    const TAKEN: usize = 10_000;
    let mut fleet = Fleet::new(open());
    let mut effects = Effects::new();
    let first = if matches!(step, Step::Create) {
        fleet.keys.len()
    } else {
        0
    };
    let mut before = STEPS
        .into_iter()
        .skip(1)
        .take_while(|other| *other as u8 != step as u8);
    if !matches!(step, Step::Create) {
        for earlier in before.by_ref() {
            for number in 0..TAKEN {
                let raw = fleet.record(earlier, number, Form::Protobuf);
                fleet.step(&raw, &mut effects);
                effects.clear();
            }
        }
    }
    let records: Vec<Raw> = (first..first + TAKEN)
        .map(|number| fleet.record(step, number, Form::Protobuf))
        .collect();
    bencher
        .counter(divan::counter::ItemsCount::new(TAKEN))
        .bench_local(|| {
            for raw in &records {
                fleet.step(raw, &mut effects);
                effects.clear();
            }
        });
}

/// How Downloads are paced.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Off,
    /// All fall into the burst.
    AtOnce,
    /// One in a millisecond, so that all but the first wait for their time.
    Waiting,
}

impl Pace {
    fn limits(self) -> PacingLimits {
        let burst = match self {
            Self::Off => return PacingLimits::default(),
            Self::AtOnce => Duration::from_hours(1),
            Self::Waiting => Duration::ZERO,
        };
        let interval = Some(Duration::from_millis(1));
        PacingLimits {
            fleet: interval,
            product_class: interval,
            device: None,
            burst,
            reserved_percent: 10,
        }
    }
}

/// Requests of one originator from their records to their Downloads, whenever these are sent.
#[divan::bench(args = [Pace::Off, Pace::AtOnce, Pace::Waiting], sample_count = 20)]
fn create_to_download(bencher: Bencher<'_, '_>, pace: Pace) {
    const TAKEN: usize = 10_000;
    const AFTER: Timestamp = Timestamp::from_millis(1_900_000_060_000);
    let decoder = decoder();
    let records: Vec<Raw> = (0..TAKEN).map(create).collect();
    bencher
        .counter(divan::counter::ItemsCount::new(TAKEN))
        .with_inputs(|| {
            let limits = Limits {
                pacing: pace.limits(),
                ..config().limits(1)
            };
            (Correlator::new(limits, config().rules()), Effects::new())
        })
        .bench_local_values(|(mut correlator, mut effects)| {
            let mut sent = 0;
            let mut count = |effects: &mut Effects| {
                let commands = effects.drain(..);
                sent += commands
                    .filter(|effect| matches!(effect, Effect::Send(_)))
                    .count();
            };
            for raw in &records {
                raw.with(|input, record| {
                    correlator.handle(NOW, one(&decoder, input, record), &mut effects);
                });
                count(&mut effects);
            }
            while let Some(next) = correlator.poll_timeout().filter(|next| *next <= AFTER) {
                correlator.handle_timeout(next, next, usize::MAX, &mut effects);
                count(&mut effects);
            }
            assert_eq!(sent, TAKEN);
            correlator
        });
}

#[divan::bench(args = [Step::Create, Step::Transferred])]
fn encode_command(bencher: Bencher<'_, '_>, step: Step) {
    let (_fleet, effects, coordinates) = effects_of(step);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        for effect in &effects {
            if let Effect::Send(command) = effect {
                encoder.command(command, Cause::Record(&coordinates), &mut outbound);
            }
        }
    });
}

#[divan::bench]
fn encode_response(bencher: Bencher<'_, '_>) {
    let (_fleet, effects, coordinates) = effects_of(Step::Set);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        for effect in &effects {
            if let Effect::Respond(response) = effect {
                encoder
                    .response(response, Cause::Record(&coordinates), &mut outbound, |_| {
                        Ok::<(), ()>(())
                    })
                    .expect("nothing fails");
            }
        }
    });
}

#[divan::bench(args = [Step::Create, Step::Set])]
fn encode_state(bencher: Bencher<'_, '_>, step: Step) {
    let (fleet, effects, _) = effects_of(step);
    let slot = remembered(&effects);
    let mut outbound = Outbound::default();
    bencher.bench_local(|| {
        let installation = fleet.correlator.installation(slot).expect("it is there");
        encode_installation(installation, &mut outbound);
        divan::black_box(outbound.bytes())
    });
}

#[divan::bench(args = [Step::Create, Step::Set])]
fn restore_state(bencher: Bencher<'_, '_>, step: Step) {
    let (outbound, decoder) = (written_state(step), decoder());
    bencher.bench_local(|| {
        let (key, value) = (outbound.key().expect("keyed"), outbound.value());
        divan::black_box(decode(key, value, &decoder).expect("we wrote it"));
    });
}
