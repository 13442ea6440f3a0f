use std::time::Duration;

use crate::cwmp::RejectionReason::{DeviceUnavailable, RetryLater, UnknownDevice};
use crate::cwmp::{FaultCode, RejectionReason as Reason};
use crate::onem2m::Expiry;
use crate::onem2m::ResponseStatusCode::{
    BadRequest, Created, ExternalObjectNotFound, ExternalObjectNotReachable,
    MgmtSessionCannotBeEstablished, MgmtSessionEstablishmentTimeout, RequestTimeout,
};
use crate::time::Timestamp;

use super::super::{Correlator, Effects, Limits, RetryCause, RetryPolicy, RetryTable, Slot};
use super::restoring::Changelog;
use super::world::*;

/// Attempts after half a minute to a minute, then after one to two minutes, ..; at most three altogether.
fn table() -> RetryTable {
    let policy = RetryPolicy {
        first_delay: MINUTE,
        delay_max: 10 * MINUTE,
        attempts_max: 3,
    };
    let retry_request = RetryCause::Fault(FaultCode::try_from(8005).unwrap());
    let causes = [
        RetryCause::DeviceUnavailable,
        RetryCause::RetryLater,
        RetryCause::SessionTimeout,
        RetryCause::Timeout,
        retry_request,
    ];
    causes.map(|cause| (cause, policy)).into()
}

fn retrying() -> Limits {
    Limits {
        retry: table(),
        ..limits()
    }
}

#[track_caller]
fn comes_again(world: &mut World, refusal: Input, longest: Duration, command_id: &str) {
    world.handle(refusal, &[remember("k1")]);
    let delay = world.until_next();
    assert!(delay >= longest / 2 && delay <= longest, "{delay:?}");
    world.wait(delay, &[send(command_id), remember("k1")]);
}

#[test]
fn rejected_download_comes_again_with_the_same_key_until_it_is_enough() {
    let mut world = World::asked(retrying());
    let refusal = rejected("k1/download", DeviceUnavailable);
    comes_again(&mut world, refusal, MINUTE, "k1/download.2");
    let refusal = rejected("k1/download.2", RetryLater);
    comes_again(&mut world, refusal, 2 * MINUTE, "k1/download.3");
    let response = world.response(faulted("k1/download.3", 8005));
    assert_eq!(response.response_status_code, BadRequest);
    let stats = world.correlator.stats();
    assert_eq!(stats.retries.values().sum::<u64>(), 2);
    assert_eq!(stats.retries[&RetryCause::RetryLater], 1);
}

#[test]
fn download_comes_again_whole() {
    let mut world = World::with(retrying(), rules());
    let first = only_command(&world.effects(create("k1", "a1")));
    world.effects(rejected("k1/download", RetryLater));
    let delay = world.until_next();
    let second = only_command(&world.pass(delay));
    assert_eq!(second.rpc, first.rpc);
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(second.expires_at, first.expires_at);
}

#[test]
fn lookup_and_set_come_again() {
    let mut world = World::with(retrying(), rules());
    world.effects(create_without_path("k1", "a1"));
    world.effects(transfer_complete("k1", 0));
    let refusal = rejected("k1/lookup", DeviceUnavailable);
    comes_again(&mut world, refusal, MINUTE, "k1/lookup.2");
    let rows = [(4, "0ABC", "CN=Root,O=Acme")];
    world.handle(looked_up("k1", &rows), &[send("k1/set"), remember("k1")]);
    comes_again(&mut world, faulted("k1/set", 8005), MINUTE, "k1/set.2");
    world.handle(set_applied("k1"), &[respond("a1", Created), remember("k1")]);
}

#[test]
fn what_the_table_does_not_name_is_final() {
    let response = World::asked(retrying()).response(rejected("k1/download", UnknownDevice));
    assert_eq!(response.response_status_code, ExternalObjectNotReachable);
    let response = World::asked(retrying()).response(faulted("k1/download", 8002));
    assert_eq!(response.response_status_code, BadRequest);
    let mut world = World::with(retrying(), rules());
    world.effects(create_without_path("k1", "a1"));
    world.effects(transfer_complete("k1", 0));
    let response = world.response(rejected("k1/lookup", Reason::Unspecified));
    assert_eq!(response.response_status_code, ExternalObjectNotFound);
}

#[test]
fn rejection_of_an_earlier_attempt_has_no_effect() {
    let mut world = World::asked(retrying());
    let refusal = rejected("k1/download", DeviceUnavailable);
    world.effects(refusal.clone());
    world.handle(refusal.clone(), &[]);
    let delay = world.until_next();
    world.pass(delay);
    world.handle(refusal, &[]);
    world.handle(faulted("k1/download", 8005), &[]);
    world.handle(rejected("k1/download.3", DeviceUnavailable), &[]);
    assert_eq!(world.ledger().repeated, 4);
}

#[test]
fn what_the_device_says_to_an_earlier_attempt_counts() {
    let refusal = rejected("k1/download", Reason::SessionTimeout);
    for is_sent_again in [false, true] {
        let again = |world: &mut World| {
            world.effects(refusal.clone());
            if is_sent_again {
                let delay = world.until_next();
                world.pass(delay);
            }
        };
        let mut world = World::asked(retrying());
        again(&mut world);
        world.handle(accepted("k1"), &[remember("k1")]);
        assert_eq!(world.until_next(), limits().transfer_timeout.general);
        world.handle(rejected("k1/download.2", DeviceUnavailable), &[]);
        world.handle(
            transfer_complete("k1", 0),
            &[send("k1/set"), remember("k1")],
        );
        let mut world = World::asked(retrying());
        again(&mut world);
        world.response(faulted("k1/download", 9004));
        let mut world = World::asked(retrying());
        again(&mut world);
        world.handle(
            transfer_complete("k1", 0),
            &[send("k1/set"), remember("k1")],
        );
    }
}

