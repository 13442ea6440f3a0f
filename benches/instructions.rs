//! What a stage costs in instructions: one run of it, for callgrind to count.
//!
//! `just budget` runs each stage under callgrind and compares it with `benches/budget.json`; see `benches/budget.sh`. By
//! itself the program names its stages, or runs the one that is named.

#![expect(
    clippy::print_stdout,
    reason = "a program of its own, whose output a script reads"
)]

mod stages;

use std::hint::black_box;

use credbridge::correlator::{Effect, Effects};
use credbridge::wire::changelog::{decode, encode_installation};
use credbridge::wire::{Cause, Encoder, Format, Outbound};

use stages::{
    FORMS, Fleet, Form, STEPS, Step, coordinates, create, decoder, effects_of, encoder, event, one,
    remembered, written_state,
};

/// Installations that are open beside the one that is measured: more than a correlator holds unfolded, so that this one is
/// folded, as in a fleet whose devices take their time.
const OPEN: usize = 2_000;

fn main() {
    let stages = stages();
    // Cargo adds arguments of its own.
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    match wanted {
        None => stages.iter().for_each(|(name, _)| println!("{name}")),
        Some(wanted) => {
            let stage = stages.into_iter().find(|(name, _)| *name == wanted);
            let (_, run) = stage.expect("a stage that is named without arguments");
            run();
        }
    }
}

/// A name, and what prepares and runs the stage.
type Stage = (String, Box<dyn FnOnce()>);

fn stages() -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut add = |name: String, run: Box<dyn FnOnce()>| stages.push((name, run));
    add("decode_request_json".to_owned(), Box::new(decode_request));
    for form in FORMS {
        for step in [Step::Accepted, Step::Transferred, Step::Set] {
            let name = format!("decode_{step:?}_{form:?}").to_lowercase();
            add(name, Box::new(move || decode_event(step, form)));
        }
    }
    for step in STEPS {
        let name = |what: &str| format!("{what}_{step:?}").to_lowercase();
        add(name("correlate"), Box::new(move || correlate(step)));
        add(
            name("encode_outputs"),
            Box::new(move || encode_outputs(step)),
        );
        add(name("encode_state"), Box::new(move || encode_state(step)));
        add(name("restore_state"), Box::new(move || restore_state(step)));
    }
    add("installation".to_owned(), Box::new(installation));
    stages
}

/// What callgrind counts.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// Runs once for whatever is made at first use, and once to be counted.
fn repeat<T>(mut work: impl FnMut() -> T) {
    black_box(work());
    measured(work);
}

fn decode_request() {
    let (decoder, raw) = (decoder(), create(7));
    repeat(|| raw.with(|input, record| drop(black_box(one(&decoder, input, record)))));
}

fn decode_event(step: Step, form: Form) {
    let (decoder, raw) = (decoder(), event(step, 7, &"k".repeat(32), form));
    repeat(|| raw.with(|input, record| drop(black_box(one(&decoder, input, record)))));
}

/// The steps that come before this one.
fn before(step: Step) -> impl Iterator<Item = Step> {
    STEPS
        .into_iter()
        .take_while(move |other| *other as u8 != step as u8)
}

/// A fleet whose installations 0 and 1 stand right before the step.
fn fleet_before(step: Step) -> Fleet {
    let mut fleet = Fleet::new(OPEN);
    let mut effects = Effects::new();
    for earlier in before(step).skip(1) {
        for number in 0..2 {
            let raw = fleet.record(earlier, number, Form::Protobuf);
            fleet.step(&raw, &mut effects);
            effects.clear();
        }
    }
    fleet
}

/// One step of one installation; its record is decoded before.
fn correlate(step: Step) {
    let mut fleet = fleet_before(step);
    let mut effects = Effects::new();
    let first = if matches!(step, Step::Create) {
        OPEN
    } else {
        0
    };
    let raws = [first, first + 1].map(|number| fleet.record(step, number, Form::Protobuf));
    let decoder = decoder();
    raws[0].with(|input, record| {
        let event = one(&decoder, input, record);
        fleet.correlator.handle(stages::NOW, event, &mut effects);
    });
    effects.clear();
    raws[1].with(|input, record| {
        let event = one(&decoder, input, record);
        measured(|| fleet.correlator.handle(stages::NOW, event, &mut effects));
    });
}

/// Commands and the response that a step makes necessary.
fn encode_outputs(step: Step) {
    let (_fleet, effects, _) = effects_of(step);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let mut outbound = Outbound::default();
    repeat(|| write_outputs(&encoder, &effects, &mut outbound));
}

fn write_outputs(encoder: &Encoder, effects: &Effects, outbound: &mut Outbound) {
    let coordinates = coordinates(credbridge::wire::Input::CpeEvents, 1);
    let cause = Cause::Record(&coordinates);
    for effect in effects {
        match effect {
            Effect::Send(command) => encoder.command(command, cause, outbound),
            Effect::Respond(response) => encoder
                .response(response, cause, outbound, |outbound| {
                    black_box(outbound.bytes());
                    Ok::<(), ()>(())
                })
                .expect("nothing fails"),
            Effect::Forget(_)
            | Effect::Remember(_)
            | Effect::SetAside(_)
            | Effect::Stage(_)
            | Effect::Unstage(_) => {}
        }
        black_box(outbound.bytes());
    }
}

fn encode_state(step: Step) {
    let (fleet, effects, _) = effects_of(step);
    let slot = remembered(&effects);
    let mut outbound = Outbound::default();
    repeat(|| {
        let installation = fleet.correlator.installation(slot).expect("it is there");
        encode_installation(installation, &mut outbound);
        outbound.bytes()
    });
}

fn restore_state(step: Step) {
    let (outbound, decoder) = (written_state(step), decoder());
    repeat(|| {
        let (key, value) = (outbound.key().expect("keyed"), outbound.value());
        decode(key, value, &decoder).expect("we wrote it")
    });
}

/// All four records of an installation, to the last byte of what is sent, its state included.
fn installation() {
    let mut fleet = Fleet::new(OPEN);
    let encoder = encoder(Format::Protobuf, Format::Json);
    let (mut effects, mut outbound) = (Effects::new(), Outbound::default());
    // The CommandKey is known once its request was handled, by a fleet of its own.
    let keys = Fleet::new(OPEN + 2).keys;
    let records = |number: usize| {
        STEPS.map(|step| match step {
            Step::Create => create(number),
            Step::Accepted | Step::Transferred | Step::Set => {
                event(step, number, &keys[number], Form::Json)
            }
        })
    };
    let (warm, counted) = (records(OPEN), records(OPEN + 1));
    let mut run = |raws: &[stages::Raw; 4]| {
        for raw in raws {
            fleet.step(raw, &mut effects);
            write_outputs(&encoder, &effects, &mut outbound);
            let slot = remembered(&effects);
            let installation = fleet.correlator.installation(slot).expect("it is there");
            encode_installation(installation, &mut outbound);
            black_box(outbound.bytes());
            effects.clear();
        }
    };
    run(&warm);
    measured(|| run(&counted));
}
