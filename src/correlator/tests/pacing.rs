use std::time::Duration;

use crate::cwmp::RejectionReason::RetryLater;
use crate::onem2m::Expiry;
use crate::onem2m::Operation;
use crate::onem2m::ResponseStatusCode::{Deleted, InternalServerError, RequestTimeout};

use super::super::{Bucket, Effect, Limits, PacingLimits, RetryCause, RetryPolicy};
use super::restoring::Changelog;
use super::world::*;

const SECOND: Duration = Duration::from_secs(1);

/// One Download a second, of one product class one in two seconds.
fn paced(pacing: PacingLimits) -> Limits {
    Limits { pacing, ..limits() }
}

fn fleet() -> PacingLimits {
    PacingLimits {
        fleet: Some(SECOND),
        ..PacingLimits::default()
    }
}

/// A request for a device of its own.
fn request(number: u32) -> Input {
    create(&format!("k{number}"), &format!("a{number}")).of(number)
}

/// After how many milliseconds each Download is sent.
fn sent(world: &mut World, requests: impl IntoIterator<Item = Input>) -> Vec<u128> {
    let start = world.now;
    let mut sent = Vec::new();
    let mut note = |world: &World, effects: &[Effect]| {
        let commands = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Send(_)));
        let after = world.now.since(start).as_millis();
        sent.extend(commands.map(|_| after));
    };
    for request in requests {
        let effects = world.effects(request);
        note(world, &effects);
    }
    while let Some(next) = world.correlator.poll_timeout()
        && next.since(start) < MINUTE
    {
        let effects = world.pass(next.since(world.now));
        note(world, &effects);
    }
    sent
}

#[test]
fn downloads_of_the_fleet_are_sent_one_after_the_other() {
    let mut world = World::with(paced(fleet()), rules());
    let after = sent(&mut world, (1..=4).map(request));
    assert_eq!(after, [0, 1000, 2000, 3000]);
    assert_eq!(sent(&mut world, [request(5)]), [1000]);
    world.pass(10 * SECOND);
    assert_eq!(sent(&mut world, [request(6)]), [0]);
}

#[test]
fn what_falls_into_the_burst_is_sent_at_once() {
    let limits = paced(PacingLimits {
        burst: 2 * SECOND,
        ..fleet()
    });
    let after = sent(&mut World::with(limits, rules()), (1..=5).map(request));
    assert_eq!(after, [0, 0, 0, 1000, 2000]);
}

#[test]
fn high_rates_are_kept_to_the_microsecond() {
    let limits = paced(PacingLimits {
        fleet: Some(Duration::from_micros(250)),
        ..PacingLimits::default()
    });
    let after = sent(&mut World::with(limits, rules()), (1..=9).map(request));
    assert_eq!(after, [0, 1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn product_classes_have_buckets_of_their_own() {
    let limits = paced(PacingLimits {
        product_class: Some(2 * SECOND),
        ..PacingLimits::default()
    });
    let mut other = request(3);
    other.device = crate::cwmp::DeviceId::new("00256D", "Box", "1").unwrap();
    let mut world = World::with(limits, rules());
    let after = sent(&mut world, [request(1), request(2), other]);
    assert_eq!(after, [0, 0, 2000]);
}

#[test]
fn shards_share_the_rate() {
    let shared = fleet().shared_by(4);
    assert_eq!(shared.fleet, Some(4 * SECOND));
    assert_eq!(shared.product_class, None);
}

#[test]
fn single_requests_do_not_wait_for_a_campaign() {
    let limits = paced(PacingLimits {
        reserved_percent: 20,
        ..fleet()
    });
    let mut world = World::with(limits, rules());
    for number in 1..=9 {
        world.effects(request(number));
    }
    world.pass(5 * SECOND);
    let single = |number: u32| {
        request(number).with(|create| {
            create
                .primitive
                .change_texts(|texts| texts.originator = "/cse1/Csingle")
        })
    };
    let id = "k11/download";
    world.handle(single(11), &[send(id), remember("k11")]);
    assert_eq!(world.effects(single(12)).len(), 1, "one in five seconds");
    let next = world.correlator.poll_timeout().unwrap();
    assert_eq!(next.since(world.now).as_millis(), 1250);
}

#[test]
fn pacing_keeps_limits_of_devices_and_requests() {
    let limits = Limits {
        open_downloads_per_device_max: 1,
        ..paced(fleet())
    };
    let mut world = World::with(limits, rules());
    world.effects(create("k1", "a1"));
    world.effects(create("k2", "a2"));
    for number in 3..=5 {
        world.effects(request(number));
    }
    let freed = world.effects(transfer_complete("k1", 9001));
    let seen = world.seen(&freed);
    assert_eq!(seen.last(), Some(&remember("k2")));
    assert!(!seen.contains(&send("k2/download")));
    for key in ["k3", "k4", "k5", "k2"] {
        world.wait(SECOND, &[send(&format!("{key}/download")), remember(key)]);
    }
    let expiring = request(6).with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(SECOND));
    });
    world.effects(expiring);
    world.wait(SECOND, &[respond("a6", RequestTimeout), remember("k6")]);
    world.effects(request(7));
    world.effects(request(8));
    let to = "/cse1/node7/req-k8";
    world.handle(
        about(to, Operation::Delete, "d1", "a9").of(8),
        &[
            respond("a8", InternalServerError),
            remember("k8"),
            respond("a9", Deleted),
        ],
    );
}