#[test]
fn no_attempt_begins_after_the_deadline() {
    let mut world = World::asked(retrying());
    world.pass(14 * MINUTE + Duration::from_secs(45));
    let response = world.response(rejected("k1/download", RetryLater));
    assert_eq!(
        response.response_status_code,
        MgmtSessionCannotBeEstablished
    );
    let mut world = World::asked(retrying());
    world.effects(rejected("k1/download", RetryLater));
    let response = only_final(&world.pass(15 * MINUTE));
    assert_eq!(
        response.response_status_code,
        MgmtSessionEstablishmentTimeout
    );
}

fn expiring(minutes: u32) -> Input {
    create("k1", "a1").with(|create| {
        create.primitive.request_expiration = Some(Expiry::After(minutes * MINUTE));
    })
}

#[test]
fn request_that_says_how_long_it_lives_is_tried_until_then() {
    let mut world = World::with(retrying(), rules());
    world.effects(expiring(32));
    world.wait(15 * MINUTE, &[remember("k1")]);
    let delay = world.until_next();
    let command = only_command(&world.pass(delay));
    assert_eq!(command.id().to_string(), "k1/download.2");
    assert_eq!(
        command.expires_at,
        world.now + limits().accept_timeout.general
    );
    let effects = world.pass(15 * MINUTE);
    let response = only_final(&effects);
    assert_eq!(
        response.response_status_code,
        MgmtSessionEstablishmentTimeout
    );
    let mut world = World::with(retrying(), rules());
    world.effects(expiring(17));
    world.pass(15 * MINUTE);
    let delay = world.until_next();
    let command = only_command(&world.pass(delay));
    assert!(command.expires_at < world.now + 2 * MINUTE);
    let response = only_final(&world.pass(2 * MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
}

#[test]
fn jitter_follows_from_the_key() {
    let delay = |key: &str| {
        let mut world = World::with(retrying(), rules());
        world.effects(create(key, "a1"));
        let id = format!("{key}/download");
        world.effects(rejected(&id, RetryLater));
        world.until_next()
    };
    assert_eq!(delay("k1"), delay("k1"));
    assert_ne!(delay("k1"), delay("k2"));
}

#[test]
fn file_is_kept_only_while_a_download_may_be_sent() {
    let has_file = |world: &World| {
        let installation = world.correlator.installation(Slot(0)).unwrap();
        installation.open().unwrap().file.is_some()
    };
    let mut world = World::new();
    world.effects(create("k1", "a1"));
    assert!(!has_file(&world), "nothing is tried again");
    let mut world = World::asked(retrying());
    assert!(has_file(&world));
    world.effects(accepted("k1"));
    assert!(!has_file(&world));
}

#[test]
fn attempts_survive_a_restart() {
    let mut first = World::with(retrying(), rules());
    let mut changelog = Changelog::default();
    let limits = Limits {
        retry: table(),
        ..limits()
    };
    for event in [
        create("k1", "a1"),
        rejected("k1/download", DeviceUnavailable),
    ] {
        let effects = first.effects(event);
        changelog.write(&first, &effects);
    }
    let mut second = changelog.restore(&first, limits);
    let delay = first.until_next();
    assert_eq!(second.until_next(), delay);
    let (one, two) = (first.pass(delay), second.pass(delay));
    assert_eq!(only_command(&one), only_command(&two));
}

#[test]
fn attempts_under_lag_expire_by_the_clock() {
    let mut world = World::with(retrying(), rules());
    world.effects(expiring(600));
    world.effects(rejected("k1/download", RetryLater));
    let due = world.correlator.poll_timeout().unwrap();
    let now = due + 40 * MINUTE;
    let mut effects = Effects::new();
    let correlator: &mut Correlator = &mut world.correlator;
    correlator.handle_timeout(now, due, usize::MAX, &mut effects);
    let expires_at: Timestamp = only_command(&effects).expires_at;
    assert_eq!(expires_at, now + limits().accept_timeout.general);
}

#[test]
fn attempt_that_lag_has_held_back_too_long_waits_for_what_may_have_been_said() {
    let mut world = World::with(retrying(), rules());
    world.effects(expiring(30));
    world.effects(rejected("k1/download", RetryLater));
    let until = world.now + 30 * MINUTE;
    let due = world.correlator.poll_timeout().unwrap();
    world.now = until + MINUTE;
    let mut effects = Effects::new();
    let now = world.now;
    world
        .correlator
        .handle_timeout(now, due, usize::MAX, &mut effects);
    assert_eq!(world.seen(&effects), [remember("k1")]);
    assert_eq!(world.correlator.poll_timeout(), Some(until));
    let response = world.response(transfer_complete("k1", 9010));
    assert_eq!(response.response_status_code, BadRequest);

    let mut silent = World::with(retrying(), rules());
    silent.effects(expiring(30));
    silent.effects(rejected("k1/download", RetryLater));
    let response = only_final(&silent.pass(31 * MINUTE));
    assert_eq!(response.response_status_code, RequestTimeout);
}
