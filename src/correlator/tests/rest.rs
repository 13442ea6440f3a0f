use std::time::Duration;

use crate::cwmp::RejectionReason::RetryLater;
use crate::onem2m::Expiry;
use crate::onem2m::ResponseStatusCode::{BadRequest, RequestTimeout};

use super::super::{Effect, Limits, PacingLimits, RetryCause, RetryPolicy};
use super::restoring::Changelog;
use super::world::*;

const SECOND: Duration = Duration::from_secs(1);

/// A device gets one Download in ten seconds.
fn resting() -> Limits {
    Limits {
        pacing: PacingLimits {
            device: Some(10 * SECOND),
            ..PacingLimits::default()
        },
        ..limits()
    }
}

/// The requests wait for their Downloads, each for so many seconds.
fn wait_for(world: &mut World, waits: &[(u32, &str)]) {
    for (seconds, key) in waits {
        let download = send(&format!("{key}/download"));
        world.wait(*seconds * SECOND, &[download, remember(key)]);
    }
}

#[test]
fn downloads_of_one_device_are_apart_in_the_order_of_their_requests() {
    let mut world = World::with(resting(), rules());
    world.handle(create("k1", "a1"), &[send("k1/download"), remember("k1")]);
    world.pass(4 * SECOND);
    for (key, identifier) in [("k2", "a2"), ("k3", "a3")] {
        world.handle(create(key, identifier), &[remember(key)]);
    }
    let other = create("k1", "b1").of(2);
    world.handle(other, &[send("k1/download"), remember("k1")]);
    assert_eq!(respond("a4", BadRequest), {
        let effects = world.effects(create("k4", "a4"));
        world.seen(&effects)[0].clone()
    });
    let effects = world.pass(6 * SECOND);
    let seen = world.seen(&effects);
    assert_eq!(seen[..2], [send("k2/download"), remember("k2")]);
    assert_eq!(world.pass(9 * SECOND), []);
    wait_for(&mut world, &[(1, "k3")]);
    world.pass(10 * SECOND);
    world.handle(create("k5", "a5"), &[remember("k5")]);
}

#[test]
fn device_that_fails_rests_before_it_is_asked_again() {
    let mut world = World::with(resting(), rules());
    world.effects(create("k1", "a1"));
    world.effects(faulted("k1/download", 9002));
    assert_eq!(world.correlator.open_installations(), 0);
    world.handle(create("k2", "a2"), &[remember("k2")]);
    wait_for(&mut world, &[(10, "k2")]);
    world.effects(faulted("k2/download", 9002));
    world.pass(10 * SECOND);
    world.handle(create("k3", "a3"), &[send("k3/download"), remember("k3")]);
}

#[test]
fn request_that_expires_while_its_device_rests_is_told_so() {
    let mut world = World::with(resting(), rules());
    world.effects(create("k1", "a1"));
    let expiring = create("k2", "a2").with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(3 * SECOND));
    });
    world.handle(expiring, &[remember("k2")]);
    world.wait(3 * SECOND, &[respond("a2", RequestTimeout), remember("k2")]);
}

#[test]
fn places_in_the_fleet_are_given_after_the_rest() {
    let limits = Limits {
        pacing: PacingLimits {
            fleet: Some(SECOND),
            ..resting().pacing
        },
        ..resting()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    world.handle(create("k2", "a2"), &[remember("k2")]);
    // The fleet goes on meanwhile.
    world.handle(create("k1", "b1").of(2), &[remember("k1")]);
    wait_for(&mut world, &[(1, "k1"), (9, "k2")]);
}

#[test]
fn attempts_after_the_first_do_not_wait_for_the_rest() {
    let policy = RetryPolicy {
        first_delay: 2 * SECOND,
        delay_max: 2 * SECOND,
        attempts_max: 2,
    };
    let limits = Limits {
        retry: [(RetryCause::RetryLater, policy)].into(),
        ..resting()
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    world.effects(rejected("k1/download", RetryLater));
    let effects = world.pass(2 * SECOND);
    assert!(world.seen(&effects).contains(&send("k1/download.2")));
}

#[test]
fn rests_survive_a_restart() {
    let mut first = World::with(resting(), rules());
    let mut changelog = Changelog::default();
    for number in 1..=2 {
        let effects = first.effects(create(&format!("k{number}"), &format!("a{number}")));
        changelog.write(&first, &effects);
    }
    let told: Vec<_> = first.correlator.take_rests().collect();
    assert_eq!(told, [(device(1), Some(first.now + 10 * SECOND))]);
    assert_eq!(first.correlator.take_rests().count(), 0);
    let mut second = changelog.restore(&first, resting());
    second.handle(create("k3", "a3"), &[remember("k3")]);
    let sent = |world: &mut World| {
        let effects = world.pass(10 * SECOND);
        let commands = effects.iter();
        let commands = commands.filter(|effect| matches!(effect, Effect::Send(_)));
        commands.count()
    };
    assert_eq!((sent(&mut first), sent(&mut second)), (1, 1));
    first.effects(create("k1", "b1").of(2));
    first.pass(10 * SECOND);
    first.effects(create("k2", "b2").of(2));
    let told: Vec<_> = first
        .correlator
        .take_rests()
        .map(|(_, until)| until)
        .collect();
    assert_eq!(told, [None, Some(first.now + 10 * SECOND)]);
}
