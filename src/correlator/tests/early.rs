use crate::onem2m::ResponseStatusCode::{BadRequest, Conflict, Created};

use super::super::{Effect, Effects, Limits, UnmatchedReason};
use super::world::*;

#[test]
fn events_wait_for_their_request() {
    let mut world = World::new();
    world.handle(accepted("k1"), &[remember("k1")]);
    world.handle(transfer_complete("k1", 0), &[remember("k1")]);
    assert_eq!(
        (world.ledger().parked, world.correlator.early_events()),
        (2, 2)
    );
    world.handle(
        create("k1", "a1"),
        &[
            send("k1/download"),
            remember("k1"),
            send("k1/set"),
            remember("k1"),
        ],
    );
    assert_eq!((world.ledger().parked, world.ledger().applied), (0, 3));
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
}

#[test]
fn redelivered_early_event_waits_once() {
    let mut world = World::new();
    world.handle(transfer_complete("k1", 0).at(5), &[remember("k1")]);
    world.handle(transfer_complete("k1", 0).at(5), &[]);
    assert_eq!((world.ledger().parked, world.ledger().repeated), (1, 1));
}

#[test]
fn early_fault_ends_the_request_at_once() {
    let mut world = World::new();
    world.effects(transfer_complete("k1", 9018));
    world.effects(transfer_complete("k1", 9018));
    world.handle(
        create("k1", "a1"),
        &[
            send("k1/download"),
            remember("k1"),
            respond("a1", BadRequest),
            remember("k1"),
        ],
    );
    let ledger = world.ledger();
    assert_eq!((ledger.applied, ledger.repeated, ledger.parked), (2, 1, 0));
}

#[test]
fn events_of_another_device_wait_for_another_request() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.handle(transfer_complete("k1", 0).of(2), &[remember("k1")]);
    assert_eq!(world.correlator.early_events(), 1);
}

#[test]
fn each_early_event_expires_at_its_own_time() {
    let mut world = World::new();
    world.effects(transfer_complete("k1", 0).at(5));
    world.wait(4 * MINUTE, &[]);
    world.effects(accepted("k1").at(6));
    let effects = world.pass(6 * MINUTE);
    let unknown = Seen::SetAside(UnmatchedReason::UnknownCommandKey);
    assert_eq!(world.seen(&effects), [unknown.clone(), remember("k1")]);
    let Effect::SetAside(unmatched) = &effects[0] else {
        panic!("{effects:?}")
    };
    let record = unmatched.record.as_ref().unwrap();
    assert_eq!(record.coordinates.offset, 5);
    assert_eq!(record.value(), Some(&b"value"[..]));
    assert!(unmatched.explanation.contains("\"k1\""));
    world.wait(4 * MINUTE, &[unknown, forget("k1")]);
    assert_eq!((world.ledger().set_aside, world.ledger().parked), (2, 0));
    assert_eq!(world.correlator.poll_timeout(), None);
}

#[test]
fn early_events_are_bounded_per_key_and_in_all() {
    let limits = Limits {
        early_events_per_key_max: 2,
        early_events_max: 3,
        ..limits()
    };
    let full = Seen::SetAside(UnmatchedReason::EarlyEventsFull);
    let mut world = World::with(limits, rules());
    world.effects(transfer_complete("k1", 0));
    world.effects(transfer_complete("k1", 0));
    world.handle(transfer_complete("k1", 0), std::slice::from_ref(&full));
    world.handle(transfer_complete("k2", 0), &[remember("k2")]);
    world.handle(transfer_complete("k3", 0), &[full]);
}

/// Behind the watermark its request may lie, however late it is.
#[test]
fn event_waits_although_one_before_it_has_waited_long_enough() {
    let mut world = World::new();
    world.effects(transfer_complete("k1", 0));
    let due = world.now + limits().early_ttl;
    world.now = world.now + MINUTE;
    world.effects(transfer_complete("k1", 9001));
    let now = due + 60 * MINUTE;
    let mut effects = Effects::new();
    world
        .correlator
        .handle_timeout(now, due, usize::MAX, &mut effects);
    let unknown = Seen::SetAside(UnmatchedReason::UnknownCommandKey);
    assert_eq!(world.seen(&effects), [unknown, remember("k1")]);
    assert_eq!(world.correlator.early_events(), 1);
}

#[test]
fn device_that_makes_keys_up_takes_no_room_from_others() {
    let limits = Limits {
        early_events_per_device_max: 3,
        early_events_max: 5,
        ..limits()
    };
    let full = Seen::SetAside(UnmatchedReason::EarlyEventsOfDeviceFull);
    let mut world = World::with(limits, rules());
    world.handle(transfer_complete("k1", 0).of(2), &[remember("k1")]);
    for number in 0..100 {
        let key = format!("made-up-{number}");
        let seen = match number {
            0..3 => remember(&key),
            _ => full.clone(),
        };
        world.handle(transfer_complete(&key, 0), &[seen]);
    }
    world.handle(accepted("k1").of(2), &[remember("k1")]);
    // A request makes room, and so does time.
    world.effects(create("made-up-1", "a1"));
    world.handle(transfer_complete("x", 0), &[remember("x")]);
    world.handle(transfer_complete("x", 0), std::slice::from_ref(&full));
    world.pass(10 * MINUTE);
    assert_eq!(world.correlator.early_events(), 0);
    for _ in 0..3 {
        world.handle(transfer_complete("y", 0), &[remember("y")]);
    }
    world.handle(transfer_complete("y", 0), &[full]);
}