#[test]
fn clocks_survive_a_restart() {
    let limits = paced(fleet());
    let mut first = World::with(limits.clone(), rules());
    let mut changelog = Changelog::default();
    for number in 1..=3 {
        let effects = first.effects(request(number));
        changelog.write(&first, &effects);
    }
    assert_eq!(first.correlator.pacing().clocks.len(), 2);
    let mut second = changelog.restore(&first, limits);
    let next = |world: &mut World| sent(world, [request(4)]);
    assert_eq!(next(&mut second), next(&mut first));
}

/// Two seconds after a refusal at the earliest; all come back within a second.
fn refused(pacing: PacingLimits) -> (World, Limits) {
    let policy = RetryPolicy {
        first_delay: 4 * SECOND,
        delay_max: 4 * SECOND,
        attempts_max: 2,
    };
    let limits = Limits {
        retry: [(RetryCause::RetryLater, policy)].into(),
        ..paced(pacing)
    };
    let mut world = World::with(limits.clone(), rules());
    for number in 1..=3 {
        world.effects(request(number));
        let refusal = rejected(&format!("k{number}/download"), RetryLater);
        world.effects(refusal.of(number));
    }
    (world, limits)
}

#[test]
fn attempt_that_is_due_takes_its_place_like_a_first_one() {
    let burst = PacingLimits {
        fleet: Some(10 * SECOND),
        burst: 20 * SECOND,
        ..PacingLimits::default()
    };
    let (mut world, _) = refused(burst);
    let after = sent(&mut world, []);
    assert_eq!(after.len(), 3);
    assert!(
        (2000..=4000).contains(&after[0]) || after[0] == 10_000,
        "{after:?}"
    );
    let apart = after.windows(2).all(|two| two[1] - two[0] >= 6000);
    assert!(apart, "{after:?}");
    assert_eq!(after[2], 30_000);
    let (mut unpaced, _) = refused(PacingLimits::default());
    assert!(sent(&mut unpaced, []).iter().all(|after| *after <= 4000));
}

#[test]
fn place_of_an_attempt_survives_a_restart() {
    let burst = PacingLimits {
        fleet: Some(10 * SECOND),
        burst: 20 * SECOND,
        ..PacingLimits::default()
    };
    let (mut first, limits) = refused(burst);
    let mut changelog = Changelog::default();
    for slot in 0..3 {
        let slot = super::super::Slot(slot);
        changelog.write(&first, &vec![Effect::Remember(slot)]);
    }
    let effects = first.pass(5 * SECOND);
    changelog.write(&first, &effects);
    let mut second = changelog.restore(&first, limits);
    assert_eq!(sent(&mut second, []), sent(&mut first, []));
}

#[test]
fn attempt_that_finds_no_place_in_time_ends_with_its_time_out() {
    let slow = PacingLimits {
        fleet: Some(60 * MINUTE),
        ..PacingLimits::default()
    };
    let (mut world, _) = refused(slow);
    assert_eq!(world.correlator.open_installations(), 3);
    world.pass(5 * SECOND);
    assert_eq!(world.correlator.open_installations(), 3);
    let response = only_final(&world.pass(15 * MINUTE));
    assert_eq!(response.response_status_code.get(), 6021);
}

/// All clocks are one record of the changelog, which brokers take up to a megabyte of.
#[test]
fn clocks_stay_few_however_many_originators_ask() {
    let pacing = PacingLimits {
        product_class: Some(SECOND),
        reserved_percent: 10,
        ..fleet()
    };
    let mut world = World::with(
        Limits {
            open_installations_max: 10_000,
            ..paced(pacing)
        },
        rules(),
    );
    for number in 1..=1500 {
        let originator = format!("/{number}/{}", "o".repeat(2000)).leak();
        world.effects(request(number).with(|create| {
            let primitive = &mut create.primitive;
            primitive.change_texts(|texts| texts.originator = originator);
        }));
    }
    let clocks = &world.correlator.pacing().clocks;
    let originators = clocks.keys().filter_map(|bucket| match bucket {
        Bucket::Originator(originator) => Some(originator.len()),
        Bucket::Fleet | Bucket::ProductClass(_) | Bucket::Reserved => None,
    });
    let lengths: Vec<usize> = originators.collect();
    assert_eq!(lengths, [64; 1000]);
}