#[test]
fn bytes_of_early_events_are_bounded_for_each_device_and_in_all() {
    // Key, value, and a header of 11 + 9 bytes.
    const BYTES: usize = 3 + 5 + 20;
    let limits = Limits {
        early_bytes_per_device_max: 2 * BYTES,
        early_bytes_max: 3 * BYTES,
        ..limits()
    };
    let mut world = World::with(limits, rules());
    world.handle(transfer_complete("k1", 0), &[remember("k1")]);
    world.handle(transfer_complete("k2", 0), &[remember("k2")]);
    let of_device = Seen::SetAside(UnmatchedReason::EarlyEventsOfDeviceFull);
    world.handle(transfer_complete("k3", 0), &[of_device]);
    world.handle(transfer_complete("k1", 0).of(2), &[remember("k1")]);
    let full = Seen::SetAside(UnmatchedReason::EarlyEventsFull);
    world.handle(transfer_complete("k1", 0).of(2), &[full]);
    world.effects(create("k1", "a1"));
    world.handle(transfer_complete("k2", 0), &[remember("k2")]);
}

#[test]
fn empty_command_key_belongs_to_nothing() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    let effects = world.effects(transfer_complete("", 0));
    let [Effect::SetAside(unmatched)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(unmatched.reason, UnmatchedReason::EmptyCommandKey);
    assert!(unmatched.explanation.contains("has these open: \"k1\":"));
}

#[test]
fn empty_command_key_may_mean_the_sole_open_transfer() {
    let limits = Limits {
        sole_open_transfer: true,
        ..limits()
    };
    let mut world = World::with(limits, rules());
    let empty = Seen::SetAside(UnmatchedReason::EmptyCommandKey);
    world.handle(transfer_complete("", 0), &[empty]);
    world.effects(create("k2", "a2"));
    world.effects(create("k1", "a1"));
    world.effects(create("k3", "a3").of(2));
    let effects = world.effects(transfer_complete("", 0));
    let [Effect::SetAside(unmatched)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(unmatched.reason, UnmatchedReason::AmbiguousCommandKey);
    assert!(unmatched.explanation.contains("\"k1\", \"k2\""));
    world.response(transfer_complete("k1", 9001));
    world.handle(transfer_complete("", 0), &[send("k2/set"), remember("k2")]);
}

#[test]
fn key_that_the_acs_used_belongs_to_the_installation() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.handle(accepted("k1").alias("acs1"), &[remember("k1")]);
    world.handle(
        transfer_complete("acs1", 0),
        &[send("k1/set"), remember("k1")],
    );
    world.handle(create("acs1", "a2"), &[respond("a2", Conflict)]);
    world.response(set_applied("k1"));
    world.handle(transfer_complete("acs1", 0), &[]);
    world.wait(limits().ended_ttl, &[forget("k1")]);
    world.handle(transfer_complete("acs1", 0), &[remember("acs1")]);
}

#[test]
fn events_under_the_key_of_the_acs_are_adopted() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.handle(transfer_complete("acs1", 0), &[remember("acs1")]);
    let effects = world.effects(accepted("k1").alias("acs1"));
    let seen = world.seen(&effects);
    assert_eq!(
        seen,
        [
            remember("k1"),
            forget("acs1"),
            remember("k1"),
            send("k1/set"),
            remember("k1")
        ]
    );
    assert_eq!((world.ledger().parked, world.ledger().applied), (0, 3));
}

#[test]
fn answer_and_transfer_under_two_keys_may_both_be_early() {
    let mut world = World::new();
    world.effects(transfer_complete("acs1", 0));
    world.effects(accepted("k1").alias("acs1"));
    world.effects(create("k1", "a1"));
    assert_eq!(world.correlator.early_events(), 0);
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
}

#[test]
fn key_of_another_installation_is_no_alias() {
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    world.effects(create("k2", "a2"));
    world.handle(accepted("k1").alias("k2"), &[remember("k1")]);
    assert_eq!(world.correlator.stats().contradictions, 1);
    world.handle(
        transfer_complete("k2", 9001),
        &[respond("a2", BadRequest), remember("k2")],
    );
    world.handle(accepted("k1").alias("k1"), &[]);
    world.handle(accepted("k1").alias("x"), &[remember("k1")]);
    world.handle(accepted("k1").alias("y"), &[]);
    assert_eq!(world.correlator.stats().contradictions, 2);
}
